/** Clients of the proxies under test, and what is behind these; all are closed by {@link closePeers}. */
import {
  acceptLogin,
  connectClient,
  startAuthServer,
  startImapBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import { expect } from 'vitest';

const closers: (() => Promise<unknown>)[] = [];

/** Has `close` called at the end. */
export function closeLater(close: () => Promise<unknown>): void {
  closers.push(close);
}

/** Closes all, the last opened first. */
export async function closePeers(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** A client that has heard nothing yet. */
export async function dial(target: number | string): Promise<ScriptedPeer> {
  const client = await connectClient(target, { deadlineMs: 20_000 });
  closeLater(() => client.close());
  return client;
}

/** A client that was greeted. */
export async function connect(target: number | string): Promise<ScriptedPeer> {
  const client = await dial(target);
  expect(await client.line()).toBe('* OK IMAP4 ready');
  return client;
}

/** An auth server that lets everybody in, and the backend that it sends them to. */
export async function startServices(): Promise<{ readonly authPort: number }> {
  const backend = await startImapBackend();
  closeLater(() => backend.close());
  const auth = await startAuthServer(() => acceptLogin(backend.port));
  closeLater(() => auth.close());
  return { authPort: auth.port };
}
