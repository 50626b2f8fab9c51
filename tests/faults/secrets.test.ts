/** What nobody may see: passwords in logs and in memory, and the inside of the proxy in what clients are told. */
import { inspect } from 'node:util';
import { defineModule, mail, type Session } from '@postern/core';
import { acceptLogin, refuseLogin, type Answerer, type Conversation } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { closeStages, letIn, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const canary = 'Canary7f3e9b2d51a8';

/** How a password could look where it must not be. */
const disguises = [
  canary,
  Buffer.from(canary).toString('hex'),
  ...[0, 1, 2].map((shift) =>
    // Base64 of it at any offset, without the characters that its neighbours decide.
    Buffer.from(`${'\0'.repeat(shift)}${canary}`)
      .toString('base64')
      .slice(4, -4),
  ),
];

const hidesCanary = (text: string): boolean => !disguises.some((each) => text.includes(each));

const plain = Buffer.from(`\0alice\0${canary}`).toString('base64');

interface Fate {
  readonly name: string;
  readonly sent: string;
  readonly answer?: Answerer;
  readonly backend?: Conversation;
  /** What the log must say, so that the case has happened. */
  readonly logged: string;
}

const login = `a LOGIN alice "${canary}"\r\n`;
const internalError = '* BAD internal server error';

const fates: readonly Fate[] = [
  { name: 'a login', sent: login, logged: 'client logged in' },
  { name: 'PLAIN', sent: `a AUTHENTICATE PLAIN ${plain}\r\n`, logged: 'client logged in' },
  {
    name: 'a refused login',
    sent: login,
    answer: () => refuseLogin('no'),
    logged: 'client login failed: "no"',
  },
  {
    name: 'an auth service that hangs up',
    sent: login,
    answer: () => ({ hangUp: 'reset' }),
    logged: 'reset by peer) while in http auth state',
  },
  {
    name: 'an auth service that answers rubbish',
    sent: login,
    answer: () => 'HTTP/1.0 200 OK\r\n?? \r\n\r\n',
    logged: 'sent invalid header',
  },
  {
    name: 'a login that the backend refuses',
    sent: login,
    backend: async (proxy) => {
      await proxy.sendLine('* OK ready');
      await proxy.line();
      await proxy.sendLine('a NO not you');
    },
    logged: 'upstream sent invalid response: "NO not you"',
  },
  {
    name: 'N2: a line that is too long',
    sent: `a LOGIN alice ${canary.repeat(300)}\r\n`,
    logged: 'client sent too long command "LOGIN" of 4096 bytes',
  },
  {
    name: 'N2: a line that is too long and no command',
    sent: canary.repeat(300),
    logged: 'client sent too long command "" of 4096 bytes',
  },
  {
    name: 'a password in place of a command, five times',
    sent: `a ${canary}\r\n`.repeat(5),
    logged: 'client sent too many invalid commands',
  },
  {
    name: 'a password in place of Base64',
    sent: `a AUTHENTICATE PLAIN ${canary}!\r\nb LOGOUT\r\n`,
    logged: 'client sent invalid base64 encoding in AUTH PLAIN command',
  },
  {
    name: 'a password in place of a digest',
    sent: `a AUTHENTICATE CRAM-MD5\r\n${Buffer.from(`alice ${canary}`).toString('base64')}\r\nb LOGOUT\r\n`,
    logged: 'client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command',
  },
];

async function play({ sent, answer, backend, logged }: Fate): Promise<Stage> {
  const stage = await setStage({
    logLevel: 'debug',
    ...(answer && { answer }),
    ...(backend && { backend }),
  });
  const client = await stage.connect();
  await client.send(sent);
  await expect.poll(() => stage.log.join('\n')).toContain(logged);
  await client.close();
  await expect.poll(() => stage.server.sessions).toEqual({ waiting: 0, relayed: 0 });
  return stage;
}

describe('N1: no log line of any level holds the password after', () => {
  it.each(fates)('$name', async (fate) => {
    const { log } = await play(fate);
    expect(log.filter((line) => !hidesCanary(line))).toEqual([]);
  });
});

/** Keeps hold of sessions, their credentials and the bytes of their passwords. */
function collector() {
  const seen: { session: Session; bytes: Uint8Array; secret: string; shown: string }[] = [];
  const module = defineModule({
    name: 'collector',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).authenticate.tap({ name: 'collector', stage: -1000 }, (session) => {
        const bytes = session.credentials.secret?.reveal() ?? new Uint8Array(0);
        const secret = Buffer.from(bytes).toString();
        const shown = [
          inspect(session, { depth: 20, showHidden: true }),
          inspect(session.credentials, { depth: 20, showHidden: true, getters: true }),
          JSON.stringify(session.credentials),
          String(session.credentials.secret),
          inspect(new AggregateError([session.credentials], 'x', { cause: session }), {
            depth: 20,
          }),
        ].join('\n');
        seen.push({ session, bytes, secret, shown });
        return undefined;
      });
    },
  });
  return { module, seen };
}

