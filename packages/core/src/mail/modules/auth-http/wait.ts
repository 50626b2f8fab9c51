/** The wait that an auth server asks for. */

/** Waits `ms` milliseconds. Resolves with false as soon as `signal` is aborted, and leaves nothing behind. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      clearTimeout(timer);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
