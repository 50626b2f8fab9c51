import { describe, expect, it } from 'vitest';
import { Parser, type Statement } from '../../src/config/parser.js';
import { ConfigError } from '../../src/errors.js';

function parse(text: string | Buffer, file: string | undefined = 'x.conf'): readonly Statement[] {
  const parser = new Parser(Buffer.from(text), file);
  const found: Statement[] = [];
  let depth = 0;
  for (;;) {
    const statement = parser.next(depth > 0);
    if (statement === undefined && depth === 0) return found;
    if (statement === undefined) depth--;
    else if (statement.terminator === '{') depth++;
    if (statement !== undefined) found.push(statement);
  }
}

function refusal(text: string | Buffer, file?: string): string {
  try {
    parse(text, file);
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message} :${String(error.line)}`;
    throw error;
  }
  return 'accepted';
}

function wordsOf(text: string | Buffer): readonly (readonly string[])[] {
  return parse(text).map((statement) => [statement.name, ...statement.words]);
}

describe('words', () => {
  const cases = [
    {
      name: 'end at blanks of four kinds',
      text: 'a b\tc\rd\ne;',
      words: [['a', 'b', 'c', 'd', 'e']],
    },
    { name: 'end at a semicolon', text: 'a b;c;', words: [['a', 'b'], ['c']] },
    {
      name: 'end at an opening brace',
      text: 'a b{c d;}',
      words: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    { name: 'hold a closing brace', text: 'pid a};', words: [['pid', 'a}']] },
    { name: 'hold a hash that is not in the first place', text: 'a b#c;', words: [['a', 'b#c']] },
    {
      name: 'hold a quote that is not in the first place',
      text: 'a b"c\'d;',
      words: [['a', 'b"c\'d']],
    },
    { name: 'may be a name in quotes', text: '"a" \'b\';', words: [['a', 'b']] },
    { name: 'may be empty in quotes', text: 'a "" \'\';', words: [['a', '', '']] },
    {
      name: 'in quotes hold blanks, line ends and all signs',
      text: 'a "b ;{}#\n\'c";',
      words: [['a', "b ;{}#\n'c"]],
    },
    {
      name: 'may begin with a closing parenthesis after a quote',
      text: 'a "b")c;',
      words: [['a', 'b', ')c']],
    },
    {
      name: 'turn escapes of quotes and backslashes into the character',
      text: 'a \\"\\\'\\\\;',
      words: [['a', '"\'\\']],
    },
    {
      name: 'turn escapes of tab, CR and LF into the character',
      text: 'a b\\t\\r\\nc;',
      words: [['a', 'b\t\r\nc']],
    },
    { name: 'turn escapes in quotes too', text: 'a "\\"b\\n";', words: [['a', '"b\n']] },
    {
      name: 'keep other pairs with their backslash',
      text: 'a b\\ c\\;d\\{e;',
      words: [['a', 'b\\ c\\;d\\{e']],
    },
    { name: 'may begin with an escape', text: 'a \\;b;', words: [['a', '\\;b']] },
    {
      name: 'keep a backslash before a doubled one apart',
      text: 'a \\a\\\\";',
      words: [['a', '\\a\\"']],
    },
    { name: 'hold a brace after a dollar', text: 'a ${x}y;', words: [['a', '${x}y']] },
    { name: 'hold several braces after a dollar', text: 'a x${{y;', words: [['a', 'x${{y']] },
    { name: 'end at a brace that a dollar does not precede', text: 'a $b{}', words: [['a', '$b']] },
    { name: 'may hold NUL', text: 'a b\0c;', words: [['a', 'b\0c']] },
    { name: 'are decoded as UTF-8', text: 'a ö€😀;', words: [['a', 'ö€😀']] },
    { name: 'keep a byte order mark', text: '\uFEFFa b;', words: [['\uFEFFa', 'b']] },
    { name: 'are not found in comments', text: '# x;{}"\n a; # b\n#c', words: [['a']] },
    { name: 'are none in an empty file', text: '', words: [] },
    { name: 'are none in a file of blanks', text: ' \n\t', words: [] },
  ];
  it.each(cases)('$name', ({ text, words }) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('may stand between comments in another encoding', () => {
    const text = Buffer.concat([Buffer.from('# \xfc\xe4\n', 'latin1'), Buffer.from('a ä;')]);
    expect(wordsOf(text)).toEqual([['a', 'ä']]);
  });

  it('that are not UTF-8 are refused with help', () => {
    expect(refusal(Buffer.from('a\nb \xfc;', 'latin1'))).toBe('invalid UTF-8 in a parameter :2');
  });
});

describe('a long word', () => {
  const x = 'x'.repeat(4096);
  const cases = [
    { name: 'of 4095 bytes is read', text: `a ${x.slice(1)};`, message: 'accepted' },
    {
      name: 'of 4096 bytes without an end within them is refused at its first line',
      text: `\na\n${x}\n;`,
      message: 'too long parameter "xxxxxxxxxx..." started :3',
    },
    {
      name: 'in double quotes names the quote',
      text: `a "${x}";`,
      message: 'too long parameter, probably missing terminating """ character :1',
    },
    {
      name: 'in single quotes names the quote',
      text: `a\n'b\n${x}';`,
      message: 'too long parameter, probably missing terminating "\'" character :2',
    },
    {
      name: 'in quotes of 4095 bytes is read',
      text: `a "${x.slice(1)}";`,
      message: 'too long parameter "xxxxxxxxxx..." started :1',
    },
    { name: 'in quotes of 4094 bytes is read', text: `a "${x.slice(2)}";`, message: 'accepted' },
    {
      name: 'ended by the file is an early end',
      text: `a ${x}`,
      message: 'unexpected end of file, expecting ";" or "}" :1',
    },
    {
      name: 'of 4095 bytes with a blank and more behind it is refused',
      text: `a ${x.slice(1)} ;`,
      message: 'too long parameter "xxxxxxxxxx..." started :1',
    },
    {
      name: 'of 4094 bytes with a blank and more behind it is read',
      text: `a ${x.slice(2)} ;`,
      message: 'accepted',
    },
    {
      name: 'in quotes of 4094 bytes with a blank and more behind it is refused',
      text: `a "${x.slice(2)}"\n;`,
      message: 'too long parameter "xxxxxxxxxx..." started :1',
    },
    {
      name: 'may be a comment',
      text: `a;\n#${x}\n`,
      message: 'too long parameter "#xxxxxxxxx..." started :2',
    },
    {
      name: 'may be a comment that ends in time',
      text: `a;\n#${x.slice(2)}\n`,
      message: 'accepted',
    },
    {
      name: 'counts an escape with its backslash',
      text: `a ${'\\"'.repeat(2048)};`,
      message: `too long parameter "${'\\"'.repeat(5)}..." started :1`,
    },
  ];
  it.each(cases)('$name', ({ text, message }) => {
    expect(refusal(text)).toBe(message);
  });

  it('is no error in -g', () => {
    const [statement] = new Array(new Parser(Buffer.from(`a ${x}${x};`), undefined).next(false));
    expect(statement?.words[0]).toHaveLength(8192);
  });
});

