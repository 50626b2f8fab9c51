/** What a look-up ends with. An answer that says no is a value, never an exception. */

/** RCODEs (RFC 1035, 4.1.1), and what nginx uses for a look-up that took too long (ETIMEDOUT). */
export const FailureCode = Object.freeze({ serverFailure: 2, notFound: 3, timedOut: 110 });

/** The look-up failed; the code is an RCODE or {@link FailureCode}.timedOut. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: number;
}

/** What the servers said. */
export type Outcome<T> =
  | {
      readonly kind: 'found';
      readonly value: T;
      /** Seconds for which the value holds. */
      readonly ttl: number;
    }
  | Failed;

/** What one who asked is told. `abandoned`: it left before, or the resolver has ended. */
export type Answer<T> =
  { readonly kind: 'found'; readonly value: T } | Failed | { readonly kind: 'abandoned' };

/** A failure with `code`. */
export function failed(code: number): Failed {
  return { kind: 'failed', code };
}

const texts: Readonly<Record<number, string>> = {
  1: 'Format error',
  2: 'Server failure',
  3: 'Host not found',
  4: 'Unimplemented',
  5: 'Operation refused',
  [FailureCode.timedOut]: 'Operation timed out',
};

/** `3: Host not found`, as nginx's log lines have it. */
export function failureText(code: number): string {
  return `${code}: ${texts[code] ?? 'Unknown error'}`;
}
