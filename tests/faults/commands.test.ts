/** Clients that send what no mail client sends, up to their login. */
import { acceptLogin, refuseLogin, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { closeStages, expectWorkingProxy, letIn, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** Everything that is said to `text`, behind the greeting. */
async function say(stage: Stage, text: string, split?: number): Promise<string> {
  const client = await stage.client(split === undefined ? {} : { split });
  await client.send(text);
  return client.readToEnd().finally(() => client.close());
}

/** Ends a list of commands, so that there is an end to wait for. */
const logout = 'z LOGOUT\r\n';
const bye = '* BYE\r\nz OK completed\r\n';

interface Stream {
  readonly name: string;
  readonly sent: string;
  readonly heard: string;
  /** `user:password` of the auth requests. */
  readonly asked?: readonly string[];
}

const refused = 'NO go away\r\n';

const streams: readonly Stream[] = [
  {
    name: 'A6: STARTTLS in place of a SASL answer is Base64 like any other',
    sent: `a AUTHENTICATE LOGIN\r\nSTARTTLS\r\n*\r\nb AUTHENTICATE PLAIN\r\nb STARTTLS\r\n${logout}`,
    heard:
      '+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\na BAD invalid command\r\n' +
      `+ \r\nb BAD invalid command\r\n${bye}`,
  },
  {
    name: 'C2: a web page that posts a form is told five times that it is wrong, and nothing else',
    sent: `POST / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nX: y\r\nZ: q\r\n\r\n${logout}`,
    heard: 'POST BAD invalid command\r\n' + '* BAD invalid command\r\n'.repeat(4),
  },
  {
    name: 'C4: commands of Redis are five errors',
    sent: '*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n',
    heard: '* BAD invalid command\r\n'.repeat(5),
  },
  {
    name: 'E6: CR, LF and NUL in a literal reach the auth service escaped',
    sent: 'a LOGIN {3+}\r\nu\r\n {3+}\r\np\0q\r\n',
    heard: `a ${refused}`,
    asked: ['u\r\n:p\0q'],
  },
  {
    name: 'E6: NUL in a quoted string is refused',
    sent: `a LOGIN "u\0x" "p"\r\nb LOGIN "u" "p\0y"\r\n${logout}`,
    heard: `a BAD invalid command\r\nb BAD invalid command\r\n${bye}`,
  },
  {
    name: 'E6: a tag with odd bytes is not repeated',
    sent: `a\0b NOOP\r\n%s%n NOOP\r\na\x1b[2J NOOP\r\n${logout}`,
    heard: '* BAD invalid command\r\n'.repeat(3) + bye,
  },
  {
    name: 'E11: a refused login ends the session before what was sent behind it',
    sent: 'a LOGIN u p\r\nb NOOP\r\n',
    heard: `a ${refused}`,
    asked: ['u:p'],
  },
  {
    name: 'E17: letters that only look like a verb are none',
    sent: `a LOG\u0049\u00ceN u p\r\nb NO\xc4\xb0P\r\n\xef\xbb\xbfc NOOP\r\nd LOG\xc4\xb1N u p\r\n${logout}`,
    heard:
      'a BAD invalid command\r\nb BAD invalid command\r\n* BAD invalid command\r\n' +
      `d BAD invalid command\r\n${bye}`,
  },
  {
    name: 'E17: bytes that are not UTF-8 reach the auth service as they are',
    sent: 'a LOGIN "\xff\xc0\x80\xe2\x80\xa8" "\xed\xa0\x80"\r\n',
    heard: `a ${refused}`,
    asked: ['\xff\xc0\x80\xe2\x80\xa8:\xed\xa0\x80'],
  },
  {
    name: 'F2: Base64 that is none asks nobody',
    sent: `${['!!!!', 'Y=Q=', '=', 'YQ-_'].map((bad) => `a AUTHENTICATE PLAIN ${bad}\r\n`).join('')}${logout}`,
    heard: 'a BAD invalid command\r\n'.repeat(4) + bye,
  },
  {
    name: 'G1: a login with line ends stays one header line',
    sent: 'a LOGIN {22+}\r\nu\r\nAuth-Method: none\r\n {1+}\r\np\r\n',
    heard: `a ${refused}`,
    asked: ['u\r\nAuth-Method: none\r\n:p'],
  },
];

describe.each([
  { how: 'in one segment', split: undefined },
  { how: 'E9: byte by byte', split: 1 },
])('commands $how', ({ split }) => {
  it.each(streams)('$name', async ({ sent, heard, asked = [] }) => {
    const stage = await setStage({ answer: () => refuseLogin('go away') });
    expect(await say(stage, sent, split)).toBe(heard);
    expect(stage.auth.requests.map(({ user, pass }) => `${user}:${pass}`)).toEqual(asked);
    for (const { headers } of stage.auth.requests) {
      const names = headers.map(([name]) => name);
      expect(names).toEqual([...new Set(names)]);
    }
    await expectWorkingProxy(stage);
  });
});

describe('E11: commands sent together with a login', () => {
  it('go to the backend behind its OK, once and in order', async () => {
    const ahead = 'b SELECT INBOX\r\nc FETCH 1 BODY[]\r\n';
    const stage = await setStage({
      backend: async (proxy) => {
        await proxy.sendLine('* OK ready');
        await proxy.expect('a LOGIN "u" "p"');
        expect(proxy.inbox.unread).toHaveLength(0);
        await proxy.sendLine('a OK in');
        await proxy.expect('b SELECT INBOX', 'c FETCH 1 BODY[]');
        await proxy.sendLine('c OK done');
      },
    });
    const client = await stage.client();
    await client.send(`a LOGIN u p\r\n${ahead}`);
    await client.expect('a OK in', 'c OK done');
    expect(stage.backend.failures).toEqual([]);
    expect(stage.backend.connections[0]?.received).toBe(`a LOGIN "u" "p"\r\n${ahead}`);
  });

  it('are commands before login when it is refused with a wait', async () => {
    const stage = await setStage({ answer: () => refuseLogin('not yet', 1) });
    const client = await stage.client();
    await client.send(`a LOGIN u p\r\nb SELECT INBOX\r\nc NOOP\r\n${logout}`);
    await client.expect('a NO not yet', 'b BAD invalid command', 'c OK completed');
    expect(await client.readToEnd()).toBe(bye);
    expect(stage.auth.count).toBe(1);
  });
});

/** Milliseconds of processor time that `work` takes in this process. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('E10, E16: work is proportional to the bytes that come', () => {
  it('ten thousand commands in one write are answered in order', async () => {
    const stage = await setStage();
    const tags = Array.from({ length: 10_000 }, (_, at) => `t${String(at)}`);
    const sent = tags.map((tag) => `${tag} NOOP\r\n`).join('') + logout;
    const heard = tags.map((tag) => `${tag} OK completed\r\n`).join('') + bye;
    expect(await say(stage, sent)).toBe(heard);
  });

  it.each([
    { name: 'quotes with backslashes', line: `a LOGIN ${'"\\"'.repeat(1000)}` },
    { name: 'an open quote and backslashes', line: `a LOGIN "${'\\\\'.repeat(2000)}` },
    { name: 'spaces', line: `a LOGIN ${' '.repeat(4000)}` },
    { name: 'parentheses', line: `a NOOP ${'('.repeat(4000)}` },
    { name: 'digits of a literal', line: `a LOGIN {${'9'.repeat(4000)}}` },
    { name: 'Base64', line: `a AUTHENTICATE PLAIN ${'A'.repeat(4000)}` },
    { name: 'padding', line: `a AUTHENTICATE PLAIN ${'='.repeat(4000)}` },
    { name: 'tags', line: 'a'.repeat(4000) },
  ])('thousands of $name cost no more than as many letters', async ({ line }) => {
    const stage = await setStage({ server: 'max_errors 1000;' });
    const lines = (text: string): string => `${text}\r\n`.repeat(100) + logout;
    const plain = lines(`a XXXX ${'x'.repeat(line.length - 7)}`);
    await say(stage, plain);
    const usual = await cost(() => say(stage, plain));
    const odd = await cost(() => say(stage, lines(line)));
    // Quadratic work on 4000 bytes would be a thousand times as much.
    expect(odd).toBeLessThan(20 * usual + 200);
  });
});

describe('guessing', () => {
  const logIn = (user: string): string => `a LOGIN ${user} guess\r\n`;

  it('F10: attempts of one session count up, and each refusal comes after its wait', async () => {
    const stage = await setStage({ answer: () => refuseLogin('no', 1) });
    const started = performance.now();
    const clients = await Promise.all(Array.from({ length: 50 }, () => stage.client()));
    await Promise.all(
      clients.map(async (client: ScriptedPeer) => {
        await client.send(logIn('u').repeat(2));
        await client.expect('a NO no', 'a NO no');
      }),
    );
    expect(performance.now() - started).toBeGreaterThan(1900);
    const attempts = stage.auth.requests.map(({ attempt }) => attempt);
    expect(attempts.filter((attempt) => attempt === 1)).toHaveLength(50);
    expect(attempts.filter((attempt) => attempt === 2)).toHaveLength(50);
  });

  it('F10: without a wait a refusal ends the session, and the next begins at one', async () => {
    const stage = await setStage({ answer: () => refuseLogin('no') });
    for (let round = 0; round < 100; round += 1) {
      expect(await say(stage, logIn('u').repeat(2))).toBe('a NO no\r\n');
    }
    expect(stage.auth.requests.map(({ attempt }) => attempt)).toEqual(Array(100).fill(1));
  });

  it('F9: whether a user exists shows neither in the answer nor in the time the proxy takes', async () => {
    const stage = await setStage({ answer: () => refuseLogin('no') });
    const times = { known: [] as number[], nobody: [] as number[] };
    for (let round = 0; round < 300; round += 1) {
      const user = round % 2 === 0 ? 'known' : 'nobody';
      const started = performance.now();
      expect(await say(stage, logIn(user))).toBe('a NO no\r\n');
      times[user].push(performance.now() - started);
    }
    expect(stage.auth.count).toBe(300);
    const ratio = median(times.known) / median(times.nobody);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

describe('O1: names that every object has', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '__defineGetter__'];

  it.each(names)('%s may be a login', async (name) => {
    const stage = await setStage();
    const client = await stage.client();
    await client.sendLine(`a LOGIN ${name} ${name}`);
    await client.expect('a OK logged in');
    expect(stage.backend.connections[0]?.received).toBe(`a LOGIN "${name}" "${name}"\r\n`);
    expect(stage.log.join('\n')).toContain(`login: "${name}", upstream: `);
  });

  it.each(names)(
    '%s is refused as a command, a mechanism and a tag like any other',
    async (name) => {
      const stage = await setStage();
      const letters = name.replaceAll('_', '');
      const sent = `a ${letters}\r\nb AUTHENTICATE ${name}\r\n${name} NOOP\r\n${logout}`;
      const heard = `a BAD invalid command\r\nb BAD invalid command\r\n${name} OK completed\r\n${bye}`;
      expect(await say(stage, sent)).toBe(heard);
    },
  );

  it.each(names)('%s as a header of the auth service changes nothing', async (name) => {
    const stage = await setStage({
      backend: letIn,
      answer: () =>
        acceptLogin(stage.backend.port, {
          headers: [
            [name.replaceAll('_', '-').replace(/^-+/, 'x'), 'x'],
            ['constructor', '1'],
          ],
        }),
    });
    const client = await stage.client();
    await client.sendLine(`a AUTHENTICATE PLAIN ${base64('\0alice\0secret')}`);
    await client.expect('a OK logged in');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
