/** A DNS client for the servers of one `resolver` directive (ngx_resolver.c). */
import { randomInt } from 'node:crypto';
import { ipBytes, ipText, type SocketAddress } from '@postern/core';
import { failed, FailureCode, type Answer, type Failed, type Outcome } from './answer.js';
import { followChain, type Ask, type Chain } from './chain.js';
import { reverseName } from './domain-name.js';
import { Lookups } from './lookups.js';
import { RecordType } from './message.js';
import type { Waiter } from './pending-lookup.js';
import { Query, type QueryRuntime } from './query.js';

/** What a `resolver` directive says. */
export interface ResolverSpec {
  /** At least one; each a literal address. */
  readonly servers: readonly SocketAddress[];
  /** `valid=` in seconds; 0 = answers are kept as long as their records say. */
  readonly validSeconds: number;
  /** Whether A records are asked for. */
  readonly ipv4: boolean;
  /** Whether AAAA records are asked for. */
  readonly ipv6: boolean;
}

/** Addresses of one family kept of one name. */
const mostAddresses = 100;

const noAddresses: Chain = { kind: 'chain', records: [], ttl: Number.POSITIVE_INFINITY };

/** Looks up names of addresses, and addresses of names. */
export class Resolver {
  readonly #spec: ResolverSpec;
  readonly #runtime: QueryRuntime;
  readonly #names: Lookups<string>;
  readonly #addresses: Lookups<readonly string[]>;
  #firstServer = 0;
  #ended = false;

  /** Opens nothing yet. {@link end} must be called when the resolver is not needed any more. */
  constructor(spec: ResolverSpec, runtime: QueryRuntime) {
    this.#spec = spec;
    this.#runtime = runtime;
    this.#names = new Lookups((key, signal) => this.#lookUpName(key, signal), spec.validSeconds);
    this.#addresses = new Lookups(
      (key, signal) => this.#lookUpAddresses(key, signal),
      spec.validSeconds,
    );
  }

  /**
   * The host name of a literal IP address: its first PTR record in lower case, one character per byte, unchecked and
   * perhaps empty. Waits for at most `timeoutMs`.
   */
  nameOf(address: string, waiter: Waiter, timeoutMs: number): Promise<Answer<string>> {
    if (this.#ended) return Promise.resolve({ kind: 'abandoned' });
    return this.#names.get(address, waiter, timeoutMs);
  }

  /** The literal addresses of a name in normal form, IPv4 first, begun at a random one. Waits as {@link nameOf}. */
  async addressesOf(
    name: string,
    waiter: Waiter,
    timeoutMs: number,
  ): Promise<Answer<readonly string[]>> {
    if (this.#ended) return { kind: 'abandoned' };
    const answer = await this.#addresses.get(name.toLowerCase(), waiter, timeoutMs);
    return answer.kind === 'found' ? { kind: 'found', value: rotated(answer.value) } : answer;
  }

  /** Ends all look-ups, closes all sockets, forgets all answers. Later look-ups are abandoned at once. */
  end(): void {
    this.#ended = true;
    this.#names.end();
    this.#addresses.end();
  }

  async #lookUpName(address: string, signal: AbortSignal): Promise<Outcome<string> | undefined> {
    const bytes = ipBytes(address);
    if (bytes === undefined) return failed(FailureCode.notFound);
    const chain = await followChain(reverseName(bytes), RecordType.ptr, this.#asker(signal));
    if (chain?.kind !== 'chain') return chain;
    const [first] = chain.records;
    if (first === undefined) return failed(FailureCode.notFound);
    return { kind: 'found', value: first.target, ttl: first.ttl };
  }

  async #lookUpAddresses(
    name: string,
    signal: AbortSignal,
  ): Promise<Outcome<readonly string[]> | undefined> {
    const { ipv4, ipv6 } = this.#spec;
    const ask = this.#asker(signal);
    const [four, six] = await Promise.all([
      ipv4 ? followChain(name, RecordType.a, ask) : noAddresses,
      ipv6 ? followChain(name, RecordType.aaaa, ask) : noAddresses,
    ]);
    if (four === undefined || six === undefined) return undefined;
    if (four.kind === 'failed' || six.kind === 'failed') return worse(four, six);
    const value = [...addressesIn(four), ...addressesIn(six)];
    if (value.length === 0) return failed(FailureCode.notFound);
    return { kind: 'found', value, ttl: Math.min(four.ttl, six.ttl) };
  }

  /** Asks for one look-up, beginning at the server whose turn it is. */
  #asker(signal: AbortSignal): Ask {
    const { servers } = this.#spec;
    const first = this.#firstServer;
    this.#firstServer = (first + 1) % servers.length;
    return (question) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve(undefined);
          return;
        }
        const query = new Query(question, servers, first, this.#runtime, (response) => {
          signal.removeEventListener('abort', cancel);
          resolve(response);
        });
        const cancel = (): void => {
          query.cancel();
          resolve(undefined);
        };
        signal.addEventListener('abort', cancel, { once: true });
      });
  }
}

function addressesIn(chain: Chain): readonly string[] {
  return chain.records.slice(0, mostAddresses).map(({ address }) => ipText(address));
}

/** A failure that may pass hides one that says the name does not exist. */
function worse(...ends: readonly (Chain | Failed)[]): Failed {
  const failures = ends.filter((end) => end.kind === 'failed');
  const passing = failures.find(({ code }) => code !== FailureCode.notFound);
  return passing ?? failed(FailureCode.notFound);
}

function rotated<T>(list: readonly T[]): readonly T[] {
  const first = randomInt(list.length);
  return [...list.slice(first), ...list.slice(0, first)];
}
