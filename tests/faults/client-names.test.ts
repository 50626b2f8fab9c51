/** J: the name of a client of SMTP, found in time or not at all, through sessions: to the auth service and in XCLIENT. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  aboutAddress,
  client,
  honest,
  honestAnswer,
  nameOf,
  setScene,
  soon,
  temporarily,
  unavailable,
} from './name-scene.js';
import { ipv4, NameServer, recordType, responseTo, wireName, type Oracle } from './name-server.js';
import { closeStages, noSession } from './stage.js';

afterEach(closeStages);

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
    const oracles: Oracle = (question) => {
      if (question.type === recordType.a && forward !== undefined) forward(question);
      else oracle(question);
    };
    const scene = await setScene(oracles, is === temporarily ? soon : {});
    const started = performance.now();
    expect(await nameOf(scene, address)).toBe(is);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('J10: is greeted in time where there is no server to ask', async () => {
    const gone = await NameServer.start(honest);
    const { port } = gone;
    await gone.close();
    const scene = await setScene(honest, { ...soon, resolver: `127.0.0.1:${String(port)}` });
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
    });
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
