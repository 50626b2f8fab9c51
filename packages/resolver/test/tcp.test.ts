import { describe, expect, it, vi } from 'vitest';
import { cutResponseTo, record, responseTo, type Answerer, type Asked } from './fake-dns.js';
import { failedWith, found, longMs, Person, setScene, useScene } from './stage.js';

const client = '192.0.2.1';
const reverse = '1.2.0.192.in-addr.arpa';
const set = useScene();
const nameOf = (): Promise<unknown> => set.now.resolver.nameOf(client, new Person(), longMs);
const addressesOf = (): Promise<unknown> =>
  set.now.resolver.addressesOf('mx.test', new Person(), longMs);

describe('J6: an answer that did not fit', () => {
  const overTcp =
    (serve: (asked: Asked) => void): Answerer =>
    (asked) => {
      if (asked.overTcp) serve(asked);
      else asked.send(cutResponseTo(asked));
    };
  const whole = (asked: Asked): Buffer =>
    responseTo(asked, { answers: [record('A', 'mx.test', client)] });

  it('is fetched by TCP from the same server', async () => {
    const { dns } = await set.up(
      overTcp((asked) => {
        asked.send(whole(asked));
      }),
    );
    expect(await addressesOf()).toEqual(found([client]));
    expect(dns.asked.map((asked) => asked.overTcp)).toEqual([false, true]);
  });

  it('is fetched for PTR too where there is none in it', async () => {
    await set.up(
      overTcp((asked) => {
        asked.send(responseTo(asked, { answers: [record('PTR', reverse, 'mx.test')] }));
      }),
    );
    expect(await nameOf()).toEqual(found('mx.test'));
  });

  it('may come byte by byte', async () => {
    await set.up(
      overTcp((asked) => {
        const message = whole(asked);
        const bytes = [0, message.length, ...message];
        const next = (): void => {
          const byte = bytes.shift();
          if (byte !== undefined) asked.socket?.write(Buffer.of(byte), () => setImmediate(next));
        };
        next();
      }),
    );
    expect(await addressesOf()).toEqual(found([client]));
  });

  it('may have 65535 bytes', async () => {
    await set.up(
      overTcp((asked) => {
        asked.send(Buffer.concat([whole(asked), Buffer.alloc(65_535)]).subarray(0, 65_535));
      }),
    );
    expect(await addressesOf()).toEqual(found([client]));
  });

  it.each([
    {
      name: 'TCP that is refused',
      serve: () => undefined,
      refused: true,
      line: 'connect() failed (ECONNREFUSED)',
    },
    {
      name: 'TCP that is closed',
      serve: (asked: Asked) => asked.socket?.end(),
      line: 'resolver closed connection',
    },
    {
      name: 'TCP whose length says more than comes',
      serve: (asked: Asked) => asked.socket?.end(Buffer.from([0xff, 0xff, 1, 2, 3])),
      line: 'resolver closed connection',
    },
    {
      name: 'a length of 0',
      serve: (asked: Asked) => asked.socket?.write(Buffer.of(0, 0)),
      line: 'short DNS response',
    },
    {
      name: 'TC again',
      serve: (asked: Asked) => {
        asked.send(cutResponseTo(asked));
      },
      line: 'invalid TCP DNS response',
    },
  ])('$name makes the next server asked at once', async ({ serve, line, refused = false }) => {
    const good = await setScene(whole2);
    const { stage, dns, resolver } = await set.up(overTcp(serve), {});
    if (refused) await dns.closeTcp();
    resolver.end();
    const both = await setScene(() => undefined, { servers: [dns.address, good.dns.address] });
    const answer = await both.resolver.addressesOf('mx.test', new Person(), longMs);
    expect(answer).toEqual(found([client]));
    expect(both.stage.lines.join()).toContain(line);
    expect([stage.used, both.stage.used]).toEqual([0, 0]);
    await both.end();
    await good.end();
  });

  const whole2: Answerer = (asked) => {
    asked.send(whole(asked));
  };

  it('is given up after 5 seconds of silence', async () => {
    const { stage, dns } = await set.up(overTcp(() => undefined));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const person = new Person();
    const answer = set.now.resolver.addressesOf('mx.test', person, longMs);
    await dns.received(2);
    vi.advanceTimersByTime(5000);
    expect(stage.lines.join()).toContain('resolver timed out');
    person.leave();
    expect(await answer).toEqual({ kind: 'abandoned' });
  });

  it('has one deadline with the first try', async () => {
    const { resolver } = await set.up(overTcp(() => undefined));
    expect(await resolver.addressesOf('mx.test', new Person(), 100)).toEqual(failedWith(110));
  });

  it('J12: leaves no connection where the client leaves', async () => {
    const { dns, resolver } = await set.up((asked) => {
      if (!asked.overTcp) asked.send(cutResponseTo(asked));
    });
    const person = new Person();
    const answer = resolver.addressesOf('mx.test', person, longMs);
    await dns.received(2);
    person.leave();
    expect(await answer).toEqual({ kind: 'abandoned' });
  });
});
