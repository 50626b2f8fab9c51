import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { encode } from 'dns-packet';
import type { SocketAddress } from '@postern/core';
import { describe, expect, it, vi } from 'vitest';
import type { ResolverSpec } from '../src/index.js';
import { record, responseTo, zone, type Answerer, type Asked } from './fake-dns.js';
import { failedWith, found, longMs, Person, setScene, turn, useScene } from './stage.js';

const client = '192.0.2.1';
const reverse = '1.2.0.192.in-addr.arpa';

const set = useScene();

/** A port of loopback that nobody listens on. */
async function deadServer(): Promise<SocketAddress> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return { family: 'IPv4', host: '127.0.0.1', port };
}

const nameOf = (): Promise<unknown> => set.now.resolver.nameOf(client, new Person(), longMs);
const addressesOf = (name = 'mx.test'): Promise<unknown> =>
  set.now.resolver.addressesOf(name, new Person(), longMs);

const named = zone({ [`PTR ${reverse}`]: ['MX.Test'] });

describe('the name of an address', () => {
  it('is its PTR record, in lower case', async () => {
    await set.up(named);
    expect(await nameOf()).toEqual(found('mx.test'));
  });

  it('is asked below ip6.arpa for IPv6, whatever ipv6= says', async () => {
    const { dns, resolver } = await set.up(
      (asked) => {
        asked.send(responseTo(asked, { answers: [record('PTR', asked.name, 'six.test')] }));
      },
      { ipv6: false },
    );
    expect(await resolver.nameOf('2001:db8::1', new Person(), longMs)).toEqual(found('six.test'));
    expect(dns.asked[0]?.name).toMatch(/^1\.0\.0\..*8\.b\.d\.0\.1\.0\.0\.2\.ip6\.arpa$/);
  });

  it('J7: is the first of 2000 PTR records', async () => {
    await set.up((asked) => {
      const names = Array.from({ length: 2000 }, (_, n) => `h${n}.test`);
      const all = responseTo(asked, { answers: names.map((n) => record('PTR', reverse, n)) });
      // As many as fit into a datagram; the header still promises 2000.
      asked.send(all.subarray(0, 60_000));
    });
    expect(await nameOf()).toEqual(found('h0.test'));
  });

  it('J6: is taken from a truncated answer that has it', async () => {
    const { dns } = await set.up((asked) => {
      const answers = [record('PTR', reverse, 'mx.test')];
      asked.send(responseTo(asked, { answers, flags: 0x200 }));
    });
    expect(await nameOf()).toEqual(found('mx.test'));
    expect(dns.asked.map(({ overTcp }) => overTcp)).toEqual([false]);
  });

  it('J4: follows a CNAME, as delegations of less than 256 addresses need (RFC 2317)', async () => {
    const delegated = '1.0-127.2.0.192.in-addr.arpa';
    await set.up((asked) => {
      const answers = [record('CNAME', reverse, delegated), record('PTR', delegated, 'mx.test')];
      asked.send(responseTo(asked, { answers }));
    });
    expect(await nameOf()).toEqual(found('mx.test'));
  });

  it('J4: is not taken from a record of another name', async () => {
    await set.up((asked) => {
      const answers = [record('PTR', '9.2.0.192.in-addr.arpa', 'evil.test')];
      asked.send(responseTo(asked, { answers }));
    });
    expect(await nameOf()).toEqual(failedWith(3));
  });

  it('is not looked for where the text is no address', async () => {
    const { dns, resolver } = await set.up(named);
    expect(await resolver.nameOf('unix:', new Person(), longMs)).toEqual(failedWith(3));
    expect(dns.asked).toHaveLength(0);
  });
});

