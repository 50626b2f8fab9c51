import { once } from 'node:events';
import { createServer } from 'node:net';

/** Rejects with a list of those of `ports` that cannot be listened on, and why. */
export async function demandPorts(ports: readonly number[]): Promise<void> {
  const complaints: string[] = [];
  for (const port of ports) {
    const server = createServer().listen({ port, host: '0.0.0.0' });
    try {
      await once(server, 'listening');
    } catch (error) {
      complaints.push((error as Error).message);
      continue;
    }
    server.close();
    await once(server, 'close');
  }
  if (complaints.length === 0) return;
  throw new Error(`this test needs ports for itself: ${complaints.join('; ')}`);
}
