/** A DNS server on loopback, UDP and TCP on one port, that answers in bytes as a test tells it to (RFC 1035). */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Record types. */
export const recordType = { a: 1, ptr: 12 } as const;

/** A question that came. */
export interface Question {
  /** Its name as text, labels apart by dots. */
  readonly name: string;
  readonly type: number;
  readonly overTcp: boolean;
  /** The whole message. */
  readonly query: Buffer;
  /** Sends a message back; by TCP with its length before it. */
  readonly send: (message: Uint8Array) => void;
  /** Sends bytes without a length. */
  readonly sendRaw: (bytes: Uint8Array) => void;
}

/** What is done with a question. */
export type Oracle = (question: Question) => void;

/** A record; the default of `type` is that of the question. */
export interface ResourceRecord {
  readonly data: Uint8Array;
  readonly type?: number;
  readonly ttl?: number;
  /** Default: a pointer to the question's. */
  readonly owner?: Uint8Array;
}

/** What a response says besides the question. */
export interface Response {
  readonly records?: readonly ResourceRecord[];
  readonly code?: number;
  /** The bits of the second word, without QR and RCODE. */
  readonly flags?: number;
}

const questionAt = 12;
const pointerToQuestion = Buffer.of(0xc0, questionAt);

/** One label. */
export const label = (text: string): Buffer =>
  Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);

/** A name on the wire. */
export const wireName = (name: string): Buffer =>
  Buffer.concat([...name.split('.').map(label), Buffer.of(0)]);

/** The address of an A record. */
export const ipv4 = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** The message that answers `question`. */
export function responseTo({ query, type }: Question, response: Response = {}): Buffer {
  const { records = [], code = 0, flags = 0 } = response;
  const head = Buffer.alloc(questionAt);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8000 | flags | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  const written = records.map((record) => recordBytes(record, type));
  return Buffer.concat([head, query.subarray(questionAt), ...written]);
}

function recordBytes({ data, ttl = 60, owner, type }: ResourceRecord, asked: number): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type ?? asked, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner ?? pointerToQuestion, fixed, data]);
}

/** A running server. */
export class NameServer {
  /** What was asked, in order. */
  readonly questions: Question[] = [];
  /** May be replaced for the questions to come. */
  oracle: Oracle;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(udp: UdpSocket, tcp: Server, oracle: Oracle) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.oracle = oracle;
    udp.on('message', (query, { port, address }) => {
      const send = (message: Uint8Array): void => {
        udp.send(message, port, address);
      };
      this.#take(query, { overTcp: false, send, sendRaw: send });
    });
    tcp.on('connection', (socket) => {
      this.#serve(socket);
    });
  }

  /** Starts a server on a port that is free for both. */
  static async start(oracle: Oracle): Promise<NameServer> {
    for (;;) {
      const udp = createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const tcp = createServer().listen({ port: udp.address().port, host: '127.0.0.1' });
      try {
        await once(tcp, 'listening');
        return new NameServer(udp, tcp, oracle);
      } catch {
        udp.close();
      }
    }
  }

  get port(): number {
    return this.#udp.address().port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    const closed = once(this.#tcp, 'close');
    this.#tcp.close();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const sendRaw = (bytes: Uint8Array): void => {
      socket.write(bytes);
    };
    const send = (message: Uint8Array): void => {
      sendRaw(Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]));
    };
    socket.once('data', (bytes: Buffer) => {
      this.#take(bytes.subarray(2), { overTcp: true, send, sendRaw });
    });
  }

  #take(query: Buffer, way: Pick<Question, 'overTcp' | 'send' | 'sendRaw'>): void {
    const { name, end } = readName(query);
    const question = { ...way, name, type: query.readUInt16BE(end), query };
    this.questions.push(question);
    this.oracle(question);
  }
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = questionAt;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}
