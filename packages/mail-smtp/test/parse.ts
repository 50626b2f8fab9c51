/** Feeds a parser and shows what it makes of the bytes, in a form that reads well in a table. */
import type { Expectation, Parsed } from '@postern/core';
import type { SmtpCommand } from '../src/command.js';
import { SmtpParser } from '../src/parser.js';

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');

/** What the client's next line is, given what came last: a dialog as far as a parser needs one. */
export type Reaction = (parsed: Parsed<SmtpCommand>) => Expectation;

/** Asks for one answer after AUTH. */
export const obliging: Reaction = (parsed) =>
  parsed.kind === 'command' && parsed.command.name === 'AUTH' ? 'answer' : 'command';

/** `MAIL "FROM:<a@b>" "SIZE=1"`; of what is not a command, its kind too. */
export function shown(parsed: Parsed<SmtpCommand>): string {
  if (parsed.kind === 'answer') return `answer ${JSON.stringify(text(parsed.line))}`;
  const { name, operands } = parsed.command;
  const words = operands.map((operand) => ` ${JSON.stringify(text(operand.reveal()))}`).join('');
  if (parsed.kind === 'overflow') return `overflow ${name} ${String(parsed.length)}`;
  if (parsed.kind === 'invalid') return `${parsed.fatal ? 'fatal' : 'invalid'} ${name}${words}`;
  return `${name}${words}`;
}

/** Feeds the chunks one after the other, each in memory that is overwritten afterwards. */
export function feed(
  chunks: readonly Uint8Array[],
  { limit = 4096, react = obliging }: { limit?: number; react?: Reaction } = {},
): { results: string[]; parsed: Parsed<SmtpCommand>[]; parser: SmtpParser } {
  const parser = new SmtpParser(limit);
  const parsed: Parsed<SmtpCommand>[] = [];
  let expectation: Expectation = 'command';
  for (const chunk of chunks) {
    const reused = Uint8Array.from(chunk);
    parser.push(reused);
    for (let next = parser.next(expectation); next; next = parser.next(expectation)) {
      parsed.push(next);
      expectation = react(next);
    }
    reused.fill(0x2a);
  }
  return { results: parsed.map(shown), parsed, parser };
}

/** The bytes cut into pieces of one byte. */
export function oneByOne(value: Uint8Array): readonly Uint8Array[] {
  return Array.from(value, (byte) => Uint8Array.of(byte));
}
