import { connectClient } from '@postern/testkit';

/** The first line of the server on `port` of 127.0.0.1; empty if nobody listens there or nothing is said. */
export async function greetingOf(port: number): Promise<string> {
  try {
    const client = await connectClient(port);
    return await client.line().finally(() => client.close());
  } catch {
    return '';
  }
}
