import { describe, expect, it } from 'vitest';
import { inspect } from 'node:util';
import { ImapParser } from '../src/parser.js';
import { bytes, feed, oneByOne, shown, text } from './parse.js';

interface Case {
  readonly name: string;
  readonly input: string;
  readonly gives: readonly string[];
  readonly limit?: number;
}

const tag32 = 'Az09-._'.repeat(5).slice(0, 32);

const commands: readonly Case[] = [
  { name: 'reads a command without arguments', input: 'a NOOP\r\n', gives: ['a |NOOP|'] },
  {
    name: 'E15: takes a bare LF as line end',
    input: 'a NOOP\nb NOOP\n',
    gives: ['a |NOOP|', 'b |NOOP|'],
  },
  { name: 'reads verbs in any case', input: 'a nOoP\r\n', gives: ['a |NOOP|'] },
  {
    name: 'knows six verbs',
    input: ['NOOP', 'LOGIN', 'LOGOUT', 'STARTTLS', 'CAPABILITY', 'AUTHENTICATE']
      .map((verb) => `a ${verb}\r\n`)
      .join(''),
    gives: [
      'a |NOOP|',
      'a |LOGIN|',
      'a |LOGOUT|',
      'a |STARTTLS|',
      'a |CAPABILITY|',
      'a |AUTHENTICATE|',
    ],
  },
  { name: 'takes a tag of 32 characters', input: `${tag32} NOOP\r\n`, gives: [`${tag32} |NOOP|`] },
  { name: 'refuses a tag of 33 characters', input: `${tag32}x NOOP\r\n`, gives: ['invalid ||'] },
  { name: 'takes an empty tag', input: ' NOOP\r\n', gives: [' |NOOP|'] },
  { name: 'passes over spaces before the verb', input: 'a    NOOP\r\n', gives: ['a |NOOP|'] },
  { name: 'refuses an empty line', input: '\r\n\n', gives: ['invalid ||', 'invalid ||'] },
  { name: 'refuses a tag alone', input: 'a\r\n', gives: ['invalid ||'] },
  { name: 'refuses a tag and a space alone', input: 'a \r\n', gives: ['invalid a ||'] },
  {
    name: 'refuses an unknown verb and keeps the tag',
    input: 'a FOO x\r\n',
    gives: ['invalid a ||'],
  },
  {
    name: 'refuses a verb that only begins as one',
    input: 'a NOO\r\na NOOPS\r\n',
    gives: ['invalid a ||', 'invalid a ||'],
  },
  {
    name: 'refuses a verb longer than any',
    input: `a ${'x'.repeat(500)}\r\n`,
    gives: ['invalid a ||'],
  },
  {
    name: 'refuses a verb that does not begin with a letter',
    input: 'a (NOOP\r\n',
    gives: ['invalid a ||'],
  },
  ...['+', '*', ':', '/', '%s', '\0', '\xe9'].map((sign) => ({
    name: `E6: refuses ${JSON.stringify(sign)} in a tag`,
    input: `a${sign}b NOOP\r\nc NOOP\r\n`,
    gives: ['invalid ||', 'c |NOOP|'],
  })),
  {
    name: 'E17: refuses a dotless i in a verb',
    input: 'a LOG\xc4\xb1N u p\r\n',
    gives: ['invalid a ||'],
  },
  {
    name: 'E17: refuses a byte order mark',
    input: '\xef\xbb\xbfa NOOP\r\n',
    gives: ['invalid ||'],
  },
  {
    name: 'E15: refuses a CR that no LF follows',
    input: 'a NOOP\rb NOOP\r\n',
    gives: ['invalid a |NOOP|'],
  },
  {
    name: 'reads an HTTP request as two wrong lines',
    input: 'GET / HTTP/1.0\r\n\r\n',
    gives: ['invalid GET ||', 'invalid ||'],
  },
];