describe('what modules can see', () => {
  it('N3: a session and its credentials show no password, however they are printed', async () => {
    const { module, seen } = collector();
    const stage = await setStage({ modules: [module] });
    const client = await stage.client();
    await client.send(login);
    await client.expect('a OK logged in');
    expect(seen.map(({ secret }) => secret)).toEqual([canary]);
    expect(seen.filter(({ shown }) => !hidesCanary(shown))).toEqual([]);
    expect(seen[0]?.shown).toContain('***');
  });

  it.each([
    { name: 'is logged in', answer: undefined, reply: 'a OK logged in' },
    { name: 'is refused', answer: () => refuseLogin('no'), reply: 'a NO no' },
    { name: 'meets a fault', answer: () => '??', reply: internalError },
  ])('N8: the bytes of a password are overwritten once the client $name', async (fate) => {
    const { module, seen } = collector();
    const { answer, reply } = fate;
    const stage = await setStage({ modules: [module], ...(answer && { answer }) });
    const client = await stage.client();
    await client.send(login);
    await client.expect(reply);
    const [{ session, bytes, secret } = expect.fail('no login')] = seen;
    expect(secret).toBe(canary);
    expect(Buffer.from(bytes)).toEqual(Buffer.alloc(canary.length));
    expect(session.credentials.secret).toBeUndefined();
    expect(session.credentials.login).toHaveLength(0);
  });

  it('N8: the bytes of a password are overwritten when the client leaves meanwhile', async () => {
    const { module, seen } = collector();
    const stage = await setStage({ modules: [module], answer: () => ({ hang: true }) });
    const client = await stage.client();
    await client.send(login);
    await stage.auth.nextRequest();
    client.reset();
    await expect.poll(() => stage.server.sessions).toEqual({ waiting: 0, relayed: 0 });
    expect(Buffer.from(seen[0]!.bytes)).toEqual(Buffer.alloc(canary.length));
  });
});

describe('N6: one event is one line of printable text', () => {
  const nasty = '\r\n2026/01/01 [alert] 1#1: forged\x1b[2J\x7f\xe2\x80\xae\x9b';

  it.each([
    {
      name: 'a login',
      sent: `a LOGIN {${String(nasty.length)}+}\r\n${nasty} x\r\n`,
      options: {},
    },
    {
      name: 'a refusal of the auth service',
      sent: login,
      options: { answer: () => refuseLogin(`no${nasty.slice(2)}`) },
    },
    {
      name: 'a refusal of a backend',
      sent: login,
      options: {
        backend: async (proxy) => {
          await proxy.sendLine('* OK ready');
          await proxy.line();
          await proxy.send(`a NO ${nasty.slice(2)}\r\n`);
        },
      } satisfies { backend: Conversation },
    },
    {
      name: 'a greeting of a backend',
      sent: login,
      options: {
        backend: (proxy) => proxy.send(`${nasty.slice(2)}\r\n`),
      } satisfies { backend: Conversation },
    },
  ])('whatever is in $name', async ({ sent, options }) => {
    const stage = await setStage({ ...options, logLevel: 'debug' });
    const client = await stage.connect();
    await client.send(sent);
    await expect.poll(() => stage.log.some((line) => line.includes('forged'))).toBe(true);
    await client.close();
    await expect.poll(() => stage.server.sessions).toEqual({ waiting: 0, relayed: 0 });
    for (const line of stage.log) {
      expect(line).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\w+\] [ -~]*$/);
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(2048);
    }
  });

  it('and is cut where a backend sends more than anybody reads', async () => {
    const stage = await setStage({
      server: 'proxy_buffer 64k;',
      backend: (proxy) => proxy.send(`${'x\x1b'.repeat(30_000)}\r\n`),
    });
    const client = await stage.client();
    await client.send(login);
    expect(await client.readToEnd()).toBe(`${internalError}\r\n`);
    for (const line of stage.log) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(2048);
  });
});

describe('N7: what fails inside is told to the client in the same words', () => {
  const fail = defineModule({
    name: 'fail',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).route.tap('fail', (upstream, session) => {
        if (session.login === 'trap') throw new RangeError(`/etc/passwd ${upstream.host}`);
        return upstream;
      });
    },
  });

  it.each([
    { name: 'a module that throws', user: 'trap', answer: undefined },
    { name: 'a backend nobody listens at', user: 'u', answer: () => acceptLogin(1) },
    { name: 'an auth service that closes', user: 'u', answer: () => ({ hangUp: 'fin' as const }) },
    {
      name: 'an auth service that resets',
      user: 'u',
      answer: () => ({ hangUp: 'reset' as const }),
    },
    {
      name: 'an auth service with a bad status',
      user: 'u',
      answer: () => ({ httpStatus: '500 x' }),
    },
    { name: 'a backend without an address', user: 'u', answer: () => ({ server: 'unix:/run/x' }) },
    { name: 'a NUL in the password', user: 'u', answer: undefined, password: '{3+}\r\np\0q' },
    { name: 'no room for a connection', user: 'u', answer: undefined, events: 2 },
  ])('$name', async ({ user, answer, password = 'x', events = 512 }) => {
    const stage = await setStage({
      modules: [fail],
      backend: letIn,
      events: `worker_connections ${String(events)};`,
      ...(answer && { answer }),
    });
    const client = await stage.client();
    await client.send(`a LOGIN ${user} ${password}\r\n`);
    expect(await client.readToEnd()).toBe(`${internalError}\r\n`);
  });
});
