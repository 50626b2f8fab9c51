import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  authenticate,
  type AuthRuntime,
  type AuthSettings,
} from '../../../../src/mail/modules/auth-http/authenticate.js';
import { AuthClient } from '../../../../src/mail/modules/auth-http/client.js';
import { RequestTemplate } from '../../../../src/mail/modules/auth-http/request.js';
import type { AuthService } from '../../../../src/mail/modules/auth-http/url.js';
import { pause } from '../../../../src/mail/pause.js';
import { ConnectionSlots } from '../../../../src/net/slots.js';
import { ScriptedServer, serviceAt, sessionFor, withSocketPath } from './fixtures.js';

const good = 'HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 192.0.2.9\r\nAuth-Port: 143\r\n';

let answers: string[] = [];
let server: ScriptedServer;
let runtime: AuthRuntime;

beforeEach(async () => {
  answers = [];
  const connections = new ConnectionSlots(100);
  runtime = { connections, client: new AuthClient(connections) };
  server = await ScriptedServer.start(({ socket }) => socket.end(answers.shift() ?? `${good}\r\n`));
});

afterEach(async () => {
  vi.useRealTimers();
  runtime.client.end();
  await server.stop();
});

function settingsFor(service: AuthService, change: Partial<AuthSettings> = {}): AuthSettings {
  return {
    service,
    template: new RequestTemplate({
      service,
      protocol: 'imap',
      headers: [],
      keepAlive: false,
      passClientCert: false,
    }),
    keepAlive: 0,
    timeoutMs: 60_000,
    strictStatus: true,
    ...change,
  };
}

const accepted = { kind: 'accept', upstream: { host: '192.0.2.9', port: 143 } };
const doing = ' while in http auth state';

describe('one request', () => {
  it('accepts a login', async () => {
    const { session, log } = sessionFor({ attempts: 3, client: '2001:db8::7' });
    expect(await authenticate(session, settingsFor(server.service), runtime)).toEqual(accepted);
    expect(log.lines).toEqual([]);
    expect(server.requests).toEqual([
      'GET /auth HTTP/1.0\r\nHost: 127.0.0.1\r\nAuth-Method: plain\r\nAuth-User: user\r\n' +
        'Auth-Pass: password\r\nAuth-Protocol: imap\r\nAuth-Login-Attempt: 3\r\n' +
        'Client-IP: 2001:db8::7\r\n\r\n',
    ]);
  });

  it('names what the session is doing in log lines', async () => {
    answers = ['HTTP/1.0 200 OK\r\nAuth-Status: Bad login\r\n\r\n'];
    const { session, log } = sessionFor();
    await authenticate(session, settingsFor(server.service), runtime);
    expect(log.lines).toEqual([`[info] client login failed: "Bad login"${doing}`]);
  });

  it.each([
    {
      name: 'an invalid header',
      answer: 'X_Y: z\r\n\r\n',
      line: 'sent invalid header in response',
    },
    { name: 'an invalid status line', answer: 'HTTP/1.0 \rx', line: 'sent invalid response' },
    { name: 'no address', answer: 'HTTP/1.0 200 OK\r\n\r\n', line: 'did not send server or port' },
  ])('$name is logged at error and is an internal error', async ({ answer, line }) => {
    answers = [answer];
    const { session, log } = sessionFor();
    const verdict = await authenticate(session, settingsFor(server.service), runtime);
    expect(verdict).toEqual({ kind: 'error' });
    expect(log.lines).toEqual([`[error] auth http server ${server.service.name} ${line}${doing}`]);
  });

  it('an early close is an internal error of which nothing is logged', async () => {
    answers = ['HTTP/1.0 200 OK\r\nAuth-Status: OK\r\n'];
    const { session, log } = sessionFor();
    const verdict = await authenticate(session, settingsFor(server.service), runtime);
    expect(verdict).toEqual({ kind: 'error' });
    expect(log.lines).toEqual([]);
  });

  it('a deadline is logged with its error', async () => {
    const silent = await ScriptedServer.start(() => undefined);
    const { session, log } = sessionFor();
    const settings = settingsFor(silent.service, { timeoutMs: 50 });
    expect(await authenticate(session, settings, runtime)).toEqual({ kind: 'error' });
    expect(log.lines).toEqual([
      `[error] auth http server ${silent.service.name} timed out (110: Connection timed out)${doing}`,
    ]);
    await silent.stop();
  });

  it('a refused connection is logged as the receive that nginx sees fail', async () => {
    const gone = await ScriptedServer.start(() => undefined);
    const service = serviceAt(gone.port);
    await gone.stop();
    const { session, log } = sessionFor();
    expect(await authenticate(session, settingsFor(service), runtime)).toEqual({ kind: 'error' });
    expect(log.lines).toEqual([`[error] recv() failed (111: Connection refused)${doing}`]);
  });

  it('a reset is logged as a failed receive', async () => {
    const rude = await ScriptedServer.start(({ socket }) => socket.resetAndDestroy());
    const { session, log } = sessionFor();
    await authenticate(session, settingsFor(rude.service), runtime);
    expect(log.lines).toEqual([`[error] recv() failed (104: Connection reset by peer)${doing}`]);
    await rude.stop();
  });

  it('a missing UNIX socket is logged at crit', async () => {
    await withSocketPath(async (path) => {
      const service: AuthService = { ...serviceAt(1), name: `unix:${path}`, target: { path } };
      const { session, log } = sessionFor();
      await authenticate(session, settingsFor(service), runtime);
      expect(log.lines).toEqual([
        `[crit] connect() to unix:${path} failed (2: No such file or directory)${doing}`,
      ]);
    });
  });

  it('a missing slot is an alert', async () => {
    const connections = new ConnectionSlots(0);
    const { session, log } = sessionFor();
    const none = { connections, client: new AuthClient(connections) };
    expect(await authenticate(session, settingsFor(server.service), none)).toEqual({
      kind: 'error',
    });
    expect(log.lines).toEqual([`[alert] 0 worker_connections are not enough${doing}`]);
  });

  it('H14: a client that leaves gets nothing, and nothing is logged', async () => {
    const silent = await ScriptedServer.start(() => undefined);
    const { session, log, abandon } = sessionFor();
    const verdict = authenticate(session, settingsFor(silent.service), runtime);
    await silent.until(() => silent.requests.length === 1);
    abandon();
    expect(await verdict).toEqual({ kind: 'error' });
    await silent.until(() => silent.open === 0);
    expect(log.lines).toEqual([]);
    await silent.stop();
  });

  it('N1: the password is in no log line', async () => {
    const canary = 'c4n4ry-password';
    for (const answer of [
      'X_Y: z\r\n\r\n',
      'HTTP/1.0 500 x\r\nAuth-Server: ::1\r\nAuth-Port: 1\r\n\r\n',
    ]) {
      answers = [answer];
      const { session, log } = sessionFor({ secret: canary });
      await authenticate(session, settingsFor(server.service), runtime);
      expect(log.lines).toHaveLength(1);
      expect(log.lines.join()).not.toContain(canary);
    }
  });
});

