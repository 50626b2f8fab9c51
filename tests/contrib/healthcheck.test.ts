import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { inRepository } from './files.js';

const script = inRepository('contrib/docker/healthcheck.mjs');

/** The exit code of the script. */
function check(...words: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...words], (error) => {
      resolve(typeof error?.code === 'number' ? error.code : 0);
    });
  });
}

/** Runs the script against a server that treats a client so. */
async function checkAgainst(accept: (socket: Socket) => void, ...words: string[]): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    accept(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await check(String((server.address() as AddressInfo).port), ...words);
  } finally {
    server.close();
  }
}

const greets =
  (...parts: readonly string[]) =>
  (socket: Socket) => {
    for (const part of parts) socket.write(part);
  };

const cases = [
  { name: 'IMAP', accept: greets('* OK IMAP4 ready\r\n'), code: 0 },
  { name: 'POP3 in two parts', accept: greets('+', 'OK POP3 ready\r\n'), code: 0 },
  { name: 'SMTP', accept: greets('220 mail.example.com ESMTP ready\r\n'), code: 0 },
  {
    name: 'an internal error',
    accept: greets('* BAD internal server error\r\n'),
    code: 1,
    ends: true,
  },
  { name: 'nothing, and closes', accept: greets(), code: 1, ends: true },
];

describe('the health check', () => {
  it.each(cases)('ends with $code when the port greets with $name', async (one) => {
    const { accept, code, ends = false } = one;
    const answer = (socket: Socket) => {
      accept(socket);
      if (ends) socket.end();
    };
    expect(await checkAgainst(answer)).toBe(code);
  });

  it('sends a PROXY header where the port wants one', async () => {
    const answer = (socket: Socket) => {
      socket.once('data', (bytes) => {
        if (bytes.toString() === 'PROXY UNKNOWN\r\n') socket.write('* OK IMAP4 ready\r\n');
        else socket.end();
      });
    };
    expect(await checkAgainst(answer, 'proxy')).toBe(0);
  });

  it('is content with a connection where the port wants TLS', async () => {
    expect(await checkAgainst(() => undefined, 'connect')).toBe(0);
  });

  it('ends with 1 when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await check(String(port))).toBe(1);
  });

  it('ends with 1 when no greeting comes', async () => {
    expect(await checkAgainst(() => undefined)).toBe(1);
  });

  it.each([[[]], [['imap']], [['143', 'greetings']]])('refuses the words %j', async (words) => {
    expect(await check(...words)).toBe(2);
  });
});
