/** A proxy for SMTP beside a DNS server, and clients of any address: what is said of their names, and to whom. */
import { expect } from 'vitest';
import {
  ipv4,
  NameServer,
  recordType,
  responseTo,
  wireName,
  type Oracle,
  type Question,
} from './name-server.js';
import { keep, setStage, type Stage } from './stage.js';

/** The address of a client that says no other. */
export const client = '127.0.0.1';

/** The name under which its name is asked for. */
export const reverse = '1.0.0.127.in-addr.arpa';
const greeted = '220 mail.example.com ESMTP ready';

/** Says that every client is `mx.test`, which has the address of the client. */
export const honest: Oracle = (question) => {
  question.send(honestAnswer(question));
};

/** The message in which {@link honest} says so. */
export const honestAnswer = (question: Question): Buffer =>
  responseTo(question, {
    records: [{ data: question.type === recordType.ptr ? wireName('mx.test') : ipv4(client) }],
  });

/** The running servers. */
export interface Scene {
  readonly dns: NameServer;
  readonly stage: Stage;
}

/** How a scene is set. */
export interface SceneOptions {
  /** Default: the server that asks the oracle. */
  readonly resolver?: string;
  /** Time for each look-up. Default 5s, which no look-up needs that is answered. */
  readonly timeout?: string;
}

/** A proxy that asks `oracle`. */
export async function setScene(oracle: Oracle, options: SceneOptions = {}): Promise<Scene> {
  const dns = keep(await NameServer.start(oracle));
  const { resolver = `127.0.0.1:${String(dns.port)} ipv6=off`, timeout = '5s' } = options;
  const stage = await setStage({
    protocol: 'smtp',
    listen: 'proxy_protocol',
    server: `resolver ${resolver}; resolver_timeout ${timeout}; set_real_ip_from 127.0.0.0/8;`,
  });
  return { dns, stage };
}

/** For look-ups that are not answered. */
export const soon: SceneOptions = { timeout: '150ms' };

/** The name under which a client from `address` is known to the auth service and to the backend. */
export async function nameOf({ stage }: Scene, address = client): Promise<string> {
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

/** There is no name. */
export const unavailable = '[UNAVAILABLE]';

/** A name could not be found out now. */
export const temporarily = '[TEMPUNAVAIL]';

/** Answers the look-up of the address with `answer`, and is honest about the rest. */
export const aboutAddress =
  (answer: (question: Question) => void): Oracle =>
  (question) => {
    if (question.type === recordType.ptr) answer(question);
    else honest(question);
  };

/** Says that every client has a name of these bytes. */
export const called = (name: Uint8Array): Oracle =>
  aboutAddress((question) => {
    question.send(responseTo(question, { records: [{ data: name }] }));
  });
