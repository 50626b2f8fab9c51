/**
 * docs/compatibility.md can be trusted to be complete in three ways: each test that it names exists, each deviation that
 * a transcript names is explained, and each directive that is declared has its state.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');

/** What the page calls these folders by. */
const folders: readonly (readonly [prefix: string, folder: string])[] = [
  ['core/', 'packages/core/test/'],
  ['mail-imap/', 'packages/mail-imap/test/'],
  ['mail-pop3/', 'packages/mail-pop3/test/'],
  ['mail-smtp/', 'packages/mail-smtp/test/'],
  ['resolver/', 'packages/resolver/test/'],
  ['imap/', 'packages/mail-imap/test/transcripts/'],
  ['pop3/', 'packages/mail-pop3/test/transcripts/'],
  ['smtp/', 'packages/mail-smtp/test/transcripts/'],
  ['tests/', 'tests/'],
];

/** The file that the page calls `name`; undefined where there is none. */
function textOf(name: string): string | undefined {
  const [prefix, folder] = folders.find(([start]) => name.startsWith(start)) ?? ['', ''];
  try {
    const path = join(root, folder, name.slice(prefix.length));
    return readFileSync(path, 'utf8').replaceAll(/\\(?=['"`])/g, '');
  } catch {
    return undefined;
  }
}

/** A reference: files, and what each of them has in a name; empty for the whole file. */
interface Reference {
  readonly row: string;
  readonly files: readonly string[];
  readonly named: string;
}

/** The last cell of each row under a heading whose last column is `test`. */
function references(): readonly Reference[] {
  const found: Reference[] = [];
  let isInTable = false;
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) isInTable = false;
    else if (line.startsWith('| area |')) isInTable = line.endsWith('| test |');
    else if (isInTable && !line.startsWith('| --- |')) found.push(...referencesOf(line));
  }
  return found;
}

function referencesOf(line: string): readonly Reference[] {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const row = cells[1] ?? '';
  const found: Reference[] = [];
  for (const part of (cells.at(-2) ?? '').split('; ')) {
    const files = [...part.matchAll(/`([^`]+\.(?:ts|txt))`/g)].map(([, file = '']) => file);
    const [, named] = /`: (.*)$/.exec(part) ?? [];
    // `file`: one name; another name
    if (files.length > 0) found.push({ row, files, named: named ?? '' });
    else found.push({ row, files: found.at(-1)?.files ?? [], named: part });
  }
  return found;
}

/** A name, or marks that are each in some name. */
function has(text: string, named: string): boolean {
  return text.includes(named) || named.split(', ').every((mark) => isMark(mark, text));
}

function isMark(mark: string, text: string): boolean {
  return /^[A-Z]\d+$/.test(mark) && new RegExp(`\\b${mark}\\b`).test(text);
}

describe('the tests that a row names', () => {
  it.each(references())('exist: $row, $files $named', ({ files, named }) => {
    expect(files).not.toEqual([]);
    for (const file of files) {
      const text = textOf(file);
      expect(text, file).toBeDefined();
      expect(has(text ?? '', named), `"${named}" in ${file}`).toBe(true);
    }
  });
});

describe('a deviation that transcripts name', () => {
  const names = new Set<string>();
  for (const [, folder] of folders.filter(([, path]) => path.endsWith('transcripts/'))) {
    const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const entry of entries.filter((path) => path.endsWith('.txt'))) {
      const text = readFileSync(join(root, folder, entry), 'utf8');
      for (const [, name = ''] of text.matchAll(/^@differs (.*)$/gm)) names.add(name);
    }
  }

  it.each([...names])('is explained: %s', (name) => {
    expect(page).toMatch(new RegExp(`[( ]${name}[,)]`));
  });
});

describe('a directive', () => {
  const reference = readFileSync(join(root, 'docs/reference/directives.md'), 'utf8');
  const names = [...reference.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);
  const states = page.slice(page.indexOf('\n## Every directive'));
  it.each(names)('has its state: %s', (name) => {
    expect(states).toContain(`\`${name}\``);
  });
});
