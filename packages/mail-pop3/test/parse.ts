/** Feeds a parser and shows what it makes of the bytes, in a form that reads well in a table. */
import type { Expectation, Parsed } from '@postern/core';
import type { Pop3Command } from '../src/command.js';
import { Pop3Parser } from '../src/parser.js';

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');

/** What the client's next line is, given what came last: a dialog as far as a parser needs one. */
export type Reaction = (parsed: Parsed<Pop3Command>) => Expectation;

/** Asks for one answer after AUTH with one argument. */
export const obliging: Reaction = (parsed) =>
  parsed.kind === 'command' &&
  parsed.command.name === 'AUTH' &&
  parsed.command.operands.length === 1
    ? 'answer'
    : 'command';

/** `APOP "u" "d"`; of what is not a command, its kind too. */
export function shown(parsed: Parsed<Pop3Command>): string {
  if (parsed.kind === 'answer') return `answer ${JSON.stringify(text(parsed.line))}`;
  const { name, operands } = parsed.command;
  const words = operands.map((operand) => JSON.stringify(text(operand.reveal())));
  const command = [name, ...words].join(' ');
  if (parsed.kind === 'invalid') return `${parsed.fatal ? 'fatal' : 'invalid'} ${command}`;
  if (parsed.kind === 'overflow') return `overflow ${command} ${String(parsed.length)}`;
  return parsed.kind === 'invitation' ? `invitation ${command}` : command;
}

/** Feeds the chunks one after the other, each in memory that is overwritten afterwards. */
export function feed(
  chunks: readonly Uint8Array[],
  { limit = 4096, react = obliging }: { limit?: number; react?: Reaction } = {},
): { results: string[]; parser: Pop3Parser } {
  const parser = new Pop3Parser(limit);
  const results: string[] = [];
  let expectation: Expectation = 'command';
  for (const chunk of chunks) {
    const reused = Uint8Array.from(chunk);
    parser.push(reused);
    for (;;) {
      const parsed = parser.next(expectation);
      if (parsed === undefined) break;
      results.push(shown(parsed));
      expectation = react(parsed);
    }
    reused.fill(0x2a);
  }
  return { results, parser };
}

/** The bytes cut into pieces of one byte. */
export function oneByOne(value: Uint8Array): readonly Uint8Array[] {
  return Array.from(value, (byte) => Uint8Array.of(byte));
}
