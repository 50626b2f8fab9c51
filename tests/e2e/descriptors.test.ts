/** A proxy that has run out of file descriptors. */
import { acceptLogin, connectClient, startAuthServer, startImapBackend } from '@postern/testkit';
import type { ScriptedPeer } from '@postern/testkit';
import { expect, it } from 'vitest';
import { run } from './child.js';
import { startPostern } from './postern.js';
import { until } from './until.js';

const limit = 80;
const greeting = '* OK IMAP4 ready\r\n';

/** Connects; a connection that is closed at once counts as well. */
async function knock(port: number): Promise<ScriptedPeer> {
  const client = await connectClient(port);
  await Promise.race([client.ended, client.readUntil('\n').catch(() => '')]);
  return client;
}

it('L4: turns clients away, fails logins cleanly, and recovers when clients leave', async () => {
  const backend = await startImapBackend();
  const auth = await startAuthServer(() => acceptLogin(backend.port));
  const front = await startPostern({ authPort: auth.port });
  // Only now: Node opens more files than that while it loads modules.
  await run('prlimit', ['--pid', String(front.pid), `--nofile=${String(limit)}`]);
  try {
    const clients: ScriptedPeer[] = [];
    for (let at = 0; at < 2 * limit; at += 1) clients.push(await knock(front.port));
    const greeted = clients.filter((client) => client.received === greeting);
    const turnedAway = clients.filter((client) => client.inbox.end !== undefined);
    expect(greeted.length).toBeGreaterThan(limit / 2);
    expect(greeted.length).toBeLessThan(limit);
    expect(turnedAway.length).toBe(clients.length - greeted.length);
    const [unlucky] = greeted;
    await unlucky!.sendLine('a LOGIN alice secret');
    await unlucky!.readUntil('* BAD internal server error\r\n');
    expect(await unlucky!.readToEnd()).toBe('');
    for (const client of clients) await client.close();
    await until('login', async () => {
      const client = await knock(front.port);
      if (client.received !== greeting) return false;
      await client.sendLine('a LOGIN alice secret');
      const answer = await client.line();
      await client.close();
      return answer.startsWith('a OK ');
    });
    const line = '(24: Too many open files) while in http auth state';
    await until('cause in the log', () => front.log().includes(line), {
      state: () => front.log(),
      deadlineMs: 3000,
    });
  } finally {
    await front.stop().finally(() => Promise.all([auth.close(), backend.close()]));
  }
});
