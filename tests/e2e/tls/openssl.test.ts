/** openssl s_client meets nginx and postern, which are configured alike: both must look the same to it. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates, type Certificates } from './certificates.js';
import { resumes, sClient } from './s-client.js';
import { startBoth, type Side, type SideBySide } from './side-by-side.js';

const protocols = ['imap', 'pop3', 'smtp'] as const;
type Protocol = (typeof protocols)[number];

/** Logs in, which the auth service refuses and ends. */
const logins: Readonly<Record<Protocol, string>> = {
  imap: 'a LOGIN alice secret\n',
  pop3: 'USER alice\nPASS secret\n',
  smtp: 'AUTH PLAIN AGFsaWNlAHNlY3JldA==\n',
};
const goodbyes: Readonly<Record<Protocol, string>> = {
  imap: 'a LOGOUT\n',
  pop3: 'QUIT\n',
  smtp: 'QUIT\n',
};
const verifyModes = ['off', 'on', 'optional', 'optional_no_ca'] as const;
const caches = [
  '',
  'ssl_session_tickets off;',
  'ssl_session_tickets off; ssl_session_cache builtin;',
  'ssl_session_tickets off; ssl_session_cache shared:e2e:1m;',
  'ssl_session_cache shared:e2e:1m;',
  'ssl_session_tickets off; ssl_session_cache off;',
] as const;

let files: Certificates;
let both: SideBySide;
/** The place of each server among the ports. */
const places = new Map<string, number>();

beforeAll(async () => {
  files = await makeCertificates();
  const { certificate, key } = files.servers.good;
  const identity = `ssl_certificate ${certificate};\nssl_certificate_key ${key};`;
  const servers: string[] = [];
  const add = (name: string, text: string): void => {
    places.set(name, servers.length);
    servers.push(`${text}\n${identity}`);
  };
  for (const protocol of protocols) {
    add(`${protocol} ssl`, `listen {listen} ssl; protocol ${protocol};`);
    add(`${protocol} starttls`, `listen {listen}; starttls on; protocol ${protocol};`);
    for (const mode of verifyModes) {
      const verify = `ssl_verify_client ${mode}; ssl_client_certificate ${files.clientAuthority}; ssl_crl ${files.revocations}; auth_http_pass_client_cert on;`;
      add(`${protocol} ssl ${mode}`, `listen {listen} ssl; protocol ${protocol};\n${verify}`);
      add(
        `${protocol} starttls ${mode}`,
        `listen {listen}; starttls only; protocol ${protocol};\n${verify}`,
      );
    }
  }
  add(
    'issuer',
    `listen {listen} ssl; protocol imap;\nssl_verify_client optional; ssl_client_certificate ${files.authority};`,
  );
  for (const cache of caches) add(cache, `listen {listen} ssl; protocol imap;\n${cache}`);
  both = await startBoth(servers);
  return async () => {
    await both.stop();
    files.remove();
  };
}, 60_000);

/** The port of that server. */
const portOf = ({ ports }: Side, name: string): number => ports[places.get(name) ?? -1] ?? 0;

/** What a side shows of one meeting, to everybody. */
async function shown(side: Side, name: string, options: readonly string[], input: string) {
  side.log();
  const before = side.auth.requests.length;
  const meeting = await sClient(portOf(side, name), options, input);
  const requests = side.auth.requests.slice(before).map(({ lines }) => lines);
  return { meeting, log: side.log(), requests };
}

/** What s_client says of a handshake, without what differs from run to run. */
const facts = (report: string): readonly string[] =>
  report
    .split('\n')
    .filter((line) => fact.test(line))
    .map((line) => line.replace(/^[0-9A-F]+:/, ''));

const fact =
  /^(depth|verify|CONNECTION|Protocol|Ciphersuite|Peer|Hash|Signature|Verification|Server Temp)|alert/;

/** Meets both, and expects the same of them. Gives what postern showed. */
async function meetBoth(name: string, options: readonly string[], input: string) {
  const [theirs, ours] = await Promise.all([
    shown(both.nginx, name, options, input),
    shown(both.postern, name, options, input),
  ]);
  expect(ours.meeting.lines).toEqual(theirs.meeting.lines);
  expect(facts(ours.meeting.report)).toEqual(facts(theirs.meeting.report));
  expect(ours.log).toEqual(theirs.log);
  expect(ours.requests).toEqual(theirs.requests);
  return ours;
}

const certified = (name: keyof Certificates['clients'] | 'none'): readonly string[] => {
  if (name === 'none') return [];
  const { certificate, key } = files.clients[name];
  return ['-cert', certificate, '-key', key];
};

