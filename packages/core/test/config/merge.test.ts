import { describe, expect, it } from 'vitest';
import { mainConf, serverConf, setAt } from '../../src/config/merge.js';
import { freezeDeep, type Scope } from '../../src/config/scope.js';
import { blocks, fake, load } from './fake-modules.js';

/** The first server of a configuration whose `mail` block holds `text`. */
async function firstServer(text: string, main = ''): Promise<Scope> {
  const { root } = await load(`events {}\n${main}\nmail {\n${text}\n}`);
  const server = root.children[1]?.children[0];
  if (server === undefined) throw new RangeError('the text has no server');
  return server;
}

describe('the configuration of a server', () => {
  const cases = [
    { name: 'has the default', text: 'server {}', conf: { timeoutMs: 60_000, auth: ['plain'] } },
    { name: 'has the value of mail', text: 'timeout 1s; server {}', conf: { timeoutMs: 1000 } },
    {
      name: 'has its own value',
      text: 'timeout 1s; server { timeout 2s; }',
      conf: { timeoutMs: 2000 },
    },
    {
      name: 'has the value of mail that stands behind it',
      text: 'server {} timeout 1s;',
      conf: { timeoutMs: 1000 },
    },
    {
      name: 'keeps a value that equals nothing',
      text: 'pass on; timeout 1s; server { pass off; timeout 0; }',
      conf: { pass: false, timeoutMs: 0 },
    },
    {
      name: 'replaces a list of mail',
      text: 'capabilities a b; server { capabilities c; }',
      conf: { capabilities: ['c'] },
    },
    {
      name: 'replaces a set of mail',
      text: 'auth plain login; server { auth cram-md5; }',
      conf: { auth: ['cram-md5'] },
    },
    {
      name: 'inherits a whole list',
      text: 'header a 1; header b 2; server {}',
      conf: {
        headers: [
          ['a', '1'],
          ['b', '2'],
        ],
      },
    },
    {
      name: 'is not influenced by another server',
      text: 'server {} server { timeout 1s; }',
      conf: { timeoutMs: 60_000 },
    },
    {
      name: 'has the default of what stands in server only',
      text: 'server {}',
      conf: { protocol: '' },
    },
    {
      name: 'has the value of what stands in server only',
      text: 'server { protocol imap; }',
      conf: { protocol: 'imap' },
    },
    {
      name: 'waits for values that take their time',
      text: 'host a; server { }',
      conf: { host: 'a' },
    },
    {
      name: 'joins levels where the slot says so',
      text: 'cache a; server { cache b; }',
      conf: { cache: ['a', 'b'] },
    },
    { name: 'does not join the default', text: 'server { cache b; }', conf: { cache: ['b'] } },
  ];
  it.each(cases)('$name', async ({ text, conf }) => {
    expect(serverConf(await firstServer(text), fake)).toMatchObject(conf);
  });

  const mainCases = [
    {
      name: 'falls back to main where the directive may stand there',
      text: 'server {}',
      log: ['m'],
    },
    { name: 'prefers mail to main', text: 'log a; server {}', log: ['a'] },
    { name: 'prefers its own to both', text: 'log a; server { log s; }', log: ['s'] },
  ];
  it.each(mainCases)('$name', async ({ text, log }) => {
    expect(serverConf(await firstServer(text, 'log m;'), fake).log).toEqual(log);
  });

  it('has no slot that stands in main only', async () => {
    expect(serverConf(await firstServer('server {}'), fake)).not.toHaveProperty('pid');
  });

  it('is the same object each time', async () => {
    const server = await firstServer('server { timeout 1s; }');
    expect(serverConf(server, fake)).toBe(serverConf(server, fake));
  });

  it('is the object of mail where the server sets nothing', async () => {
    const server = await firstServer('timeout 1s; server {}');
    expect(serverConf(server, fake)).toBe(server.parent && serverConf(server.parent, fake));
  });

  it('is frozen with its lists', async () => {
    const conf = serverConf(await firstServer('server { header a b; }'), fake);
    expect([conf, conf.headers, conf.headers[0], conf.capabilities].every(Object.isFrozen)).toBe(
      true,
    );
  });

  it('leaves the prototype of Object alone', async () => {
    const conf = serverConf(await firstServer('server {}'), blocks);
    expect(Object.keys(conf)).toEqual([]);
  });
});

describe('the configuration of the process', () => {
  it('has values of main and events, and defaults', async () => {
    const { root } = await load('pid a; events { connections 7; } log x;');
    expect(mainConf(root, fake)).toEqual({ pid: '/var/postern/a', connections: 7, log: ['x'] });
  });

  it('has defaults only where nothing is set', async () => {
    const { root } = await load('events {}');
    expect(mainConf(root, fake)).toEqual({ pid: 'none', connections: 512, log: [] });
  });

  it('has no value of mail', async () => {
    const { root } = await load('events {} mail { log x; }');
    expect(mainConf(root, fake).log).toEqual([]);
  });
});

describe('the place of a value', () => {
  const cases = [
    { name: 'is in the server', text: 'timeout 1s;\nserver {\ntimeout 2s; }', line: 6 },
    { name: 'is in mail', text: 'timeout 1s;\nserver {\n}', line: 4 },
    { name: 'is nowhere for a default', text: 'server {\n}', line: undefined },
  ];
  it.each(cases)('$name', async ({ text, line }) => {
    expect(setAt(await firstServer(text), fake, 'timeoutMs')?.line).toBe(line);
  });
});

describe('freezing', () => {
  it('stops at class instances, whose state is their own', () => {
    const map = new Map([[1, { a: 1 }]]);
    const value = freezeDeep({ map, list: [{ b: [1] }], buffer: Buffer.from('x') });
    expect(Object.isFrozen(value.list[0]?.b)).toBe(true);
    expect(Object.isFrozen(value.map)).toBe(false);
    expect(Object.isFrozen(value.buffer)).toBe(false);
  });
});
