import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Pop3Parser } from '../src/parser.js';
import { bytes, feed, oneByOne, shown, text } from './parse.js';

interface Case {
  readonly name: string;
  readonly input: string;
  readonly gives: readonly string[];
  readonly limit?: number;
}

const commands: readonly Case[] = [
  {
    name: 'reads every verb',
    input: 'USER u\r\nPASS p\r\nAPOP u d\r\nQUIT\r\nCAPA\r\nAUTH\r\nNOOP\r\nSTLS\r\n',
    gives: ['USER "u"', 'PASS "p"', 'APOP "u" "d"', 'QUIT', 'CAPA', 'AUTH', 'NOOP', 'STLS'],
  },
  { name: 'reads a verb in any case', input: 'nOoP\r\n', gives: ['NOOP'] },
  { name: 'E15: takes LF alone', input: 'NOOP\nQUIT\n', gives: ['NOOP', 'QUIT'] },
  {
    name: 'E15: refuses a CR that no LF follows',
    input: 'NOOP\rNOOP\r\nNOOP \rx\r\nNOOP\r\r\nUSER a\rb\nNOOP\r\n',
    gives: ['invalid ', 'invalid NOOP', 'invalid ', 'invalid USER', 'NOOP'],
  },
  {
    name: 'refuses verbs that do not exist before login',
    input: 'STAT\r\nXCLIENT a\r\nSTARTTLS\r\n',
    gives: ['invalid ', 'invalid ', 'invalid '],
  },
  {
    name: 'refuses a verb that is longer or shorter',
    input: 'NOO\r\nNOOPS\r\nNO OP\r\n\r\n\n',
    gives: ['invalid ', 'invalid ', 'invalid ', 'invalid ', 'invalid '],
  },
  { name: 'refuses a space before a verb', input: ' NOOP\r\n', gives: ['invalid '] },
  { name: 'takes no tab for a space', input: 'NOOP\tx\r\n', gives: ['invalid '] },
  {
    name: 'E17: takes nothing but ASCII letters for letters',
    input: 'NOO\x10\r\n\xceOOP\r\nU\xc5\xbfER u\r\nNOO0\r\nNOO\0\r\n',
    gives: ['invalid ', 'invalid ', 'invalid ', 'invalid ', 'invalid '],
  },
  {
    name: 'C4: refuses requests of other protocols',
    input: 'GET / HTTP/1.1\r\n*1\r\n$4\r\nPING\r\n',
    gives: ['invalid ', 'invalid ', 'invalid ', 'invalid '],
  },
];

const args: readonly Case[] = [
  {
    name: 'E14: keeps the spaces inside and behind the argument of USER and PASS',
    input: 'USER  a b \r\nPASS   my pass  word \r\n',
    gives: ['USER "a b "', 'PASS "my pass  word "'],
  },
  {
    name: 'E14: takes any number of words for one argument there',
    input: 'PASS a b c d e\r\n',
    gives: ['PASS "a b c d e"'],
  },
  {
    name: 'E14: finds no argument in spaces',
    input: 'USER\r\nUSER \r\nPASS   \r\n',
    gives: ['USER', 'USER', 'PASS'],
  },
  {
    name: 'passes over spaces between and behind other arguments',
    input: 'APOP   u    d  \r\nAUTH  \r\n',
    gives: ['APOP "u" "d"', 'AUTH'],
  },
  {
    name: 'takes three arguments and no fourth',
    input: 'NOOP a b c  \r\nNOOP a b c d\r\nAPOP 1 2 3 4 5 6\r\n',
    gives: ['NOOP "a" "b" "c"', 'invalid NOOP', 'invalid APOP'],
  },
  {
    name: 'F11: takes any byte other than CR and LF',
    input: 'USER \0\x01\x7f\x80\xff\r\nNOOP \0\t\r\n',
    gives: [`USER ${JSON.stringify('\0\x01\x7f\x80\xff')}`, `NOOP ${JSON.stringify('\0\t')}`],
  },
];

