import { afterEach, describe, expect, it } from 'vitest';
import { AuthClient } from '../../../../src/mail/modules/auth-http/client.js';
import type { Answer, Question } from '../../../../src/mail/modules/auth-http/answer.js';
import type { AuthService } from '../../../../src/mail/modules/auth-http/url.js';
import { ConnectionSlots } from '../../../../src/net/slots.js';
import { ScriptedServer, serviceAt, sessionFor, withSocketPath, type Script } from './fixtures.js';

const kept = 'HTTP/1.1 200 OK\r\nAuth-Status: OK\r\nContent-Length: 2\r\n\r\nok';
const answering =
  (text: string): Script =>
  ({ socket }) =>
    socket.write(text);

let cleanUp: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const release of cleanUp.splice(0).reverse()) await release();
  cleanUp = [];
});

async function serverWith(script: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script);
  cleanUp.push(() => server.stop());
  return server;
}

function clientWith(slots = new ConnectionSlots(100)): AuthClient {
  const client = new AuthClient(slots);
  cleanUp.push(() => {
    client.end();
  });
  return client;
}

const request = 'GET /auth HTTP/1.1\r\nHost: h\r\n\r\n';

function question(service: AuthService, change: Partial<Question> = {}): Question {
  return {
    service,
    request: Buffer.from(request),
    keepAlive: 16,
    timeoutMs: 60_000,
    attempt: sessionFor().session,
    ...change,
  };
}

const statusOf = (answer: Answer): number | string | undefined =>
  answer.kind === 'response' ? answer.response.httpStatus : answer.kind;

