/** A small configuration language to read in tests: the blocks of nginx and a directive of each kind. */
import {
  bytes,
  duration,
  flags,
  integer,
  listOf,
  oneOf,
  onOff,
  pair,
  path,
  repeatable,
  seconds,
  text,
  word,
  words,
} from '../../src/config/codec.js';
import { block, slot, type Codec, type SourceRef } from '../../src/config/directive.js';
import { loadConfiguration, type LoadedConfiguration } from '../../src/config/load.js';
import type { LoadOptions } from '../../src/config/load.js';
import { ConfigError } from '../../src/errors.js';
import { type AnyModule, defineModule } from '../../src/module/module.js';

const everywhere = ['main', 'mail', 'server'] as const;

/** A codec that takes its time, as one that resolves a name does. */
export const slowly: Codec<string> = {
  ...text,
  parse: ([name = ''], context) =>
    Promise.resolve().then(() => {
      if (name === 'nowhere') throw context.error(`host not found in "${name}"`);
      return name;
    }),
};

export const blocks = defineModule({
  name: 'blocks',
  api: 1,
  directives: {
    events: block({ levels: ['main'], opens: 'events', once: true, about: 'Events.' }),
    mail: block({ levels: ['main'], opens: 'mail', once: true, about: 'Mail.' }),
    server: block({ levels: ['mail'], opens: 'server', once: false, about: 'A server.' }),
  },
});

export const fake = defineModule({
  name: 'fake',
  api: 1,
  requires: [blocks],
  directives: {
    timeout: slot('timeoutMs', duration, { default: 60_000, about: 'A time.' }),
    session_timeout: slot('sessionTimeout', seconds, { default: 300, about: 'A time.' }),
    buffer: slot('buffer', bytes, { default: 4096, about: 'A size.' }),
    max_errors: slot('maxErrors', integer, { default: 5, about: 'A number.' }),
    pass: slot('pass', onOff, { default: false, about: 'A flag.' }),
    starttls: slot('starttls', oneOf('off', 'on', 'only'), { default: 'off', about: 'A choice.' }),
    auth: slot('auth', flags('plain', 'login', 'cram-md5'), {
      default: ['plain'],
      about: 'A set.',
    }),
    capabilities: slot('capabilities', words, { default: ['A', 'B'], about: 'A list.' }),
    header: slot('headers', listOf(pair), { default: [], about: 'Pairs.' }),
    name: slot('name', word, { default: '', about: 'A word.' }),
    protocol: slot('protocol', repeatable(text), {
      levels: ['server'],
      default: '',
      about: 'A word that may be replaced.',
    }),
    certificate: slot('certificate', path('conf'), { default: '', about: 'A file.' }),
    pid: slot('pid', path('prefix'), { levels: ['main'], default: 'none', about: 'A file.' }),
    log: slot('log', listOf(text), { levels: everywhere, default: [], about: 'A list.' }),
    cache: slot('cache', listOf(text), {
      default: [],
      about: 'A list that is joined through levels.',
      merge: (outer, inner) => [...outer, ...inner],
    }),
    host: slot('host', slowly, { default: '', about: 'A name to resolve.' }),
    connections: slot('connections', integer, {
      levels: ['events'],
      default: 512,
      about: 'A number.',
    }),
  },
});

/** What {@link load} takes besides the text. */
export type LoadExtras = Partial<LoadOptions>;

/** Reads `text` as the file `/etc/postern/test.conf` (which does not exist), with the fake modules. */
export async function load(text: string, extras: LoadExtras = {}): Promise<LoadedConfiguration> {
  return loadConfiguration({
    file: '/etc/postern/test.conf',
    text,
    prefix: '/var/postern/',
    modules: [blocks, fake],
    warn: () => undefined,
    ...extras,
  });
}

/** The error of `work`, which must be a ConfigError. */
export async function configErrorOf(work: Promise<unknown>): Promise<ConfigError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new RangeError('nothing was refused');
}

/** The message with its position, as `-t` prints it. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const { message, file, line } = await configErrorOf(work);
  if (line === 0) return message;
  return `${message} in ${file === undefined ? 'command line' : `${file.split('/').at(-1) ?? ''}:${String(line)}`}`;
}

/** Warnings with their line, and the function that collects them. */
export function collectWarnings(): {
  readonly warnings: readonly string[];
  readonly warn: (message: string, at: SourceRef) => void;
} {
  const warnings: string[] = [];
  return { warnings, warn: (message, at) => warnings.push(`${message} :${String(at.line)}`) };
}

/** Modules by name, for tests of what a configuration was made with. */
export function namesOf(modules: readonly AnyModule[]): readonly string[] {
  return modules.map((module) => module.name);
}
