/** The module in a proxy, as its users have it. Nothing is imported but what packages offer. */
import { createServer, defineModule, mail } from '@postern/core';
import { imap } from '@postern/mail-imap';
import {
  acceptLogin,
  connectClient,
  startAuthServer,
  startImapBackend,
  type AuthServer,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { greylist } from 'postern-module-greylist';

const refused = 'NO Greylisted, please try again later';

const opened: { close(): Promise<void> }[] = [];
/** Users who all log in while the next client waits for its greeting. */
let crowd: string[] = [];

const crowded = defineModule({
  name: 'crowd',
  api: 1,
  requires: [mail],
  setup(cycle) {
    const { greet, authenticate } = cycle.hooks(mail);
    greet.tapPromise('crowd', async (session) => {
      for (const login of crowd.splice(0)) {
        await authenticate.promise(Object.assign(session, { login }));
      }
    });
  },
});

let auth: AuthServer;
let log: string[] = [];

beforeEach(async () => {
  const backend = await startImapBackend();
  auth = await startAuthServer(() => acceptLogin(backend.port));
  log = [];
  opened.push(backend, auth);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of opened.splice(0).reverse()) await each.close();
});

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Starts a proxy with the module; returns where each server block listens. */
async function startProxy(inMail: string, ...inServers: string[]): Promise<readonly Place[]> {
  const server = (directives: string, at: number): string =>
    `server { listen 127.0.0.${String(at + 1)}; protocol imap; ${directives} }`;
  const proxy = await createServer({
    modules: [imap, greylist, crowded],
    config: `events {}
      mail {
        auth_http 127.0.0.1:${String(auth.port)};
        ${inMail}
        ${inServers.map(server).join('\n')}
      }`,
    onLog: (line) => log.push(line),
  });
  opened.push(proxy);
  await proxy.listen();
  return proxy.addresses.map((address) => {
    const [host = '', port = ''] = address.split(':');
    return { host, port: Number(port) };
  });
}

async function startOne(directives: string): Promise<Place> {
  const [place] = await startProxy('', directives);
  return place!;
}

async function connect(place: Place, from = '127.0.0.1'): Promise<ScriptedPeer> {
  const client = await connectClient(place, { localAddress: from });
  opened.push(client);
  await client.expect('* OK IMAP4 ready');
  return client;
}

/** What a LOGIN of a new client is answered with. */
async function logIn(place: Place, user = 'alice', from?: string): Promise<string> {
  const client = await connect(place, from);
  await client.sendLine(`a LOGIN ${user} secret`);
  const answer = await client.line();
  await client.close();
  return answer;
}

/** Lets time pass for the module. */
function pass(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

describe('with greylist on', () => {
  it('refuses the first login from an address, and the session goes on', async () => {
    const client = await connect(await startOne('greylist on;'));
    await client.send('a LOGIN alice secret\r\nb NOOP\r\n');
    await client.expect(`a ${refused}`, 'b OK completed');
    expect(auth.count).toBe(0);
    expect(log.filter((line) => line.includes('client was greylisted'))).toHaveLength(1);
  });

  it.each([
    { name: 'LOGIN', command: 'b LOGIN alice secret' },
    { name: 'LOGIN as somebody else', command: 'b LOGIN bob secret' },
    { name: 'AUTHENTICATE', command: 'b AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==' },
  ])('refuses a second $name in the same session and closes it', async ({ command }) => {
    const client = await connect(await startOne('greylist on; greylist_delay 0s;'));
    await client.send(`a LOGIN alice secret\r\n${command}\r\nc NOOP\r\n`);
    expect(await client.readToEnd()).toBe(`a ${refused}\r\nb ${refused}\r\n`);
    expect(auth.count).toBe(0);
  });

  it('lets the login pass once greylist_delay is over, and not before', async () => {
    const place = await startOne('greylist on; greylist_delay 5m;');
    expect(await logIn(place)).toBe(`a ${refused}`);
    pass(4 * 60_000);
    expect(await logIn(place)).toBe(`a ${refused}`);
    vi.restoreAllMocks();
    pass(5 * 60_000);
    expect(await logIn(place)).toMatch(/^a OK /);
    expect(auth.requests.map(({ user }) => user)).toEqual(['alice']);
  });

  it('waits a minute by default', async () => {
    const place = await startOne('greylist on;');
    expect(await logIn(place)).toBe(`a ${refused}`);
    pass(60_000);
    expect(await logIn(place)).toMatch(/^a OK /);
  });

  it.each([
    { name: 'another user', user: 'bob', from: '127.0.0.1' },
    { name: 'another address', user: 'alice', from: '127.0.0.2' },
    { name: 'a user whose name looks like a pair', user: '"127.0.0.1 alice"', from: '127.0.0.1' },
  ])('keeps $name apart', async ({ user, from }) => {
    const place = await startOne('greylist on; greylist_delay 0s;');
    expect(await logIn(place)).toBe(`a ${refused}`);
    expect(await logIn(place, user, from)).toBe(`a ${refused}`);
    expect(await logIn(place, user, from)).toMatch(/^a OK /);
  });

  it('remembers ten thousand pairs and forgets the oldest first', async () => {
    const place = await startOne('greylist on; greylist_delay 0s;');
    await logIn(place, 'first');
    await logIn(place, 'second');
    crowd = Array.from({ length: 9_999 }, (_, at) => `user${String(at)}`);
    await connect(place);
    expect(crowd).toEqual([]);
    expect(await logIn(place, 'second')).toMatch(/^a OK /);
    expect(await logIn(place, 'first')).toBe(`a ${refused}`);
  });
});

describe('the directives', () => {
  it('are off by default', async () => {
    expect(await logIn(await startOne(''))).toMatch(/^a OK /);
  });

  it('are inherited from mail to server, where they may be changed', async () => {
    const [inherits, off, quick] = await startProxy(
      'greylist on; greylist_delay 1h;',
      '',
      'greylist off;',
      'greylist_delay 0s;',
    );
    expect(await logIn(inherits!, 'ann')).toBe(`a ${refused}`);
    expect(await logIn(inherits!, 'ann')).toBe(`a ${refused}`);
    expect(await logIn(off!, 'ben')).toMatch(/^a OK /);
    expect(await logIn(quick!, 'cid')).toBe(`a ${refused}`);
    expect(await logIn(quick!, 'cid')).toMatch(/^a OK /);
  });

  it.each([
    { name: 'a wrong value', directive: 'greylist maybe;', error: 'invalid value "maybe" in' },
    { name: 'a wrong time', directive: 'greylist_delay soon;', error: 'invalid value' },
  ])('say what is wrong with $name', async ({ directive, error }) => {
    await expect(startOne(directive)).rejects.toThrow(error);
  });
});
