/** What the hooks answer: outcomes that are expected are values, not exceptions. */
import type { Connection } from '../net/connection.js';
import type { Reply } from './protocol.js';

/** An `accept` tap that turns a client away; logged, the client sees a close. */
export interface Denial {
  readonly reason: string;
}

/** A backend: a literal address and a port. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** TLS to it: from the first byte, by command, or not; undefined leaves it to `proxy_ssl`. */
  readonly tls?: UpstreamTls;
}

/** How a backend is spoken to: the values of `proxy_ssl`. */
export type UpstreamTls = (typeof upstreamTls)[number];

/** The values of `proxy_ssl` and of `Auth-Server-TLS`. */
export const upstreamTls = ['off', 'on', 'starttls'] as const;

/** The answer of an `authenticate` tap. */
export type Verdict =
  | {
      readonly kind: 'accept';
      readonly upstream: Upstream;
      /** Replaces the login (`Auth-User`). */
      readonly login?: Uint8Array;
      /** Replaces the password (`Auth-Pass`). */
      readonly secret?: Uint8Array;
    }
  | {
      readonly kind: 'refuse';
      readonly reply: Reply;
      /** Milliseconds before the reply is sent and the session goes on; without it the session is closed at once. */
      readonly waitMs?: number;
    }
  /** A fault that is not the client's. The tap has logged it; the client gets the internal error. */
  | { readonly kind: 'error' };

/** The answer of a `connect` tap. */
export type BackendLogin =
  | {
      readonly kind: 'ready';
      readonly connection: Connection;
      /** What the client gets: the backend's answer to the login, and what came behind it. */
      readonly reply: Uint8Array;
      /** Milliseconds without traffic of either side after which the session ends. */
      readonly idleMs: number;
    }
  | {
      readonly kind: 'failed';
      /** The backend's own refusal, where it may be shown; without it the internal error. */
      readonly reply?: Uint8Array;
    };
