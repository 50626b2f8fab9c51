import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dumpFiles } from '../../src/config/dump.js';
import { compileComponent } from '../../src/config/include.js';
import { loadConfiguration, type LoadedConfiguration } from '../../src/config/load.js';
import { blocks, configErrorOf, fake } from './fake-modules.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postern-include-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

type Files = Readonly<Record<string, string>>;

/** Writes `files` below the directory and reads `conf/main` of them. */
async function read(files: Files): Promise<LoadedConfiguration> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return loadConfiguration({
    file: join(directory, 'conf/main'),
    prefix: '/nonexistent/',
    modules: [blocks, fake],
    warn: () => undefined,
  });
}

/** The error with the directory cut out. */
async function refusal(files: Files): Promise<string> {
  const { message, file = '', line } = await configErrorOf(read(files));
  return `${message} in ${file}:${String(line)}`.replaceAll(`${directory}/`, '');
}

/** The values of the `log` directive in `main`, in the order they were read. */
function logOf({ root }: LoadedConfiguration): unknown {
  return root.values.get(fake)?.get('log')?.value;
}

describe('include', () => {
  const cases = [
    {
      name: 'reads a file relative to the directory of the main file',
      files: { 'conf/main': 'events {} include sub/a; log z;', 'conf/sub/a': 'log a;' },
      log: ['a', 'z'],
    },
    {
      name: 'resolves names of an included file against the main file too',
      files: {
        'conf/main': 'events {} include sub/a;',
        'conf/sub/a': 'include b;',
        'conf/b': 'log b;',
      },
      log: ['b'],
    },
    {
      name: 'reads all files of a mask in the order of their bytes',
      files: {
        'conf/main': 'events {} include d/*.conf;',
        'conf/d/b.conf': 'log b;',
        'conf/d/a.conf': 'log a;',
        'conf/d/Z.conf': 'log Z;',
        'conf/d/.hidden.conf': 'nonsense;',
        'conf/d/c.txt': 'nonsense;',
      },
      log: ['Z', 'a', 'b'],
    },
    {
      name: 'takes masks in folders',
      files: {
        'conf/main': 'events {} include ?/x*/[ab];',
        'conf/2/x/a': 'log 2a;',
        'conf/1/xx/b': 'log 1b;',
        'conf/1/y/a': 'nonsense;',
        'conf/11/x/a': 'nonsense;',
      },
      log: ['1b', '2a'],
    },
    {
      name: 'is content with a mask that nothing matches',
      files: { 'conf/main': 'events {} include none/*; log z;' },
      log: ['z'],
    },
    {
      name: 'may read one file twice',
      files: { 'conf/main': 'events {} include a; include a;', 'conf/a': 'log a;' },
      log: ['a', 'a'],
    },
    {
      name: 'may stand in a block and hold one',
      files: {
        'conf/main': 'events { include a; } include b; log z;',
        'conf/a': 'connections 5;',
        'conf/b': 'mail { server { } }',
      },
      log: ['z'],
    },
  ];
  it.each(cases)('$name', async ({ files, log }) => {
    expect(logOf(await read(files))).toEqual(log);
  });

  const refused = [
    {
      name: 'names a missing file',
      files: { 'conf/main': '\ninclude missing;' },
      message: 'open() "conf/missing" failed (2: No such file or directory) in conf/main:2',
    },
    {
      name: 'names a missing file in an included one',
      files: { 'conf/main': 'include a;', 'conf/a': '\n\ninclude missing;' },
      message: 'open() "conf/missing" failed (2: No such file or directory) in conf/a:3',
    },
    {
      name: 'names the file and line of an error in it',
      files: { 'conf/main': '\n\ninclude a;', 'conf/a': 'log x;\nnonsense;' },
      message: 'unknown directive "nonsense" in conf/a:2',
    },
    {
      name: 'does not let a file close a block',
      files: { 'conf/main': 'mail { include a;', 'conf/a': '}' },
      message: 'unexpected "}" in conf/a:1',
    },
    {
      name: 'does not let a file leave a block open',
      files: { 'conf/main': 'include a; }', 'conf/a': 'mail {\n' },
      message: 'unexpected end of file, expecting "}" in conf/a:2',
    },
    {
      name: 'does not let a file end in a directive',
      files: { 'conf/main': 'include a;', 'conf/a': 'log' },
      message: 'unexpected end of file, expecting ";" or "}" in conf/a:1',
    },
    {
      name: 'keeps to the block it stands in',
      files: { 'conf/main': 'mail { include a; }', 'conf/a': 'events {}' },
      message: '"events" directive is not allowed here in conf/a:1',
    },
    {
      name: 'of itself is refused',
      files: { 'conf/main': 'include main;' },
      message:
        '"include" directive makes a cycle: "conf/main" is being read already in conf/main:1',
    },
    {
      name: 'of itself through another file and a mask is refused',
      files: { 'conf/main': 'include a;', 'conf/a': '\ninclude m*;' },
      message: '"include" directive makes a cycle: "conf/main" is being read already in conf/a:2',
    },
    {
      name: 'needs one word',
      files: { 'conf/main': 'include a b;' },
      message: 'invalid number of arguments in "include" directive in conf/main:1',
    },
    {
      name: 'of a name with NUL is refused',
      files: { 'conf/main': 'include a\0b;' },
      message: 'open() "conf/a\0b" failed (ERR_INVALID_ARG_VALUE) in conf/main:1',
    },
  ];
  it.each(refused)('$name', async ({ files, message }) => {
    expect(await refusal(files)).toBe(message);
  });

  it('of a folder fails as reading it does, without a position', async () => {
    const error = await configErrorOf(read({ 'conf/main': 'include ../conf;' }));
    expect(error.message).toBe(`pread() "${directory}/conf/../conf" failed (21: Is a directory)`);
    expect(error.line).toBe(0);
    expect(error.level).toBe('crit');
  });

  it('of a name that fills a message leaves room for the reason of the system', async () => {
    const name = 'n/'.repeat(600);
    const error = await configErrorOf(read({ 'conf/main': `include ${name};` }));
    const start = `open() "${directory}/conf/${name}`.slice(0, 974);
    expect(error.message).toBe(`${start}... (2: No such file or directory)`);
  });

  it('through a link into its own folder ends at the first name that repeats', async () => {
    await mkdir(join(directory, 'conf'));
    await symlink('.', join(directory, 'conf/self'));
    const files = { 'conf/main': 'include self/a;', 'conf/a': 'include self/self/a;' };
    expect(await refusal(files)).toContain('makes a cycle');
  });
});

