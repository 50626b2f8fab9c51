/** The arguments of an IMAP command: atoms, strings (quoted or literal) and lists (RFC 3501, section 9). */

/** One argument. */
export type Token =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'list'; readonly items: readonly Token[] };

/** Lists within lists; deeper nesting is refused. */
const deepest = 16;

/** Splits the parts of a command: text, and literals between. Undefined if it is not well formed. */
export function tokenize(parts: readonly (string | Buffer)[]): readonly Token[] | undefined {
  const stack: Token[][] = [[]];
  const add = (token: Token): void => {
    stack.at(-1)?.push(token);
  };
  for (const part of parts) {
    if (typeof part !== 'string') {
      add({ kind: 'string', bytes: part });
    } else if (!tokenizeText(part, stack, add)) {
      return undefined;
    }
  }
  return stack.length === 1 ? stack[0] : undefined;
}

function tokenizeText(text: string, stack: Token[][], add: (token: Token) => void): boolean {
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === ' ') {
      at += 1;
    } else if (char === '(' || char === ')') {
      if (!(char === '(' ? open(stack) : close(stack))) return false;
      at += 1;
    } else {
      const token = char === '"' ? quoted(text, at) : atom(text, at);
      if (token === undefined) return false;
      add(token.token);
      at = token.end;
    }
  }
  return true;
}

function open(stack: Token[][]): boolean {
  stack.push([]);
  return stack.length <= deepest;
}

function close(stack: Token[][]): boolean {
  const items = stack.length > 1 ? stack.pop() : undefined;
  if (items === undefined) return false;
  stack.at(-1)?.push({ kind: 'list', items });
  return true;
}

interface Read {
  readonly token: Token;
  readonly end: number;
}

function quoted(text: string, start: number): Read | undefined {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') {
      return { token: { kind: 'string', bytes: Buffer.from(value, 'latin1') }, end: at + 1 };
    }
    if (text[at] === '\\') at += 1;
    value += text[at] ?? '';
  }
  return undefined;
}

/** An atom; what it has in square brackets belongs to it, spaces and parentheses too (`BODY[HEADER.FIELDS (TO)]`). */
function atom(text: string, start: number): Read | undefined {
  let depth = 0;
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '[') depth += 1;
    if (char === ']') depth -= 1;
    if (depth <= 0 && (char === ' ' || char === '(' || char === ')')) break;
  }
  if (depth > 0) return undefined;
  return { token: { kind: 'atom', text: text.slice(start, at) }, end: at };
}

/** The value of an atom or string as text, or undefined for a list. */
export function textOf(token: Token | undefined): string | undefined {
  if (token === undefined || token.kind === 'list') return undefined;
  return token.kind === 'atom' ? token.text : token.bytes.toString('utf8');
}

/** Upper-case text of an atom or string; empty for anything else. */
export const wordOf = (token: Token | undefined): string => (textOf(token) ?? '').toUpperCase();

/** A string for a response: quoted where it can be, else a literal; NIL for undefined. */
export function astring(text: string | undefined): string {
  if (text === undefined) return 'NIL';
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (code < 0x20 || code > 0x7e) return literalText(text);
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function literalText(text: string): string {
  const bytes = Buffer.from(text);
  return `{${String(bytes.length)}}\r\n${text}`;
}
