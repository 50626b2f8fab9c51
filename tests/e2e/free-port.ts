import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 nobody listens on, for programs that cannot tell which port they were given. Taken below the
 * range from which the kernel gives ports to outgoing connections, so that no connection of the tests takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen({ port, host: '127.0.0.1' });
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no free port between 20000 and 32000');
}
