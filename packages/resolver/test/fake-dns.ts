/** A DNS server on loopback, UDP and TCP on one port, that answers as a test tells it to. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode, type Answer, type RecordType } from 'dns-packet';
import type { SocketAddress } from '@postern/core';

/** One query that came. */
export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly type: RecordType;
  readonly bytes: Buffer;
  readonly overTcp: boolean;
  /** The source port. */
  readonly port: number;
  /** The TCP connection it came by. */
  readonly socket: Socket | undefined;
  /** Sends a message back; by TCP with its length before it. */
  send(bytes: Uint8Array): void;
}

/** What a response has besides its question. */
export interface Reply {
  readonly answers?: Answer[];
  /** RCODE. */
  readonly code?: number;
  readonly flags?: number;
}

const truncatedFlag = 0x0200;

/** The bytes of a response to `asked`. */
export function responseTo(
  asked: Asked,
  { answers = [], code = 0, flags = 0 }: Reply = {},
): Buffer {
  return encode({
    type: 'response',
    id: asked.id,
    flags: flags | code,
    questions: [{ name: asked.name, type: asked.type }],
    answers,
  });
}

/** A response without answers that says there was no room for them. */
export const cutResponseTo = (asked: Asked): Buffer => responseTo(asked, { flags: truncatedFlag });

/** Answers from a table `TYPE name` to records; what is not in it does not exist. */
export function zone(records: Readonly<Record<string, readonly string[]>>, ttl = 60): Answerer {
  return (asked) => {
    const data = records[`${asked.type} ${asked.name}`];
    const answers = data?.map((value) => record(asked.type, asked.name, value, ttl));
    asked.send(responseTo(asked, answers === undefined ? { code: 3 } : { answers }));
  };
}

/** A record in the form that dns-packet takes. */
export function record(type: string, name: string, data: string, ttl = 60): Answer {
  return { type, name, data, ttl } as Answer;
}

/** What is done with a query. */
export type Answerer = (asked: Asked) => void;

/** A running server. */
export class FakeDns {
  readonly asked: Asked[] = [];
  answer: Answerer;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #arrivals = new EventEmitter().setMaxListeners(0);

  constructor(udp: UdpSocket, tcp: Server, answer: Answerer) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.answer = answer;
    udp.on('message', (bytes, { port, address }) => {
      const send = (reply: Uint8Array): void => {
        udp.send(reply, port, address);
      };
      this.#take({ ...askedIn(bytes), overTcp: false, port, socket: undefined, send });
    });
    tcp.on('connection', (socket) => {
      this.#serve(socket);
    });
  }

  get address(): SocketAddress {
    return { family: 'IPv4', host: '127.0.0.1', port: this.#udp.address().port };
  }

  /** Resolves when `count` queries have come in all. */
  async received(count: number): Promise<void> {
    while (this.asked.length < count) await once(this.#arrivals, 'query');
  }

  /** The TCP connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Stops taking TCP connections. */
  async closeTcp(): Promise<void> {
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    if (this.#tcp.listening) await this.closeTcp();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let held = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      const length = held.length < 2 ? undefined : held.readUInt16BE(0);
      if (length === undefined || held.length < 2 + length) return;
      const query = held.subarray(2, 2 + length);
      const port = socket.remotePort ?? 0;
      const send = (reply: Uint8Array): void => {
        socket.write(Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 0xff), reply]));
      };
      this.#take({ ...askedIn(query), overTcp: true, port, socket, send });
    });
  }

  #take(asked: Asked): void {
    this.asked.push(asked);
    this.answer(asked);
    this.#arrivals.emit('query');
  }
}

function askedIn(bytes: Buffer): Pick<Asked, 'id' | 'name' | 'type' | 'bytes'> {
  const { id = 0, questions = [] } = decode(bytes);
  const [question = { name: '', type: 'A' as const }] = questions;
  return { id, name: question.name, type: question.type, bytes };
}

/** Starts a server on a free port. */
export async function startDns(answer: Answerer = () => undefined): Promise<FakeDns> {
  for (;;) {
    const udp = createSocket('udp4');
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const tcp = createServer().listen({ port: udp.address().port, host: '127.0.0.1' });
    try {
      await once(tcp, 'listening');
      return new FakeDns(udp, tcp, answer);
    } catch {
      udp.close();
    }
  }
}
