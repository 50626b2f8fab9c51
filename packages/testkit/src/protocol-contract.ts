/**
 * What every protocol must keep, whatever it speaks: the promises of `Parser` and `Protocol` in @postern/core. Cases
 * for any test runner: `for (const { name, check } of protocolContract(...)) test(name, check)`.
 */
import type { CommandView, Parsed, Parser, Protocol } from '@postern/core';
import { printable, toBytes } from './bytes-text.js';
import { contractBroken } from './errors.js';

/** One promise. `check` throws with what was found where the promise is broken. */
export interface ContractCase {
  readonly name: string;
  readonly check: () => void;
}

/** Input for the parser: commands in one string each, with their line ends. */
export interface ContractInput<Conf extends object> {
  readonly conf: Conf;
  readonly commands: readonly (string | Uint8Array)[];
}

const toldApart = (parsed: unknown): string =>
  JSON.stringify(parsed, (_key, value: unknown) =>
    value instanceof Uint8Array ? printable(value) : value,
  );

/** Everything the parser makes of `bytes`, pushed in pieces of `size`. */
function parseAll<C extends CommandView>(
  parser: Parser<C>,
  bytes: Buffer,
  size: number,
): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    parser.push(Buffer.from(bytes.subarray(at, at + size)));
    for (let next = parser.next('command'); next !== undefined; next = rest(parser, next)) {
      found.push(toldApart(next));
    }
    parser.retain();
  }
  return found;
}

/** What follows; behind an invitation the rest of the same command is expected. */
const rest = <C extends CommandView>(parser: Parser<C>, { kind }: Parsed<C>) =>
  parser.next(kind === 'invitation' ? 'rest' : 'command');

function same(what: string, expected: unknown, found: unknown): void {
  const texts = [toldApart(expected), toldApart(found)] as const;
  if (texts[0] !== texts[1]) throw contractBroken(what, texts[0], texts[1]);
}

/** The contract of `protocol`, checked with commands of its own language. */
export function protocolContract<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  { conf, commands }: ContractInput<Conf>,
): readonly ContractCase[] {
  const bytes = Buffer.concat(commands.map((each) => toBytes(each)));
  const parser = () => protocol.createParser(conf);
  const replies = Object.entries(protocol.replies).filter(([, reply]) => reply.length > 0);
  return [
    ...replies.map(([name, reply]) => ({
      name: `ends the reply ${name} with CRLF, once`,
      check: () => {
        same(name, reply.length - 2, Buffer.from(reply).indexOf('\r\n'));
      },
    })),
    ...[1, 2, 3, 7].map((size) => ({
      name: `reads the same commands in pieces of ${String(size)}`,
      check: () => {
        same('commands', parseAll(parser(), bytes, bytes.length), parseAll(parser(), bytes, size));
      },
    })),
    {
      name: 'holds back what was not read, and gives it away once',
      check: () => {
        const fresh = parser();
        fresh.push(bytes);
        fresh.retain();
        same('unread', bytes.length, fresh.unread);
        same('takeUnread', bytes, Buffer.from(fresh.takeUnread()));
        same('unread afterwards', 0, fresh.unread);
      },
    },
    {
      name: 'keeps its own copy of what it retains',
      check: () => {
        const fresh = parser();
        const lent = Buffer.from(bytes);
        fresh.push(lent);
        fresh.retain();
        lent.fill(0);
        same('takeUnread', bytes, Buffer.from(fresh.takeUnread()));
      },
    },
    {
      name: 'forgets everything when it is reset',
      check: () => {
        const fresh = parser();
        fresh.push(bytes.subarray(0, -1));
        fresh.reset();
        same('unread', 0, fresh.unread);
        same(
          'commands',
          parseAll(parser(), bytes, bytes.length),
          parseAll(fresh, bytes, bytes.length),
        );
      },
    },
  ];
}
