import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTranscript, printTranscript } from '../src/index.js';
import { matches } from '../src/transcript-pattern.js';
import { asNginx } from '../src/index.js';
import { endsOpen, lineBytes } from '../src/transcript.js';

const example = `# A login.
@conf imap_auth plain login;
@conf starttls on;
@main worker_connections 8;
@differs dev-7
@split 1

S: * OK IMAP4 ready
@together
C: a LOGIN {1+}
C: \\xff \\\\
C:
C: open\\
S: + 
A: Auth-User: u
R: Auth-Status: OK
U: a LOGIN "u" "p"
B: a OK done
@pause 20
@expect-close
`;

describe('a transcript', () => {
  it('is read and printed without loss', () => {
    expect(printTranscript(parseTranscript(example))).toBe(example);
  });

  it('gives its settings', () => {
    expect(parseTranscript(example)).toMatchObject({
      conf: ['imap_auth plain login;', 'starttls on;'],
      main: ['worker_connections 8;'],
      split: 1,
      differs: ['dev-7'],
    });
  });

  it('may have CRLF line ends', () => {
    const read = parseTranscript(example.replaceAll('\n', '\r\n'));
    expect(printTranscript(read)).toBe(example);
  });

  const bytes = [
    { name: 'adds CRLF', text: 'a NOOP', is: 'a NOOP\r\n' },
    { name: 'adds none behind a single backslash', text: 'a\\', is: 'a' },
    { name: 'takes two backslashes for one', text: 'a\\\\', is: 'a\\\r\n' },
    { name: 'takes three for one and no CRLF', text: 'a\\\\\\', is: 'a\\' },
    { name: 'resolves escapes', text: '\\x00\\r\\n\\xfF', is: '\0\r\n\xff\r\n' },
    { name: 'takes other characters for UTF-8', text: 'é', is: '\xc3\xa9\r\n' },
    { name: 'leaves an empty line empty', text: '', is: '\r\n' },
  ];

  it.each(bytes)('$name', ({ text, is }) => {
    expect(lineBytes(text).toString('latin1')).toBe(is);
  });

  const broken = [
    {
      name: 'an unknown mark',
      text: 'S: x\nX: y',
      error: 'line 2: "X: y" starts with no known mark',
    },
    { name: 'an unknown escape', text: 'C: \\q', error: 'line 1: unknown escape' },
    { name: 'half an escape', text: 'C: \\x4', error: 'line 1: unknown escape' },
    { name: 'an unknown annotation', text: '@sleep 1', error: 'unknown annotation @sleep' },
    { name: 'a directive without end', text: '@conf a b', error: '@conf must end with ";"' },
    { name: 'a pause without a number', text: '@pause', error: '@pause needs a number' },
    { name: 'a split of nothing', text: '@split 0', error: '@split needs a number of bytes' },
    { name: 'a deviation without a name', text: '@differs', error: '@differs needs a name' },
    { name: 'text where none belongs', text: '@close now', error: '@close takes no text' },
    { name: 'a name that every object has', text: '@toString', error: 'unknown annotation' },
  ];

  it.each(broken)('is refused for $name', ({ text, error }) => {
    expect(() => parseTranscript(text)).toThrow(error);
  });

  it('is the same again after printing, whatever it is made of', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\\\\', '\\r', '\\x00', '{', 'é') });
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom('C', 'S', 'N', 'A', 'R', 'U', 'B'), text)
        .map(([who, said]) => (said === '' ? `${who}:` : `${who}: ${said}`)),
      text.map((said) => `# ${said}`),
      fc.constantFrom('', '@together', '@close', '@pause 5', '@conf a b;', '@differs x'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const written = lines.map((each) => `${each}\n`).join('');
        const read = parseTranscript(written);
        expect(printTranscript(read)).toBe(written);
        expect(parseTranscript(printTranscript(read))).toEqual(read);
      }),
      { numRuns: 5000 },
    );
  });

  it('knows lines without an end by an odd number of backslashes', () => {
    expect(['', 'a', 'a\\', 'a\\\\', 'a\\\\\\'].map(endsOpen)).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('placeholders', () => {
  const bindings = () => ({ port: 1143, authPort: 8080, salts: [] as string[] });
  const salt = '<12.34@mx.test>';
  const salt64 = Buffer.from(salt).toString('base64');
  const cases = [
    { name: 'plain text is itself', text: 'a {3} b', bytes: 'a {3} b', is: true },
    { name: 'plain text is nothing longer', text: 'a', bytes: 'ab', is: false },
    { name: '{port} is the port of the backend', text: 'p {port}', bytes: 'p 1143', is: true },
    {
      name: '{auth-port} is the port of the auth service',
      text: '{auth-port}',
      bytes: '8080',
      is: true,
    },
    { name: '{salt} is a challenge', text: 'x {salt} y', bytes: `x ${salt} y`, is: true },
    { name: '{salt} is nothing else', text: '{salt}', bytes: '<a.b@c>', is: false },
    {
      name: '{salt64} is a challenge in base64',
      text: '+ {salt64}',
      bytes: `+ ${salt64}`,
      is: true,
    },
    { name: '{salt64} is no other base64', text: '{salt64}', bytes: 'YWJj', is: false },
  ];

  it.each(cases)('$name', ({ text, bytes, is }) => {
    expect(matches(text, Buffer.from(bytes), bindings())).toBe(is);
  });

  it('{salt} is a challenge that was given before, where one was', () => {
    const bound = bindings();
    expect(matches('{salt64}', Buffer.from(salt64), bound)).toBe(true);
    expect(matches('{salt}', Buffer.from(salt), bound)).toBe(true);
    expect(matches('{salt}', Buffer.from('<99.34@mx.test>'), bound)).toBe(false);
  });
});

describe('a transcript as nginx performs it', () => {
  const nginx = (text: string): string | undefined => {
    const transcript = asNginx(parseTranscript(text));
    return transcript === undefined ? undefined : printTranscript(transcript);
  };

  it('is the same where nothing differs', () => {
    expect(nginx('S: a\nC: b\n')).toBe('S: a\nC: b\n');
  });

  it('does not exist where it differs and nothing is said about nginx', () => {
    expect(nginx('@differs x\nS: a\n')).toBeUndefined();
  });

  it('has the N: lines in place of the S: lines right above', () => {
    const text = '@differs x\nS: a\nC: b\nS: c\nS: d\nN: e\nN: f\nS: g\n';
    expect(nginx(text)).toBe('@differs x\nS: a\nC: b\nS: e\nS: f\nS: g\n');
  });
});