describe('Auth-Status: WAIT', () => {
  const wait = (more = ''): string => `HTTP/1.0 200 OK\r\nAuth-Status: WAIT\r\n${more}\r\n`;

  /** Runs an attempt with pauses that end at once. */
  async function attempt(options: Parameters<typeof sessionFor>[0] = {}) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { session, log } = sessionFor(options);
    const progress = { done: false };
    const verdict = authenticate(session, settingsFor(server.service), runtime).finally(() => {
      progress.done = true;
    });
    while (!progress.done) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersToNextTimerAsync();
    }
    return { verdict: await verdict, log };
  }

  it('the same request is made again with the same attempt number', async () => {
    answers = [wait('Auth-Wait: 5\r\n')];
    const { verdict, log } = await attempt({ attempts: 2 });
    expect(verdict).toEqual(accepted);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]).toBe(server.requests[0]);
    expect(server.requests[1]).toContain('Auth-Login-Attempt: 2\r\n');
    expect(log.lines).toEqual([]);
  });

  it('H10: it is repeated ten times and not more', async () => {
    answers = Array.from({ length: 20 }, () => wait());
    const { verdict, log } = await attempt();
    expect(verdict).toEqual({ kind: 'error' });
    expect(server.requests).toHaveLength(11);
    expect(log.lines).toEqual([
      `[error] auth http server ${server.service.name} sent "WAIT" too often${doing}`,
    ]);
  });

  it('an OK behind it is an OK', async () => {
    answers = [wait(), `${good}\r\n`];
    expect((await attempt()).verdict).toEqual(accepted);
  });

  it.each(['apop', 'cram-md5'] as const)('a digest of %s is sent once', async (method) => {
    answers = [wait(), `${good}Auth-Pass: p\r\n\r\n`];
    const { verdict } = await attempt({ method, secret: 'd1gest', salt: '<1.2@mx.test>' });
    expect(verdict).toEqual({ ...accepted, secret: Buffer.from('p') });
    expect(server.requests[0]).toContain('\r\nAuth-Pass: d1gest\r\nAuth-Salt: <1.2@mx.test>\r\n');
    expect(server.requests[1]).toContain('\r\nAuth-Pass: \r\nAuth-Salt: <1.2@mx.test>\r\n');
  });

  it('a login and password that come with it are used from then on', async () => {
    answers = [wait('Auth-User: other\r\nAuth-Pass: x\r\n'), wait(), `${good}\r\n`];
    const { verdict } = await attempt();
    expect(server.requests[2]).toContain('\r\nAuth-User: other\r\nAuth-Pass: x\r\n');
    expect(verdict).toEqual({ ...accepted, login: Buffer.from('other'), secret: Buffer.from('x') });
  });

  it('H14: a client that leaves ends the pause', async () => {
    answers = [wait('Auth-Wait: 3600\r\n')];
    const { session, abandon } = sessionFor();
    const verdict = authenticate(session, settingsFor(server.service), runtime);
    await server.until(() => server.requests.length === 1 && server.open === 0);
    abandon();
    expect(await verdict).toEqual({ kind: 'error' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a pause', () => {
  it('ends after its time', async () => {
    vi.useFakeTimers();
    const { session, waiting } = sessionFor();
    const ended = pause(1000, session);
    await vi.advanceTimersByTimeAsync(999);
    expect([vi.getTimerCount(), waiting.size]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toBe(true);
    expect(waiting.size).toBe(0);
  });

  it('ends when the attempt is abandoned and leaves no timer', async () => {
    vi.useFakeTimers();
    const { session, abandon } = sessionFor();
    const ended = pause(1000, session);
    abandon();
    expect(await ended).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(await pause(1000, { ...session, closed: true })).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