describe('kept connections', () => {
  it('one connection carries one request after the other', async () => {
    const server = await serverWith(answering(kept));
    const client = clientWith();
    for (let count = 1; count <= 5; count += 1) {
      expect(statusOf(await client.ask(question(server.service)))).toBe(200);
      expect(server.requests).toHaveLength(count);
    }
    expect(server.connections).toBe(1);
    expect(server.requests.every((text) => text === request)).toBe(true);
  });

  it('requests at one time have a connection each, and at most the configured number is kept', async () => {
    const held: (() => void)[] = [];
    const server = await serverWith(({ socket }) => held.push(() => socket.write(kept)));
    const client = clientWith();
    const asked = Array.from({ length: 5 }, () =>
      client.ask(question(server.service, { keepAlive: 2 })),
    );
    await server.until(() => held.length === 5);
    expect(server.connections).toBe(5);
    for (const answer of held) answer();
    expect((await Promise.all(asked)).map(statusOf)).toEqual([200, 200, 200, 200, 200]);
    await server.until(() => server.open === 2);
  });

  it('the answer is given before its body has come, and the connection is used after it', async () => {
    const finishes: (() => void)[] = [];
    const server = await serverWith(({ socket, connection }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo');
      if (connection === 0) finishes.push(() => socket.write('dy'));
    });
    const client = clientWith();
    expect(statusOf(await client.ask(question(server.service)))).toBe(200);
    // The body is not complete: this one needs a connection of its own.
    expect(statusOf(await client.ask(question(server.service)))).toBe(200);
    expect(server.connections).toBe(2);
    finishes[0]?.();
    while (finishes.length < 2) await client.ask(question(server.service));
  });

  it.each([
    { name: 'HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n' },
    {
      name: 'Connection: close',
      text: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    },
    { name: 'no length', text: 'HTTP/1.1 200 OK\r\n\r\n' },
    { name: 'no status line', text: 'Content-Length: 0\r\n\r\n' },
    { name: 'H4: a body of 1 GiB', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n' },
    {
      name: 'H4: 100 Continue first',
      text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    },
    { name: 'bytes behind the body', text: `${kept}x` },
  ])('a connection is not used again after $name', async ({ text }) => {
    const server = await serverWith(answering(text));
    const client = clientWith();
    await client.ask(question(server.service));
    await server.until(() => server.open === 0);
    await client.ask(question(server.service));
    expect(server.connections).toBe(2);
  });

  it('an idle connection on which bytes come is closed', async () => {
    const server = await serverWith(({ socket }) => {
      socket.write(kept);
      setImmediate(() => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    });
    const client = clientWith();
    await client.ask(question(server.service));
    await server.until(() => server.open === 0);
  });

  it('idle connections of different servers are kept apart', async () => {
    const first = await serverWith(answering(kept));
    const second = await serverWith(answering(kept));
    const client = clientWith();
    await client.ask(question(first.service));
    await client.ask(question(second.service));
    await client.ask(question(first.service));
    expect([first.connections, second.connections]).toEqual([1, 1]);
  });

  it('the end of a cycle closes what is idle', async () => {
    const server = await serverWith(answering(kept));
    const client = clientWith();
    await client.ask(question(server.service));
    client.end();
    await server.until(() => server.open === 0);
  });

  it('the end of a cycle lets requests under way come to their end and keeps nothing more', async () => {
    let answer: (() => void) | undefined;
    const server = await serverWith(({ socket }) => (answer = () => socket.write(kept)));
    const client = clientWith();
    const late = client.ask(question(server.service));
    await server.until(() => answer !== undefined);
    client.end();
    answer?.();
    expect(statusOf(await late)).toBe(200);
    await server.until(() => server.open === 0);
  });
});

describe('H11: a kept connection that the server has closed', () => {
  it('is tried once more on a new one when no byte of the answer came', async () => {
    const server = await serverWith(({ socket, connection, requests }) => {
      if (connection === 0 && requests.length === 2) socket.destroy();
      else socket.write(kept);
    });
    const client = clientWith();
    await client.ask(question(server.service));
    expect(statusOf(await client.ask(question(server.service)))).toBe(200);
    expect(server.connections).toBe(2);
    expect(server.requests).toEqual([request, request, request]);
  });

  it('is tried again when it was reset', async () => {
    const server = await serverWith(({ socket, connection, requests }) => {
      if (connection === 0 && requests.length === 2) socket.resetAndDestroy();
      else socket.write(kept);
    });
    const client = clientWith();
    await client.ask(question(server.service));
    expect(statusOf(await client.ask(question(server.service)))).toBe(200);
  });

  it('is not tried twice', async () => {
    const server = await serverWith(({ socket, connection, requests }) => {
      if (connection === 0 && requests.length === 1) socket.write(kept);
      else socket.destroy();
    });
    const client = clientWith();
    await client.ask(question(server.service));
    expect(statusOf(await client.ask(question(server.service)))).toBe('incomplete');
    expect(server.connections).toBe(2);
  });

  it('is not tried again once a byte of the answer has come', async () => {
    const server = await serverWith(({ socket, requests }) => {
      if (requests.length === 1) socket.write(kept);
      else socket.end('H');
    });
    const client = clientWith();
    await client.ask(question(server.service));
    expect(statusOf(await client.ask(question(server.service)))).toBe('incomplete');
    expect(server.connections).toBe(1);
  });

  it('a new connection is not tried again', async () => {
    const server = await serverWith(({ socket }) => socket.destroy());
    expect(statusOf(await clientWith().ask(question(server.service)))).toBe('incomplete');
    expect(server.connections).toBe(1);
  });
});

describe('without keepalive', () => {
  it('each request has a connection, closed once the header is complete', async () => {
    const server = await serverWith(answering('HTTP/1.0 200 OK\r\n\r\nbody that nobody reads'));
    const client = clientWith();
    for (let count = 1; count <= 3; count += 1) {
      expect(statusOf(await client.ask(question(server.service, { keepAlive: 0 })))).toBe(200);
      expect(server.connections).toBe(count);
      await server.until(() => server.open === 0);
    }
  });
});

describe('failures', () => {
  it.each([
    { name: 'H2: the server closes at once', text: undefined, kind: 'incomplete' },
    {
      name: 'H2: an answer without its empty line',
      text: 'HTTP/1.1 200 OK\r\nAuth-Status: OK\r\n',
      kind: 'incomplete',
    },
    { name: 'a folded header', text: 'A: b\r\n c\r\n\r\n', kind: 'invalid' },
    { name: 'a bare CR in the status line', text: 'HTTP/1.1 \rx', kind: 'invalid' },
    { name: 'H5: a header of 64 KiB', text: `A: ${'b'.repeat(65_536)}`, kind: 'incomplete' },
  ])('$name is $kind', async ({ text, kind }) => {
    const server = await serverWith(({ socket }) => socket.end(text ?? ''));
    expect(statusOf(await clientWith().ask(question(server.service)))).toBe(kind);
    await server.until(() => server.open === 0);
  });

  it('H2: an answer cut at any byte is incomplete', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nAuth-Port: 1\r\n\r\n';
    let end = 0;
    const server = await serverWith(({ socket }) => socket.end(answer.slice(0, end)));
    const client = clientWith();
    for (end = 0; end < answer.length; end += 1) {
      expect(statusOf(await client.ask(question(server.service)))).toBe('incomplete');
    }
  });

  it('an answer in pieces is put together', async () => {
    const server = await serverWith(({ socket }) => {
      const bytes = Array.from(Buffer.from(kept));
      const next = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(Uint8Array.of(byte), () => setImmediate(next));
      };
      next();
    });
    expect(statusOf(await clientWith().ask(question(server.service)))).toBe(200);
  });

  it('a refused connection tells its error', async () => {
    const server = await serverWith(answering(kept));
    const service = serviceAt(server.port);
    await server.stop();
    cleanUp.pop();
    const answer = await clientWith().ask(question(service));
    expect(answer).toMatchObject({
      kind: 'broken',
      error: { code: 'ECONNREFUSED', syscall: 'connect' },
    });
  });

  it('a UNIX socket is asked, and a missing one tells its error', async () => {
    await withSocketPath(async (path) => {
      const service: AuthService = { ...serviceAt(1), name: `unix:${path}`, target: { path } };
      const client = clientWith();
      expect(await client.ask(question(service))).toMatchObject({ error: { code: 'ENOENT' } });
      const server = await ScriptedServer.start(answering(kept), path);
      expect(statusOf(await client.ask(question(service)))).toBe(200);
      client.end();
      await server.stop();
    });
  });

  it.each([
    { name: 'says nothing', drip: '' },
    { name: 'sends a byte and no more', drip: 'H' },
  ])('H1: a server that $name is left at the deadline', async ({ drip }) => {
    const server = await serverWith(({ socket }) => socket.write(drip));
    const answer = await clientWith().ask(question(server.service, { timeoutMs: 50 }));
    expect(answer.kind).toBe('timeout');
    await server.until(() => server.open === 0);
  });

  it('H1: bytes do not move the deadline', async () => {
    const server = await serverWith(({ socket }) => {
      const drip = setInterval(() => socket.write('a:b\n'), 5);
      socket.on('close', () => {
        clearInterval(drip);
      });
    });
    const answer = await clientWith().ask(question(server.service, { timeoutMs: 50 }));
    expect(answer.kind).toBe('timeout');
    await server.until(() => server.open === 0);
  });

  it('H14: an abandoned attempt ends the exchange and closes the connection', async () => {
    const server = await serverWith(() => undefined);
    const { session, abandon } = sessionFor();
    const asked = clientWith().ask(question(server.service, { attempt: session }));
    await server.until(() => server.requests.length === 1);
    abandon();
    expect((await asked).kind).toBe('abandoned');
    await server.until(() => server.open === 0);
  });

  it('H14: nothing is asked for a session that is over', async () => {
    const server = await serverWith(answering(kept));
    const attempt = { ...sessionFor().session, closed: true };
    const asked = clientWith().ask(question(server.service, { attempt }));
    expect((await asked).kind).toBe('abandoned');
    expect(server.connections).toBe(0);
  });

  it('all worker_connections taken', async () => {
    const client = clientWith(new ConnectionSlots(0));
    expect((await client.ask(question(serviceAt(1)))).kind).toBe('exhausted');
  });

  it('L5: an idle connection gives its slot to who needs one, the longest idle first', async () => {
    const server = await serverWith(answering(kept));
    const other = await serverWith(answering(kept));
    const slots = new ConnectionSlots(2);
    const client = clientWith(slots);
    await client.ask(question(server.service));
    await client.ask(question(other.service));
    expect(slots.take()).toBe(3);
    await server.until(() => server.open === 0);
    expect([other.open, slots.used]).toEqual([1, 2]);
    expect(slots.take()).toBe(4);
    expect(slots.take()).toBeUndefined();
    await other.until(() => other.open === 0);
    expect(slots.used).toBe(2);
  });

  it('slots go back when connections are gone', async () => {
    const server = await serverWith(answering(kept));
    const slots = new ConnectionSlots(3);
    const client = clientWith(slots);
    for (let count = 0; count < 6; count += 1) {
      const change = { keepAlive: count % 2 };
      expect(statusOf(await client.ask(question(server.service, change)))).toBe(200);
      await server.until(() => server.open === slots.used || server.open <= 1);
    }
    client.end();
    await server.until(() => server.open === 0);
    expect(slots.used).toBe(0);
  });
});

describe('secrets', () => {
  it('N8: the bytes of a request are overwritten once it is answered', async () => {
    const server = await serverWith(answering(kept));
    const asked = question(server.service);
    await clientWith().ask(asked);
    expect(asked.request.every((byte) => byte === 0)).toBe(true);
  });

  it('O5: a session keeps no listener', async () => {
    const server = await serverWith(answering(kept));
    const { session, waiting } = sessionFor();
    await clientWith().ask(question(server.service, { attempt: session }));
    expect(waiting.size).toBe(0);
  });
});
