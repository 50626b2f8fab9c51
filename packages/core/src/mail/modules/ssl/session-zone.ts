/**
 * Sessions kept on our side for clients without tickets (`ssl_session_cache`): bounded in number or bytes, the oldest
 * leaves first, as in nginx. A zone with a name serves all servers that name it, and outlives a reload that leaves its
 * size alone; workers leave it to their master, so that each finds what any of them has kept. A session made for another server is of no use to a client: its session id context does not match.
 */
import { ConfigError } from '../../../errors.js';
import type { TlsSessionStore } from '../../../net/tls.js';
import type { SessionCache, SharedCache } from './session-cache.js';

/** Bytes that an entry costs besides its contents, about. */
const entryBytes = 128;

interface Entry {
  readonly session: Buffer;
  readonly expiresAt: number;
}

/** A bounded set of sessions. */
export class SessionZone {
  readonly limitBytes: number;
  readonly #limitEntries: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: { readonly bytes?: number; readonly entries?: number }) {
    this.limitBytes = limits.bytes ?? Number.POSITIVE_INFINITY;
    this.#limitEntries = limits.entries ?? Number.POSITIVE_INFINITY;
  }

  /** Sessions that are held, expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Keeps `session` for `lifeMs`; makes room for it by dropping the oldest. */
  put(id: Buffer, session: Buffer, lifeMs: number): void {
    const key = id.toString('latin1');
    this.#drop(key);
    const cost = costOf(key, session);
    if (cost > this.limitBytes || this.#limitEntries < 1) return;
    this.#entries.set(key, { session, expiresAt: performance.now() + lifeMs });
    this.#bytes += cost;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.limitBytes && this.size <= this.#limitEntries) break;
      this.#drop(oldest);
    }
  }

  /** The session of `id`, unless it has expired. */
  get(id: Buffer): Buffer | undefined {
    const key = id.toString('latin1');
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (performance.now() < entry.expiresAt) return entry.session;
    this.#drop(key);
    return undefined;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= costOf(key, entry.session);
  }
}

function costOf(key: string, session: Buffer): number {
  return key.length + session.length + entryBytes;
}

/** Who keeps the zones with names, where this process does not: a worker's master. */
export interface ZoneHost {
  /** Keeps a session in the zone of this name. A promise is there to be waited for, never rejects and is short. */
  put(zone: string, id: Buffer, session: Buffer, lifeMs: number): Promise<void> | undefined;
  /** The session of `id` in the zone of this name. A promise never rejects and is short. */
  get(zone: string, id: Buffer): Promise<Buffer | undefined> | undefined;
}

let host: ZoneHost | undefined;

/** Leaves zones with names to `keeper`, before servers are built. */
export function leaveZonesTo(keeper: ZoneHost): void {
  host = keeper;
}

// Zones by name and size, for as long as some configuration uses them: so a reload finds those of the one before.
const zones = new Map<string, WeakRef<SessionZone>>();
// What each configuration has declared: two sizes of one name are a mistake only within one.
const declared = new WeakMap<object, Map<string, SessionZone>>();

/** The zone of a name in one configuration generation. Throws ConfigError where the generation has it in another size. */
export function sharedZone(generation: object, cache: SharedCache): SessionZone {
  const { name, sizeBytes, at } = cache;
  const own = declared.get(generation) ?? new Map<string, SessionZone>();
  declared.set(generation, own);
  const known = own.get(name);
  if (known !== undefined && known.limitBytes !== sizeBytes) {
    throw new ConfigError(
      `the size ${String(sizeBytes)} of shared memory zone "${name}" conflicts with already declared size ${String(known.limitBytes)}`,
      at,
    );
  }
  const key = `${String(sizeBytes)} ${name}`;
  const zone = known ?? zones.get(key)?.deref() ?? new SessionZone({ bytes: sizeBytes });
  zones.set(key, new WeakRef(zone));
  own.set(name, zone);
  return zone;
}

/** The zones that a configuration generation has declared, by name. */
export function declaredZones(generation: object): ReadonlyMap<string, SessionZone> {
  return declared.get(generation) ?? new Map<string, SessionZone>();
}

/** The zone that `cache` asks for; of both halves the shared one, which has what the other would. */
function zoneOf(cache: SessionCache, generation: object): SessionZone | undefined {
  if (cache.shared !== undefined) return sharedZone(generation, cache.shared);
  const { builtin } = cache;
  return typeof builtin === 'number' ? new SessionZone({ entries: builtin }) : undefined;
}

function hostedStore(keeper: ZoneHost, zone: string, lifeMs: number): TlsSessionStore {
  return {
    put: (id, session) => keeper.put(zone, id, session, lifeMs),
    get: (id) => keeper.get(zone, id),
  };
}

/** Where a server keeps sessions for `lifeMs`; undefined where its cache keeps nothing. Throws ConfigError. */
export function sessionStore(
  cache: SessionCache,
  lifeMs: number,
  generation: object,
): TlsSessionStore | undefined {
  const zone = zoneOf(cache, generation);
  if (zone === undefined) return undefined;
  if (host !== undefined && cache.shared !== undefined) {
    return hostedStore(host, cache.shared.name, lifeMs);
  }
  return {
    put: (id, session) => {
      zone.put(id, session, lifeMs);
      return undefined;
    },
    get: (id) => zone.get(id),
  };
}
