/** The names of clients by a real DNS server, as the auth service and Postfix come to know them in a session. */
import { connectClient } from '@postern/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.js';
import { alice } from './accounts.js';
import { startDnsServer, type DnsServer } from './dns-server.js';
import { reader } from './postfix-config.js';
import { setSmtpStage, type SmtpStage } from './smtp-stage.js';
import { until } from './until.js';

const unavailable = '[UNAVAILABLE]';
const temporarily = '[TEMPUNAVAIL]';

let dns: DnsServer;
let stage: SmtpStage;

beforeAll(async () => {
  dns = await startDnsServer({
    own: ['127.in-addr.arpa.', 'test.'],
    broken: ['broken.example.'],
    records: [
      '7.0.0.127.in-addr.arpa. 60 IN PTR MX.Client.test.',
      'mx.client.test. 60 IN A 127.0.0.7',
      '8.0.0.127.in-addr.arpa. 60 IN PTR elsewhere.test.',
      'elsewhere.test. 60 IN A 127.0.0.99',
      '9.0.0.127.in-addr.arpa. 60 IN PTR a.broken.example.',
      '10.0.0.127.in-addr.arpa. 60 IN PTR gone.test.',
      '11.0.0.127.in-addr.arpa. 60 IN PTR x\\032name=evil.test.',
    ],
  });
});

afterAll(() => dns.stop());

/** Postfix tells in its answer to RCPT whether a client has no name (550) or cannot be named for now (450). */
const judgement = `
smtpd_delay_reject = yes
smtpd_client_restrictions = reject_unknown_client_hostname
unknown_client_reject_code = 550
`;

/** Sets the stage with a `resolver` of these parameters, who has so long for each name. */
async function withResolver(parameters: string, timeout: string): Promise<void> {
  stage = await setSmtpStage({
    mail: `resolver ${parameters}; resolver_timeout ${timeout};`,
    server: 'smtp_auth none plain;',
    postfix: judgement,
  });
}

interface Told {
  /** What the auth service was told. */
  readonly host: string | undefined;
  /** The answer of Postfix to RCPT. */
  readonly answer: string;
}

const envelope = `MAIL FROM:<a@example.net>\r\nRCPT TO:<${reader}>\r\n`;

/** Says `text` from `address`, of which the last line is QUIT, and gives the answers, line by line. */
async function say(address: string, text: string): Promise<readonly string[]> {
  const options = { localAddress: address, deadlineMs: 60_000 };
  const client = await connectClient(stage.front.port, options);
  try {
    await client.expect('220 mail.example.com ESMTP ready');
    await client.send(text);
    return (await client.readToEnd()).split('\r\n');
  } finally {
    await client.close();
  }
}

/** Introduces itself from `address` and names a recipient. */
async function talk(address: string): Promise<Told> {
  const lines = await say(address, `EHLO client.test\r\n${envelope}QUIT\r\n`);
  const request = stage.auth.requests.at(-1);
  return { host: request?.header('Client-Host'), answer: lines.at(-3) ?? '' };
}

const reply = (code: string, address: string): string =>
  `${code} Client host rejected: cannot find your hostname, [${address}]`;

const logged = (line: string): Promise<unknown> =>
  until(`"${line}" in the log`, () => stage.front.log().includes(line), {
    state: () => stage.front.log(),
  });

describe('with a DNS server', () => {
  beforeAll(async () => {
    await withResolver(`127.0.0.1:${String(dns.port)} ipv6=off`, '30s');
    return () => stage.stop();
  });

  const plain = Buffer.from(`\0${alice.user}\0${alice.password}`).toString('base64');
  const ways = [
    { way: 'after a login', login: `AUTH PLAIN ${plain}\r\n` },
    { way: 'without a login', login: '' },
  ];

  it.each(ways)('a client whose name leads back to it has that name, $way', async (each) => {
    const message = `DATA\r\nSubject: named ${each.way}\r\n\r\n.\r\nQUIT\r\n`;
    await say('127.0.0.7', `EHLO client.test\r\n${each.login}${envelope}${message}`);
    const { client } = await stage.postfix.delivery(`named ${each.way}`);
    expect(client.split(',')[0]).toBe('mx.client.test[127.0.0.7]');
    expect(stage.auth.requests.at(-1)?.header('Client-Host')).toBe('mx.client.test');
  });

  it.each([
    { what: 'J9: a name that leads elsewhere', from: '127.0.0.8', host: unavailable, line: '' },
    {
      what: 'J10: no name',
      from: '127.0.0.12',
      host: unavailable,
      line: '127.0.0.12 could not be resolved (3: Host not found)',
    },
    {
      what: 'J10: a name that does not exist',
      from: '127.0.0.10',
      host: unavailable,
      line: '"gone.test" could not be resolved (3: Host not found)',
    },
    {
      what: 'J10: SERVFAIL',
      from: '127.0.0.9',
      host: temporarily,
      line: '"a.broken.example" could not be resolved (2: Server failure)',
    },
    {
      what: 'J8: a name that would be more than a name',
      from: '127.0.0.11',
      host: temporarily,
      line: '127.0.0.11 resolved to invalid host name "x name=evil.test"',
    },
  ])('$what is $host', async ({ from, host, line }) => {
    const code = host === unavailable ? '550 5.7.25' : '450 4.7.25';
    expect(await talk(from)).toEqual({ host, answer: reply(code, from) });
    await logged(line);
  });
});

describe('without a DNS server', () => {
  it('J10: nobody can be named for now, and the greeting comes when the time is up', async () => {
    await withResolver(`127.0.0.1:${String(await freePort())}`, '500ms');
    try {
      const answer = reply('450 4.7.25', '127.0.0.7');
      expect(await talk('127.0.0.7')).toEqual({ host: temporarily, answer });
      await logged('127.0.0.7 could not be resolved (110: Operation timed out)');
    } finally {
      await stage.stop();
    }
  });
});
