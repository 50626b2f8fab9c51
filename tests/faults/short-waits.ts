/** Waits of a second that an auth service asks for (`Auth-Wait: 1`, the shortest there is), made short. */
import { vi } from 'vitest';

const askedMs = 1000;

/** From here on a timer of exactly one second fires at once. Undone by `vi.restoreAllMocks()`. */
export function shortenWaits(): void {
  const later = globalThis.setTimeout;
  const sooner = (callback: () => void, ms?: number): NodeJS.Timeout =>
    later(callback, ms === askedMs ? 0 : ms);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(sooner);
}
