/**
 * A syslog server over UDP. Nobody confirms a datagram: a server that is not there costs nothing, and what was sent to
 * it is not counted as lost. What the system refuses to send is.
 */
import { createSocket, type Socket } from 'node:dgram';
import { hostname } from 'node:os';
import { currentLogTime } from './clock.js';
import type { LogTarget } from './error-log.js';
import type { LogLevel } from './levels.js';
import type { SyslogSpec } from './log-spec.js';
import { Losses } from './losses.js';
import { syslogDatagram } from './syslog-message.js';

/** Datagrams that may wait for the system; more are dropped. */
const maxWaitingDatagrams = 1024;

/** A `syslog:` log. */
export class SyslogTarget implements LogTarget {
  readonly #spec: SyslogSpec;
  readonly #host: string;
  readonly #maxWaiting: number;
  readonly #losses: Losses;
  #socket: Socket | undefined;
  #waiting = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(spec: SyslogSpec, maxWaiting = maxWaitingDatagrams) {
    this.#spec = spec;
    this.#maxWaiting = maxWaiting;
    this.#host = spec.hostname ? hostname().toLowerCase() : '';
    const { address, port } = spec;
    const host = address.includes(':') ? `[${address}]` : address;
    this.#losses = new Losses(`syslog:server=${host}:${String(port)}`, spec.format ?? 'text');
  }

  get dropped(): number {
    return this.#losses.total;
  }

  write(line: string, level: LogLevel): void {
    if (this.#closing !== undefined || this.#waiting >= this.#maxWaiting) {
      this.#losses.add();
      return;
    }
    // What a flood has lost is told when the flood is over, or the flood would take that with it.
    const confession = this.#waiting < this.#maxWaiting / 2 ? this.#losses.confession() : undefined;
    if (confession !== undefined) this.#send(confession, 'alert');
    this.#send(line, level);
  }

  reopen(): undefined {
    return undefined;
  }

  flushSync(): void {
    // A datagram is with the system as soon as its socket is bound; there is no way to wait for that.
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #send(line: string, level: LogLevel): void {
    this.#waiting += 1;
    const datagram = syslogDatagram(this.#spec, this.#host, currentLogTime(), line, level);
    const socket = (this.#socket ??= this.#open());
    socket.send(datagram, this.#spec.port, this.#spec.address, (error) => {
      if (socket === this.#socket) this.#sent(error);
    });
  }

  #open(): Socket {
    const socket = createSocket(this.#spec.address.includes(':') ? 'udp6' : 'udp4');
    socket.unref();
    // A socket that cannot be bound: the next line tries a new one.
    socket.on('error', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#losses.add(this.#waiting);
      this.#waiting = 0;
      socket.close();
    });
    return socket;
  }

  #sent(error: Error | null): void {
    this.#waiting -= 1;
    if (error !== null) this.#losses.add();
    if (this.#waiting === 0) this.#idle?.();
  }

  async #finish(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#waiting > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        socket.once('close', resolve);
      });
    }
    if (this.#socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
}
