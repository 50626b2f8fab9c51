import { afterEach, describe, expect, it } from 'vitest';
import { acceptLogin, connectClient, refuseLogin, startAuthServer } from '../src/index.js';
import type { AuthAnswer, Answerer } from '../src/index.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function serve(answer: Answerer) {
  const auth = await startAuthServer(answer);
  opened.push(auth);
  const client = await connectClient(auth.port);
  opened.push(client);
  return { auth, client };
}

const head = (version: string, ...lines: readonly string[]): string =>
  [`GET /auth HTTP/${version}`, 'Host: h', ...lines, '', ''].join('\r\n');

describe('the auth server', () => {
  it('records a request byte for byte and decodes user and password', async () => {
    const { auth, client } = await serve(() => acceptLogin(143));
    const sent = head(
      '1.0',
      'Auth-Method: plain',
      'Auth-User: u%0D%0AX:%20y',
      'Auth-Pass: p\xff+%25"\x7f',
      'Auth-Protocol: imap',
      'Auth-Login-Attempt: 2',
      'Client-IP: 192.0.2.1',
    );
    await client.send(sent);
    const request = await auth.nextRequest();
    expect(request.text).toBe(sent);
    expect(request.requestLine).toBe('GET /auth HTTP/1.0');
    expect(request.target).toBe('/auth');
    expect(request.headers[0]).toEqual(['Host', 'h']);
    expect(request).toMatchObject({
      user: 'u\r\nX: y',
      pass: 'p\xff+%"\x7f',
      method: 'plain',
      protocol: 'imap',
      attempt: 2,
      clientIp: '192.0.2.1',
      connection: 1,
    });
  });

  const answers: readonly { name: string; answer: AuthAnswer; reply: string }[] = [
    {
      name: 'an acceptance',
      answer: acceptLogin(143, { user: 'u2', pass: 'p2' }),
      reply:
        'HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: 143\r\n' +
        'Auth-User: u2\r\nAuth-Pass: p2\r\nConnection: close\r\n\r\n',
    },
    {
      name: 'a refusal with a wait',
      answer: refuseLogin('no', 3),
      reply: 'HTTP/1.0 200 OK\r\nAuth-Status: no\r\nAuth-Wait: 3\r\nConnection: close\r\n\r\n',
    },
    {
      name: 'an answer without a status',
      answer: { status: undefined, server: '::1', port: 1, httpStatus: '500 Oops' },
      reply: 'HTTP/1.0 500 Oops\r\nAuth-Server: ::1\r\nAuth-Port: 1\r\nConnection: close\r\n\r\n',
    },
    { name: 'raw text', answer: 'garbage\xff', reply: 'garbage\xff' },
    { name: 'raw bytes', answer: Uint8Array.of(0, 1, 255), reply: '\x00\x01\xff' },
    { name: 'nothing, and a close', answer: { hangUp: 'fin' }, reply: '' },
    { name: 'drops', answer: { drip: 'abc', everyMs: 1 }, reply: 'abc' },
  ];

  it.each(answers)('answers $name and closes', async ({ answer, reply }) => {
    const { client } = await serve(() => answer);
    await client.send(head('1.0'));
    expect(await client.readToEnd()).toBe(reply);
  });

  it('resets the connection where it is told to', async () => {
    const { client } = await serve(() => ({ hangUp: 'reset' }));
    await client.send(head('1.0'));
    expect(await client.ended).toBe('reset');
  });

  it('hangs where it is told to, and close() ends that', async () => {
    const { auth, client } = await serve(() => ({ hang: true }));
    await client.send(head('1.0'));
    await auth.nextRequest();
    expect(client.received).toBe('');
    await auth.close();
    await client.ended;
  });

  it('keeps an HTTP/1.1 connection and answers pipelined requests in order', async () => {
    const { auth, client } = await serve((request) =>
      Promise.resolve(acceptLogin(143, { user: request.user })),
    );
    await client.send(
      head('1.1', 'Auth-User: a') + head('1.1', 'Auth-User: b', 'Connection: close'),
    );
    const replies = await client.readToEnd();
    expect(replies.match(/Auth-User: ./g)).toEqual(['Auth-User: a', 'Auth-User: b']);
    expect(replies.startsWith('HTTP/1.1 200 OK\r\n')).toBe(true);
    expect(replies).toContain('Content-Length: 0\r\nConnection: keep-alive\r\n\r\n');
    expect(auth).toMatchObject({ count: 2, connections: 1 });
  });

  it('reads a request that comes byte by byte', async () => {
    const auth = await startAuthServer(() => 'x');
    opened.push(auth);
    const client = await connectClient(auth.port, { split: 1 });
    opened.push(client);
    await client.send(head('1.0', 'Auth-User: slow'));
    expect(await client.readToEnd()).toBe('x');
    expect(auth.requests[0]?.user).toBe('slow');
  });

  it('keeps what an answering function throws and closes', async () => {
    const oops = new TypeError('oops');
    const { auth, client } = await serve(() => Promise.reject(oops));
    await client.send(head('1.0'));
    await client.ended;
    expect(auth.failures).toEqual([oops]);
  });

  it('changes its answer while it runs', async () => {
    const { auth, client } = await serve(() => ({ raw: 'one', then: 'keep' }));
    await client.send(head('1.1'));
    expect(await client.readUntil('one')).toBe('one');
    auth.answerWith(() => 'two');
    await client.send(head('1.1'));
    expect(await client.readToEnd()).toBe('two');
  });

  it('holds a bounded number of requests however many come', async () => {
    const auth = await startAuthServer(() => ({ raw: '.', then: 'keep' }), { keep: 10 });
    opened.push(auth);
    const client = await connectClient(auth.port);
    opened.push(client);
    await client.send(head('1.1').repeat(95));
    await client.read(95);
    expect(auth.count).toBe(95);
    expect(auth.requests.length).toBeLessThan(20);
    expect(auth.requests.length).toBeGreaterThanOrEqual(10);
  });

  it('serves thousands of requests within seconds', async () => {
    const { auth, client } = await serve(() => acceptLogin(143));
    const one = head('1.1', 'Auth-Method: plain', 'Auth-User: u', 'Auth-Pass: p');
    const reply =
      'HTTP/1.1 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: 143\r\n' +
      'Content-Length: 0\r\nConnection: keep-alive\r\n\r\n';
    for (let batch = 0; batch < 50; batch++) {
      await client.send(one.repeat(100));
      await client.read(100 * reply.length);
    }
    expect(auth.count).toBe(5000);
  });
});
