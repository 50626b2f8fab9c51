/** J: what DNS says about a client, through sessions of SMTP: to the auth service and in XCLIENT. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  ipv4,
  label,
  NameServer,
  recordType,
  responseTo,
  wireName,
  type Oracle,
  type Question,
} from './name-server.js';
import { closeStages, keep, noSession, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const client = '127.0.0.1';
const reverse = '1.0.0.127.in-addr.arpa';
const greeted = '220 mail.example.com ESMTP ready';

/** Says that every client is `mx.test`, which has the address of the client. */
const honest: Oracle = (question) => {
  question.send(honestAnswer(question));
};

const honestAnswer = (question: Question): Buffer =>
  responseTo(question, {
    records: [{ data: question.type === recordType.ptr ? wireName('mx.test') : ipv4(client) }],
  });

interface Scene {
  readonly dns: NameServer;
  readonly stage: Stage;
}

/** A proxy that asks `oracle`, for at most 300 ms a look-up. */
async function setScene(oracle: Oracle, directive = ''): Promise<Scene> {
  const dns = keep(await NameServer.start(oracle));
  const resolver = directive === '' ? `127.0.0.1:${String(dns.port)} ipv6=off` : directive;
  const stage = await setStage({
    protocol: 'smtp',
    listen: 'proxy_protocol',
    server: `resolver ${resolver}; resolver_timeout 300ms; set_real_ip_from 127.0.0.0/8;`,
  });
  return { dns, stage };
}

/** The name under which a client from `address` is known to the auth service and to the backend. */
async function nameOf({ stage }: Scene, address = client): Promise<string> {
  const peer = await stage.connect();
  await peer.send(`PROXY TCP4 ${address} 192.0.2.2 1234 25\r\n`);
  await peer.expect(greeted);
  const attempts = stage.auth.count;
  await peer.send(stage.language.login(address, 'p'));
  await peer.expect('235 2.0.0 OK');
  const request = stage.auth.requests.slice(attempts).find(({ user }) => user === address);
  const told = request?.header('Client-Host') ?? expect.fail('no Client-Host');
  const heard = stage.backend.connections.map(({ received }) => received).join('');
  expect(heard).toContain(`XCLIENT ADDR=${address} LOGIN=${address} NAME=${told}\r\n`);
  await peer.close();
  return told;
}

const unavailable = '[UNAVAILABLE]';
const temporarily = '[TEMPUNAVAIL]';

/** Answers the look-up of the address with `answer`, and is honest about the rest. */
const aboutAddress =
  (answer: (question: Question) => void): Oracle =>
  (question) => {
    if (question.type === recordType.ptr) answer(question);
    else honest(question);
  };

/** Answers the look-up of the address with a name of these bytes. */
const called = (name: Uint8Array): Oracle =>
  aboutAddress((question) => {
    question.send(responseTo(question, { records: [{ data: name }] }));
  });

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
    const scene = await setScene(aboutAddress(() => undefined));
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
    const scene = await setScene(called(data));
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
      const scene = await setScene(cutByUdp(aboutAddress(byTcp)));
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

describe('J9, J10: a client', () => {
  const refusing =
    (code: number): Oracle =>
    (question) => {
      question.send(responseTo(question, { code }));
    };

  it.each([
    {
      name: 'J9: whose name leads elsewhere',
      oracle: honest,
      address: '192.0.2.7',
      is: unavailable,
    },
    { name: 'J10: without a name', oracle: refusing(3), is: unavailable },
    { name: 'J10: whose name has a server that fails', oracle: refusing(2), is: temporarily },
    { name: 'J10: whose name is refused', oracle: refusing(5), is: temporarily },
    { name: 'J10: about whom nothing is said', oracle: () => undefined, is: temporarily },
    {
      name: 'J10: whose name does not exist',
      oracle: aboutAddress(honest),
      forward: refusing(3),
      is: unavailable,
    },
    {
      name: 'J10: about whose name nothing is said',
      oracle: aboutAddress(honest),
      forward: () => undefined,
      is: temporarily,
    },
  ])('$name is greeted in time as $is', async ({ oracle, forward, address, is }) => {
    const scene = await setScene((question) => {
      if (question.type === recordType.a && forward !== undefined) forward(question);
      else oracle(question);
    });
    const started = performance.now();
    expect(await nameOf(scene, address)).toBe(is);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('J10: is greeted at once where there is no server to ask', async () => {
    const gone = await NameServer.start(honest);
    const { port } = gone;
    await gone.close();
    const scene = await setScene(honest, `127.0.0.1:${String(port)}`);
    expect(await nameOf(scene)).toBe(temporarily);
  });

  it('J10: shares its look-up with all others of its address', async () => {
    const scene = await setScene(honest);
    const names = await Promise.all(Array.from({ length: 200 }, () => nameOf(scene)));
    expect(new Set(names)).toEqual(new Set(['mx.test']));
    expect(scene.dns.questions).toHaveLength(2);
  });

  it.each([
    { name: '0 is asked about again', ttl: 0, questions: 4 },
    { name: '2^31 is asked about again', ttl: 2 ** 31, questions: 4 },
    { name: '2^32-1 is asked about again', ttl: 2 ** 32 - 1, questions: 4 },
    { name: '60 is not', ttl: 60, questions: 2 },
  ])('J11: with a time to live of $name', async ({ ttl, questions }) => {
    const scene = await setScene((question) => {
      const data = question.type === recordType.ptr ? wireName('mx.test') : ipv4(client);
      question.send(responseTo(question, { records: [{ data, ttl }] }));
    });
    expect(await nameOf(scene)).toBe('mx.test');
    expect(await nameOf(scene)).toBe('mx.test');
    expect(scene.dns.questions).toHaveLength(questions);
  });
});

describe('J12: a client that leaves', () => {
  it.each([
    { name: 'while its address is looked up', type: recordType.ptr },
    { name: 'while its name is looked up', type: recordType.a },
  ])('$name is not heard of again when the answer comes', async ({ type }) => {
    const held: (() => void)[] = [];
    const scene = await setScene((question) => {
      if (question.type !== type) honest(question);
      else held.push(() => question.send(honestAnswer(question)));
    }, '');
    const { stage } = scene;
    for (const way of ['finish', 'reset'] as const) {
      const peer = await stage.connect();
      const asked = held.length;
      await peer.send('PROXY TCP4 127.0.0.1 192.0.2.2 1234 25\r\n');
      await expect.poll(() => held.length).toBe(asked + 1);
      peer[way]();
      await expect.poll(() => stage.server.sessions).toEqual(noSession);
      held[asked]?.();
      await peer.ended;
      expect(peer.received).toBe('');
    }
    scene.dns.oracle = honest;
    expect(await nameOf(scene)).toBe('mx.test');
    expect(stage.auth.count).toBe(1);
    expect(stage.log.filter((line) => line.includes('[error]'))).toEqual([]);
  });

  it('does not take its name from others who wait for it', async () => {
    const held: (() => void)[] = [];
    const scene = await setScene(
      aboutAddress((question) => held.push(() => question.send(honestAnswer(question)))),
    );
    const peer = await scene.stage.connect();
    await peer.send('PROXY TCP4 127.0.0.1 192.0.2.2 1234 25\r\n');
    await expect.poll(() => held.length).toBe(1);
    const other = nameOf(scene);
    await expect.poll(() => scene.stage.server.sessions.waiting).toBe(2);
    peer.reset();
    await expect.poll(() => scene.stage.server.sessions.waiting).toBe(1);
    held[0]?.();
    expect(await other).toBe('mx.test');
    expect(scene.dns.questions).toHaveLength(2);
  });
});
