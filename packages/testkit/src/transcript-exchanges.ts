/** The auth requests and answers of a transcript: A: and R: lines, grouped into exchanges in the order they happen. */
import type { AuthRequest } from './auth-request.js';
import { printable, toBytes } from './bytes-text.js';
import { has, type Speech, type Transcript } from './transcript.js';
import { fillIn, matches, type Bindings } from './transcript-pattern.js';
import type { Difference } from './transcript-play.js';

/** One request with its answer; either may have no lines. */
export interface Exchange {
  readonly request: readonly Speech[];
  readonly answer: readonly Speech[];
}

/** The exchanges of a transcript. A new one starts at an A: behind an R:, and behind any other line. */
export function exchangesOf(transcript: Transcript): readonly Exchange[] {
  const exchanges: { readonly request: Speech[]; readonly answer: Speech[] }[] = [];
  let current: (typeof exchanges)[number] | undefined;
  for (const line of transcript.lines) {
    if (line.kind === 'comment') continue;
    if (line.kind === 'note' || !isAuth(line)) {
      current = undefined;
      continue;
    }
    const answered = current !== undefined && current.answer.length > 0;
    if (current === undefined || (line.who === 'A' && answered)) {
      current = { request: [], answer: [] };
      exchanges.push(current);
    }
    current[line.who === 'A' ? 'request' : 'answer'].push(line);
  }
  return exchanges;
}

const isAuth = ({ who }: Speech): boolean => who === 'A' || who === 'R';

/**
 * The bytes with which the auth service answers: the R: lines behind a status line, unless the first one is a status
 * line itself; without any, the login is accepted.
 */
export function answerBytes(exchange: Exchange | undefined, bindings: Bindings): Buffer {
  const written = (exchange?.answer ?? []).map((line) => fillIn(line.text, bindings));
  const lines = written.length > 0 ? written : acceptance.map((text) => fillIn(text, bindings));
  const isStatus = lines[0]?.subarray(0, 5).equals(Buffer.from('HTTP/')) === true;
  const all = isStatus ? lines : [Buffer.from('HTTP/1.0 200 OK'), ...lines];
  const end = Buffer.from('\r\n');
  return Buffer.concat([...all.flatMap((line) => [line, end]), end]);
}

const acceptance = ['Auth-Status: OK', 'Auth-Server: 127.0.0.1', 'Auth-Port: {port}'];

/** Compares the requests that were made with the A: lines. */
export function checkExchanges(
  transcript: Transcript,
  run: { readonly requests: readonly AuthRequest[]; readonly bindings: Bindings },
): readonly Difference[] {
  const exchanges = exchangesOf(transcript);
  const exact = has(transcript, 'auth-exact');
  const differences: Difference[] = [];
  exchanges.forEach((exchange, index) => {
    differences.push(...checkRequest(exchange, run.requests[index], exact, run.bindings));
  });
  const limit = has(transcript, 'no-auth') ? 0 : exact ? exchanges.length : Infinity;
  for (const request of run.requests.slice(limit)) {
    const at = transcript.lines.length + 1;
    differences.push({
      at,
      where: 'auth',
      expected: 'no request',
      received: printable(request.bytes),
    });
  }
  return differences;
}

function checkRequest(
  exchange: Exchange,
  request: AuthRequest | undefined,
  exact: boolean,
  bindings: Bindings,
): Difference[] {
  const at = (exchange.request[0] ?? exchange.answer[0])?.at ?? 0;
  if (request === undefined) {
    return [{ at, where: 'auth', expected: 'a request', received: 'none' }];
  }
  const lines = request.lines.map((line) => toBytes(line));
  return exact
    ? checkWhole(exchange.request, lines, at, bindings)
    : checkSome(exchange.request, lines, bindings);
}

function checkSome(
  wanted: readonly Speech[],
  lines: readonly Buffer[],
  bindings: Bindings,
): Difference[] {
  const received = lines.map((line) => printable(line)).join(' | ');
  return wanted
    .filter(({ text }) => !lines.some((line) => matches(text, line, bindings)))
    .map(({ at, text }) => ({ at, where: 'auth', expected: text, received }));
}

function checkWhole(
  wanted: readonly Speech[],
  lines: readonly Buffer[],
  at: number,
  bindings: Bindings,
): Difference[] {
  const count = Math.max(wanted.length, lines.length);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const [speech, line] = [wanted[index], lines[index]];
    if (speech !== undefined && line !== undefined && matches(speech.text, line, bindings))
      return [];
    const expected = speech?.text ?? 'nothing more';
    const received = line === undefined ? 'nothing more' : printable(line);
    return [{ at: speech?.at ?? at, where: 'auth' as const, expected, received }];
  });
}