const answers: readonly Case[] = [
  {
    name: 'reads one answer as it is',
    input: 'AUTH PLAIN\r\nQUIT\r\nQUIT\r\n',
    gives: ['AUTH "PLAIN"', 'answer "QUIT"', 'QUIT'],
  },
  { name: 'reads an empty answer', input: 'AUTH PLAIN\n\n', gives: ['AUTH "PLAIN"', 'answer ""'] },
  {
    name: 'reads up to the first space',
    input: 'AUTH PLAIN\r\nYQ== x  y \r\n',
    gives: ['AUTH "PLAIN"', 'answer "YQ=="'],
  },
  {
    name: 'reads an answer that begins with a space as empty',
    input: 'AUTH PLAIN\r\n YQ==\r\n',
    gives: ['AUTH "PLAIN"', 'answer ""'],
  },
  {
    name: 'refuses four words',
    input: 'AUTH PLAIN\r\na b c d\r\nAUTH PLAIN\r\n  b c d\r\n',
    gives: ['AUTH "PLAIN"', 'invalid ', 'AUTH "PLAIN"', 'invalid '],
  },
  {
    name: 'F2: refuses a CR inside',
    input: 'AUTH PLAIN\r\nYQ\r==\r\n',
    gives: ['AUTH "PLAIN"', 'invalid '],
  },
];

const limits: readonly Case[] = [
  {
    name: 'E8: takes a line as long as the limit, line end included',
    input: 'USER 567890\r\nPASS 5678901\n',
    limit: 13,
    gives: ['USER "567890"', 'PASS "5678901"'],
  },
  {
    name: 'E8: refuses a longer one, and takes no more',
    input: 'USER 56789012\r\nNOOP\r\n',
    limit: 13,
    gives: ['overflow USER 13'],
  },
  {
    name: 'E8: does not wait for the end of a longer one',
    input: 'PASS 567890123',
    limit: 13,
    gives: ['overflow PASS 13'],
  },
  {
    name: 'N2: knows no verb where there is none',
    input: 'hunter2 hunter2',
    limit: 13,
    gives: ['overflow  13'],
  },
  {
    name: 'knows the verb up to its last letter',
    input: 'QUIT',
    limit: 4,
    gives: ['overflow QUIT 4'],
  },
  { name: 'reads no verb of fewer letters', input: 'QUIT', limit: 3, gives: ['overflow  3'] },
  {
    name: 'E10: lets a burst be longer than the limit',
    input: 'NOOP\r\n'.repeat(5),
    limit: 6,
    gives: ['NOOP', 'NOOP', 'NOOP', 'NOOP', 'NOOP'],
  },
  {
    name: 'holds an answer to the limit too',
    input: 'AUTH PLAIN\r\nAAAAAAAAAAAAA',
    limit: 13,
    gives: ['AUTH "PLAIN"', 'overflow  13'],
  },
];

describe.each([
  { title: 'commands', cases: commands },
  { title: 'arguments', cases: args },
  { title: 'answers', cases: answers },
  { title: 'limits', cases: limits },
])('$title', ({ cases }) => {
  it.each(cases)('$name', ({ input, gives, limit = 4096 }) => {
    expect(feed([bytes(input)], { limit }).results).toEqual(gives);
    expect(feed(oneByOne(bytes(input)), { limit }).results).toEqual(gives);
  });
});

