import { describe, expect, it } from 'vitest';
import { inspect } from 'node:util';
import { SmtpParser } from '../src/parser.js';
import { bytes, feed, oneByOne, text } from './parse.js';

interface Case {
  readonly name: string;
  readonly input: string;
  readonly gives: readonly string[];
  readonly limit?: number;
}

const verbs = 'HELO EHLO QUIT AUTH NOOP MAIL RSET RCPT VRFY EXPN HELP STARTTLS'.split(' ');
const eleven = '1 2 3 4 5 6 7 8 9 10 11';
const shownEleven = eleven
  .split(' ')
  .map((word) => ` "${word}"`)
  .join('');

const commands: readonly Case[] = [
  { name: 'reads a command without arguments', input: 'NOOP\r\n', gives: ['NOOP'] },
  {
    name: 'E15: takes a bare LF as line end',
    input: 'NOOP\nRSET\n',
    gives: ['NOOP', 'RSET'],
  },
  { name: 'reads verbs in any case', input: 'nOoP\r\nstartTLS\r\n', gives: ['NOOP', 'STARTTLS'] },
  ...verbs
    .filter((verb) => verb !== 'AUTH')
    .map((verb) => ({ name: `knows ${verb}`, input: `${verb} x\r\n`, gives: [`${verb} "x"`] })),
  ...['DATA', 'BDAT', 'ETRN', 'TURN', 'XCLIENT', 'LHLO', 'STAR', 'NOO', 'NOOPS'].map((verb) => ({
    name: `refuses ${verb}`,
    input: `${verb} x\r\nNOOP\r\n`,
    gives: ['invalid ', 'NOOP'],
  })),
  {
    name: 'refuses an empty line',
    input: '\r\n\nNOOP\r\n',
    gives: ['invalid ', 'invalid ', 'NOOP'],
  },
  { name: 'refuses a space before the verb', input: ' NOOP\r\n', gives: ['invalid '] },
  {
    name: 'refuses a verb longer than any',
    input: `${'x'.repeat(500)}\r\nNOOP\r\n`,
    gives: ['invalid ', 'NOOP'],
  },
  ...['\t', '\0', ':', '-', '0', '\xc4\xb1', '\xef\xbb\xbf'].map((sign) => ({
    name: `E17: refuses ${JSON.stringify(sign)} in a verb`,
    input: `NO${sign}OP\r\n`,
    gives: ['invalid '],
  })),
  {
    name: 'E15: refuses a CR that no LF follows',
    input: 'NOOP\rNOOP\r\nRSET\r\n',
    gives: ['invalid NOOP', 'RSET'],
  },
  {
    name: 'D2: refuses a bare CR inside an argument',
    input: 'MAIL FROM:<a@b>\rRCPT TO:<x@y>\r\n',
    gives: ['invalid MAIL'],
  },
];

const args: readonly Case[] = [
  {
    name: 'reads arguments apart by spaces',
    input: 'MAIL FROM:<a@b>   SIZE=1  \r\n',
    gives: ['MAIL "FROM:<a@b>" "SIZE=1"'],
  },
  {
    name: 'takes eleven arguments',
    input: `NOOP ${eleven}\r\n`,
    gives: [`NOOP${shownEleven}`],
  },
  {
    name: 'D7: refuses a twelfth argument',
    input: `NOOP ${eleven} 12\r\nRSET\r\n`,
    gives: ['invalid NOOP', 'RSET'],
  },
  {
    name: 'keeps every other byte in an argument',
    input: 'HELO \xe9\0\x01\t"\\{%\r\n',
    gives: [`HELO ${JSON.stringify('\xe9\0\x01\t"\\{%')}`],
  },
];

const answers: readonly Case[] = [
  {
    name: 'reads an answer after AUTH',
    input: 'AUTH PLAIN\r\nAHUAcA==\r\nNOOP\r\n',
    gives: ['AUTH "PLAIN"', 'answer "AHUAcA=="', 'NOOP'],
  },
  {
    name: 'E12: reads a command as an answer where one is expected',
    input: 'AUTH LOGIN\nQUIT\nQUIT\n',
    gives: ['AUTH "LOGIN"', 'answer "QUIT"', 'QUIT'],
  },
  {
    name: 'uses an answer up to the first space',
    input: 'AUTH PLAIN\r\na b c\r\n',
    gives: ['AUTH "PLAIN"', 'answer "a"'],
  },
  {
    name: 'reads an empty answer',
    input: 'AUTH PLAIN\r\n\r\nAUTH PLAIN\r\n x\r\n',
    gives: ['AUTH "PLAIN"', 'answer ""', 'AUTH "PLAIN"', 'answer ""'],
  },
  {
    name: 'refuses an answer of twelve words, and reads commands again',
    input: `AUTH PLAIN\r\n${eleven} 12\r\nNOOP\r\n`,
    gives: ['AUTH "PLAIN"', 'invalid ', 'NOOP'],
  },
  {
    name: 'refuses an answer with a bare CR',
    input: 'AUTH PLAIN\r\nAHUA\rcA==\r\n',
    gives: ['AUTH "PLAIN"', 'invalid '],
  },
];