describe.each(protocols)('openssl s_client and %s', (protocol) => {
  const byCommand = ['-starttls', protocol, '-name', 'client.test'];

  it.each(['-tls1_2', '-tls1_3'])('verify the chain and log in, %s', async (version) => {
    const trust = ['-CAfile', files.authority, '-verify_return_error', version];
    const named = ['-verify_hostname', 'mail.example.com'];
    for (const [way, more] of [
      ['ssl', []],
      ['starttls', byCommand],
    ] as const) {
      const options = [...trust, ...named, ...more];
      const { meeting, requests } = await meetBoth(`${protocol} ${way}`, options, logins[protocol]);
      expect(meeting.report).toContain('Verification: OK');
      expect(meeting.lines.at(-1)).toContain('Nobody');
      expect(requests).toHaveLength(1);
    }
  });

  it.each([
    { offered: protocol, works: true },
    { offered: `http/1.1,${protocol}`, works: true },
    { offered: 'http/1.1', works: false },
    { offered: 'managesieve,xmpp-client', works: false },
  ])('C1: with ALPN $offered: $works', async ({ offered, works }) => {
    for (const [way, more] of [
      ['ssl', []],
      ['starttls', byCommand],
    ] as const) {
      const options = ['-alpn', offered, ...more];
      const { meeting } = await meetBoth(`${protocol} ${way}`, options, goodbyes[protocol]);
      expect(meeting.lines.length > 0).toBe(works);
      expect(meeting.report.includes('alert no application protocol')).toBe(!works);
    }
  });

  it.each(['-tls1', '-tls1_1'])('B1: do not agree on %s', async (version) => {
    const options = [version, '-cipher', 'ALL:@SECLEVEL=0'];
    const { meeting } = await meetBoth(`${protocol} ssl`, options, '');
    expect(meeting.report).toContain('alert protocol version');
  });

  const clients = ['none', 'good', 'self-signed', 'expired', 'revoked'] as const;
  const meetings = verifyModes.flatMap((mode) => clients.map((client) => ({ mode, client })));

  it.each(meetings)('ssl_verify_client $mode meets $client', async ({ mode, client }) => {
    const version = client === 'expired' ? '-tls1_2' : '-tls1_3';
    const options = [...certified(client), version];
    await meetBoth(`${protocol} ssl ${mode}`, options, logins[protocol]);
  });

  it.each(clients)('ssl_verify_client on meets %s after STARTTLS', async (client) => {
    const options = [...certified(client), ...byCommand];
    await meetBoth(`${protocol} starttls on`, options, logins[protocol]);
  });
});

describe('a certificate whose issuer is an authority of clients', () => {
  it('is sent together with its issuer, which nginx leaves out', async () => {
    const chainOf = async (side: Side): Promise<readonly string[]> => {
      const { report } = await sClient(portOf(side, 'issuer'), [], goodbyes.imap);
      return facts(report).filter((line) => line.startsWith('depth='));
    };
    expect(await chainOf(both.nginx)).not.toContain('depth=1 CN = Authority');
    expect(await chainOf(both.postern)).toContain('depth=1 CN = Authority');
  });
});

describe('a session', () => {
  /** Whether the second of two meetings with one session file resumes the first. */
  async function isResumed(side: Side, name: string, options: readonly string[]): Promise<boolean> {
    const session = join(files.directory, `session-${randomBytes(4).toString('hex')}`);
    const port = portOf(side, name);
    await resumes(port, [...options, '-sess_out', session]);
    return existsSync(session) && resumes(port, [...options, '-sess_in', session]);
  }

  const ways = [
    { name: 'TLS 1.2 by id', options: ['-tls1_2', '-no_ticket'] },
    { name: 'TLS 1.2 by ticket', options: ['-tls1_2'] },
    { name: 'TLS 1.3', options: ['-tls1_3'] },
  ];
  const cases = caches.flatMap((cache) => ways.map((way) => ({ cache, ...way })));

  it.each(cases)(
    'with "$cache" is resumed as by nginx: $name',
    async ({ cache, options, name }) => {
      const [theirs, ours] = await Promise.all([
        isResumed(both.nginx, cache, options),
        isResumed(both.postern, cache, options),
      ]);
      // Node keeps no sessions of TLS 1.3: there are tickets or nothing.
      const isNodes = name === 'TLS 1.3' && /off;.*(builtin|shared)/.test(cache);
      expect(ours).toBe(isNodes ? false : theirs);
    },
  );
});
