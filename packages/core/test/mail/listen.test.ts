import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import type { ReadContext } from '../../src/config/directive.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { createListenCodec, listenCodec, type ListenSpec } from '../../src/mail/listen.js';
import { groupSockets, selectListen } from '../../src/mail/socket-plan.js';

/** `listen` where options of sockets can be set, and where they cannot. */
const able = createListenCodec(() => true);
const unable = createListenCodec(() => false);

function contextFor(warnings: string[] = []): ReadContext {
  const at = { file: 'nginx.conf', line: 7 };
  return {
    directive: 'listen',
    at,
    prefix: '/',
    confPrefix: '/',
    sources: new SourceFiles(),
    warn: (message) => warnings.push(message),
    error: (message, help) => new ConfigError(message, { ...at, help }),
  };
}

async function read(text: string): Promise<readonly ListenSpec[]> {
  return able.parse(text.split(' '), contextFor());
}

async function warningsOf(text: string, codec: typeof able): Promise<readonly string[]> {
  const warnings: string[] = [];
  await codec.parse(text.split(' '), contextFor(warnings));
  return warnings;
}

async function refusal(words: readonly string[]): Promise<string> {
  try {
    await able.parse(words, contextFor());
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message} at ${String(error.line)}`;
    throw error;
  }
  return 'accepted';
}

describe('addresses', () => {
  it.each([
    { text: '143', addresses: ['0.0.0.0:143'] },
    { text: '*:143', addresses: ['0.0.0.0:143'] },
    { text: '192.0.2.1:143', addresses: ['192.0.2.1:143'] },
    { text: '192.0.2.1', addresses: ['192.0.2.1:0'] },
    { text: '[::]:143', addresses: ['[::]:143'] },
    { text: '[2001:DB8:0::1]:143', addresses: ['[2001:db8::1]:143'] },
    { text: '143-145', addresses: ['0.0.0.0:143', '0.0.0.0:144', '0.0.0.0:145'] },
    { text: '[::1]:1-2', addresses: ['[::1]:1', '[::1]:2'] },
    { text: 'UNIX:/run/mail', addresses: ['unix:/run/mail'] },
  ])('$text listens on $addresses', async ({ text, addresses }) => {
    expect((await read(text)).map(({ address }) => address)).toEqual(addresses);
  });

  it('a range guesses the protocol by its first port and shares its parameters', async () => {
    const specs = await read('143-144 backlog=7');
    expect(specs.map(({ guessPort, backlog }) => [guessPort, backlog])).toEqual([
      [143, 7],
      [143, 7],
    ]);
  });

  it('a UNIX socket has a path and no port', async () => {
    const [spec] = await read('unix:/run/mail');
    expect(spec).toMatchObject({ family: 'Unix', path: '/run/mail', host: '', port: 0 });
    expect(spec).toMatchObject({ guessPort: 0, wildcard: false });
  });

  it('a name gives a socket for each of its addresses', async () => {
    const specs = await read('localhost:143');
    expect(specs.length).toBeGreaterThan(0);
    for (const { host, port } of specs) {
      expect(['127.0.0.1', '::1']).toContain(host);
      expect(port).toBe(143);
    }
  });

  it('the position of the directive is kept', async () => {
    expect((await read('143'))[0]?.at).toEqual({ file: 'nginx.conf', line: 7 });
  });
});

describe('parameters', () => {
  const plain = {
    ssl: false,
    proxyProtocol: false,
    bind: false,
    backlog: 511,
    rcvbuf: undefined,
    sndbuf: undefined,
    ipv6only: true,
    keepalive: undefined,
    multipath: false,
  };
  const keepalive = (on: boolean, idleSeconds = 0, intervalSeconds = 0, count = 0) => ({
    bind: true,
    keepalive: { on, idleSeconds, intervalSeconds, count },
  });

  it.each([
    { text: '', expected: {} },
    { text: ' ssl', expected: { ssl: true } },
    { text: ' proxy_protocol', expected: { proxyProtocol: true } },
    { text: ' bind', expected: { bind: true } },
    { text: ' backlog=1', expected: { backlog: 1, bind: true } },
    { text: ' backlog=1 backlog=2', expected: { backlog: 2, bind: true } },
    { text: ' rcvbuf=8k', expected: { rcvbuf: 8192, bind: true } },
    { text: ' sndbuf=1m', expected: { sndbuf: 1048576, bind: true } },
    { text: ' ipv6only=on', expected: { ipv6only: true, bind: true } },
    { text: ' ipv6only=off', expected: { ipv6only: false, bind: true } },
    { text: ' multipath', expected: { multipath: true, bind: true } },
    { text: ' so_keepalive=on', expected: keepalive(true) },
    { text: ' so_keepalive=off', expected: keepalive(false) },
    { text: ' so_keepalive=30m::10', expected: keepalive(true, 1800, 0, 10) },
    { text: ' so_keepalive=30m', expected: keepalive(true, 1800) },
    { text: ' so_keepalive=:5s:', expected: keepalive(true, 0, 5) },
    { text: ' so_keepalive=1h:2:3', expected: keepalive(true, 3600, 2, 3) },
    { text: ' ssl proxy_protocol', expected: { ssl: true, proxyProtocol: true } },
  ])('"listen 143$text"', async ({ text, expected }) => {
    expect((await read(`143${text}`))[0]).toMatchObject({ ...plain, ...expected });
  });

  const without = 'without the package "sockopt"';

  it.each([
    { text: 'rcvbuf=8k', warning: `"rcvbuf" is not supported ${without}, ignored` },
    { text: 'sndbuf=8k', warning: `"sndbuf" is not supported ${without}, ignored` },
    ...['so_keepalive=1:2:3', 'so_keepalive=30m', 'so_keepalive=on'].map((text) => ({
      text,
      warning: `"so_keepalive" sets only the idle time ${without}, the rest is ignored`,
    })),
  ])('$text is a warning where the runtime cannot set it alone', async ({ text, warning }) => {
    expect(await warningsOf(`143 ${text}`, unable)).toEqual([warning]);
    expect(await warningsOf(`143 ${text}`, able)).toEqual([]);
  });

  it('what the runtime can set says nothing', async () => {
    const text = '143 so_keepalive=off backlog=9 ipv6only=off bind';
    expect(await warningsOf(text, unable)).toEqual([]);
  });

  it('multipath says that it is ignored, and the socket is an ordinary one', async () => {
    expect(await warningsOf('143 multipath', able)).toEqual([
      'multipath is not supported on this platform, ignored',
    ]);
  });
});

describe('refusals', () => {
  const inListen = (problem: string, value: string): string =>
    `${problem} in "${value}" of the "listen" directive`;

  it.each([
    ...[
      ['invalid port', '0'],
      ['invalid port', '*:65536'],
      ['invalid port', '*:x'],
      ['invalid port range', '145-143'],
      ['invalid host', 'a/b'],
      ['invalid host', '[::1'],
      ['no host', ':143'],
      ['invalid IPv6 address', '[zz]:143'],
      ['host not found', 'no.such.name.invalid:143'],
      ['host not found', '127.1:143'],
      ['no path in the unix domain socket', 'unix:'],
      ['too long path in the unix domain socket', `unix:/${'p'.repeat(107)}`],
    ].map(([problem = '', value = '']) => ({ words: [value], text: inListen(problem, value) })),
    ...[
      ['backlog=0', 'invalid backlog "backlog=0"'],
      ['backlog=x', 'invalid backlog "backlog=x"'],
      ['backlog=-1', 'invalid backlog "backlog=-1"'],
      ['rcvbuf=1g', 'invalid rcvbuf "rcvbuf=1g"'],
      ['sndbuf=', 'invalid sndbuf "sndbuf="'],
      ['ipv6only=onx', 'invalid ipv6only flags "onx"'],
      ['ipv6only=x', 'invalid parameter "ipv6only=x"'],
      ['so_keepalive=', 'invalid so_keepalive value: ""'],
      ['so_keepalive=::', 'invalid so_keepalive value: "::"'],
      ['so_keepalive=x', 'invalid so_keepalive value: "x"'],
      ['so_keepalive=1:2:x', 'invalid so_keepalive value: "1:2:x"'],
      ['so_keepalive=1:2:3:4', 'invalid so_keepalive value: "1:2:3:4"'],
      ['so_keepalive=1ms', 'invalid so_keepalive value: "1ms"'],
      ...[
        'reuseport',
        'default_server',
        'deferred',
        'accept_filter=x',
        'fastopen=1',
        'setfib=1',
        'http2',
        'udp',
        'SSL',
        '',
      ].map((word) => [word, `invalid parameter "${word}"`]),
    ].map(([word = '', text = '']) => ({ words: ['143', word], text })),
  ])('$words: $text', async ({ words, text }) => {
    expect(await refusal(words)).toBe(`${text} at 7`);
  });

  it('an address is looked at before the parameters', async () => {
    expect(await refusal(['0', 'nonsense'])).toBe(`${inListen('invalid port', '0')} at 7`);
  });
});

describe('sockets', () => {
  async function plan(...lines: readonly string[]): Promise<readonly string[]> {
    const specs = (await Promise.all(lines.map((line) => read(line)))).flat();
    return groupSockets(specs).map(({ socket, byHost }) =>
      [socket.address, ...[...byHost.values()].map(({ address }) => `(${address})`)].join(' '),
    );
  }

  it.each([
    {
      name: 'without a wildcard every address has its own socket',
      lines: ['127.0.0.1:143', '127.0.0.2:143', '[::1]:143'],
      sockets: ['127.0.0.1:143', '127.0.0.2:143', '[::1]:143'],
    },
    {
      name: 'addresses with a bind of their own come first',
      lines: ['127.0.0.1:143', '127.0.0.2:143 bind'],
      sockets: ['127.0.0.2:143', '127.0.0.1:143'],
    },
    {
      name: 'a wildcard stands in for plain addresses of its port',
      lines: ['127.0.0.1:143', '143', '127.0.0.1:110'],
      sockets: ['0.0.0.0:143 (127.0.0.1:143)', '127.0.0.1:110'],
    },
    {
      name: 'an address with bind keeps its socket beside the wildcard',
      lines: ['143', '127.0.0.1:143', '127.0.0.2:143 backlog=5'],
      sockets: ['127.0.0.2:143', '0.0.0.0:143 (127.0.0.1:143)'],
    },
    {
      name: 'families do not share a socket',
      lines: ['143', '[::1]:143'],
      sockets: ['0.0.0.0:143', '[::1]:143'],
    },
    {
      name: 'each UNIX socket is separate',
      lines: ['unix:/a', 'unix:/b'],
      sockets: ['unix:/a', 'unix:/b'],
    },
  ])('$name', async ({ lines, sockets }) => {
    expect(await plan(...lines)).toEqual(sockets);
  });

  it('the local address of a connection selects the address that was meant', async () => {
    const specs = [
      ...(await read('[::]:143 ipv6only=off')),
      ...(await read('[::ffff:127.0.0.1]:143')),
    ];
    const [socket] = groupSockets(specs);
    if (socket === undefined) expect.unreachable();
    expect(selectListen(socket, '::ffff:127.0.0.1').address).toBe('[::ffff:127.0.0.1]:143');
    expect(selectListen(socket, '::FFFF:7f00:1').address).toBe('[::ffff:127.0.0.1]:143');
    expect(selectListen(socket, '::1').address).toBe('[::]:143');
  });

  it('a second directive is joined to the first', async () => {
    const joined = listenCodec.join?.(await read('143'), await read('110'), contextFor());
    expect(joined?.map(({ port }) => port)).toEqual([143, 110]);
  });
});
