/**
 * Files named by `include`: one file, or all that match a mask (glob(3) as nginx uses it: `*`, `?` and `[...]` within
 * one path component, a leading dot matched only by a dot, a backslash taking the meaning from the next character,
 * result sorted by bytes, no match is fine).
 */
import { readdir, stat } from 'node:fs/promises';

/** Whether `path` is a mask rather than one file. As in nginx the whole path counts, not just its last part. */
export function isMask(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The paths that match `mask`, sorted by bytes. Directories that cannot be read match nothing. */
export async function expandMask(mask: string): Promise<readonly string[]> {
  const isAbsolute = mask.startsWith('/');
  let found: readonly string[] = [isAbsolute ? '/' : ''];
  const components = mask.split('/').filter((component) => component !== '');
  for (const component of components) {
    const matched = await Promise.all(found.map((base) => expandComponent(base, component)));
    found = matched.flat();
  }
  return found
    .map((path) => Buffer.from(path))
    .sort((a, b) => Buffer.compare(a, b))
    .map(String);
}

async function expandComponent(base: string, component: string): Promise<readonly string[]> {
  const folder = base === '' || base.endsWith('/') ? base : `${base}/`;
  if (!isMask(component)) {
    const path = folder + unescape(component);
    return (await exists(path)) ? [path] : [];
  }
  const matches = compileComponent(component);
  const entries = await list(folder === '' ? '.' : folder);
  return entries.filter(matches).map((name) => folder + name);
}

function unescape(component: string): string {
  return component.replace(/\\(.)/gs, '$1');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/** A predicate for names in one folder. Linear in the name but for the number of `*`. */
export function compileComponent(component: string): (name: string) => boolean {
  const parts = tokenize([...component]);
  const first = parts[0];
  const showsHidden = first?.kind === 'char' && first.accepts('.');
  return (name) => (showsHidden || !name.startsWith('.')) && matchParts(parts, [...name]);
}

type Part =
  | { readonly kind: 'star' }
  | { readonly kind: 'char' | 'set'; readonly accepts: (char: string) => boolean };

function tokenize(mask: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  for (let index = 0; index < mask.length; index++) {
    const { part, last } = readPart(mask, index);
    parts.push(part);
    index = last;
  }
  return parts;
}

/** The part that begins at `index`, and the index of its last character. */
function readPart(mask: readonly string[], index: number): { part: Part; last: number } {
  const char = mask[index] ?? '';
  const next = mask[index + 1];
  switch (char) {
    case '*':
      return { part: { kind: 'star' }, last: index };
    case '?':
      return { part: { kind: 'set', accepts: () => true }, last: index };
    case '[':
      return readSet(mask, index) ?? { part: literal(char), last: index };
    case '\\':
      if (next !== undefined) return { part: literal(next), last: index + 1 };
      return { part: literal(char), last: index };
    default:
      return { part: literal(char), last: index };
  }
}

function literal(char: string): Part {
  return { kind: 'char', accepts: (other) => other === char };
}

/** A set such as `[a-z]` or `[!0-9]` that begins at `start`; `undefined` where no `]` ends it. */
function readSet(mask: readonly string[], start: number): { part: Part; last: number } | undefined {
  const isNegated = mask[start + 1] === '!' || mask[start + 1] === '^';
  const first = start + (isNegated ? 2 : 1);
  // A `]` in the first place is a member.
  const last = mask.indexOf(']', first + 1);
  if (last === -1) return undefined;
  const members = mask.slice(first, last);
  const accepts = (char: string): boolean => isMember(members, char) !== isNegated;
  return { part: { kind: 'set', accepts }, last };
}

function isMember(members: readonly string[], char: string): boolean {
  for (let index = 0; index < members.length; index++) {
    const from = members[index] ?? '';
    const to = members[index + 2];
    if (members[index + 1] === '-' && to !== undefined) {
      if (char >= from && char <= to) return true;
      index += 2;
    } else if (char === from) {
      return true;
    }
  }
  return false;
}

/** The usual greedy match: on a mismatch the last star takes one character more. */
function matchParts(parts: readonly Part[], name: readonly string[]): boolean {
  let part = 0;
  let star = -1;
  let retry = 0;
  let index = 0;
  while (index < name.length) {
    const current = parts[part];
    if (current?.kind === 'star') {
      star = part++;
      retry = index;
    } else if (current?.accepts(name[index] ?? '') === true) {
      part++;
      index++;
    } else if (star >= 0) {
      part = star + 1;
      index = ++retry;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest.kind === 'star');
}
