/** J: what a DNS server, or who stands between, may answer about a client of SMTP, and what is believed of it. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  aboutAddress,
  called,
  client,
  honest,
  honestAnswer,
  nameOf,
  reverse,
  setScene,
  soon,
  temporarily,
  unavailable,
} from './name-scene.js';
import {
  ipv4,
  label,
  NameServer,
  recordType,
  responseTo,
  wireName,
  type Oracle,
} from './name-server.js';
import { closeStages, keep } from './stage.js';

afterEach(closeStages);

/** `message` with the bytes at `at` replaced. */
function patched(message: Buffer, at: number, ...bytes: readonly number[]): Buffer {
  const changed = Buffer.from(message);
  changed.set(bytes, at);
  return changed;
}

describe('J2, J3: an answer', () => {
  it.each([
    { name: 'with another id', change: (m: Buffer) => patched(m, 0, (m[0] ?? 0) ^ 1) },
    { name: 'that is a question', change: (m: Buffer) => patched(m, 2, 0) },
    { name: 'with another opcode', change: (m: Buffer) => patched(m, 2, 0x88) },
    { name: 'about another name', change: (m: Buffer) => patched(m, 13, 0x39) },
    {
      name: 'about another type',
      change: (m: Buffer) => patched(m, 12 + reverse.length + 2, 0, 1),
    },
    { name: 'of another class', change: (m: Buffer) => patched(m, 12 + reverse.length + 4, 0, 3) },
    { name: 'without a question', change: (m: Buffer) => patched(m, 4, 0, 0) },
    { name: 'of no bytes', change: () => Buffer.alloc(0) },
    { name: 'of a head and no more', change: (m: Buffer) => m.subarray(0, 12) },
  ])('$name is passed over, and the right one behind it counts', async ({ change }) => {
    const forged = called(wireName('evil.test'));
    const scene = await setScene(
      aboutAddress((question) => {
        forged({ ...question, send: (message) => question.send(change(Buffer.from(message))) });
        honest(question);
      }),
    );
    expect(await nameOf(scene)).toBe('mx.test');
  });

  it('J2: of another port is not seen', async () => {
    const stranger = keep(await NameServer.start(honest));
    const scene = await setScene(
      aboutAddress(() => undefined),
      soon,
    );
    expect(await nameOf(scene)).toBe(temporarily);
    expect(stranger.questions).toEqual([]);
  });

  it('J3: in other letters of case is right, and names are told in small letters', async () => {
    const scene = await setScene((question) => {
      const message = Buffer.from(honestAnswer(question));
      question.send(Buffer.from(message.toString('latin1').replace('arpa', 'ARPA'), 'latin1'));
    });
    expect(await nameOf(scene)).toBe('mx.test');
    const loud = await setScene(called(wireName('MX.Test')));
    expect(await nameOf(loud)).toBe('mx.test');
  });
});

describe('J4: what was not asked for', () => {
  it('is not believed: an address that comes with the name', async () => {
    const scene = await setScene((question) => {
      const isReverse = question.type === recordType.ptr;
      const extra = { type: recordType.a, owner: wireName('evil.test'), data: ipv4(client) };
      const records = isReverse ? [{ data: wireName('evil.test') }, extra] : [];
      question.send(responseTo(question, { records }));
    });
    expect(await nameOf(scene)).toBe(unavailable);
    expect(scene.dns.questions.map(({ name }) => name)).toEqual([reverse, 'evil.test']);
  });

  it('is followed no further than a few steps where names lead to names', async () => {
    let step = 0;
    const scene = await setScene((question) => {
      const data = wireName(`c${String((step += 1))}.test`);
      question.send(responseTo(question, { records: [{ type: 5, data }] }));
    });
    expect([unavailable, temporarily]).toContain(await nameOf(scene));
    expect(scene.dns.questions.length).toBeLessThanOrEqual(20);
  });
});