const args: readonly Case[] = [
  { name: 'reads atoms', input: 'a LOGIN user pass\r\n', gives: ['a |LOGIN| "user" "pass"'] },
  {
    name: 'takes any number of spaces around arguments',
    input: 'a LOGIN   u   p   \r\n',
    gives: ['a |LOGIN| "u" "p"'],
  },
  { name: 'takes three arguments', input: 'a NOOP 1 2 3\r\n', gives: ['a |NOOP| "1" "2" "3"'] },
  { name: 'refuses a fourth atom', input: 'a NOOP 1 2 3 4\r\n', gives: ['invalid a |NOOP|'] },
  {
    name: 'refuses a fourth quoted string',
    input: 'a NOOP 1 2 3 "4"\r\n',
    gives: ['invalid a |NOOP|'],
  },
  {
    name: 'refuses a fourth literal',
    input: 'a NOOP 1 2 3 {1}\r\nb NOOP\r\n',
    gives: ['invalid a |NOOP|', 'b |NOOP|'],
  },
  {
    name: 'keeps quotes and backslashes inside an atom',
    input: 'a LOGIN u"\\s p\\"\r\n',
    gives: ['a |LOGIN| "u\\"\\\\s" "p\\\\\\""'],
  },
  {
    name: 'keeps every other byte in an atom',
    input: 'a LOGIN \xe9\x01 ({%*\r\n',
    gives: ['a |LOGIN| "\xe9\\u0001" "({%*"'],
  },
  {
    name: 'takes a NUL in an atom',
    input: 'a LOGIN u\0x p\r\n',
    gives: ['a |LOGIN| "u\\u0000x" "p"'],
  },
  { name: 'E7: takes parentheses', input: 'a NOOP (((\r\n', gives: ['a |NOOP| "((("'] },
  {
    name: 'reads quoted strings with spaces',
    input: 'a LOGIN "us er" ""\r\n',
    gives: ['a |LOGIN| "us er" ""'],
  },
  {
    name: 'takes backslashes out of a quoted string',
    input: 'a LOGIN "u\\"\\\\s" "\\p"\r\n',
    gives: ['a |LOGIN| "u\\"\\\\s" "p"'],
  },
  {
    name: 'leaves backslashes in the atom beside it',
    input: 'a LOGIN "\\u" p\\q\r\n',
    gives: ['a |LOGIN| "u" "p\\\\q"'],
  },
  {
    name: 'needs no space behind a quoted string',
    input: 'a LOGIN "a""b"\r\nb LOGIN "a"b\r\n',
    gives: ['a |LOGIN| "a" "b"', 'b |LOGIN| "a" "b"'],
  },
  {
    name: 'refuses a backslash before the line end',
    input: 'a LOGIN "u\\\r\nb NOOP\r\n',
    gives: ['invalid a |LOGIN|', 'b |NOOP|'],
  },
  {
    name: 'E6: refuses a NUL in a quoted string (dev-5)',
    input: 'a LOGIN "u\0x" "p"\r\n',
    gives: ['invalid a |LOGIN|'],
  },
  {
    name: 'E6: refuses a NUL behind a backslash',
    input: 'a LOGIN "u\\\0x" "p"\r\n',
    gives: ['invalid a |LOGIN|'],
  },
  {
    name: 'E16: passes through quotes and backslashes in one go',
    input: `a LOGIN "${'\\"'.repeat(2000)}" p\r\n`,
    gives: [`a |LOGIN| "${'\\"'.repeat(2000)}" "p"`],
  },
];

const leaks: readonly Case[] = [
  {
    name: 'keeps an unterminated quote open into the next command',
    input: 'a LOGIN "user pass\r\nb LOGIN user pass\r\nc FOO\r\nd LOGIN user pass\r\n',
    gives: [
      'a |LOGIN| "user pass"',
      'b |LOGIN| "user pass"',
      'invalid c ||',
      'd |LOGIN| "user" "pass"',
    ],
  },
  {
    name: 'closes it at the next quote',
    input: 'a LOGIN "user\r\nb LOGIN us er" pass\r\nc LOGIN u p\r\n',
    gives: ['a |LOGIN| "user"', 'b |LOGIN| "us er" "pass"', 'c |LOGIN| "u" "p"'],
  },
];

