/** What a resolver runs on: connection slots, a log and those who wait, as tests see them. */
import type { SocketAddress } from '@postern/core';
import { afterEach, expect, vi } from 'vitest';
import {
  Resolver,
  type NamedSession,
  type QueryRuntime,
  type ResolverSpec,
  type Waiter,
} from '../src/index.js';
import { startDns, type Answerer, type FakeDns } from './fake-dns.js';

type Details = NonNullable<Parameters<QueryRuntime['log']['log']>[2]>;

/** A log and slots. */
export class Stage implements QueryRuntime {
  /** `level: message context (error)` of each line. */
  readonly lines: string[] = [];
  /** The fields of each line. */
  readonly fields: unknown[] = [];
  /** Slots taken now. */
  used = 0;
  limit = 100_000;
  readonly log = {
    log: (level: string, message: string, details: Details = {}): void => {
      const { context = '', error, subject } = details;
      this.fields.push(subject?.fields());
      const code = error?.code === undefined ? '' : ` (${error.code})`;
      this.lines.push(`${level}: ${message}${code}${context}`);
    },
  };
  readonly connections = {
    take: (): number | undefined => (this.used < this.limit ? (this.used += 1) : undefined),
    release: (): void => {
      this.used -= 1;
    },
    exhausted: 'no slots',
  };
}

/** Somebody who waits. */
export class Person implements Waiter {
  closed = false;
  readonly #callbacks = new Set<() => void>();

  /** Callbacks that are registered. */
  get waits(): number {
    return this.#callbacks.size;
  }

  onAbandon(callback: () => void): void {
    this.#callbacks.add(callback);
  }

  offAbandon(callback: () => void): void {
    this.#callbacks.delete(callback);
  }

  /** The client goes away. */
  leave(): void {
    this.closed = true;
    for (const callback of [...this.#callbacks]) callback();
  }
}

/** A session as far as a client's name needs one. */
export class Visitor extends Person implements NamedSession {
  readonly lines: string[] = [];
  readonly client: NamedSession['client'];
  readonly log = {
    action: '',
    error: (message: string): void => {
      this.lines.push(`${message} while ${this.log.action}`);
    },
  };

  constructor(address = '192.0.2.1') {
    super();
    const isUnix = address.startsWith('unix:');
    const family = isUnix ? 'Unix' : address.includes(':') ? 'IPv6' : 'IPv4';
    this.client = { address, port: 1234, family };
  }
}

/** A resolver beside the servers it asks. */
export interface Scene {
  readonly stage: Stage;
  readonly dns: FakeDns;
  readonly resolver: Resolver;
  readonly end: () => Promise<void>;
}

/** A resolver for `servers`, or else for one that answers with `answer`. */
export async function setScene(
  answer: Answerer,
  spec: Partial<ResolverSpec> & { readonly before?: readonly SocketAddress[] } = {},
): Promise<Scene> {
  const dns = await startDns(answer);
  const stage = new Stage();
  const { before = [], ...rest } = spec;
  const servers = [...before, dns.address];
  const resolver = new Resolver(
    { servers, validSeconds: 0, ipv4: true, ipv6: false, ...rest },
    stage,
  );
  const end = async (): Promise<void> => {
    resolver.end();
    await dns.stop();
  };
  return { stage, dns, resolver, end };
}

/** Longer than any test. */
export const longMs = 60_000;

export const found = (value: unknown): unknown => ({ kind: 'found', value });
export const failedWith = (code: number): unknown => ({ kind: 'failed', code });

/** Lets sockets have their say. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** The scene of the test that runs. */
export interface CurrentScene {
  /** Sets it, as {@link setScene}. */
  readonly up: typeof setScene;
  readonly now: Scene;
}

/** One scene per test, which must leave no slot taken and no connection open. */
export function useScene(): CurrentScene {
  let scene: Scene | undefined;
  const now = (): Scene => scene ?? expect.unreachable('no scene is set');
  afterEach(async () => {
    vi.useRealTimers();
    const { stage, dns, end } = now();
    await end();
    while (dns.connections > 0) await turn();
    expect(stage.used).toBe(0);
  });
  return {
    up: async (...options) => (scene = await setScene(...options)),
    get now() {
      return now();
    },
  };
}
