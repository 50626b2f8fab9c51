/** O2: modules that do not settle. */
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { mail, type BackendLogin } from '../../src/index.js';
import { Connection } from '../../src/net/connection.js';
import { pathOf } from './modules/proxy/tls-stage.js';
import { accept, client, closeAll, startBackend, startProxy } from './toy-stage.js';

afterEach(closeAll);

const nothing = (): void => undefined;
const never = (): Promise<never> => new Promise(nothing);

describe('a tap that never settles', () => {
  it.each([
    ['accept', ''],
    ['greet', ''],
    ['command', 'hello\r\n'],
    ['authenticate', 'hello\r\n'],
    ['route', 'hello\r\n'],
    ['connect', 'hello\r\n'],
  ] as const)(
    'O2: of %s ends its session with the internal error after timeout',
    async (hook, before) => {
      const { port, log, server } = await startProxy((cycle) => {
        const hooks = cycle.hooks(mail);
        if (hook !== 'authenticate') {
          hooks.authenticate.tap({ name: 'decide', stage: -100 }, () => accept(9));
        }
        hooks[hook].tapPromise({ name: 'probe', stage: -200 }, never);
      }, 'timeout 700ms;');
      const peer = await client(port);
      await peer.send('LOGIN a b\r\n');
      expect(await peer.readToEnd()).toBe(`${before}fault\r\n`);
      const line = `module "probe" failed in hook "${hook}": no answer within 700 ms ("timeout")`;
      expect(log.join('\n')).toContain(line);
      await expect.poll(() => server.sessions).toEqual({ waiting: 0, relayed: 0 });
    },
  );

  it('O2: leaves a client that waits for TLS without a word in clear text', async () => {
    const identity = `ssl_certificate ${pathOf('server.crt')}; ssl_certificate_key ${pathOf('server.key')};`;
    const { port, log } = await startProxy(
      (cycle) => {
        cycle.hooks(mail).accept.tapPromise('probe', never);
      },
      `timeout 700ms; ${identity}`,
      'ssl',
    );
    expect(await (await client(port)).readToEnd()).toBe('');
    expect(log.join('\n')).toContain('module "probe" failed in hook "accept": no answer');
  });

  it('O2: does so too where it was given a callback', async () => {
    const { port, log } = await startProxy((cycle) => {
      cycle.hooks(mail).command.tapAsync('probe', nothing);
    }, 'timeout 700ms;');
    const peer = await client(port);
    await peer.send('NOOP\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nfault\r\n');
    expect(log.join('\n')).toContain('module "probe" failed in hook "command": no answer');
  });

  it('O2: is told by the signal of its session that nobody waits', async () => {
    const { port, log } = await startProxy((cycle) => {
      const hooks = cycle.hooks(mail);
      hooks.authenticate.tapPromise({ name: 'probe', stage: -100 }, (session) => {
        session.signal.addEventListener('abort', () => log.push('told'));
        return never();
      });
    }, 'timeout 700ms;');
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nfault\r\n');
    expect(log.at(-1)).toBe('told');
  });
});

describe('a tap that settles late', () => {
  it('O2: has its backend closed', async () => {
    const backend = await startBackend();
    let answer: (login: BackendLogin) => void = nothing;
    const { port } = await startProxy((cycle) => {
      const hooks = cycle.hooks(mail);
      hooks.authenticate.tap({ name: 'probe', stage: -100 }, () => accept(9));
      hooks.connect.tapPromise(
        { name: 'probe', stage: -100 },
        () => new Promise((resolve) => (answer = resolve)),
      );
    }, 'timeout 700ms;');
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nfault\r\n');
    const silent = { received: nothing, ended: nothing, closed: nothing };
    const connection = Connection.open({ host: '127.0.0.1', port: backend.port }, silent, nothing);
    const behind = await backend.nextConnection();
    answer({ kind: 'ready', connection, reply: Buffer.from('ok\n'), idleMs: 1000 });
    await behind.ended;
  });
});

describe('a tap with deadlines of its own', () => {
  it('O2: may take longer than timeout', async () => {
    const backend = await startBackend();
    const { port } = await startProxy((cycle) => {
      cycle
        .hooks(mail)
        .authenticate.tapPromise({ name: 'probe', stage: -100, ownDeadline: true }, async () => {
          await setTimeout(1200);
          return accept(backend.port);
        });
    }, 'timeout 700ms;');
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'ok welcome');
  });

  it('may take longer than timeout for a command, whose answer is still sent', async () => {
    const { port, log } = await startProxy((cycle) => {
      cycle.hooks(mail).command.tapPromise({ name: 'probe', ownDeadline: true }, async () => {
        await setTimeout(1200);
        return { status: 'ok', text: 'done' };
      });
    }, 'timeout 700ms;');
    const peer = await client(port);
    await peer.send('NOOP\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nmodule done\r\n');
    expect(log.join('\n')).toContain('client timed out');
  });
});
