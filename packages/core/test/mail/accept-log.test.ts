/** What the log says of clients that cannot be accepted. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createServer } from '../../src/index.js';
import { toy } from './toy-protocol.js';
import { client, closeAll, keep } from './toy-stage.js';

afterEach(closeAll);

it('has where it was in fields of a line in JSON, and in the text of nginx', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-accept-'));
  keep({ close: () => rm(directory, { recursive: true }) });
  const [text, json] = [join(directory, 'text'), join(directory, 'json')];
  const server = await createServer({
    modules: [toy],
    config: `events { worker_connections 2; } error_log ${text} alert; error_log ${json} alert json;
      mail { auth_http 127.0.0.1:1; server { listen 127.0.0.1; protocol toy; } }`,
  });
  await server.listen();
  const [address = ''] = server.addresses;
  const port = Number(address.split(':')[1]);
  const first = await client(port);
  await first.expect('hello');
  expect(await (await client(port)).readToEnd()).toBe('');
  await first.close();
  await server.close();
  const message = '2 worker_connections are not enough';
  const listen = '127.0.0.1:0';
  expect(await readFile(text, 'utf8')).toContain(
    `${message} while accepting new connection on ${listen}\n`,
  );
  expect(JSON.parse(await readFile(json, 'utf8'))).toEqual({
    time: expect.any(String) as string,
    level: 'alert',
    pid: process.pid,
    message,
    action: 'accepting new connection',
    protocol: 'toy',
    server: listen,
  });
});
