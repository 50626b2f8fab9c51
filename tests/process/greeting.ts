/** What a client is told first. */
import { connectClient } from '@postern/testkit';

/** The first line of a server at a port of 127.0.0.1, or at the path of a UNIX-domain socket. */
export async function greeting(target: number | string): Promise<string> {
  const client = await connectClient(target);
  try {
    return await client.line();
  } finally {
    await client.close();
  }
}
