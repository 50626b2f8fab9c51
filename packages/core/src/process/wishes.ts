/** What a master does for its workers while they serve: it has what they share. */
import type { Supply, Wish } from './channel.js';
import type { ConnectionCounter } from './connection-counter.js';
import type { SharedZones } from './shared-zones.js';

/** What the workers of a configuration share. */
export interface Shared {
  readonly counter: ConnectionCounter;
  readonly zones: SharedZones;
}

/** Does what a worker asks for; the answer, where it wants one. */
export function fulfil(wish: Wish, { counter, zones }: Shared): Supply | undefined {
  switch (wish.kind) {
    case 'count':
      return { kind: 'numbers', block: counter.next(wish.count) };
    case 'keep':
      zones.keep(wish);
      return undefined;
    case 'find':
      return zones.find(wish);
    default:
      return wish satisfies never;
  }
}
