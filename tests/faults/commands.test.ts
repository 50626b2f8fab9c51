/** Clients of each protocol that cost more than others, guess passwords, or have the names of JavaScript's own. */
import { acceptLogin, refuseLogin, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { base64, everyLanguage, type Language } from './languages.js';
import { closeStages, letIn, setStage } from './stage.js';
import { say } from './streams.js';

afterEach(closeStages);

/** Ends a list of commands, so that there is an end to wait for. */
const logout = 'z LOGOUT\r\n';
const bye = '* BYE\r\nz OK completed\r\n';

/** Milliseconds of processor time that `work` takes in this process. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Lines that cost much where something looks back; none of them is a login. */
const oddLines = [
  { protocol: 'imap', name: 'quotes with backslashes', line: `a LOGIN ${'"\\"'.repeat(1000)} x y` },
  { protocol: 'imap', name: 'backslashes', line: `a LOGIN "${'\\\\'.repeat(2000)}` },
  { protocol: 'imap', name: 'spaces', line: `a LOGIN ${' '.repeat(4000)}` },
  { protocol: 'imap', name: 'parentheses', line: `a NOOP ${'('.repeat(4000)}` },
  { protocol: 'imap', name: 'digits of a literal', line: `a LOGIN {${'9'.repeat(4000)}}` },
  { protocol: 'imap', name: 'Base64', line: `a AUTHENTICATE PLAIN ${'A'.repeat(4000)}` },
  { protocol: 'imap', name: 'padding', line: `a AUTHENTICATE PLAIN ${'='.repeat(4000)}` },
  { protocol: 'imap', name: 'tags', line: 'a'.repeat(4000) },
  { protocol: 'pop3', name: 'spaces', line: `USER ${' '.repeat(4000)}` },
  { protocol: 'pop3', name: 'words', line: `APOP${' u'.repeat(2000)}` },
  { protocol: 'pop3', name: 'Base64', line: `AUTH PLAIN ${'A'.repeat(4000)}` },
  { protocol: 'pop3', name: 'letters', line: 'U'.repeat(4000) },
  { protocol: 'smtp', name: 'spaces', line: `EHLO ${' '.repeat(4000)}` },
  { protocol: 'smtp', name: 'words', line: `MAIL${' u'.repeat(2000)}` },
  { protocol: 'smtp', name: 'Base64', line: `AUTH PLAIN ${'A'.repeat(4000)}` },
  { protocol: 'smtp', name: 'letters', line: 'E'.repeat(4000) },
] as const;

describe('E10, E16: work is proportional to the bytes that come', () => {
  it.each(everyLanguage)('ten thousand $name commands in one write are answered', async (each) => {
    const { name, noop, noopDone, quit, bye: end } = each;
    const stage = await setStage({ protocol: name });
    expect(await say(stage, noop.repeat(10_000) + quit)).toBe(noopDone.repeat(10_000) + end);
  });

  it('and their replies come in order', async () => {
    const stage = await setStage();
    const tags = Array.from({ length: 10_000 }, (_, at) => `t${String(at)}`);
    const sent = tags.map((tag) => `${tag} NOOP\r\n`).join('') + logout;
    const heard = tags.map((tag) => `${tag} OK completed\r\n`).join('') + bye;
    expect(await say(stage, sent)).toBe(heard);
  });

  it.each(oddLines)(
    'thousands of $name cost $protocol no more than as many letters',
    async ({ protocol, line }) => {
      const stage = await setStage({ protocol, server: 'max_errors 1000;' });
      const lines = (text: string): string => `${text}\r\n`.repeat(100) + stage.language.quit;
      const plain = lines(`NOOP ${'x'.repeat(line.length - 5)}`);
      await say(stage, plain);
      const usual = await cost(() => say(stage, plain));
      const odd = await cost(() => say(stage, lines(line)));
      // Quadratic work on 4000 bytes would be a thousand times as much.
      expect(odd).toBeLessThan(20 * usual + 200);
    },
  );
});

/** What a client hears of `count` refused logins. */
const refusals = ({ prelude, refused }: Language, count: number): string =>
  (prelude + refused('no')).repeat(count);

/** Guesses twice in each of 50 sessions, and checks what is heard and asked. */
async function guessTwice(language: Language): Promise<void> {
  const { name: protocol, login, quit, bye: end } = language;
  const stage = await setStage({ protocol, answer: () => refuseLogin('no', 1) });
  const clients = await Promise.all(Array.from({ length: 50 }, () => stage.client()));
  await Promise.all(
    clients.map(async (client: ScriptedPeer) => {
      await client.send(login('u', 'guess').repeat(2) + quit);
      expect(await client.readToEnd()).toBe(refusals(language, 2) + end);
    }),
  );
  const attempts = stage.auth.requests.map(({ attempt }) => attempt);
  expect(attempts.filter((attempt) => attempt === 1)).toHaveLength(50);
  expect(attempts.filter((attempt) => attempt === 2)).toHaveLength(50);
}

it('F10: attempts of one session count up, and each refusal comes after its wait', async () => {
  const started = performance.now();
  await Promise.all(everyLanguage.map(guessTwice));
  expect(performance.now() - started).toBeGreaterThan(1900);
});

describe.each(everyLanguage)('F10: guessing, $name', (language) => {
  const { name: protocol, login } = language;

  it('a waiting client holds no connection to the auth service', async () => {
    const stage = await setStage({
      protocol,
      server: 'auth_http_keepalive 0;',
      answer: () => refuseLogin('no', 3600),
    });
    const clients = await Promise.all(Array.from({ length: 20 }, () => stage.client()));
    await Promise.all(clients.map((client) => client.send(login('u', 'guess'))));
    await expect.poll(() => stage.auth.count).toBe(20);
    await expect.poll(() => stage.auth.open).toBe(0);
    expect(stage.server.sessions).toEqual({ waiting: 20, relayed: 0 });
  });

  it('without a wait a refusal ends the session, and the next begins at one', async () => {
    const stage = await setStage({ protocol, answer: () => refuseLogin('no') });
    for (let round = 0; round < 50; round += 1) {
      expect(await say(stage, login('u', 'guess').repeat(2))).toBe(refusals(language, 1));
    }
    expect(stage.auth.requests.map(({ attempt }) => attempt)).toEqual(Array(50).fill(1));
  });

  it('F9: whether a user exists shows neither in the answer nor in the time it takes', async () => {
    const stage = await setStage({ protocol, answer: () => refuseLogin('no') });
    const times = { known: [] as number[], nobody: [] as number[] };
    for (let round = 0; round < 200; round += 1) {
      const user = round % 2 === 0 ? 'known' : 'nobody';
      const started = performance.now();
      expect(await say(stage, login(user, 'guess'))).toBe(refusals(language, 1));
      times[user].push(performance.now() - started);
    }
    expect(stage.auth.count).toBe(200);
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