describe('the addresses of a name', () => {
  const both = { ipv4: true, ipv6: true };

  it('are asked of one server by A and AAAA', async () => {
    const { dns } = await set.up(
      zone({ 'A mx.test': [client], 'AAAA mx.test': ['2001:db8::1', '2001:db8::2'] }),
      both,
    );
    const answer = (await addressesOf('MX.test')) as { value: readonly string[] };
    expect([...answer.value].sort()).toEqual([client, '2001:db8::1', '2001:db8::2']);
    expect(dns.asked.map(({ type }) => type).sort()).toEqual(['A', 'AAAA']);
  });

  it.each([
    { name: 'ipv6=off asks for A alone', spec: { ipv4: true, ipv6: false }, types: ['A'] },
    { name: 'ipv4=off asks for AAAA alone', spec: { ipv4: false, ipv6: true }, types: ['AAAA'] },
  ])('$name', async ({ spec, types }) => {
    const { dns } = await set.up(zone({ 'A mx.test': [client], 'AAAA mx.test': ['::1'] }), spec);
    await addressesOf();
    expect(dns.asked.map(({ type }) => type)).toEqual(types);
  });

  const codes =
    (a: number, aaaa: number): Answerer =>
    (asked) => {
      const code = asked.type === 'A' ? a : aaaa;
      const data = asked.type === 'A' ? client : '::1';
      const answers = code === 0 ? [record(asked.type, asked.name, data)] : [];
      asked.send(responseTo(asked, { code: Math.max(code, 0), answers }));
    };
  const empty = -1;
  it.each([
    { name: 'an empty answer beside addresses is fine', a: 0, aaaa: empty, is: found([client]) },
    { name: 'two empty answers are no such name', a: empty, aaaa: empty, is: failedWith(3) },
    { name: 'SERVFAIL for AAAA alone fails', a: 0, aaaa: 2, is: failedWith(2) },
    { name: 'SERVFAIL for A alone fails', a: 2, aaaa: empty, is: failedWith(2) },
    { name: 'SERVFAIL counts for more than NXDOMAIN', a: 3, aaaa: 2, is: failedWith(2) },
    { name: 'NXDOMAIN for both is NXDOMAIN', a: 3, aaaa: 3, is: failedWith(3) },
  ])('$name', async ({ a, aaaa, is }) => {
    await set.up(codes(a, aaaa), both);
    expect(await addressesOf()).toEqual(is);
  });

  it('J4: come at the end of CNAMEs, within an answer and over several', async () => {
    const { dns } = await set.up((asked) => {
      const [from, to] = asked.name === 'mx.test' ? ['a.test', 'b.test'] : ['c.test', 'd.test'];
      const chain = [record('CNAME', asked.name, from), record('CNAME', from, to)];
      const last = to === 'd.test' ? [record('A', to, client)] : [];
      asked.send(responseTo(asked, { answers: [...last, ...chain] }));
    });
    expect(await addressesOf()).toEqual(found([client]));
    expect(dns.asked.map(({ name }) => name)).toEqual(['mx.test', 'b.test']);
  });

  const chainOf =
    (length: number): Answerer =>
    (asked) => {
      const step = Number(asked.name.split('.')[0]?.slice(1) ?? 0);
      const data = `n${step + 1}.test`;
      const next =
        step === length ? record('A', asked.name, client) : record('CNAME', asked.name, data);
      asked.send(responseTo(asked, { answers: [next] }));
    };
  it.each([
    { length: 8, is: found([client]), asks: 9 },
    { length: 9, is: failedWith(3), asks: 9 },
  ])('J4: are found over $length CNAMEs, or not', async ({ length, is, asks }) => {
    const { dns } = await set.up(chainOf(length));
    expect(await addressesOf('n0.test')).toEqual(is);
    expect(dns.asked).toHaveLength(asks);
  });

  it('J4: do not exist where CNAMEs go round in a circle', async () => {
    await set.up((asked) => {
      const answers = [record('CNAME', 'mx.test', 'b.test'), record('CNAME', 'b.test', 'mx.test')];
      asked.send(responseTo(asked, { answers }));
    });
    expect(await addressesOf()).toEqual(failedWith(3));
  });

  it('J4: are those of the name that was asked for and no other', async () => {
    await set.up((asked) => {
      const answers = [record('A', 'other.test', client), record('A', 'mx.test', '192.0.2.7')];
      asked.send(responseTo(asked, { answers }));
    });
    expect(await addressesOf()).toEqual(found(['192.0.2.7']));
  });

  it('are at most 100 of a family', async () => {
    await set.up((asked) => {
      const all = Array.from({ length: 150 }, (_, n) => record('A', asked.name, `10.0.0.${n}`));
      asked.send(responseTo(asked, { answers: all }));
    });
    const answer = (await addressesOf()) as { value: readonly string[] };
    expect(answer.value).toHaveLength(100);
  });

  it('begin at a random one when they are cached', async () => {
    const { resolver } = await set.up(zone({ 'A mx.test': ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }));
    const firsts = new Set<string>();
    for (let count = 0; count < 200; count += 1) {
      const answer = await resolver.addressesOf('mx.test', new Person(), longMs);
      if (answer.kind === 'found') firsts.add(answer.value[0] ?? '');
    }
    expect(firsts.size).toBe(3);
  });

  it('are not asked for where the name cannot be asked for', async () => {
    const { dns } = await set.up(named);
    expect(await addressesOf('a..b')).toEqual(failedWith(3));
    expect(dns.asked).toHaveLength(0);
  });
});