const literals: readonly Case[] = [
  {
    name: 'invites twice and reads both',
    input: 'a LOGIN {2}\r\nus {3}\r\npas\r\n',
    gives: ['invitation a |LOGIN|', 'invitation a |LOGIN|', 'a |LOGIN| "us" "pas"'],
  },
  {
    name: 'does not invite what is sent unasked',
    input: 'a LOGIN {2+}\r\nus {3+}\r\npas\r\nb NOOP\r\n',
    gives: ['a |LOGIN| "us" "pas"', 'b |NOOP|'],
  },
  {
    name: 'takes a literal behind a bare LF, and behind many CRs',
    input: 'a LOGIN {1+}\nu {1+}\r\r\r\np\n',
    gives: ['a |LOGIN| "u" "p"'],
  },
  {
    name: 'E6: takes any byte in a literal',
    input: 'a LOGIN {3+}\r\nu\r\n {4+}\r\np\0"\\\r\n',
    gives: ['a |LOGIN| "u\\r\\n" "p\\u0000\\"\\\\"'],
  },
  {
    name: 'mixes atoms, quoted strings and literals',
    input: 'a LOGIN u {1+}\r\np "q"\r\n',
    gives: ['a |LOGIN| "u" "p" "q"'],
  },
  {
    name: 'E4: reads an empty literal as an empty argument (dev-2)',
    input: 'a LOGIN {0+}\r\n {1+}\r\np\r\n',
    gives: ['a |LOGIN| "" "p"'],
  },
  {
    name: 'E4: invites an empty literal (dev-2)',
    input: 'a LOGIN {1}\r\nu {0}\r\n\r\n',
    gives: ['invitation a |LOGIN|', 'invitation a |LOGIN|', 'a |LOGIN| "u" ""'],
  },
  {
    name: 'E2: ignores leading zeros',
    input: 'a LOGIN {00000000001+}\r\nu p\r\n',
    gives: ['a |LOGIN| "u" "p"'],
  },
  ...[
    { size: '4096', name: 'as large as the buffer' },
    { size: '4294967296', name: 'of 2^32 bytes' },
    { size: '9007199254740993', name: 'of 2^53+1 bytes' },
    { size: '18446744073709551617', name: 'of 2^64+1 bytes' },
    { size: '9'.repeat(400), name: 'of 1e400 bytes' },
  ].flatMap(({ size, name }) => [
    {
      name: `E1, E2: refuses a literal ${name} at once (dev-1, dev-4)`,
      input: `a LOGIN {${size}}\r\nb NOOP\r\n`,
      gives: ['invalid a |LOGIN|', 'b |NOOP|'],
    },
    {
      name: `E3: ends the session at an unasked literal ${name}`,
      input: `a LOGIN {${size}+}\r\nb NOOP\r\n`,
      gives: ['fatal a |LOGIN|'],
    },
  ]),
  {
    name: 'E3: ends the session however many CRs are behind it',
    input: 'a LOGIN {9999+}\r\r\r\nb NOOP\r\n',
    gives: ['fatal a |LOGIN|'],
  },
  { name: 'refuses letters in a size', input: 'a LOGIN {1x}\r\n', gives: ['invalid a |LOGIN|'] },
  { name: 'refuses text behind the size', input: 'a LOGIN {1}x\r\n', gives: ['invalid a |LOGIN|'] },
  {
    name: 'refuses a plus that no brace follows',
    input: 'a LOGIN {1+x\r\n',
    gives: ['invalid a |LOGIN|'],
  },
  {
    name: 'E5: refuses junk behind a literal (dev-3)',
    input: 'a LOGIN {1+}\r\nuX p\r\n',
    gives: ['invalid a |LOGIN|'],
  },
  {
    name: 'E5: refuses a literal right behind a literal, and ends (dev-3)',
    input: 'a LOGIN {1+}\r\nuX{1+}\r\np\r\n',
    gives: ['fatal a |LOGIN|'],
  },
  {
    name: 'E3: ends when a wrong line announces a literal',
    input: 'a FOO {20+}\r\nb LOGIN evil pass\r\n',
    gives: ['fatal a ||'],
  },
  {
    name: 'E3: ends when a wrong line with bare LF announces one',
    input: 'a FOO {2+}\nb NOOP\n',
    gives: ['fatal a ||'],
  },
  {
    name: 'goes on when a wrong line announces a literal that must be invited',
    input: 'a FOO {2}\r\nb NOOP\r\n',
    gives: ['invalid a ||', 'b |NOOP|'],
  },
  {
    name: 'ends at an announcement of four characters and CRLF',
    input: '{1+}\r\n',
    gives: ['fatal ||'],
  },
  {
    name: 'goes on when the line is shorter than that',
    input: '{1+}\nb NOOP\n',
    gives: ['invalid ||', 'b |NOOP|'],
  },
  {
    name: 'goes on when the braces are not at the line end',
    input: 'a FOO {2+} \r\nb NOOP\r\n',
    gives: ['invalid a ||', 'b |NOOP|'],
  },
];

