import { connectClient, startScriptedBackend } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createServer,
  mail,
  type CycleSetup,
  type Session,
  type Verdict,
} from '../../src/index.js';
import { toy } from './toy-protocol.js';
import { accept, client, closeAll, keep, startBackend, startProxy } from './toy-stage.js';

afterEach(closeAll);

function decide(verdict: (session: Session) => Verdict | undefined | Promise<Verdict>) {
  return (cycle: CycleSetup): void => {
    cycle
      .hooks(mail)
      .authenticate.tapPromise({ name: 'probe', stage: -100 }, async (session) => verdict(session));
  };
}

describe('driver', () => {
  it('greets, answers commands and takes a login to its backend, with nginx log lines', async () => {
    const backend = await startBackend();
    const { port, log } = await startProxy(decide(() => accept(backend.port)));
    const peer = await client(port);
    await peer.expect('hello');
    await peer.send('NOOP\r\nLOGIN bob secret\r\nahead\r\n');
    await peer.expect('done', 'ok welcome');
    const behind = await backend.nextConnection();
    await behind.expect('ahead');
    await behind.sendLine('from the backend');
    await peer.expect('from the backend');
    await behind.close();
    await peer.ended;
    const text = log.map((line) => line.replace(/^.*?#0: /, '').replaceAll(/:\d+/g, ':P'));
    expect(text).toEqual([
      '*1 client 127.0.0.1:P connected to 127.0.0.1:P',
      '*1 client logged in, client: 127.0.0.1, server: 127.0.0.1:P, login: "bob", upstream: 127.0.0.1:P',
      '*1 proxied session done, client: 127.0.0.1, server: 127.0.0.1:P, login: "bob", upstream: 127.0.0.1:P',
    ]);
    expect(log.join('\n')).not.toContain('secret');
  });

  it('M13: a module that throws ends one session with the internal error and is named in the log', async () => {
    const { port, log } = await startProxy((cycle) => {
      cycle.hooks(mail).command.tap('probe', () => {
        throw new RangeError('oops');
      });
    });
    const peer = await client(port);
    await peer.expect('hello');
    const other = await client(port);
    await other.expect('hello');
    await peer.sendLine('NOOP');
    await peer.expect('fault');
    await peer.ended;
    expect(log.join('\n')).toContain('module "probe" failed in hook "command": oops');
    await other.sendLine('WHAT');
    await other.expect('bad');
  });

  it.each([
    { name: 'a parser', input: 'CRASH' },
    { name: 'a dialog', input: 'BREAK' },
  ])('$name that throws ends one session with the internal error', async ({ input }) => {
    const { port } = await startProxy(() => undefined);
    const peer = await client(port);
    await peer.expect('hello');
    await peer.sendLine(input);
    await peer.expect('fault');
    await peer.ended;
    await (await client(port)).expect('hello');
  });

  it.each(['accept', 'greet', 'authenticate', 'route', 'connect'] as const)(
    'O2: a rejection in the hook %s ends the session with the internal error',
    async (hook) => {
      const { port, log } = await startProxy((cycle) => {
        const hooks = cycle.hooks(mail);
        if (hook !== 'authenticate') {
          hooks.authenticate.tap({ name: 'probe', stage: -100 }, () => accept(9));
        }
        hooks[hook].tapPromise({ name: 'probe', stage: -200 }, (): Promise<never> =>
          Promise.reject(new RangeError('late')),
        );
      });
      const peer = await client(port);
      await peer.send('LOGIN a b\r\n');
      await peer.readUntil('fault\r\n');
      await peer.ended;
      expect(log.join('\n')).toContain(`module "probe" failed in hook "${hook}": late`);
    },
  );

  it.each(['relay', 'close'] as const)(
    'a throw in the hook %s is logged and disturbs nothing',
    async (hook) => {
      const backend = await startBackend();
      const { port, log } = await startProxy((cycle) => {
        decide(() => accept(backend.port))(cycle);
        cycle.hooks(mail)[hook].tap('probe', () => {
          throw new RangeError('oops');
        });
      });
      const peer = await client(port);
      await peer.send('LOGIN a b\r\n');
      await peer.expect('hello', 'ok welcome');
      await (await backend.nextConnection()).close();
      await peer.ended;
      expect(log.join('\n')).toContain(`module "probe" failed in hook "${hook}": oops`);
      expect(log.join('\n')).toContain('proxied session done');
    },
  );

  it('a module may answer a command in place of the dialog', async () => {
    const { port } = await startProxy((cycle) => {
      cycle
        .hooks(mail)
        .command.tap('probe', (_session, { name }) =>
          name === 'NOOP' ? { status: 'refused', text: 'says no' } : undefined,
        );
    });
    const peer = await client(port);
    await peer.send('NOOP\r\nFLOOD\r\nNOOP\r\n');
    await peer.expect('hello', 'module says no', 'x'.repeat(4096), 'module says no');
  });

  it('an accept tap may turn a client away without a greeting', async () => {
    const { port, log } = await startProxy((cycle) => {
      cycle.hooks(mail).accept.tap('probe', () => ({ reason: 'not today' }));
    });
    const peer = await client(port);
    expect(await peer.readToEnd()).toBe('');
    expect(log.join('\n')).toContain('client was denied: not today');
  });

  it('C3: closes after max_errors invalid commands, and the counter never goes down', async () => {
    const { port, log } = await startProxy(() => undefined, 'max_errors 3;');
    const peer = await client(port);
    await peer.send('X\r\nNOOP\r\nY\r\nNOOP\r\nZ\r\nNOOP\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nbad\r\ndone\r\nbad\r\ndone\r\nbad\r\n');
    expect(log.join('\n')).toContain('client sent too many invalid commands');
  });

  it('timeout is absolute: commands do not extend it, and it ends without a reply', async () => {
    const { port, log } = await startProxy(() => undefined, 'timeout 600ms;');
    const peer = await client(port);
    await peer.expect('hello');
    const asking = setInterval(() => void peer.send('NOOP\r\n'), 50);
    await peer.ended;
    clearInterval(asking);
    expect(log.join('\n')).toContain(
      'client timed out (110: Connection timed out) while in auth state, client: 127.0.0.1',
    );
  });

  it('a refusal without a wait is sent and the session closed', async () => {
    const { port } = await startProxy(
      decide(() => ({ kind: 'refuse', reply: { status: 'refused', text: 'Bad login' } })),
    );
    const peer = await client(port);
    await peer.send('LOGIN a b\r\nNOOP\r\n');
    expect(await peer.readToEnd()).toBe('hello\r\nno Bad login\r\n');
  });

  it('F10: a refusal with a wait comes later, then queued commands are taken, and attempts count up', async () => {
    const attempts: number[] = [];
    const { port } = await startProxy(
      decide((session) => {
        attempts.push(session.loginAttempts);
        return { kind: 'refuse', reply: { status: 'refused', text: 'Bad login' }, waitMs: 150 };
      }),
    );
    const peer = await client(port);
    await peer.send('LOGIN a b\r\nNOOP\r\nLOGIN c d\r\nNOOP\r\n');
    await peer.expect('hello', 'no Bad login', 'done', 'no Bad login', 'done');
    expect(attempts).toEqual([1, 2]);
  });

  it('F6: credentials are empty between attempts', async () => {
    const seen: unknown[] = [];
    let first: Session | undefined;
    const { port } = await startProxy((cycle) => {
      decide((session) => {
        first = session;
        return { kind: 'refuse', reply: { status: 'refused', text: 'no' }, waitMs: 0 };
      })(cycle);
      cycle.hooks(mail).command.tap('probe', (session, { name }) => {
        if (name === 'NOOP') {
          const { method, login, secret, salt } = session.credentials;
          seen.push({ method, login: login.length, secret, salt });
        }
        return undefined;
      });
    });
    const peer = await client(port);
    await peer.send('LOGIN alice canary\r\nNOOP\r\n');
    await peer.expect('hello', 'no no', 'done');
    expect(seen).toEqual([{ method: 'plain', login: 0, secret: undefined, salt: undefined }]);
    expect(first?.credentials.secret).toBeUndefined();
  });

  it('H14: a verdict for a client who left opens no backend', async () => {
    const backend = await startBackend();
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    let told = false;
    const { port, server, log } = await startProxy(
      decide(async (session) => {
        session.onAbandon(() => {
          told = true;
          left?.();
        });
        await gone;
        return accept(backend.port);
      }),
    );
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello');
    peer.reset();
    await gone;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(true);
    expect(server.sessions).toEqual({ waiting: 0, relayed: 0 });
    expect(backend.connections).toHaveLength(0);
    expect(log.join('\n')).not.toContain('logged in');
  });

  it('E10: answers ten thousand pipelined commands in order', async () => {
    const { port } = await startProxy(() => undefined);
    const peer = await client(port);
    await peer.send('NOOP\r\n'.repeat(10_000) + 'QUIT\r\nX\r\n');
    await peer.expect('hello');
    const text = await peer.readUntil('bad\r\n');
    expect(text).toBe('done\r\n'.repeat(10_001) + 'bad\r\n');
  });

  it('E10: does not take commands while its replies are not read', async () => {
    let taken = 0;
    const { port } = await startProxy((cycle) => {
      cycle.hooks(mail).command.tap('probe', () => {
        taken += 1;
        return undefined;
      });
    });
    const peer = await client(port);
    await peer.expect('hello');
    peer.stall();
    const commands = 20_000;
    await Promise.race([
      peer.send('FLOOD\r\n'.repeat(commands)),
      new Promise((resolve) => setTimeout(resolve, 500)),
    ]);
    expect(taken).toBeLessThan(commands);
    peer.resume();
    for (let i = 0; i < commands; i += 1) await peer.line();
    expect(taken).toBe(commands);
  });

  it.each([
    { name: 'refuses the login', reply: 'no way', pass: 'on', expected: 'no way' },
    {
      name: 'refuses the login and may not say why',
      reply: 'no way',
      pass: 'off',
      expected: 'fault',
    },
    { name: 'is silent after its greeting and leaves', reply: '', pass: 'on', expected: 'fault' },
  ])('a backend that $name', async ({ reply, pass, expected }) => {
    const backend = await startScriptedBackend(async (proxy) => {
      await proxy.sendLine('hi');
      await proxy.expect('LOGIN');
      if (reply !== '') await proxy.sendLine(reply);
      await proxy.close();
    });
    keep(backend);
    const { port } = await startProxy(
      decide(() => accept(backend.port)),
      `proxy_pass_error_message ${pass};`,
    );
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', expected);
    await peer.ended;
  });

  it('I1: a greeting without end is an error at proxy_buffer', async () => {
    const backend = await startScriptedBackend((proxy) => proxy.send('x'.repeat(60_000)));
    keep(backend);
    const { port, log } = await startProxy(decide(() => accept(backend.port)));
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'fault');
    expect(log.join('\n')).toContain('upstream sent too long response line: "xxx');
  });

  it('I5: bytes behind a reply that is still to be answered are an error', async () => {
    const backend = await startScriptedBackend((proxy) => proxy.send('hi\r\nok early\r\n'));
    keep(backend);
    const { port, log } = await startProxy(decide(() => accept(backend.port)));
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'fault');
    expect(log.join('\n')).toContain('upstream sent invalid response: "ok early');
  });

  it('I7: what the backend sends behind its success is delivered once and in order', async () => {
    const backend = await startScriptedBackend(async (proxy) => {
      await proxy.sendLine('hi');
      await proxy.expect('LOGIN');
      await proxy.send('ok in\r\nmore 1\r\nmore 2\r\n');
    });
    keep(backend);
    const { port } = await startProxy(decide(() => accept(backend.port)));
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'ok in', 'more 1', 'more 2');
  });

  it('I11: a backend that never answers is given up after timeout', async () => {
    const backend = await startScriptedBackend(() => undefined);
    keep(backend);
    const { port, log } = await startProxy(
      decide(() => accept(backend.port)),
      'timeout 300ms;',
    );
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'fault');
    expect(log.join('\n')).toContain('upstream timed out (110: Connection timed out) while ');
  });

  it('a backend that refuses the connection gives the internal error and one error line', async () => {
    const { port, log } = await startProxy(decide(() => accept(1)));
    const peer = await client(port);
    await peer.send('LOGIN a b\r\n');
    await peer.expect('hello', 'fault');
    expect(log.join('\n')).toContain(
      'recv() failed (111: Connection refused) while reading response from upstream',
    );
  });

  it('L5: clients beyond worker_connections are closed without a byte, and room made is used again', async () => {
    const log: string[] = [];
    const server = await createServer({
      modules: [toy],
      config: `events { worker_connections 3; } mail { auth_http 127.0.0.1:1;
        server { listen 127.0.0.1; protocol toy; } }`,
      onLog: (line) => log.push(line),
    });
    await server.listen();
    keep(server);
    const port = Number(server.addresses[0]?.split(':')[1]);
    const first = await client(port);
    await first.expect('hello');
    const second = await client(port);
    await second.expect('hello');
    const third = await client(port);
    expect(await third.readToEnd()).toBe('');
    expect(log.join('\n')).toContain(
      '3 worker_connections are not enough while accepting new connection on 127.0.0.1:',
    );
    await first.close();
    await expect
      .poll(async () => {
        const next = await client(port);
        return await next.readUntil('\n').catch(() => '');
      })
      .toBe('hello\r\n');
  });

  it('O5: a thousand sessions leave nothing behind', async () => {
    const { port, server } = await startProxy(() => undefined);
    const before = process.getActiveResourcesInfo().length;
    for (let round = 0; round < 20; round += 1) {
      const peers = await Promise.all(Array.from({ length: 50 }, () => connectClient(port)));
      await Promise.all(peers.map((peer) => peer.expect('hello')));
      await Promise.all(peers.map((peer) => peer.close()));
    }
    await expect.poll(() => server.sessions).toEqual({ waiting: 0, relayed: 0 });
    await expect
      .poll(() => process.getActiveResourcesInfo().length)
      .toBeLessThanOrEqual(before + 2);
  });
});