describe('J5: names that cannot be read', () => {
  const answerAt = 12 + reverse.length + 2 + 4;
  const dataAt = answerAt + 12;

  it.each([
    { name: 'a pointer to itself', data: Buffer.of(0xc0, dataAt) },
    { name: 'a pointer ahead', data: Buffer.of(0xc0, dataAt + 2, 0xc0, dataAt) },
    { name: 'a pointer past the end', data: Buffer.of(0xc0, 0xff) },
    { name: 'half a pointer', data: Buffer.of(0xc0) },
    { name: 'a label of an unknown type', data: Buffer.of(0x40, 0x41, 0) },
    { name: 'a label of another unknown type', data: Buffer.of(0x80, 0x41, 0) },
    { name: 'a label longer than the message', data: Buffer.of(0x3f, 0x41) },
    { name: 'a name without an end', data: Buffer.of(1, 0x61) },
    { name: 'no bytes', data: Buffer.alloc(0) },
    { name: 'more than 255 bytes', data: Buffer.concat(Array(70).fill(label('abc'))) },
  ])('$name: the client is greeted, without a name', async ({ data }) => {
    const started = performance.now();
    const scene = await setScene(called(data), soon);
    expect(await nameOf(scene)).toBe(temporarily);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('J6: an answer that is cut', () => {
  it('at any byte leaves the client without a name, and the proxy at work', async () => {
    const whole = 12 + reverse.length + 2 + 4 + 12 + wireName('mx.test').length;
    const scene = await setScene(
      aboutAddress((question) => {
        // The client's own number says where its answer is cut.
        const cut = Number(question.name.split('.')[0]);
        question.send(honestAnswer(question).subarray(0, cut));
      }),
      soon,
    );
    const lengths = Array.from({ length: whole - 15 }, (_, at) => 10 + at);
    const names = await Promise.all(
      lengths.map((length) => nameOf(scene, `10.0.0.${String(length)}`)),
    );
    expect(new Set(names)).toEqual(new Set([temporarily]));
  });

  const cutByUdp =
    (byTcp: Oracle): Oracle =>
    (question) => {
      if (question.type === recordType.ptr && !question.overTcp) {
        question.send(responseTo(question, { flags: 0x0200 }));
      } else byTcp(question);
    };

  it('and says so is fetched by TCP', async () => {
    const scene = await setScene(cutByUdp(honest));
    expect(await nameOf(scene)).toBe('mx.test');
    expect(scene.dns.questions.map(({ overTcp }) => overTcp)).toEqual([false, true, false]);
  });

  it.each([
    { name: 'says nothing', byTcp: () => undefined },
    {
      name: 'names more bytes than it has',
      byTcp: ({ sendRaw }) => {
        sendRaw(Buffer.of(0xff, 0xff, 1));
      },
    },
    {
      name: 'names no bytes',
      byTcp: ({ sendRaw }) => {
        sendRaw(Buffer.of(0, 0));
      },
    },
  ] satisfies { name: string; byTcp: Oracle }[])(
    'and whose TCP $name leaves the client without a name in time',
    async ({ byTcp }) => {
      const scene = await setScene(cutByUdp(aboutAddress(byTcp)), soon);
      const started = performance.now();
      expect(await nameOf(scene)).toBe(temporarily);
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );
});

it('J7: of two thousand names the first counts', async () => {
  const scene = await setScene(
    aboutAddress((question) => {
      if (!question.overTcp) question.send(responseTo(question, { flags: 0x0200 }));
      else {
        const names = Array.from({ length: 2000 }, (_, at) => `n${String(at)}.test`);
        const records = ['mx.test', ...names].map((name) => ({ data: wireName(name) }));
        question.send(responseTo(question, { records }));
      }
    }),
  );
  expect(await nameOf(scene)).toBe('mx.test');
});

describe('J8, G2: a client whose name would be more than a name', () => {
  const end = Buffer.of(0);

  it.each([
    { name: 'a header', wire: [label('x\r\nAuth-Status: OK'), label('test')] },
    { name: 'a second XCLIENT attribute', wire: [label('mx LOGIN=root'), label('test')] },
    { name: 'NUL', wire: [label('a\0b'), label('test')] },
    { name: 'an underscore', wire: [label('_mx'), label('test')] },
    { name: 'bytes above ASCII', wire: [label('m\xfc'), label('test')] },
    { name: 'brackets', wire: [label('[UNAVAILABLE]')] },
    { name: 'a backslash', wire: [label('a\\.b'), label('test')] },
    { name: 'nothing', wire: [] },
  ])('$name has none', async ({ wire }) => {
    const scene = await setScene(called(Buffer.concat([...wire, end])));
    expect(await nameOf(scene)).toBe(temporarily);
    const log = scene.stage.log.filter((line) => line.includes('resolved to invalid host name'));
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(/^[ -~]*$/);
    expect(scene.dns.questions).toHaveLength(1);
  });

  it('a dot inside a label makes a name like any other, that must lead back', async () => {
    const scene = await setScene(called(Buffer.concat([label('mx.test'), end])));
    expect(await nameOf(scene)).toBe('mx.test');
    expect(scene.dns.questions.map(({ name }) => name)).toEqual([reverse, 'mx.test']);
  });
});