describe('wrong syntax', () => {
  const cases = [
    { name: 'a semicolon without a name', text: 'a;\n;', message: 'unexpected ";" :2' },
    { name: 'a semicolon after a block', text: 'a {};', message: 'unexpected ";" :1' },
    { name: 'an opening brace without a name', text: '\n\n{', message: 'unexpected "{" :3' },
    { name: 'a closing brace outside a block', text: 'a;\n}', message: 'unexpected "}" :2' },
    { name: 'a closing brace after words', text: 'a { b\n }', message: 'unexpected "}" :2' },
    { name: 'a letter after a closing quote', text: 'a "b"c;', message: 'unexpected "c" :1' },
    {
      name: 'a closing brace after a closing quote',
      text: 'a { b "c"}',
      message: 'unexpected "}" :1',
    },
    {
      name: 'the end of the file in a directive',
      text: 'a b\n\n',
      message: 'unexpected end of file, expecting ";" or "}" :3',
    },
    {
      name: 'the end of the file in a word',
      text: 'a b',
      message: 'unexpected end of file, expecting ";" or "}" :1',
    },
    {
      name: 'the end of the file after a backslash',
      text: 'a \\',
      message: 'unexpected end of file, expecting ";" or "}" :1',
    },
    {
      name: 'the end of the file in quotes',
      text: 'a "b\n',
      message: 'unexpected end of file, expecting ";" or "}" :2',
    },
    {
      name: 'the end of the file after a closing quote',
      text: 'a "b"',
      message: 'unexpected end of file, expecting ";" or "}" :1',
    },
    {
      name: 'the end of the file in a block',
      text: 'a {\nb;\n',
      message: 'unexpected end of file, expecting "}" :3',
    },
  ];
  it.each(cases)('$name is refused', ({ text, message }) => {
    expect(refusal(text)).toBe(message);
  });

  const parameters = [
    {
      name: 'a block',
      text: 'a;b { c; }',
      message: 'block directives are not supported in -g option :1',
    },
    { name: 'an early end', text: 'a b', message: 'unexpected end of parameter, expecting ";" :1' },
    { name: 'a closing brace', text: '}', message: 'unexpected "}" :1' },
    { name: 'two whole directives', text: 'a b; c;', message: 'accepted' },
  ];
  it.each(parameters)('$name in -g', ({ text, message }) => {
    const parser = new Parser(Buffer.from(text), undefined);
    const read = (): string => {
      try {
        while (parser.next(false) !== undefined);
        return 'accepted';
      } catch (error) {
        const { message, file, line } = error as ConfigError;
        expect(file).toBeUndefined();
        return `${message} :${String(line)}`;
      }
    };
    expect(read()).toBe(message);
  });
});

describe('the line of a directive', () => {
  const cases = [
    { name: 'is that of its semicolon', text: '\na\nb\n;', line: 4 },
    { name: 'is that of its opening brace', text: 'a\n{\n}', line: 2 },
    { name: 'counts line ends in quotes', text: 'a "\n\n";', line: 3 },
    { name: 'counts escaped line ends', text: 'a \\\n;', line: 2 },
    { name: 'counts comments', text: '# a\n# b\na;', line: 3 },
    { name: 'counts CR LF once', text: '\r\n\r\na;', line: 3 },
  ];
  it.each(cases)('$name', ({ text, line }) => {
    expect(parse(text)[0]?.at).toEqual({ file: 'x.conf', line });
  });
});
