/**
 * nginx's command line (ngx_get_options in nginx.c). `util.parseArgs` cannot stand in: in nginx letters cluster
 * (`-tq`), a value may be attached or the next word, and is then taken whatever it looks like.
 */

/** The signals that `-s` knows. */
export type SignalName = 'stop' | 'quit' | 'reopen' | 'reload';

const signalNames: readonly SignalName[] = ['stop', 'quit', 'reopen', 'reload'];

/** What the command line asks for. */
export interface CommandOptions {
  /** `-h`, `-?`: version line and usage. */
  readonly help: boolean;
  /** `-v`: version line. */
  readonly version: boolean;
  /** `-V`: version and build. */
  readonly build: boolean;
  /** `-t`. */
  readonly test: boolean;
  /** `-T`, which implies `-t`. */
  readonly dump: boolean;
  /** `-q`. */
  readonly quiet: boolean;
  /** `-s`. */
  readonly signal?: SignalName;
  /** `-p` as written. */
  readonly prefix?: string;
  /** `-e` as written; `stderr` is standard error. */
  readonly errorLog?: string;
  /** `-c` as written. */
  readonly file?: string;
  /** `-g`. */
  readonly globals?: string;
}

/** A command line that cannot be understood; nginx's words without `nginx: `. */
export interface OptionsRefusal {
  readonly refusal: string;
}

type Draft = { -readonly [K in keyof CommandOptions]: CommandOptions[K] };

const switches: Readonly<
  Record<string, readonly ('help' | 'version' | 'build' | 'test' | 'dump' | 'quiet')[]>
> = {
  '?': ['version', 'help'],
  h: ['version', 'help'],
  v: ['version'],
  V: ['version', 'build'],
  t: ['test'],
  T: ['test', 'dump'],
  q: ['quiet'],
};

/** What nginx says that an option requires, by the option's letter. */
const wanted: Readonly<Record<string, string>> = {
  p: 'directory name',
  e: 'file name',
  c: 'file name',
  g: 'parameter',
  s: 'parameter',
};

function isSignal(value: string): value is SignalName {
  return signalNames.some((name) => name === value);
}

/** Stores the value of an option; a refusal where the value cannot be. */
function setValue(draft: Draft, letter: string, value: string): string | undefined {
  switch (letter) {
    case 'p':
      draft.prefix = value;
      return undefined;
    case 'e':
      draft.errorLog = value;
      return undefined;
    case 'c':
      draft.file = value;
      return undefined;
    case 'g':
      draft.globals = value;
      return undefined;
    default:
      if (!isSignal(value)) return `invalid option: "-s ${value}"`;
      draft.signal = value;
      return undefined;
  }
}

/** Reads the letters of one word; says whether it took the next word as a value, or why it refuses. */
function readWord(draft: Draft, word: string, next: string | undefined): boolean | string {
  for (let index = 1; index < word.length; index += 1) {
    const letter = word.charAt(index);
    const names = switches[letter];
    if (names !== undefined) {
      for (const name of names) draft[name] = true;
      continue;
    }
    const missing = wanted[letter];
    if (missing === undefined) return `invalid option: "${letter}"`;
    const attached = word.slice(index + 1);
    const value = attached === '' ? next : attached;
    if (value === undefined) return `option "-${letter}" requires ${missing}`;
    return setValue(draft, letter, value) ?? attached === '';
  }
  return false;
}

/** Reads the words that follow the name of the command. */
export function readOptions(words: readonly string[]): CommandOptions | OptionsRefusal {
  const draft: Draft = {
    help: false,
    version: false,
    build: false,
    test: false,
    dump: false,
    quiet: false,
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) return { refusal: `invalid option: "${word}"` };
    const outcome = readWord(draft, word, words[index + 1]);
    if (typeof outcome === 'string') return { refusal: outcome };
    if (outcome) index += 1;
  }
  return draft;
}
