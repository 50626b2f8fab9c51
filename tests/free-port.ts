/** Ports for programs that cannot tell which port they were given. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 nobody listens on, and that no other test is given while this test file runs. Taken below the
 * range from which the kernel gives ports to outgoing connections, so that no connection of the tests takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error('no free port between 20000 and 32000');
}

/** Tests take a port by a UDP socket of this address, where nothing else is; it closes with the process. */
const registry = '127.255.255.254';

/** Whether the port has become this process's. */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref();
  socket.bind({ port, address: registry, exclusive: true });
  return once(socket, 'listening').then(
    () => true,
    () => false,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: '127.0.0.1' });
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
