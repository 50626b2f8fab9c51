/** `smtp_greeting_delay`, as far as a transcript cannot tell: how long, what is logged, and a client that just leaves. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectClient } from '@postern/testkit';
import { nginxWith, posternWith, temporaryCertificate, type LoggingProxy } from './proxies.js';

const delayMs = 300;
const server = `protocol smtp;\nauth_http 127.0.0.1:1/;\nsmtp_greeting_delay ${String(delayMs)}ms;`;
const opened: (() => Promise<void>)[] = [];
let files: Awaited<ReturnType<typeof temporaryCertificate>>;

beforeAll(async () => {
  files = await temporaryCertificate();
});

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

afterAll(() => files.remove());

const proxies = [
  { name: 'nginx', start: () => nginxWith(files) },
  { name: 'postern', start: () => posternWith(files, { asNginx: false }) },
];

async function connected(start: ReturnType<typeof nginxWith>) {
  const proxy: LoggingProxy = await start({ server, main: '' });
  opened.push(() => proxy.stop());
  const client = await connectClient(proxy.port);
  opened.push(() => client.close());
  return { proxy, client };
}

describe.each(proxies)('$name with smtp_greeting_delay', ({ start }) => {
  it('greets who waits, and not before the time', async () => {
    const { client } = await connected(start());
    const since = performance.now();
    await client.expect('220 mail.example.com ESMTP ready');
    // The clock of the proxy began to run before ours.
    expect(performance.now() - since).toBeGreaterThan(delayMs / 2);
    await client.sendLine('QUIT');
    await client.expect('221 2.0.0 Bye');
  });

  it('D11: turns away who speaks first, and logs what it said', async () => {
    const { proxy, client } = await connected(start());
    await client.send('EHLO x\r\nMAIL FROM:<a@b>\r\n');
    expect(await client.readToEnd()).toBe('503 5.5.0 Improper use of SMTP command pipelining\r\n');
    await vi.waitFor(() => {
      expect(proxy.log()).toContain(
        'client was rejected before greeting: "EHLO x__MAIL FROM:<a@b>__"',
      );
    });
  });

  it('says nothing to who leaves before the greeting', async () => {
    const { client } = await connected(start());
    client.finish();
    expect(await client.readToEnd()).toBe('');
  });
});