describe('a mask', () => {
  const cases = [
    { mask: '*', name: 'abc', matches: true },
    { mask: '*', name: '.abc', matches: false },
    { mask: '?abc', name: '.abc', matches: false },
    { mask: '[.]abc', name: '.abc', matches: false },
    { mask: '.*', name: '.abc', matches: true },
    { mask: 'a*', name: 'a', matches: true },
    { mask: 'a*c*e', name: 'abcde', matches: true },
    { mask: 'a*c*e', name: 'abcdef', matches: false },
    { mask: '*a', name: 'aaab', matches: false },
    { mask: '?', name: '', matches: false },
    { mask: '?', name: '€', matches: true },
    { mask: '[a-c]x', name: 'bx', matches: true },
    { mask: '[a-c]x', name: 'dx', matches: false },
    { mask: '[!a-c]x', name: 'dx', matches: true },
    { mask: '[^a-c]x', name: 'bx', matches: false },
    { mask: '[]a]', name: ']', matches: true },
    { mask: '[!]a]', name: ']', matches: false },
    { mask: '[a-]', name: '-', matches: true },
    { mask: '[a', name: '[a', matches: true },
    { mask: '\\*', name: '*', matches: true },
    { mask: '\\*', name: 'a', matches: false },
    { mask: 'a\\', name: 'a\\', matches: true },
    { mask: `${'a*'.repeat(30)}b`, name: 'a'.repeat(200), matches: false },
  ];
  it.each(cases)('$mask on "$name" is $matches', ({ mask, name, matches }) => {
    expect(compileComponent(mask)(name)).toBe(matches);
  });
});

describe('-T', () => {
  it('prints each file once, in the order of first opening, byte for byte', async () => {
    const { files } = await read({
      'conf/main': 'events {}\ninclude b;\ninclude a; include b;',
      'conf/a': '# \xfc\r\n',
      'conf/b': 'include c;',
      'conf/c': '',
    });
    expect(dumpFiles(files).toString().replaceAll(`${directory}/`, '')).toBe(
      [
        '# configuration file conf/main:\nevents {}\ninclude b;\ninclude a; include b;\n',
        '# configuration file conf/b:\ninclude c;\n',
        '# configuration file conf/c:\n\n',
        '# configuration file conf/a:\n# \xfc\r\n\n',
      ].join(''),
    );
  });
});
