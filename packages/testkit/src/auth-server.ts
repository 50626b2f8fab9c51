/**
 * An auth server for tests, on a raw socket so that requests are recorded and answers given byte for byte. HTTP/1.0
 * and HTTP/1.1 with kept connections; requests of one connection are answered in order.
 */
import type { Socket } from 'node:net';
import { Arrivals } from './arrivals.js';
import {
  isHeaderAnswer,
  printAnswer,
  type AuthAnswer,
  type HeaderAnswer,
  type OddAnswer,
} from './auth-answer.js';
import { AuthRequest } from './auth-request.js';
import { toBytes } from './bytes-text.js';
import { Listening, type ListenOptions } from './listening.js';

/** Decides about one request. A throw or rejection closes the connection and is kept in `failures`. */
export type Answerer = (request: AuthRequest) => AuthAnswer | Promise<AuthAnswer>;

/** How an auth server runs. */
export interface AuthServerOptions extends ListenOptions {
  /** Requests that are kept at least, the newest ones. Default 10,000. */
  readonly keep?: number;
}

/** A running auth server. */
export interface AuthServer {
  readonly port: number;
  /** The requests, oldest first. */
  readonly requests: readonly AuthRequest[];
  /** Requests so far. */
  readonly count: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** What the answering function threw. */
  readonly failures: readonly unknown[];
  /** Replaces the answering function for the requests to come. */
  answerWith(answer: Answerer): void;
  /** The next request that was not yet taken. Rejects after `deadlineMs` (default 5000). */
  nextRequest(deadlineMs?: number): Promise<AuthRequest>;
  /** Closes all connections and leaves the server listening, as a server that restarts. */
  dropConnections(): void;
  close(): Promise<void>;
}

const headEnd = Buffer.from('\r\n\r\n');
const longestHead = 1 << 20;

/**
 * Starts an auth server.
 *
 * @example
 * const auth = await startAuthServer((request) =>
 *   request.pass === 'secret' ? acceptLogin(backend.port) : refuseLogin('wrong password', 1),
 * );
 */
export async function startAuthServer(
  answer: Answerer,
  options: AuthServerOptions = {},
): Promise<AuthServer> {
  const requests = new Arrivals<AuthRequest>(options.keep ?? 10_000);
  const failures: unknown[] = [];
  const service: Service = { answer, requests, failures };
  const listening = await Listening.start(options, (socket) => {
    new AuthConnection(socket, listening.accepted, service).start();
  });
  return {
    port: listening.port,
    requests: requests.all,
    failures,
    get count() {
      return requests.count;
    },
    get connections() {
      return listening.accepted;
    },
    get open() {
      return listening.open;
    },
    answerWith: (next) => {
      service.answer = next;
    },
    nextRequest: (deadlineMs = 5000) => requests.next('an auth request', deadlineMs),
    dropConnections: () => {
      listening.dropConnections();
    },
    close: () => listening.close(),
  };
}

/** What connections share. */
interface Service {
  answer: Answerer;
  readonly requests: Arrivals<AuthRequest>;
  readonly failures: unknown[];
}

class AuthConnection {
  readonly #socket: Socket;
  readonly #number: number;
  readonly #service: Service;
  #unread: Buffer = Buffer.alloc(0);
  #busy = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, number: number, service: Service) {
    this.#socket = socket;
    this.#number = number;
    this.#service = service;
  }

  start(): void {
    this.#socket.on('data', (bytes) => {
      this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
      if (this.#unread.length > longestHead) this.#socket.destroy();
      this.#nextRequest();
    });
    this.#socket.on('end', () => {
      if (!this.#busy) this.#socket.end();
    });
    this.#socket.on('close', () => {
      clearInterval(this.#timer);
    });
  }

  #nextRequest(): void {
    if (this.#busy) return;
    const end = this.#unread.indexOf(headEnd);
    if (end === -1) return;
    this.#busy = true;
    const head = this.#unread.subarray(0, end + headEnd.length);
    this.#unread = this.#unread.subarray(end + headEnd.length);
    const request = new AuthRequest(head, this.#number);
    this.#service.requests.add(request);
    this.#decide(request);
  }

  #decide(request: AuthRequest): void {
    try {
      const answer = this.#service.answer(request);
      if (!(answer instanceof Promise)) {
        this.#reply(request, answer);
        return;
      }
      answer.then(
        (ready) => {
          this.#reply(request, ready);
        },
        (error: unknown) => {
          this.#failed(error);
        },
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#service.failures.push(error);
    this.#socket.destroy();
  }

  #reply(request: AuthRequest, answer: AuthAnswer): void {
    if (typeof answer === 'string' || answer instanceof Uint8Array) this.#odd({ raw: answer });
    else if (isHeaderAnswer(answer)) this.#headers(request, answer);
    else this.#odd(answer);
  }

  #headers(request: AuthRequest, answer: HeaderAnswer): void {
    const keep = answer.keepAlive ?? request.wantsKeepAlive;
    const bytes = printAnswer(answer, keep);
    if (keep) this.#sendAndKeep(bytes);
    else this.#socket.end(bytes);
  }

  #sendAndKeep(bytes: Buffer): void {
    this.#socket.write(bytes);
    this.#busy = false;
    this.#nextRequest();
  }

  #odd(answer: OddAnswer): void {
    if ('hang' in answer) return;
    if ('hangUp' in answer) {
      if (answer.hangUp === 'fin') this.#socket.end();
      else this.#socket.resetAndDestroy();
    } else if ('drip' in answer) {
      this.#drip(toBytes(answer.drip), answer.everyMs, answer.bytesEach ?? 1);
    } else if (answer.then === 'keep') {
      this.#sendAndKeep(toBytes(answer.raw));
    } else {
      const reset = answer.then === 'reset';
      this.#socket.end(toBytes(answer.raw), () => {
        if (reset) this.#socket.resetAndDestroy();
      });
    }
  }

  #drip(bytes: Buffer, everyMs: number, each: number): void {
    let at = 0;
    this.#timer = setInterval(() => {
      this.#socket.write(bytes.subarray(at, at + each));
      at += each;
      if (at < bytes.length) return;
      clearInterval(this.#timer);
      this.#socket.end();
    }, everyMs);
  }
}
