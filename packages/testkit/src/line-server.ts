/**
 * A server whose commands are lines, as those of POP3 and SMTP are: cuts the bytes of each connection into lines, has
 * a service answer them in order, and lets answers to what arrived at once leave together. All limits are here.
 */
import type { Socket } from 'node:net';
import { LineReader } from './line-reader.js';
import { Listening, type ListenOptions } from './listening.js';

/** What is said to a line; nothing where `text` is empty. */
export interface LineReply {
  /** With its line end. */
  readonly text: string | Uint8Array;
  /** Ends the connection. */
  readonly close?: boolean;
}

/** Serves one connection. */
export interface LineService {
  readonly greeting: string;
  /** Whether lines are those of a message: they end with CRLF only, and may be as long as it. */
  readonly inMessage: boolean;
  /** Said, before the connection is closed, where a line does not end. */
  readonly tooLong: string;
  /** Answers a line, which comes without its end. */
  answer(line: Buffer): LineReply;
}

/** How such a server runs. */
export interface LineServerOptions extends ListenOptions {
  /** Connections at the same time; more are closed at once. Default 1000. */
  readonly maxConnections?: number;
}

/** Bytes of the longest command. */
const longestCommand = 8192;
/** Unsent bytes at which a client that does not read is closed. */
const mostUnsent = 16 << 20;

/** Starts a server; `serve` makes the service of each connection. `longestLine`: bytes of a line of a message. */
export async function startLineServer(
  options: LineServerOptions,
  longestLine: number,
  serve: () => LineService,
): Promise<Listening> {
  const { maxConnections = 1000 } = options;
  const listening = await Listening.start(options, (socket) => {
    if (listening.open > maxConnections) socket.destroy();
    else new LineConnection(socket, serve(), longestLine).start();
  });
  return listening;
}

class LineConnection {
  readonly #socket: Socket;
  readonly #service: LineService;
  readonly #longestLine: number;
  readonly #reader = new LineReader();

  constructor(socket: Socket, service: LineService, longestLine: number) {
    this.#socket = socket;
    this.#service = service;
    this.#longestLine = longestLine;
  }

  start(): void {
    this.#socket.on('data', (bytes) => {
      // A client that was told to go may still send; nothing of that is kept.
      if (!this.#socket.writable) return;
      this.#reader.push(bytes);
      this.#serve();
    });
    this.#socket.on('end', () => this.#socket.end());
    this.#say({ text: this.#service.greeting });
  }

  #serve(): void {
    this.#socket.cork();
    while (this.#socket.writable && this.#next());
    this.#socket.uncork();
  }

  /** Whether a line was read. */
  #next(): boolean {
    const { inMessage, tooLong } = this.#service;
    const line = inMessage ? this.#reader.messageLine() : this.#reader.line();
    const longest = inMessage ? this.#longestLine : longestCommand;
    if ((line?.length ?? this.#reader.held) > longest) {
      this.#say({ text: tooLong, close: true });
      return false;
    }
    if (line === undefined) return false;
    this.#say(this.#service.answer(line));
    return true;
  }

  #say({ text, close }: LineReply): void {
    if (text.length > 0) this.#socket.write(text);
    if (close === true) this.#socket.end();
    if (this.#socket.writableLength > mostUnsent) this.#socket.destroy();
  }
}
