/**
 * One question put to the servers until one answers: to the next server at once where sending fails, and every 5
 * seconds where nothing comes, as ngx_resolver.c does; by TCP where the answer did not fit. It has no deadline of its
 * own: whoever asks ends it by `cancel`. Bytes that are no answer are logged and waited past.
 */
import { randomInt } from 'node:crypto';
import { addressText, printable, type CycleSetup, type SocketAddress } from '@postern/core';
import type { Asker, Exchange } from './exchange.js';
import {
  decodeResponse,
  encodeQuery,
  RecordType,
  type Question,
  type Response,
  type SentQuery,
} from './message.js';
import { TcpExchange } from './tcp-exchange.js';
import { UdpExchange } from './udp-exchange.js';

/** What the queries of a worker share; a `CycleSetup` is one. */
export interface QueryRuntime {
  /** Each socket takes a slot while it is open. */
  readonly connections: Pick<CycleSetup['connections'], 'take' | 'release' | 'exhausted'>;
  readonly log: Pick<CycleSetup['log'], 'log'>;
}

/** How long a server may take before the next is asked too. */
const resendMs = 5000;
/** Exchanges under way for one question; an earlier server may still answer. */
const mostExchanges = 4;
/** Ignored messages logged of one question. */
const mostNotes = 8;

/** A question under way. */
export class Query implements Asker {
  readonly #question: Question;
  readonly #servers: readonly SocketAddress[];
  readonly #runtime: QueryRuntime;
  readonly #done: (response: Response) => void;
  readonly #open = new Map<Exchange, SentQuery>();
  #next: number;
  /** Servers tried since the last pause. */
  #tried = 0;
  #notes = 0;
  #ended = false;
  #resend: NodeJS.Timeout | undefined;

  /** Asks `servers`, of which there is one at least, from the one at `first` on. `done` is called once, later. */
  constructor(
    question: Question,
    servers: readonly SocketAddress[],
    first: number,
    runtime: QueryRuntime,
    done: (response: Response) => void,
  ) {
    this.#question = question;
    this.#servers = servers;
    this.#next = first;
    this.#runtime = runtime;
    this.#done = done;
    this.#askNext();
  }

  /** Ends the query and closes its sockets; `done` is not called any more. */
  cancel(): void {
    this.#ended = true;
    clearTimeout(this.#resend);
    for (const exchange of this.#open.keys()) this.#close(exchange);
  }

  received(exchange: Exchange, bytes: Uint8Array): void {
    const sent = this.#open.get(exchange);
    if (this.#ended || sent === undefined) return;
    const overTcp = exchange instanceof TcpExchange;
    const response = decodeResponse(bytes, sent, overTcp ? 'TCP' : 'UDP');
    if ('ignored' in response) this.#note(exchange.server, response.ignored);
    else if (isUsable(response, sent.question)) this.#finish(response);
    else if (response.truncated) this.#askByTcp(exchange, sent);
    else if (response.fault !== undefined) this.#note(exchange.server, response.fault);
    if (overTcp) this.#lost(exchange);
  }

  failed(exchange: Exchange, what: string, error: NodeJS.ErrnoException | undefined): void {
    if (this.#ended) return;
    this.#log('error', what, exchange.server, error);
    this.#lost(exchange);
  }

  /** An exchange is over without an answer: the next server is asked at once, unless each has had its turn. */
  #lost(exchange: Exchange): void {
    this.#close(exchange);
    if (!this.#ended) this.#askNext();
  }

  #askNext(): void {
    if (this.#tried === this.#servers.length) return;
    this.#tried += 1;
    const server = this.#servers[this.#next % this.#servers.length];
    this.#next += 1;
    clearTimeout(this.#resend);
    this.#resend = setTimeout(() => {
      this.#tried = 0;
      this.#askNext();
    }, resendMs);
    if (server !== undefined) this.#send(server);
  }

  #send(server: SocketAddress): void {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size === mostExchanges) this.#close(oldest);
    const sent = { id: randomInt(0x10000), question: this.#question };
    this.#exchange(UdpExchange, server, sent);
  }

  #askByTcp(exchange: Exchange, sent: SentQuery): void {
    this.#close(exchange);
    this.#exchange(TcpExchange, exchange.server, sent);
  }

  #exchange(
    Kind: typeof UdpExchange | typeof TcpExchange,
    server: SocketAddress,
    sent: SentQuery,
  ): void {
    const { connections } = this.#runtime;
    if (connections.take() === undefined) {
      this.#log('alert', connections.exhausted, server);
      return;
    }
    this.#open.set(new Kind(server, encodeQuery(sent), this), sent);
  }

  #finish(response: Response): void {
    this.cancel();
    this.#done(response);
  }

  #close(exchange: Exchange): void {
    exchange.close();
    if (this.#open.delete(exchange)) this.#runtime.connections.release();
  }

  #note(server: SocketAddress, refusal: string): void {
    this.#notes += 1;
    if (this.#notes <= mostNotes) this.#log('error', refusal, server);
  }

  #log(
    level: 'alert' | 'error',
    message: string,
    server: SocketAddress,
    error?: NodeJS.ErrnoException,
  ): void {
    const resolver = addressText(server);
    this.#runtime.log.log(level, printable(Buffer.from(message, 'latin1')), {
      error,
      context: ` while resolving, resolver: ${resolver}`,
      subject: { fields: () => ({ action: 'resolving', resolver }) },
    });
  }
}

/**
 * Whether a response says all there is to know: a refusal does, and so does a PTR record, of which the first counts
 * whatever follows it.
 */
function isUsable({ code, records, truncated, fault }: Response, { type }: Question): boolean {
  if (code !== 0 || (!truncated && fault === undefined)) return true;
  return type === RecordType.ptr && records.some((record) => record.type === RecordType.ptr);
}
