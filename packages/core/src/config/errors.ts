/** The sentences of a configuration that cannot be used: nginx's where nginx has one. One function a sentence. */
import { ConfigError, PosternError } from '../errors.js';
import { printable } from '../log/printable.js';
import type { AnyModule } from '../module/module.js';
import type { SourceRef } from './directive.js';

/**
 * A ConfigError at `at`. A position without a file is one in `-g` (printed as ` in command line`); an error without
 * any position has line 0 and is printed without a suffix.
 */
export function configError(
  message: string,
  at: SourceRef | undefined,
  more: { readonly directive?: string; readonly help?: string | undefined; cause?: unknown } = {},
): ConfigError {
  const where = {
    ...(at === undefined ? {} : { file: at.file, line: at.line }),
    directive: more.directive,
    help: more.help,
  };
  return new ConfigError(message, where, more.cause === undefined ? {} : { cause: more.cause });
}

/** A byte where nginx's grammar does not allow it. */
export function unexpected(what: string, at: SourceRef): ConfigError {
  return configError(`unexpected "${what}"`, at);
}

/** The file or block ended too early. */
export function unexpectedEnd(expecting: string, at: SourceRef): ConfigError {
  const where = at.file === undefined ? 'parameter' : 'file';
  return configError(`unexpected end of ${where}, expecting ${expecting}`, at);
}

/** A word of more than 4096 bytes. `quote` is the quote it began with, `start` its first ten bytes. */
export function tooLong(quote: string | undefined, start: string, at: SourceRef): ConfigError {
  return configError(
    quote === undefined
      ? `too long parameter "${start}..." started`
      : `too long parameter, probably missing terminating "${quote}" character`,
    at,
  );
}

/** A word that is not UTF-8. nginx takes any bytes; a JavaScript string cannot hold them. */
export function notUtf8(at: SourceRef): ConfigError {
  return configError('invalid UTF-8 in a parameter', at, {
    help: 'save the file in UTF-8; other encodings are allowed in comments only',
  });
}

/** A `{` in `-g`. */
export function blockInParameter(at: SourceRef): ConfigError {
  return configError('block directives are not supported in -g option', at);
}

/** A name that no module declares. */
export function unknownDirective(name: string, at: SourceRef, help?: string): ConfigError {
  return configError(`unknown directive "${name}"`, at, { directive: name, help });
}

/** A directive outside its blocks. */
export function notAllowedHere(name: string, at: SourceRef, help: string): ConfigError {
  return configError(`"${name}" directive is not allowed here`, at, { directive: name, help });
}

/** A simple directive followed by `{`. */
export function notTerminated(name: string, at: SourceRef): ConfigError {
  return configError(`directive "${name}" is not terminated by ";"`, at, { directive: name });
}

/** A block directive followed by `;`. */
export function noOpening(name: string, at: SourceRef): ConfigError {
  return configError(`directive "${name}" has no opening "{"`, at, { directive: name });
}

/** Too few or too many words; `syntax` is shown as help. */
export function wrongCount(name: string, at: SourceRef, syntax?: string): ConfigError {
  return configError(`invalid number of arguments in "${name}" directive`, at, {
    directive: name,
    help: syntax === undefined ? undefined : `syntax: ${name} ${syntax};`,
  });
}

/** A second directive where only one may stand. */
export function duplicate(name: string, at: SourceRef): ConfigError {
  return configError(`"${name}" directive is duplicate`, at, { directive: name });
}

/** `load_module` after the first block. */
export function tooLate(name: string, at: SourceRef): ConfigError {
  return configError(`"${name}" directive is specified too late`, at, {
    directive: name,
    help: 'write it above the first block, such as events { }',
  });
}

/** A message is cut at 1024 bytes, of which nginx keeps these for the reason of the system (ngx_log_errno). */
const mostBytesBeforeReason = 1024 - 50;

function withReason(text: string, reason: string): string {
  const isLong = Buffer.byteLength(text) > mostBytesBeforeReason;
  return `${isLong ? `${printable(text, mostBytesBeforeReason)}...` : text} (${reason})`;
}

/** A file that cannot be opened; `reason` is `2: No such file or directory`. */
export function openFailed(path: string, reason: string, at: SourceRef | undefined): ConfigError {
  return configError(withReason(`open() "${path}" failed`, reason), at);
}

/** A file that was opened and cannot be read, such as a folder. */
export function readFailed(path: string, reason: string): ConfigError {
  return new ConfigError(withReason(`pread() "${path}" failed`, reason), { level: 'crit' });
}

/** A file that includes itself, directly or through others. nginx runs out of file descriptors. */
export function includeCycle(path: string, at: SourceRef): ConfigError {
  return configError(`"include" directive makes a cycle: "${path}" is being read already`, at, {
    directive: 'include',
  });
}

/** The mandatory block is missing. */
export function noEvents(): ConfigError {
  return configError('no "events" section in configuration', undefined);
}

/** `load_module` in a build that has all its modules inside. */
export function loadModuleUnsupported(at: SourceRef): ConfigError {
  return configError('"load_module" is not supported in this build', at, {
    directive: 'load_module',
  });
}

/** Two modules declare a directive for the same block. */
export function directiveConflict(name: string, first: string, second: string): ConfigError {
  return configError(
    `directive "${name}" is declared by module "${first}" and by module "${second}"`,
    undefined,
    { directive: name, help: 'leave one of the two modules out' },
  );
}

/** A module declares two directives for one slot. */
export function slotConflict(module: string, slot: string): ConfigError {
  return configError(`module "${module}" declares slot "${slot}" twice`, undefined);
}

/** The JSON Schema of a codec cannot be compiled: a mistake of a module's author, not of the operator. */
export function schemaBroken(cause: unknown): PosternError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PosternError(
    'POSTERN_CONFIG_SCHEMA',
    `the schema of a directive is wrong: ${reason}`,
    {
      cause,
    },
  );
}

/** Two modules of one name; nginx's text. */
export function alreadyLoaded(name: string): ConfigError {
  return new ConfigError(`module "${name}" is already loaded`, {
    help: '"postern -V" lists the modules that are there without "load_module"',
  });
}

/** A module made for another version of the module interface; nginx's text. `api` is the module's number. */
export function otherApi(name: string, api: number, supported: number): ConfigError {
  return new ConfigError(
    `module "${name}" version ${String(api)} instead of ${String(supported)}`,
    {
      help: 'the numbers are those of the module interface: install a release of the module that fits',
    },
  );
}

/** A required module is not there. */
export function missingRequirement(module: AnyModule, required: AnyModule): ConfigError {
  return new ConfigError(`module "${module.name}" requires module "${required.name}"`, {
    help: `install ${packageOf(required.name)} and add it to the modules, or load it with "load_module"`,
  });
}

function packageOf(name: string): string {
  return name.startsWith('mail_')
    ? `@postern/${name.replaceAll('_', '-')}`
    : `the package that has module "${name}"`;
}

/** A required module is there, but it is not the same object: its package is installed twice. */
export function otherCopy(module: AnyModule, required: AnyModule): ConfigError {
  return new ConfigError(
    `module "${module.name}" requires another copy of module "${required.name}"`,
    { help: 'one package is installed twice: "npm ls" shows it, "npm dedupe" may join the copies' },
  );
}

/** Modules that cannot be put in an order. */
export function moduleCycle(names: readonly string[]): ConfigError {
  return new ConfigError(`modules depend on each other in a cycle: ${names.join(' -> ')}`);
}
