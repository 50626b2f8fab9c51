/**
 * The master's side of `ssl_session_cache shared`: it keeps the zones, and workers put sessions into them and ask for
 * them. All workers are told when a zone comes into use, and until when, so that they need not ask for nothing.
 */
import { declaredZones, type SessionZone } from '../mail/modules/ssl/session-zone.js';
import type { FindWish, KeepWish, Supply, ZoneUse } from './channel.js';

// Zones outlive configurations.
const usedUntil = new WeakMap<SessionZone, number>();

/** The zones of one configuration. */
export class SharedZones {
  readonly #zones: ReadonlyMap<string, SessionZone>;
  readonly #tellAll: (news: Supply) => void;

  /**
   * @param generation - stands for the configuration.
   * @param tellAll - tells the workers of all configurations.
   */
  constructor(generation: object, tellAll: (news: Supply) => void) {
    this.#zones = declaredZones(generation);
    this.#tellAll = tellAll;
  }

  /** The zones that may have sessions now. */
  get inUse(): readonly ZoneUse[] {
    const now = performance.now();
    return [...this.#zones]
      .map(([zone, sessions]) => ({ zone, forMs: (usedUntil.get(sessions) ?? 0) - now }))
      .filter(({ forMs }) => forMs > 0);
  }

  /** Keeps a session. */
  keep({ zone: name, id, session, lifeMs }: KeepWish): void {
    const zone = this.#zones.get(name);
    if (zone === undefined) return;
    // What has come in a message lies in memory of the whole message, and maybe of others.
    const own = Buffer.allocUnsafeSlow(session.length);
    own.set(session);
    zone.put(Buffer.from(id), own, lifeMs);
    const now = performance.now();
    if ((usedUntil.get(zone) ?? 0) >= now + lifeMs) return;
    // Longer than this session lives, so that the next one is no news.
    usedUntil.set(zone, now + 2 * lifeMs);
    this.#tellAll({ kind: 'zone', zone: name, forMs: 2 * lifeMs });
  }

  /** The session that is asked for, if it is there. */
  find({ question, zone, id }: FindWish): Supply {
    const session = this.#zones.get(zone)?.get(Buffer.from(id));
    return { kind: 'session', question, session };
  }
}
