/** Feeds a parser and shows what it makes of the bytes, in a form that reads well in a table. */
import type { Expectation, Parsed } from '@postern/core';
import type { ImapCommand } from '../src/command.js';
import { ImapParser } from '../src/parser.js';

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');

/** What the client's next line is, given what came last: a dialog as far as a parser needs one. */
export type Reaction = (parsed: Parsed<ImapCommand>) => Expectation;

/** Invites always, and asks for one answer after AUTHENTICATE. */
export const obliging: Reaction = (parsed) => {
  if (parsed.kind === 'invitation') return 'rest';
  return parsed.kind === 'command' && parsed.command.name === 'AUTHENTICATE' ? 'answer' : 'command';
};

/** `a |LOGIN| "u" "p"`; of what is not a command, its kind too. */
export function shown(parsed: Parsed<ImapCommand>): string {
  if (parsed.kind === 'answer') return `answer ${JSON.stringify(text(parsed.line))}`;
  const { tag, name, operands } = parsed.command;
  const words = operands.map((operand) => ` ${JSON.stringify(text(operand.reveal()))}`).join('');
  const command = `${text(tag)}|${name}|${words}`;
  if (parsed.kind === 'invalid') return `${parsed.fatal ? 'fatal' : 'invalid'} ${command}`;
  if (parsed.kind === 'overflow') return `overflow ${command} ${String(parsed.length)}`;
  return parsed.kind === 'invitation' ? `invitation ${command}` : command;
}

/** Feeds the chunks one after the other, each in memory that is overwritten afterwards. */
export function feed(
  chunks: readonly Uint8Array[],
  { limit = 4096, react = obliging }: { limit?: number; react?: Reaction } = {},
): { results: string[]; parser: ImapParser } {
  const parser = new ImapParser(limit);
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
