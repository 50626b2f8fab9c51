/**
 * A mail server that follows a script: for each connection a conversation is held, line by line, and everything the
 * proxy said is kept.
 */
import { Arrivals } from './arrivals.js';
import { Listening, type ListenOptions } from './listening.js';
import { ScriptedPeer, type PeerOptions } from './scripted-peer.js';

/**
 * What the backend says and waits for on one connection. When it returns, the connection stays open until the proxy
 * finishes it; a throw closes it.
 */
export type Conversation = (proxy: ScriptedPeer) => Promise<void> | void;

/** A running scripted backend. */
export interface ScriptedBackend {
  readonly port: number;
  /** The connections in the order they were accepted; `received` of each is what the proxy said. */
  readonly connections: readonly ScriptedPeer[];
  /** What went wrong in conversations: the proxy said something else than the script expected. */
  readonly failures: readonly unknown[];
  /** The next connection that was not yet taken. Rejects after `deadlineMs` (default 5000). */
  nextConnection(deadlineMs?: number): Promise<ScriptedPeer>;
  /** Closes the connections and leaves the backend listening. */
  dropConnections(): void;
  /** Stops listening and closes everything. Does not throw for failed conversations; look at `failures`. */
  close(): Promise<void>;
}

/**
 * Starts a backend.
 *
 * @example
 * const backend = await startScriptedBackend(async (proxy) => {
 *   await proxy.sendLine('* OK ready');
 *   await proxy.expect('a LOGIN "alice" "secret"');
 *   await proxy.sendLine('a OK logged in');
 * });
 */
export async function startScriptedBackend(
  conversation: Conversation,
  options: ListenOptions & PeerOptions = {},
): Promise<ScriptedBackend> {
  const connections = new Arrivals<ScriptedPeer>();
  const failures: unknown[] = [];
  let closing = false;
  const hold = async (peer: ScriptedPeer): Promise<void> => {
    try {
      await conversation(peer);
      await peer.ended;
      peer.finish();
    } catch (error) {
      // What the closing of the backend itself interrupts is no failure.
      if (!closing) failures.push(error);
      await peer.close();
    }
  };
  const listening = await Listening.start(options, (socket) => {
    const peer = new ScriptedPeer(socket, options);
    connections.add(peer);
    void hold(peer);
  });
  return {
    port: listening.port,
    connections: connections.all,
    failures,
    nextConnection: (deadlineMs = 5000) => connections.next('a connection', deadlineMs),
    dropConnections: () => {
      listening.dropConnections();
    },
    close: () => {
      closing = true;
      return listening.close();
    },
  };
}
