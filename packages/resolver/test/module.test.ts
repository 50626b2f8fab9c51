import {
  createMailHooks,
  mail,
  type AnyModule,
  type CycleSetup,
  type MailHooks,
  type ServerView,
  type Session,
} from '@postern/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolver, type ResolverSpec } from '../src/index.js';
import { startDns, zone, type FakeDns } from './fake-dns.js';
import { Stage, Visitor } from './stage.js';

let dns: FakeDns;
let stage: Stage;
let hooks: MailHooks;
let end: () => void;

beforeEach(async () => {
  dns = await startDns(
    zone({ 'PTR 1.2.0.192.in-addr.arpa': ['mx.test'], 'A mx.test': ['192.0.2.1'] }),
  );
  stage = new Stage();
  hooks = createMailHooks();
  end = setUp();
});

afterEach(async () => {
  end();
  await dns.stop();
});

/** Sets the module up; gives what ends its cycle. */
function setUp(): () => void {
  const releases: (() => void)[] = [];
  const cycle = Object.assign(Object.create(null) as CycleSetup, {
    hooks: (module: AnyModule): unknown => (module === mail ? hooks : expect.unreachable()),
    log: stage.log,
    connections: stage.connections,
    onEnd: (release: () => void) => releases.push(release),
  });
  resolver.setup?.(cycle);
  return () => {
    for (const release of releases) release();
  };
}

const specOf = (): ResolverSpec => ({
  servers: [dns.address],
  validSeconds: 0,
  ipv4: true,
  ipv6: false,
});

/** What the hook answers for a client of a server with this configuration. */
async function identify(
  spec: ResolverSpec | undefined,
  { visitor = new Visitor(), timeoutMs = 60_000 } = {},
): Promise<string | undefined> {
  const conf = (): unknown => ({ resolver: spec, timeoutMs });
  const server = Object.assign(Object.create(null) as ServerView, { conf });
  const session = Object.assign(visitor, Object.create(null) as Session);
  return hooks.identify.call(server)?.(session);
}

describe('the module', () => {
  it('declares nginx’s directives with nginx’s defaults', () => {
    const defaults = Object.entries(resolver.directives).map(([name, slot]) => [
      name,
      slot.default,
    ]);
    expect(Object.fromEntries(defaults)).toEqual({ resolver: undefined, resolver_timeout: 30_000 });
    for (const { levels } of Object.values(resolver.directives)) {
      expect(levels).toEqual(['mail', 'server']);
    }
  });

  it('has nothing to say where the server has no resolver', async () => {
    expect(await identify(undefined)).toBeUndefined();
  });

  it('names the client', async () => {
    expect(await identify(specOf())).toBe('mx.test');
  });

  it('keeps answers for all servers of one directive', async () => {
    const spec = specOf();
    await identify(spec);
    await identify(spec);
    expect(dns.asked).toHaveLength(2);
  });

  it('keeps answers of two directives apart', async () => {
    await identify(specOf());
    await identify(specOf());
    expect(dns.asked).toHaveLength(4);
  });

  it('bounds the look-up by the server’s resolver_timeout', async () => {
    dns.answer = () => undefined;
    const visitor = new Visitor();
    expect(await identify(specOf(), { visitor, timeoutMs: 50 })).toBe('[TEMPUNAVAIL]');
    expect(visitor.lines[0]).toContain('(110: Operation timed out)');
  });

  it('ends all look-ups with its cycle', async () => {
    dns.answer = () => undefined;
    const visitor = new Visitor();
    const name = identify(specOf(), { visitor });
    await dns.received(1);
    end();
    expect([await name, stage.used, visitor.lines]).toEqual(['[TEMPUNAVAIL]', 0, []]);
  });
});