const answers: readonly Case[] = [
  {
    name: 'reads an answer',
    input: 'a AUTHENTICATE PLAIN\r\nAHUAcA==\r\nb NOOP\r\n',
    gives: ['a |AUTHENTICATE| "PLAIN"', 'answer "AHUAcA=="', 'b |NOOP|'],
  },
  {
    name: 'reads an empty answer',
    input: 'a AUTHENTICATE PLAIN\r\n\r\n',
    gives: ['a |AUTHENTICATE| "PLAIN"', 'answer ""'],
  },
  {
    name: 'reads an answer up to the first space',
    input: 'a AUTHENTICATE PLAIN\r\nabcd LOGOUT\r\n',
    gives: ['a |AUTHENTICATE| "PLAIN"', 'answer "abcd"'],
  },
  {
    name: 'reads an answer that begins with a space as empty',
    input: 'a AUTHENTICATE PLAIN\r\n abcd\r\n',
    gives: ['a |AUTHENTICATE| "PLAIN"', 'answer ""'],
  },
  {
    name: 'E12, A6: reads a command in place of an answer as an answer',
    input: 'a AUTHENTICATE LOGIN\r\nSTARTTLS\r\n',
    gives: ['a |AUTHENTICATE| "LOGIN"', 'answer "STARTTLS"'],
  },
  {
    name: 'refuses an answer of four words',
    input: 'a AUTHENTICATE LOGIN\r\n1 2 3 4\r\nb NOOP\r\n',
    gives: ['a |AUTHENTICATE| "LOGIN"', 'invalid ||', 'b |NOOP|'],
  },
];

const limits: readonly Case[] = [
  {
    name: 'takes a command as long as the limit',
    input: `a NOOP ${'x'.repeat(55)}\r\n`,
    gives: [`a |NOOP| "${'x'.repeat(55)}"`],
    limit: 64,
  },
  {
    name: 'E8: overflows one byte later',
    input: `a NOOP ${'x'.repeat(56)}\r\n`,
    gives: ['overflow a |NOOP| 64'],
    limit: 64,
  },
  {
    name: 'E8: overflows in a wrong line too',
    input: `a FOO ${'x'.repeat(90)}\r\nb NOOP\r\n`,
    gives: ['overflow a || 64'],
    limit: 64,
  },
  {
    name: 'E8: overflows without a tag',
    input: '+'.repeat(64),
    gives: ['overflow || 64'],
    limit: 64,
  },
  {
    name: 'takes nothing after an overflow',
    input: `${'+'.repeat(64)}\r\nb NOOP\r\n`,
    gives: ['overflow || 64'],
    limit: 64,
  },
  {
    name: 'E10: takes a burst longer than the limit',
    input: 'a NOOP\r\n'.repeat(100),
    gives: Array<string>(100).fill('a |NOOP|'),
    limit: 64,
  },
  {
    name: 'takes the largest literal that leaves room for a line end',
    input: `a NOOP {10+}\n${'x'.repeat(10)}\n`,
    gives: ['a |NOOP| "xxxxxxxxxx"'],
    limit: 24,
  },
  {
    name: 'E1: refuses a literal one byte larger',
    input: `a NOOP {11}\nb NOOP\n`,
    gives: ['invalid a |NOOP|', 'b |NOOP|'],
    limit: 23,
  },
];

describe.each([
  { title: 'commands', cases: commands },
  { title: 'arguments', cases: args },
  { title: 'an open quote', cases: leaks },
  { title: 'literals', cases: literals },
  { title: 'answers', cases: answers },
  { title: 'limits', cases: limits },
])('$title', ({ cases }) => {
  it.each(cases)('$name', ({ input, gives, limit = 4096 }) => {
    expect(feed([bytes(input)], { limit }).results).toEqual(gives);
    expect(feed(oneByOne(bytes(input)), { limit }).results).toEqual(gives);
  });
});

