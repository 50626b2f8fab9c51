/** K: PROXY headers, from balancers and from clients that only say they are one, in sessions of each protocol. */
import type { ClientOptions, ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { everyLanguage, languages, playBackend, type ProtocolName } from './languages.js';
import { closeStages, noSession, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const signature = '\r\n\r\n\0\r\nQUIT\n';

/** A header of version 2: version and command, family and transport, and what they announce. */
function v2(command: number, family: number, rest: string, length = rest.length): string {
  return `${signature}${String.fromCharCode(command, family, length >> 8, length & 0xff)}${rest}`;
}

/** 192.0.2.7 port 1234 to 192.0.2.2 port 25. */
const addresses = '\xc0\0\x02\x07\xc0\0\x02\x02\x04\xd2\0\x19';
const v1 = 'PROXY TCP4 192.0.2.7 192.0.2.2 1234 25\r\n';
const trust = 'set_real_ip_from 127.0.0.0/8;';

const setProxied = (protocol: ProtocolName, server = trust): Promise<Stage> =>
  setStage({ protocol, listen: 'proxy_protocol', server });

/** A client that says `header` and its login in one. */
async function logIn(
  stage: Stage,
  header: string,
  options: ClientOptions = {},
): Promise<ScriptedPeer> {
  const client = await stage.connect(options);
  await client.send(`${header}${stage.language.login('u', 'p')}`);
  await client.expect(stage.language.greeting);
  await client.readUntil(stage.language.accepted);
  return client;
}

/** What the auth service is told of addresses. */
function told(stage: Stage): Record<string, string> {
  const { headers } = stage.auth.requests.at(-1) ?? expect.fail('nobody asked');
  return Object.fromEntries(
    headers.filter(([name]) => /^(Client-IP|Proxy-Protocol-.*)$/.test(name)),
  );
}

const named = {
  'Proxy-Protocol-Addr': '192.0.2.7',
  'Proxy-Protocol-Port': '1234',
  'Proxy-Protocol-Server-Addr': '192.0.2.2',
  'Proxy-Protocol-Server-Port': '25',
};

describe.each(everyLanguage)('a header, $name', ({ name: protocol }) => {
  const ways = [
    { how: 'in one segment', options: {} },
    { how: 'K3: byte by byte', options: { split: 1 } },
  ];

  it.each([
    { name: 'K1: of a trusted peer', server: trust, ip: '192.0.2.7' },
    {
      name: 'K1: of a peer that is not trusted',
      server: 'set_real_ip_from 10.0.0.0/8;',
      ip: '127.0.0.1',
    },
    { name: 'K1: where nobody is trusted', server: '', ip: '127.0.0.1' },
  ])('$name: the client is $ip, and the header is told beside it', async ({ server, ip }) => {
    const stage = await setProxied(protocol, server);
    for (const { options } of ways) {
      for (const header of [
        v1,
        v2(0x21, 0x11, addresses),
        v2(0x21, 0x11, `${addresses}\x04\0\0`),
      ]) {
        await (await logIn(stage, header, options)).close();
        expect(told(stage)).toEqual({ 'Client-IP': ip, ...named });
        expect(stage.log.join('\n')).toContain(`client logged in, client: ${ip}, `);
      }
    }
  });

  it.each([
    { name: 'UNKNOWN', header: 'PROXY UNKNOWN\r\n' },
    { name: 'UNKNOWN with a rest', header: 'PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n' },
    { name: 'LOCAL', header: v2(0x20, 0, '') },
    { name: 'LOCAL with addresses', header: v2(0x20, 0x11, addresses) },
    { name: 'a Unix socket', header: v2(0x21, 0x31, 'x'.repeat(216)) },
    { name: 'datagrams', header: v2(0x21, 0x12, addresses) },
  ])('K8: $name names nobody', async ({ header }) => {
    const stage = await setProxied(protocol);
    for (const { options } of ways) {
      await (await logIn(stage, header, options)).close();
      expect(told(stage)).toEqual({ 'Client-IP': '127.0.0.1' });
    }
  });

  it('K9: what comes behind it in one segment is read once', async () => {
    const stage = await setProxied(protocol);
    const { noop, noopDone, quit, bye, greeting } = stage.language;
    const client = await stage.connect();
    await client.send(`${v1}${noop.repeat(3)}${quit}`);
    await client.expect(greeting);
    expect(await client.readToEnd()).toBe(noopDone.repeat(3) + bye);
  });

  it('K2, K6: what is none ends the connection without a greeting, at 107 bytes at the latest', async () => {
    const stage = await setProxied(protocol);
    for (const sent of [stage.language.noop, `PROXY TCP4 ${'1'.repeat(200_000)}`]) {
      const client = await stage.connect();
      await client.send(sent);
      await client.ended;
      expect(client.received).toBe('');
    }
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.log.filter((line) => line.includes('broken header: "'))).toHaveLength(2);
    for (const line of stage.log) expect(line.length).toBeLessThan(400);
    await logIn(stage, v1);
  });
});

const broken = [
  { name: 'K4: an octet above 255', header: 'PROXY TCP4 999.0.2.1 192.0.2.2 1234 25\r\n' },
  { name: 'K4: leading zeros', header: 'PROXY TCP4 01.2.3.4 192.0.2.2 1234 25\r\n' },
  { name: 'K4: a port above 65535', header: 'PROXY TCP4 192.0.2.1 192.0.2.2 70000 25\r\n' },
  { name: 'K4: a port with a sign', header: 'PROXY TCP4 192.0.2.1 192.0.2.2 +1 25\r\n' },
  { name: 'K4: LF alone', header: 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\n' },
  { name: 'K4: 200 bytes without an end', header: `PROXY TCP4 ${'1'.repeat(189)}` },
  { name: 'K4: a zone', header: 'PROXY TCP6 fe80::1%eth0 ::1 1234 25\r\n' },
  { name: 'K4: another family than it says', header: 'PROXY TCP4 ::1 ::1 1234 25\r\n' },
  { name: 'K4: a tab', header: 'PROXY TCP4\t192.0.2.1 192.0.2.2 1234 25\r\n' },
  { name: 'K4: two spaces', header: 'PROXY TCP4  192.0.2.1 192.0.2.2 1234 25\r\n' },
  { name: 'K4: small letters', header: 'proxy TCP4 192.0.2.1 192.0.2.2 1234 25\r\n' },
  // Of this one nginx says nothing in its log.
  { name: 'K5: too little for its addresses', header: v2(0x21, 0x11, 'AAAA'), lines: 0 },
  { name: 'K5: more than it holds', header: v2(0x21, 0x11, addresses, 0xffff) },
  { name: 'K5: a TLV beyond its end', header: v2(0x21, 0x11, `${addresses}\x04\xff\xff`) },
  { name: 'K5: half a TLV', header: v2(0x21, 0x11, `${addresses}\x04`) },
  { name: 'K5: another version', header: v2(0x11, 0x11, addresses) },
  { name: 'K5: an unknown command', header: v2(0x2f, 0x11, addresses) },
  { name: 'K5: a wrong checksum', header: v2(0x21, 0x11, `${addresses}\x03\0\x04abcd`) },
  { name: 'K7: CR in an address', header: 'PROXY TCP4 192.0.2.1\r 192.0.2.2 1234 25\r\n' },
  { name: 'K7: NUL in an address', header: 'PROXY TCP4 192.0.2.1\0 192.0.2.2 1234 25\r\n' },
];

describe.each([
  { how: 'in one segment', split: undefined },
  { how: 'byte by byte', split: 1 },
])('a broken header $how', ({ split }) => {
  it.each(broken)('$name ends the connection: nothing is said or asked', async (wanted) => {
    const { header, lines = 1 } = wanted;
    const stage = await setProxied('smtp');
    const client = await stage.connect(split === undefined ? {} : { split });
    await client.send(`${header}${stage.language.login('u', 'p')}`);
    await client.ended;
    expect(client.received).toBe('');
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    expect(stage.auth.count).toBe(0);
    const errors = stage.log.filter((line) => line.includes('[error]'));
    expect(errors).toHaveLength(lines);
    for (const line of errors) expect(line).toMatch(/^[ -~]*$/);
    await logIn(stage, v1);
  });
});

describe('a header that does not come', () => {
  it.each([
    { name: 'at all', sent: '' },
    { name: 'to its end', sent: 'PROXY TCP4 192.0.2.7 ' },
    { name: 'to the end of version 2', sent: v2(0x21, 0x11, addresses, 4000) },
  ])('K3, K5: $name is waited for no longer than timeout', async ({ sent }) => {
    const stage = await setStage({ listen: 'proxy_protocol', server: 'timeout 300ms;' });
    const client = await stage.connect();
    await client.send(sent);
    await client.ended;
    expect(client.received).toBe('');
    const waited = 'client timed out (110: Connection timed out) while reading PROXY protocol';
    expect(stage.log.join('\n')).toContain(waited);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
  });

  it('K7: text in a TLV is told nobody', async () => {
    const text = 'a\r\nX-Evil: 1';
    const tlvs = `\x02\0${String.fromCharCode(text.length)}${text}`;
    const stage = await setProxied('smtp');
    await logIn(stage, v2(0x21, 0x11, addresses + tlvs));
    expect(stage.auth.requests[0]?.text).not.toContain('Evil');
    expect(stage.backend.connections[0]?.received).not.toContain('Evil');
    expect(stage.log.join('\n')).not.toContain('Evil');
    expect(told(stage)).toEqual({ 'Client-IP': '192.0.2.7', ...named });
  });
});

describe.each(everyLanguage)('K10: the header for a backend, $name', (language) => {
  it.each([
    { name: 'IPv4', from: '192.0.2.7', family: 'TCP4', header: v1 },
    {
      name: 'IPv6, mapped beside the IPv4 of the listener',
      from: '2001:db8::7',
      family: 'TCP6',
      header: 'PROXY TCP6 2001:db8::7 2001:db8::2 1234 25\r\n',
    },
  ])('has a client of $name, and comes before the login', async ({ from, family, header }) => {
    const stage = await setStage({
      protocol: language.name,
      listen: 'proxy_protocol',
      server: `${trust} proxy_protocol on;`,
      backend: async (proxy) => {
        const line = await proxy.line();
        expect(line.split(' ').slice(0, 3)).toEqual(['PROXY', family, from]);
        expect(proxy.inbox.unread).toHaveLength(0);
        await playBackend(proxy, languages[language.name]);
      },
    });
    await logIn(stage, header);
    expect(stage.backend.failures).toEqual([]);
    const [proxy] = stage.backend.connections;
    expect(proxy?.received.split('PROXY ')).toHaveLength(2);
    const to = family === 'TCP4' ? '127.0.0.1' : '::ffff:127.0.0.1';
    expect(proxy?.received).toContain(
      `PROXY ${family} ${from} ${to} 1234 ${String(stage.port)}\r\n`,
    );
  });
});