const limits: readonly Case[] = [
  {
    name: 'takes a command of exactly the limit',
    input: 'NOOP 78\r\nNOOP\r\n',
    gives: ['NOOP "78"', 'NOOP'],
    limit: 9,
  },
  {
    name: 'E8: ends at a longer one, and reads nothing more',
    input: 'NOOP 789\r\nNOOP\r\n',
    gives: ['overflow NOOP 9'],
    limit: 9,
  },
  {
    name: 'E8: ends at a wrong line that is too long',
    input: `${'x'.repeat(20)}\r\n`,
    gives: ['overflow  9'],
    limit: 9,
  },
  {
    name: 'ends at an answer that is too long',
    input: `AUTH PLAIN\r\n${'A'.repeat(20)}\r\n`,
    gives: ['AUTH "PLAIN"', 'overflow  12'],
    limit: 12,
  },
  {
    name: 'E10: takes a burst of commands longer than the limit',
    input: 'NOOP\r\n'.repeat(50),
    gives: Array<string>(50).fill('NOOP'),
    limit: 9,
  },
];

describe.each([
  { group: 'commands', cases: commands },
  { group: 'arguments', cases: args },
  { group: 'answers', cases: answers },
  { group: 'limits', cases: limits },
])('$group', ({ cases }) => {
  it.each(cases)('$name', ({ input, gives, limit = 4096 }) => {
    expect(feed([bytes(input)], { limit }).results).toEqual(gives);
  });

  it.each(cases)('E9: $name, one byte at a time', ({ input, gives, limit = 4096 }) => {
    expect(feed(oneByOne(bytes(input)), { limit }).results).toEqual(gives);
  });
});

describe('what a command holds', () => {
  const only = (input: string) => {
    const [parsed] = feed([bytes(input)]).parsed;
    return parsed?.kind === 'command' ? parsed.command : expect.unreachable();
  };

  it('the line as typed, in memory of its own', () => {
    expect(text(only('mail  FROM:<a@b> \r\n').typed)).toBe('mail  FROM:<a@b> \r\n');
  });

  it('all arguments for modules', () => {
    expect(only('RCPT TO:<a@b> X\r\n').args.map(text)).toEqual(['TO:<a@b>', 'X']);
  });

  it.each([
    { name: 'the mechanism', input: 'AUTH PLAIN AHUAcA==\r\n', is: ['PLAIN'] },
    { name: 'no password in place of it', input: 'AUTH AHUAcA==\r\n', is: [] },
    { name: 'nothing longer than a mechanism', input: `AUTH ${'A'.repeat(21)}\r\n`, is: [] },
    { name: 'nothing without an argument', input: 'AUTH\r\n', is: [] },
  ])('N1: of AUTH $name', ({ input, is }) => {
    const command = only(input);
    expect(command.args.map(text)).toEqual(is);
    expect(command.typed).toHaveLength(0);
  });

  it('N3: no secret in print', () => {
    const command = only('AUTH PLAIN AHUAcA==\r\n');
    expect(inspect(command, { depth: 9 })).not.toContain('AHUA');
    expect(JSON.stringify(command.operands)).toBe('["***","***"]');
  });
});

describe('bytes that are not used up', () => {
  it('are given away once', () => {
    const parser = new SmtpParser(4096);
    parser.push(bytes('NOOP\r\nDATA\r\nx'));
    parser.next('command');
    expect(parser.unread).toBe(7);
    expect(text(parser.takeUnread())).toBe('DATA\r\nx');
    expect(parser.unread).toBe(0);
  });

  it('are kept when the caller reuses its memory', () => {
    const parser = new SmtpParser(4096);
    const chunk = bytes('NOOP\r\nRSET\r\n');
    parser.push(chunk);
    parser.next('command');
    parser.retain();
    chunk.fill(0);
    expect(parser.next('command')).toMatchObject({ command: { name: 'RSET' } });
  });

  it('A4: are forgotten with the state of the line', () => {
    const parser = new SmtpParser(4096);
    parser.push(bytes('NO'));
    expect(parser.next('command')).toBeUndefined();
    parser.reset();
    expect(parser.unread).toBe(0);
    parser.push(bytes('OP\r\n'));
    expect(parser.next('command')?.kind).toBe('invalid');
  });
});
