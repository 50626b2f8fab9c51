/**
 * Plays a transcript on a stage: the client's and the backend's end of a proxy, real or in memory. What differs from
 * the transcript comes back as a list; nothing is thrown for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthRequest } from './auth-request.js';
import { findCount, findLine, type ByteInbox, type InboxEnd } from './byte-inbox.js';
import { printable } from './bytes-text.js';
import { NotReceived } from './errors.js';
import {
  endsOpen,
  has,
  lineBytes,
  type Speech,
  type Transcript,
  type TranscriptLine,
} from './transcript.js';
import { checkExchanges } from './transcript-exchanges.js';
import { fillIn, matches, type Bindings } from './transcript-pattern.js';

/** One end of a connection to the proxy. */
export interface Side {
  readonly inbox: ByteInbox;
  send(bytes: Uint8Array): Promise<void>;
  /** Finishes our direction. */
  finish(): void;
  startTls(): Promise<void>;
}

/** Where a transcript is played. */
export interface Stage {
  readonly client: Side;
  /** The proxy's connection to the backend; rejects with {@link NotReceived} if there is none in time. */
  backend(): Promise<Side>;
  /** What the auth service was asked so far. */
  readonly requests: readonly AuthRequest[];
  readonly bindings: Bindings;
  readonly deadlineMs: number;
}

/** A place where a run and its transcript part. Texts are escaped. */
export interface Difference {
  /** Line of the transcript, from 1; behind the last line for what came too much. */
  readonly at: number;
  readonly where: 'client' | 'auth' | 'backend' | 'close';
  readonly expected: string;
  readonly received: string;
}

/** Differences for people, each under its line of the transcript; empty when there are none. */
export function formatDifferences(differences: readonly Difference[]): string {
  return differences
    .map(
      ({ at, where, expected, received }) =>
        `line ${String(at)}, ${where}\n  - expected: ${expected}\n  + received: ${received}\n`,
    )
    .join('');
}

/** Plays `transcript`; stops at the first difference of the conversation, then looks at the auth requests. */
export async function playTranscript(
  transcript: Transcript,
  stage: Stage,
): Promise<readonly Difference[]> {
  const player = new Player(transcript, stage);
  const differences = await player.play();
  return [...differences, ...checkExchanges(transcript, stage)];
}

class Player {
  readonly #transcript: Transcript;
  readonly #stage: Stage;
  #together = false;
  #segment: Buffer[] = [];
  #closed = false;

  constructor(transcript: Transcript, stage: Stage) {
    this.#transcript = transcript;
    this.#stage = stage;
  }

  async play(): Promise<readonly Difference[]> {
    for (const line of this.#transcript.lines) {
      const difference = await this.#line(line);
      if (difference !== undefined) return [difference];
    }
    await this.#flush();
    return this.#surplus();
  }

  async #line(line: TranscriptLine): Promise<Difference | undefined> {
    if (line.kind === 'comment') return undefined;
    const isClient = line.kind === 'speech' && line.who === 'C';
    if (!isClient) await this.#flush();
    return line.kind === 'speech' ? this.#speech(line) : this.#note(line);
  }

  async #speech(line: Speech): Promise<Difference | undefined> {
    const { stage } = { stage: this.#stage };
    if (line.who === 'C') {
      this.#segment.push(lineBytes(line.text));
      if (!this.#together) await this.#flush();
    } else if (line.who === 'S') {
      return this.#compare(line, 'client', stage.client);
    } else if (line.who === 'U' || line.who === 'B') {
      return this.#backend(line);
    }
    return undefined;
  }

  async #backend(line: Speech): Promise<Difference | undefined> {
    let side: Side;
    try {
      side = await this.#stage.backend();
    } catch (error) {
      return missing(line, 'backend', error);
    }
    if (line.who === 'U') return this.#compare(line, 'backend', side);
    await side.send(speechBytes(line, this.#stage.bindings));
    return undefined;
  }

  async #note(line: Extract<TranscriptLine, { kind: 'note' }>): Promise<Difference | undefined> {
    if (line.name === 'together') this.#together = true;
    if (line.name === 'tls') await this.#stage.client.startTls();
    if (line.name === 'pause') await sleep(Number(line.text));
    if (line.name === 'close') this.#stage.client.finish();
    if (line.name === 'backend-close') (await this.#stage.backend()).finish();
    return line.name === 'expect-close' ? this.#expectClose(line.at) : undefined;
  }

  async #flush(): Promise<void> {
    if (this.#segment.length === 0) return;
    const bytes = Buffer.concat(this.#segment);
    this.#segment = [];
    this.#together = false;
    await this.#stage.client.send(bytes);
  }

  async #compare(
    line: Speech,
    where: 'client' | 'backend',
    side: Side,
  ): Promise<Difference | undefined> {
    const { bindings, deadlineMs } = this.#stage;
    const open = endsOpen(line.text);
    const text = open ? line.text.slice(0, -1) : line.text;
    const find = open ? findCount(fillIn(text, bindings).length) : findLine;
    try {
      const bytes = await side.inbox.take(find, 'a line', deadlineMs);
      const content = open ? bytes : bytes.subarray(0, -2);
      if (matches(text, content, bindings)) return undefined;
      return { at: line.at, where, expected: line.text, received: printable(content) };
    } catch (error) {
      return missing(line, where, error);
    }
  }

  async #expectClose(at: number): Promise<Difference | undefined> {
    this.#closed = true;
    const end = await endOf(this.#stage.client.inbox, this.#stage.deadlineMs);
    if (end !== undefined) return undefined;
    return { at, where: 'close', expected: 'the proxy closes', received: 'it stays open' };
  }

  /** What came although the transcript has no line for it. */
  async #surplus(): Promise<readonly Difference[]> {
    const { client, deadlineMs } = this.#stage;
    const at = this.#transcript.lines.length + 1;
    const differences: Difference[] = [];
    if (!this.#closed && client.inbox.end !== undefined && !has(this.#transcript, 'close')) {
      differences.push({ at, where: 'close', expected: 'still open', received: 'closed' });
    }
    client.finish();
    await endOf(client.inbox, deadlineMs);
    if (client.inbox.unread.length > 0) differences.push(tooMuch(at, 'client', client.inbox));
    if (this.#transcript.lines.some((line) => line.kind === 'speech' && line.who === 'U')) {
      const { inbox } = await this.#stage.backend();
      if (inbox.unread.length > 0) differences.push(tooMuch(at, 'backend', inbox));
    }
    return differences;
  }
}

/** The bytes of a line with its placeholders filled in. */
export function speechBytes(line: Speech, bindings: Bindings): Buffer {
  return endsOpen(line.text)
    ? fillIn(line.text.slice(0, -1), bindings)
    : Buffer.concat([fillIn(line.text, bindings), Buffer.from('\r\n')]);
}

function missing(line: Speech, where: 'client' | 'backend', error: unknown): Difference {
  if (!(error instanceof NotReceived)) throw error;
  return {
    at: line.at,
    where,
    expected: line.text,
    received: `${error.received} (${error.message})`,
  };
}

function tooMuch(at: number, where: 'client' | 'backend', inbox: ByteInbox): Difference {
  return { at, where, expected: 'nothing more', received: printable(inbox.unread) };
}

async function endOf(inbox: ByteInbox, deadlineMs: number): Promise<InboxEnd | undefined> {
  if (inbox.end !== undefined || deadlineMs <= 0) return inbox.end;
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).catch(() => undefined);
  const end = await Promise.race([inbox.ended, late]);
  timer.abort();
  return end;
}