describe('a client that is not invited', () => {
  it('A12: is read from the next line on, and the literal is not waited for', () => {
    const { results } = feed([bytes('a LOGIN {2}\r\nb NOOP\r\n')], { react: () => 'command' });
    expect(results).toEqual(['invitation a |LOGIN|', 'b |NOOP|']);
  });
});

describe('the buffer', () => {
  it('counts the bytes of a command that is not complete as unread', () => {
    const { parser } = feed([bytes('a NOOP\r\nb NO')]);
    expect(parser.unread).toBe(4);
  });

  it('E11: gives away what was pipelined behind a login, once', () => {
    const parser = new ImapParser(64);
    parser.push(bytes('a LOGIN u p\r\nb SELECT INBOX\r\n'));
    parser.next('command');
    expect(text(parser.takeUnread())).toBe('b SELECT INBOX\r\n');
    expect(parser.takeUnread()).toHaveLength(0);
    expect(parser.unread).toBe(0);
  });

  it('takes more bytes while there are unread ones', () => {
    const parser = new ImapParser(64);
    parser.push(bytes('a LOGIN u p\r\nb NO'));
    parser.next('command');
    parser.push(bytes('OP\r\nc'));
    parser.push(bytes(' NOOP\r\n'));
    expect(
      [parser.next('command'), parser.next('command')].map((each) => each && shown(each)),
    ).toEqual(['b |NOOP|', 'c |NOOP|']);
  });

  it('lets the caller reuse its memory after retain()', () => {
    const parser = new ImapParser(64);
    const chunk = bytes('a LOGIN u p\r\nb NOOP\r\n');
    parser.push(chunk);
    const login = parser.next('command');
    parser.retain();
    chunk.fill(0x2a);
    expect(login && shown(login)).toBe('a |LOGIN| "u" "p"');
    expect(text(parser.takeUnread())).toBe('b NOOP\r\n');
  });

  it('A1: forgets an open quote at reset()', () => {
    const parser = new ImapParser(64);
    parser.push(bytes('a LOGIN "x\r\n'));
    parser.next('command');
    parser.reset();
    parser.push(bytes('b LOGIN u p\r\n'));
    const login = parser.next('command');
    expect(login && shown(login)).toBe('b |LOGIN| "u" "p"');
  });

  it('A1, A4: forgets everything at reset(), also half a line', () => {
    const parser = new ImapParser(64);
    parser.push(bytes('a LOGIN "x\r\nb STARTTLS\r\nNO'));
    parser.next('command');
    parser.next('command');
    parser.next('command');
    parser.reset();
    expect(parser.unread).toBe(0);
    parser.push(bytes('OP\r\nc LOGIN u p\r\n'));
    expect(
      [parser.next('command'), parser.next('command')].map((each) => each && shown(each)),
    ).toEqual(['invalid ||', 'c |LOGIN| "u" "p"']);
  });
});

describe('what modules see of a command', () => {
  const seen = (input: string): { args: string[]; printed: string } => {
    const parser = new ImapParser(4096);
    parser.push(bytes(input));
    const parsed = parser.next('command');
    if (parsed?.kind !== 'command') return expect.unreachable('not a command');
    const printed = inspect(parsed, { depth: 9 }) + JSON.stringify(parsed);
    return { args: parsed.command.args.map(text), printed };
  };

  it.each([
    { name: 'nothing of LOGIN', input: 'a LOGIN user hunter2\r\n', args: [] },
    {
      name: 'the mechanism of AUTHENTICATE',
      input: 'a AUTHENTICATE PLAIN aHVudGVyMg==\r\n',
      args: ['PLAIN'],
    },
    {
      name: 'no mechanism that is not a name',
      input: 'a AUTHENTICATE "PLAIN hunter2\r\n',
      args: [],
    },
    {
      name: 'no mechanism that is too long for a name',
      input: `a AUTHENTICATE ${'x'.repeat(21)}\r\n`,
      args: [],
    },
    { name: 'all arguments of another command', input: 'a NOOP x "y z"\r\n', args: ['x', 'y z'] },
  ])('$name', ({ input, args: expected }) => {
    expect(seen(input).args).toEqual(expected);
  });

  it('N3: a printed command does not show a password', () => {
    const { printed } = seen('a LOGIN user hunter2\r\n');
    expect(printed).not.toContain('hunter2');
    expect(printed).not.toContain([...bytes('hunter2')].join(','));
    expect(printed).toContain('***');
  });
});
