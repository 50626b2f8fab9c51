/** The worker's side of `worker_stall_timeout`: a sign of life to the master, as long as the event loop turns. */

/** The longest time between two beats, in ms. */
const longestMs = 2000;

/** Milliseconds between two beats where a worker may be silent for `stallMs`. */
export function beatMs(stallMs: number): number {
  return Math.min(longestMs, Math.ceil(stallMs / 5));
}

/** Calls `beat` from now on, if `stallMs` is not 0; keeps no process alive. */
export function startBeating(stallMs: number, beat: () => void): void {
  if (stallMs > 0) setInterval(beat, beatMs(stallMs)).unref();
}
