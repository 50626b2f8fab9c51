import { afterEach, describe, expect, it } from 'vitest';
import { findClientName, isHostName } from '../src/client-name.js';
import { record, responseTo, zone, type Answerer } from './fake-dns.js';
import { setScene, Visitor, type Scene } from './stage.js';

let scene: Scene | undefined;

afterEach(async () => {
  await scene?.end();
  scene = undefined;
});

const unavailable = '[UNAVAILABLE]';
const temporarily = '[TEMPUNAVAIL]';
const reverse = 'PTR 1.2.0.192.in-addr.arpa';
const reverseSix = `PTR 1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
const address = 'while in resolving client address';
const hostname = 'while in resolving client hostname';

/** The name found for a visitor, and what was logged. */
async function find(
  answer: Answerer,
  { from = '192.0.2.1', timeoutMs = 60_000, ipv6 = true } = {},
): Promise<{ readonly name: string; readonly lines: readonly string[] }> {
  scene = await setScene(answer, { ipv6 });
  const visitor = new Visitor(from);
  const name = await findClientName(visitor, scene.resolver, timeoutMs);
  expect(visitor.waits).toBe(0);
  return { name, lines: visitor.lines };
}

const forward = (name: string, v4: readonly string[], v6: readonly string[] = []) => ({
  [`A ${name}`]: v4,
  [`AAAA ${name}`]: v6,
});

describe('a client', () => {
  it.each([
    {
      name: 'is named where its name leads back to it',
      records: { [reverse]: ['MX.Test'], ...forward('mx.test', ['10.0.0.1', '192.0.2.1']) },
      is: 'mx.test',
    },
    {
      name: 'of IPv6 is named alike',
      from: '2001:db8::1',
      records: { [reverseSix]: ['mx.test'], ...forward('mx.test', [], ['2001:db8::1']) },
      is: 'mx.test',
    },
    {
      name: 'of IPv6 may be written in another form',
      from: '2001:DB8:0::1',
      records: { [reverseSix]: ['mx.test'], ...forward('mx.test', [], ['2001:db8::1']) },
      is: 'mx.test',
    },
    {
      name: 'may have a name that begins with a hyphen, as in nginx',
      records: { [reverse]: ['-a.test'], ...forward('-a.test', ['192.0.2.1']) },
      is: '-a.test',
    },
    {
      name: 'J9: has no name where the name leads elsewhere, and nothing is logged',
      records: { [reverse]: ['mx.test'], ...forward('mx.test', ['192.0.2.2']) },
      is: unavailable,
    },
    {
      name: 'J9: has no name where only an address of the other family matches',
      records: { [reverse]: ['mx.test'], ...forward('mx.test', [], ['::ffff:192.0.2.1']) },
      is: unavailable,
    },
    {
      name: 'J10: has no name where no name is recorded',
      records: {},
      is: unavailable,
      line: `192.0.2.1 could not be resolved (3: Host not found) ${address}`,
    },
    {
      name: 'has no name where the answer is empty',
      records: { [reverse]: [] },
      is: unavailable,
      line: `192.0.2.1 could not be resolved (3: Host not found) ${address}`,
    },
    {
      name: 'has no name where the name does not exist',
      records: { [reverse]: ['mx.test'] },
      is: unavailable,
      line: `"mx.test" could not be resolved (3: Host not found) ${hostname}`,
    },
  ] as readonly {
    name: string;
    from?: string;
    records: Readonly<Record<string, readonly string[]>>;
    is: string;
    line?: string;
  }[])('$name', async ({ records, from = '192.0.2.1', is, line }) => {
    const { name, lines } = await find(zone(records), { from });
    expect(name).toBe(is);
    expect(lines).toEqual(line === undefined ? [] : [line]);
  });

  it.each([
    { code: 1, text: '1: Format error' },
    { code: 2, text: '2: Server failure' },
    { code: 4, text: '4: Unimplemented' },
    { code: 5, text: '5: Operation refused' },
    { code: 9, text: '9: Unknown error' },
  ])('J10: is temporarily without a name after "$text"', async ({ code, text }) => {
    const { name, lines } = await find((asked) => {
      asked.send(responseTo(asked, { code }));
    });
    expect(name).toBe(temporarily);
    expect(lines).toEqual([`192.0.2.1 could not be resolved (${text}) ${address}`]);
  });

  it('J10: is temporarily without a name when no server answers in time', async () => {
    const { name, lines } = await find(() => undefined, { timeoutMs: 50 });
    expect(name).toBe(temporarily);
    expect(lines).toEqual([
      `192.0.2.1 could not be resolved (110: Operation timed out) ${address}`,
    ]);
  });

  it('is temporarily without a name when its name cannot be looked up', async () => {
    const named = zone({ [reverse]: ['mx.test'] });
    const { name, lines } = await find((asked) => {
      if (asked.type === 'PTR') named(asked);
      else asked.send(responseTo(asked, { code: 2 }));
    });
    expect(name).toBe(temporarily);
    expect(lines).toEqual([`"mx.test" could not be resolved (2: Server failure) ${hostname}`]);
  });

  it('of a UNIX-domain socket is not looked up', async () => {
    const { name, lines } = await find(() => undefined, { from: 'unix:' });
    expect([name, lines, scene?.dns.asked.length]).toEqual([temporarily, [], 0]);
  });
});

describe('G2, J8: a hostile name', () => {
  const label = (text: string): string => `${String.fromCharCode(text.length)}${text}`;
  it.each([
    {
      name: 'a line that would become a header',
      wire: `${label('x\r\nAuth-Status: OK')}${label('test')}\0`,
      shown: 'x\\x0D\\x0Aauth-status: ok.test',
    },
    { name: 'a space', wire: `${label('a b')}\0`, shown: 'a b' },
    { name: 'NUL', wire: `${label('a\0b')}\0`, shown: 'a\\x00b' },
    { name: 'an underscore', wire: `${label('_a')}\0`, shown: '_a' },
    { name: 'a byte above ASCII', wire: `${label('\xff')}\0`, shown: '\\xFF' },
    { name: 'a backslash', wire: `${label('a\\.b')}\0`, shown: 'a\\.b' },
    { name: 'brackets', wire: `${label('[UNAVAILABLE]')}\0`, shown: '[unavailable]' },
    { name: 'the root', wire: '\0', shown: '' },
  ])('is not believed, and is shown safely: $name', async ({ wire, shown }) => {
    const { name, lines } = await find((asked) => {
      const bytes = responseTo(asked, { answers: [record('PTR', asked.name, '.')] });
      const data = Buffer.from(wire, 'latin1');
      // The data that is there is the root, one byte.
      const head = bytes.subarray(0, bytes.length - 1);
      head.writeUInt16BE(data.length, head.length - 2);
      asked.send(Buffer.concat([head, data]));
    });
    expect(name).toBe(temporarily);
    expect(lines).toEqual([`192.0.2.1 resolved to invalid host name "${shown}" ${address}`]);
    expect(scene?.dns.asked).toHaveLength(1);
  });

  it('of 255 bytes on the wire is a name like others', async () => {
    const long =
      ['a', 'b', 'c'].map((letter) => letter.repeat(63)).join('.') + `.${'d'.repeat(61)}`;
    const { name } = await find(zone({ [reverse]: [long], ...forward(long, ['192.0.2.1']) }));
    expect(name).toBe(long);
  });
});

describe('J12: a client that leaves', () => {
  it.each([
    { name: 'during the look-up of its address', leaveAfter: 1 },
    { name: 'during the look-up of its name', leaveAfter: 2 },
  ])('$name is not named, and nothing is logged', async ({ leaveAfter }) => {
    const named = zone({ [reverse]: ['mx.test'] });
    const visitor = new Visitor();
    scene = await setScene((asked) => {
      if (scene?.dns.asked.length === leaveAfter) visitor.leave();
      else named(asked);
    });
    const name = await findClientName(visitor, scene.resolver, 60_000);
    expect([name, visitor.lines, scene.stage.used]).toEqual([temporarily, [], 0]);
  });
});

describe('a host name', () => {
  const names = { good: ['a', 'A.b-c.9', '-', '.', 'x'.repeat(253)], bad: ['', 'x'.repeat(254)] };
  it('has letters, digits, hyphens and dots, and 1 to 253 of them', () => {
    expect(names.good.map(isHostName)).toEqual(names.good.map(() => true));
    expect(names.bad.map(isHostName)).toEqual(names.bad.map(() => false));
  });
});
