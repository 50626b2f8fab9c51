/** A client that says exactly what a test tells it to say. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { ScriptedPeer, type PeerOptions } from './scripted-peer.js';

/** Where a client connects: a port of 127.0.0.1, the path of a Unix socket, or a host with a port. */
export type Target = number | string | { readonly host: string; readonly port: number };

/** How a client behaves. */
export interface ClientOptions extends PeerOptions {
  /** The address to connect from, for instance `127.0.0.2`. */
  readonly localAddress?: string;
}

/**
 * Connects. Rejects with the operating system's error when nobody listens.
 *
 * @example
 * const client = await connectClient(proxy.port);
 * await client.expect('* OK IMAP4 ready');
 * await client.sendLine('a LOGIN alice secret');
 * await client.expect('a OK logged in');
 * await client.close();
 */
export async function connectClient(
  target: Target,
  options: ClientOptions = {},
): Promise<ScriptedPeer> {
  const { localAddress } = options;
  const socket = connect({
    ...place(target),
    ...(localAddress === undefined ? {} : { localAddress }),
    allowHalfOpen: true,
  });
  const peer = new ScriptedPeer(socket, options);
  await once(socket, 'connect');
  return peer;
}

function place(target: Target): { host: string; port: number } | { path: string } {
  if (typeof target === 'number') return { host: '127.0.0.1', port: target };
  return typeof target === 'string' ? { path: target } : target;
}
