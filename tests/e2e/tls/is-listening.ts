import { connectClient } from '@postern/testkit';

/** Whether connections to an address are accepted. */
export async function isListening(host: string, port: number): Promise<boolean> {
  try {
    const client = await connectClient({ host, port });
    await client.close();
    return true;
  } catch {
    return false;
  }
}