describe('failures', () => {
  it.each([
    { name: 'FORMERR', code: 1 },
    { name: 'SERVFAIL', code: 2 },
    { name: 'NXDOMAIN', code: 3 },
    { name: 'NOTIMP', code: 4 },
    { name: 'REFUSED', code: 5 },
    { name: 'NOTAUTH', code: 9 },
  ])('J10: $name is told at once, and not kept', async ({ code }) => {
    const { dns } = await set.up((asked) => {
      asked.send(responseTo(asked, { code }));
    });
    expect(await nameOf()).toEqual(failedWith(code));
    await nameOf();
    expect(dns.asked).toHaveLength(2);
  });

  it('J10: a silent server makes the look-up end at its limit', async () => {
    const { resolver, stage } = await set.up(() => undefined);
    expect(await resolver.nameOf(client, new Person(), 50)).toEqual(failedWith(110));
    expect(stage.used).toBe(0);
  });

  it('an empty answer means that there is no name', async () => {
    await set.up((asked) => {
      asked.send(responseTo(asked));
    });
    expect(await nameOf()).toEqual(failedWith(3));
  });
});

describe('several servers', () => {
  it('J10: one that refuses datagrams gives way to the next at once', async () => {
    const dead = await deadServer();
    const { stage } = await set.up(named, { before: [dead] });
    expect(await nameOf()).toEqual(found('mx.test'));
    const context = `while resolving, resolver: 127.0.0.1:${dead.port}`;
    expect(stage.lines).toEqual([
      expect.stringMatching(/^error: (recv|send)\(\) failed \(ECONNREFUSED\) /),
    ]);
    expect(stage.lines[0]).toContain(context);
  });

  it('take turns at being asked first', async () => {
    const other = await setScene(named);
    const { dns, resolver } = await set.up(named, { before: [other.dns.address] });
    for (const last of [1, 2, 3, 4]) {
      await resolver.nameOf(`192.0.2.${last}`, new Person(), longMs);
    }
    expect([other.dns.asked.length, dns.asked.length]).toEqual([2, 2]);
    await other.end();
  });

  it('are asked 5 seconds apart when nothing comes, and the first may still answer', async () => {
    let first: Asked | undefined;
    const slow = await setScene((asked) => (first ??= asked));
    const { dns } = await set.up(() => undefined, { before: [slow.dns.address] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const answer = nameOf();
    await slow.dns.received(1);
    vi.advanceTimersByTime(4999);
    expect(dns.asked).toHaveLength(0);
    vi.advanceTimersByTime(1);
    await dns.received(1);
    const asked = first ?? expect.unreachable();
    asked.send(responseTo(asked, { answers: [record('PTR', reverse, 'late.test')] }));
    expect(await answer).toEqual(found('late.test'));
    await slow.end();
  });

  it('keep at most 4 queries open for one question', async () => {
    const { dns, stage } = await set.up(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const person = new Person();
    const answer = set.now.resolver.nameOf(client, person, longMs);
    for (let count = 1; count <= 7; count += 1) {
      await dns.received(count);
      expect(stage.used).toBe(Math.min(count, 4));
      vi.advanceTimersByTime(5000);
    }
    person.leave();
    expect(await answer).toEqual({ kind: 'abandoned' });
  });

  it('may have IPv6 addresses', async () => {
    const six = createSocket('udp6');
    six.bind(0, '::1');
    await once(six, 'listening');
    six.on('message', (query, { port, address }) => {
      const reply = Buffer.from(query);
      reply.writeUInt16BE(0x8182, 2);
      six.send(reply, port, address);
    });
    const server = { family: 'IPv6', host: '::1', port: six.address().port } as const;
    await set.up(named, { servers: [server] });
    expect(await nameOf()).toEqual(failedWith(2));
    six.close();
  });

  it('J10: that all refuse are not asked again before 5 seconds', async () => {
    const dead = await deadServer();
    const { stage, resolver, dns } = await set.up(named, { servers: [dead, dead] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const person = new Person();
    const answer = resolver.nameOf(client, person, longMs);
    while (stage.lines.length < 2 || stage.used > 0) await turn();
    vi.advanceTimersByTime(4999);
    expect(stage.used).toBe(0);
    vi.advanceTimersByTime(1);
    expect(stage.used).toBe(1);
    person.leave();
    expect([await answer, dns.asked.length]).toEqual([{ kind: 'abandoned' }, 0]);
  });
});

describe('J2: wrong answers', () => {
  const right = (asked: Asked): Buffer =>
    responseTo(asked, { answers: [record('PTR', reverse, 'right.test')] });
  const wrong = (asked: Asked, change: object): Buffer =>
    encode({
      type: 'response',
      id: asked.id,
      questions: [{ name: asked.name, type: asked.type }],
      answers: [record('PTR', reverse, 'wrong.test')],
      ...change,
    });
  it.each([
    { name: 'a wrong id', change: (asked: Asked) => ({ id: asked.id ^ 1 }) },
    { name: 'a query', change: () => ({ type: 'query' }) },
    { name: 'another opcode', change: () => ({ flags: 0x800 }) },
    { name: 'no question', change: () => ({ questions: [] }) },
    { name: 'another name', change: () => ({ questions: [{ name: 'x.test', type: 'PTR' }] }) },
    { name: 'another type', change: () => ({ questions: [{ name: reverse, type: 'A' }] }) },
    {
      name: 'another class',
      change: () => ({ questions: [{ name: reverse, type: 'PTR', class: 'CH' }] }),
    },
  ])('$name is logged and waited past', async ({ change }) => {
    const { stage, dns } = await set.up((asked) => {
      asked.send(wrong(asked, change(asked)));
      asked.send(right(asked));
    });
    expect(await nameOf()).toEqual(found('right.test'));
    const context = ` while resolving, resolver: 127.0.0.1:${dns.address.port}`;
    expect(stage.lines).toEqual([expect.stringMatching(/^error: .* DNS response/)]);
    expect(stage.lines[0]?.endsWith(context)).toBe(true);
    const address = `127.0.0.1:${dns.address.port}`;
    expect(stage.fields).toEqual([{ action: 'resolving', resolver: address }]);
  });

  it('from another address or port are not seen', async () => {
    const forger = createSocket('udp4');
    const { stage } = await set.up((asked) => {
      forger.send(wrong(asked, {}), asked.port, '127.0.0.1', () => {
        asked.send(right(asked));
      });
    });
    expect(await nameOf()).toEqual(found('right.test'));
    expect(stage.lines).toEqual([]);
    forger.close();
  });

  it('are logged 8 times for one question and no more', async () => {
    const { stage } = await set.up((asked) => {
      for (let count = 0; count < 20; count += 1) asked.send(Buffer.from('junk'));
      asked.send(right(asked));
    });
    await nameOf();
    expect(stage.lines).toHaveLength(8);
  });

  it('J3: an answer in other case of letters is right', async () => {
    await set.up((asked) => {
      const answers = [record('PTR', reverse.toUpperCase(), 'MX.TEST')];
      asked.send(responseTo({ ...asked, name: asked.name.toUpperCase() }, { answers }));
    });
    expect(await nameOf()).toEqual(found('mx.test'));
  });

  it('J5: one that cannot be read is waited past, up to the limit', async () => {
    const { resolver, stage } = await set.up((asked) => {
      const bytes = responseTo(asked, { answers: [record('PTR', reverse, 'a')] });
      // The data, a label of one byte and the root, becomes a pointer to itself and a byte too many.
      const at = bytes.length - 3;
      bytes.writeUInt16BE(0xc000 | at, at);
      asked.send(bytes);
    });
    expect(await resolver.nameOf(client, new Person(), 50)).toEqual(failedWith(110));
    expect(stage.lines[0]).toContain('compression pointers loop in DNS response');
  });
});

describe('what is known', () => {
  const counted = (ttl: number): Answerer => zone({ [`PTR ${reverse}`]: ['mx.test'] }, ttl);
  it.each([
    { name: 'is not asked again', ttl: 60, spec: {}, asks: 1 },
    { name: 'J11: is asked again with a time to live of 0', ttl: 0, spec: {}, asks: 2 },
    { name: 'J11: is asked again with one of 2^31', ttl: 2 ** 31, spec: {}, asks: 2 },
    { name: 'is kept for valid=', ttl: 0, spec: { validSeconds: 60 }, asks: 1 },
  ] as readonly { name: string; ttl: number; spec: Partial<ResolverSpec>; asks: number }[])(
    '$name',
    async ({ ttl, spec, asks }) => {
      const { dns } = await set.up(counted(ttl), spec);
      await nameOf();
      expect(await nameOf()).toEqual(found('mx.test'));
      expect(dns.asked).toHaveLength(asks);
    },
  );

  it('holds no longer than the shortest time of its chain', async () => {
    const { dns } = await set.up((asked) => {
      const answers = [record('CNAME', 'mx.test', 'b.test', 0), record('A', 'b.test', client)];
      asked.send(responseTo(asked, { answers }));
    });
    await addressesOf();
    await addressesOf();
    expect(dns.asked).toHaveLength(2);
  });
});

describe('J10: a thousand who ask the same', () => {
  it('share one query', async () => {
    const { dns, resolver } = await set.up(named);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => resolver.nameOf(client, new Person(), longMs)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(dns.asked).toHaveLength(1);
  });
});

describe('J12: somebody who leaves', () => {
  it('is told at once, and the sockets are closed when nobody else waits', async () => {
    const { dns, stage, resolver } = await set.up(() => undefined);
    const person = new Person();
    const answer = resolver.nameOf(client, person, longMs);
    await dns.received(1);
    person.leave();
    expect(await answer).toEqual({ kind: 'abandoned' });
    expect([stage.used, person.waits]).toEqual([0, 0]);
  });

  it('does not hurt others, and an answer later has no effect on it', async () => {
    let held: Asked | undefined;
    const { dns, resolver } = await set.up((asked) => (held = asked));
    const [gone, stays] = [new Person(), new Person()];
    const answers = [gone, stays].map((person) => resolver.nameOf(client, person, longMs));
    await dns.received(1);
    gone.leave();
    const asked = held ?? expect.unreachable();
    named(asked);
    expect(await Promise.all(answers)).toEqual([{ kind: 'abandoned' }, found('mx.test')]);
    expect([gone.waits, stays.waits]).toEqual([0, 0]);
  });

  it('before it asks is not waited for', async () => {
    const { dns, resolver } = await set.up(named);
    const person = new Person();
    person.leave();
    expect(await resolver.nameOf(client, person, longMs)).toEqual({ kind: 'abandoned' });
    expect(dns.asked).toHaveLength(0);
  });

  it('each waits for its own time', async () => {
    let held: Asked | undefined;
    const { resolver } = await set.up((asked) => (held = asked));
    const short = resolver.nameOf(client, new Person(), 50);
    const long = resolver.nameOf(client, new Person(), longMs);
    expect(await short).toEqual(failedWith(110));
    named(held ?? expect.unreachable());
    expect(await long).toEqual(found('mx.test'));
  });
});

describe('the end of a resolver', () => {
  it('sends everybody away, closes all sockets and starts nothing new', async () => {
    const { dns, stage, resolver } = await set.up(() => undefined);
    const answer = resolver.nameOf(client, new Person(), longMs);
    await dns.received(1);
    resolver.end();
    expect([await answer, stage.used]).toEqual([{ kind: 'abandoned' }, 0]);
    expect(await nameOf()).toEqual({ kind: 'abandoned' });
    expect(await addressesOf()).toEqual({ kind: 'abandoned' });
  });

  it('right after a query began is silent', async () => {
    const { stage, resolver } = await set.up(named);
    const answer = resolver.nameOf(client, new Person(), longMs);
    resolver.end();
    expect(await answer).toEqual({ kind: 'abandoned' });
    expect(stage.lines).toEqual([]);
  });
});

it('without a free connection slot says so, and tries again 5 seconds later', async () => {
  const { stage, dns } = await set.up(named);
  stage.limit = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const answer = nameOf();
  expect(stage.lines).toEqual([
    `alert: no slots while resolving, resolver: 127.0.0.1:${dns.address.port}`,
  ]);
  stage.limit = 1;
  vi.advanceTimersByTime(5000);
  expect(await answer).toEqual(found('mx.test'));
});