describe('the buffer', () => {
  it('counts the bytes of a command that is not complete as unread', () => {
    const { parser } = feed([bytes('NOOP\r\nNO')]);
    expect(parser.unread).toBe(2);
  });

  it('E8: holds nothing behind an overflow', () => {
    const { parser } = feed([bytes('x'.repeat(64))], { limit: 8 });
    parser.push(bytes('NOOP\r\n'));
    expect(parser.unread).toBe(0);
    expect(parser.next('command')).toBeUndefined();
  });

  it('E11: gives away what was pipelined behind a login, once', () => {
    const parser = new Pop3Parser(64);
    parser.push(bytes('PASS p\r\nSTAT\r\nLI'));
    parser.next('command');
    expect(text(parser.takeUnread())).toBe('STAT\r\nLI');
    expect(parser.takeUnread()).toHaveLength(0);
    expect(parser.unread).toBe(0);
  });

  it('takes more bytes while there are unread ones', () => {
    const parser = new Pop3Parser(64);
    parser.push(bytes('USER u\r\nNO'));
    parser.next('command');
    parser.push(bytes('OP\r\nQ'));
    parser.push(bytes('UIT\r\n'));
    const next = [parser.next('command'), parser.next('command')];
    expect(next.map((each) => each && shown(each))).toEqual(['NOOP', 'QUIT']);
  });

  it('lets the caller reuse its memory after retain()', () => {
    const parser = new Pop3Parser(64);
    const chunk = bytes('USER u\r\nSTAT\r\n');
    parser.push(chunk);
    const user = parser.next('command');
    parser.retain();
    chunk.fill(0x2a);
    expect(user && shown(user)).toBe('USER "u"');
    expect(text(parser.takeUnread())).toBe('STAT\r\n');
  });

  it('A1, A4: forgets everything at reset(), also half a line', () => {
    const parser = new Pop3Parser(64);
    parser.push(bytes('STLS\r\nQUIT\r\nNO'));
    parser.next('command');
    parser.reset();
    expect(parser.unread).toBe(0);
    parser.push(bytes('NOOP\r\n'));
    const noop = parser.next('command');
    expect(noop && shown(noop)).toBe('NOOP');
  });

  it('A4: forgets half a line that it has looked at', () => {
    const parser = new Pop3Parser(64);
    parser.push(bytes('NO'));
    parser.next('command');
    parser.reset();
    parser.push(bytes('OP\r\n'));
    expect(parser.next('command')?.kind).toBe('invalid');
  });
});

describe('what modules see of a command', () => {
  const read = (input: string) => {
    const parser = new Pop3Parser(4096);
    parser.push(bytes(input));
    const parsed = parser.next('command');
    if (parsed?.kind !== 'command') return expect.unreachable('not a command');
    return parsed.command;
  };

  it.each([
    { name: 'the user of USER', input: 'USER alice b\r\n', seen: ['alice b'] },
    { name: 'nothing of PASS', input: 'PASS hunter2\r\n', seen: [] },
    { name: 'the user of APOP', input: 'APOP alice hunter2\r\n', seen: ['alice'] },
    { name: 'nothing of APOP with one argument', input: 'APOP hunter2\r\n', seen: [] },
    { name: 'nothing of APOP with three arguments', input: 'APOP alice a b\r\n', seen: [] },
    { name: 'the mechanism of AUTH', input: 'AUTH CRAM-MD5 x\r\n', seen: ['CRAM-MD5'] },
    { name: 'nothing of AUTH without arguments', input: 'AUTH\r\n', seen: [] },
    { name: 'no mechanism that is not a name', input: 'AUTH aHVudGVyMg==\r\n', seen: [] },
    {
      name: 'no mechanism that is too long for a name',
      input: `AUTH ${'x'.repeat(21)}\r\n`,
      seen: [],
    },
    { name: 'all arguments of another command', input: 'NOOP x y\r\n', seen: ['x', 'y'] },
  ])('$name', ({ input, seen }) => {
    expect(read(input).args.map(text)).toEqual(seen);
  });

  it.each(['PASS hunter2\r\n', 'APOP alice hunter2\r\n', 'AUTH PLAIN hunter2\r\n'])(
    'N3: %j does not show its secret when it is printed',
    (input) => {
      const command = read(input);
      const printed = inspect(command, { depth: 9 }) + JSON.stringify(command);
      expect(printed).not.toContain('hunter2');
      expect(printed).not.toContain([...bytes('hunter2')].join(','));
      expect(printed).toContain('***');
    },
  );

  it('keeps what a module was shown when the dialog’s copy is overwritten', () => {
    const command = read('APOP alice digest\r\n');
    for (const operand of command.operands) operand.wipe();
    expect(command.args.map(text)).toEqual(['alice']);
  });
});
