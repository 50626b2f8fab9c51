/** The runner over sockets, against a proxy that is written here in a few lines and can be made to err. */
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  formatDifferences,
  parseTranscript,
  runAgainstListener,
  runWholeAndSplit,
} from '../src/index.js';
import type { ProxyPlan, RunningProxy } from '../src/index.js';

/** Asks the auth service for every line `login`, connects to the backend and moves bytes. */
async function startSmallProxy(plan: ProxyPlan, greeting = 'HELLO'): Promise<RunningProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined);
  };
  const authPort = Number(/auth_http 127\.0\.0\.1:(\d+)/.exec(plan.server)?.[1]);
  const server = createServer((client) => {
    let held = '';
    track(client).on('error', () => undefined);
    client.write(`${greeting}\r\n`);
    const read = (bytes: Buffer): void => {
      held += bytes.toString('latin1');
      if (!held.includes('\r\n')) return;
      client.off('data', read);
      const auth = track(connect(authPort, '127.0.0.1'));
      auth.end('GET / HTTP/1.0\r\nAuth-User: u\r\n\r\n');
      auth.on('data', (answer) => {
        const port = /Auth-Port: (\d+)/.exec(answer.toString())?.[1];
        if (port === undefined) {
          client.end('NO\r\n');
          return;
        }
        const backend = track(connect(Number(port), '127.0.0.1'));
        backend.write(held, 'latin1');
        client.pipe(backend).pipe(client);
      });
    };
    client.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const start = (plan: ProxyPlan) => startSmallProxy(plan);
const conversation = `S: HELLO
C: a LOGIN u p
A: Auth-User: u
R: Auth-Status: OK
R: Auth-Port: {port}
B: * OK
S: * OK
U: a LOGIN u p
B: a OK
S: a OK
`;

describe('a run over sockets', () => {
  it('accepts a conversation that is as written, whole and byte by byte', async () => {
    const outcomes = await runWholeAndSplit(parseTranscript(conversation), { start });
    expect(outcomes).toHaveLength(2);
    for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
    expect(outcomes[1]?.client.toString()).toBe('HELLO\r\n* OK\r\na OK\r\n');
    expect(outcomes[1]?.backend.map(String)).toEqual(['a LOGIN u p\r\n']);
    expect(outcomes[1]?.requests.map(String)).toEqual(['GET / HTTP/1.0\r\nAuth-User: u\r\n\r\n']);
  });

  it('does not split what means something only whole', async () => {
    const outcomes = await runWholeAndSplit(parseTranscript(`@whole\n${conversation}`), { start });
    expect(outcomes).toHaveLength(1);
  });

  it('answers for the backend where the transcript does not', async () => {
    const text =
      'S: HELLO\nC: a LOGIN u p\nS: * OK ready\nS: a OK logged in\nC: b NOOP\nS: b OK done\n';
    const { differences } = await runAgainstListener(parseTranscript(text), { start });
    expect(formatDifferences(differences)).toBe('');
  });

  it('gives the directives of the transcript to the proxy', async () => {
    const plans: ProxyPlan[] = [];
    const text = '@conf imap_auth plain;\n@main worker_processes 1;\nS: HELLO\n';
    await runAgainstListener(parseTranscript(text), {
      start: (plan) => {
        plans.push(plan);
        return start(plan);
      },
    });
    expect(plans[0]?.server).toMatch(
      /^protocol imap;\nauth_http 127.0.0.1:\d+\/auth;\nimap_auth plain;$/,
    );
    expect(plans[0]?.main).toBe('worker_processes 1;');
  });

  it('reports a wrong line within the deadline', async () => {
    const { differences } = await runAgainstListener(parseTranscript(conversation), {
      start: (plan) => startSmallProxy(plan, 'HOLA'),
      deadlineMs: 200,
    });
    expect(differences[0]).toEqual({ at: 1, where: 'client', expected: 'HELLO', received: 'HOLA' });
  });

  it('reports a line that does not come within the deadline', async () => {
    const { differences } = await runAgainstListener(parseTranscript('S: HELLO\nS: MORE\n'), {
      start,
      deadlineMs: 50,
    });
    expect(differences[0]).toMatchObject({ at: 2, where: 'client', expected: 'MORE' });
  });

  it('reports a proxy that closes too early', async () => {
    const text = 'S: HELLO\nC: a\nR: Auth-Status: no\nS: NO\nC: b\nS: b\n';
    const { differences } = await runAgainstListener(parseTranscript(text), { start });
    expect(formatDifferences(differences)).toContain('but the peer closed');
  });
});
