/** The sentences of modules that cannot be used: nginx's where nginx has one. One function a sentence. */
import { ConfigError, PosternError } from '../errors.js';

/** A `package.json` that is not JSON or not of the expected form. `path` is that of the file. */
export function badManifest(path: string, reason: string): ConfigError {
  return new ConfigError(`invalid module manifest "${path}" (${reason})`, {
    help: 'expected: "postern": { "api": 1, "module": "./dist/index.js", "export": "name" }',
  });
}

/** A package that is not below `host`. */
export function packageNotFound(name: string, host: string | undefined): ConfigError {
  const where = host === undefined ? 'no package.json was found' : `not in node_modules of ${host}`;
  return new ConfigError(`module package "${name}" is not installed (${where})`, {
    help: `npm install ${name}`,
  });
}

/** A package that does not say that it is a module. */
export function notAModulePackage(name: string): ConfigError {
  return new ConfigError(`package "${name}" is not a module of postern`, {
    help: 'its package.json has no "postern" key with "api", "module" and "export"',
  });
}

/** The file of a module could not be imported; nginx's text is `dlopen() "PATH" failed (...)`. */
export function importFailed(path: string, cause: unknown): ConfigError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [firstLine = ''] = text.split('\n');
  const help = firstLine.startsWith("Cannot find package '@postern/core'")
    ? "a module finds @postern/core from its own folder: keep it in the project that has postern among its packages, and start that project's postern"
    : placeOf(cause);
  return new ConfigError(`import() "${path}" failed (${firstLine})`, { help }, { cause });
}

/** The first line of a stack that is in a file, where there is one. */
function placeOf(cause: unknown): string | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const frame = stack.split('\n').find((line) => line.includes('file://'));
  return frame?.trim();
}

/** A function of a module that threw while a configuration was made; what it refused by ConfigError stays that. */
export function moduleFailed(
  module: string,
  step: 'setup' | 'derive',
  cause: unknown,
): PosternError {
  if (cause instanceof PosternError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const help = placeOf(cause);
  return new ConfigError(`module "${module}" failed in ${step}: ${text}`, { help }, { cause });
}

/** A `setup` that goes on after it has returned: hooks are sealed by then. */
export function setupNotDone(module: string): ConfigError {
  return new ConfigError(`module "${module}" has a setup that returns a promise`, {
    help: 'taps are added while setup runs; what takes time belongs into a tap, for instance of the hook "greet"',
  });
}

/** A file that has no export of the given name, or one that is not a module. */
export function missingExport(path: string, name: string): ConfigError {
  return new ConfigError(`module file "${path}" has no export "${name}" made by defineModule()`);
}

/** A file without a manifest that has no module, or several. */
export function noSingleModule(path: string, count: number): ConfigError {
  return new ConfigError(
    `module file "${path}" must export one module made by defineModule(), it exports ${String(count)}`,
  );
}

const notBinary =
  "nginx's binary modules cannot be loaded: remove the line, or name a module package of postern";

/** A module of nginx that is not there; nginx's text, with that of dlopen() on Linux. */
export function noBinaryModule(path: string): ConfigError {
  const reason = 'cannot open shared object file: No such file or directory';
  return new ConfigError(`dlopen() "${path}" failed (${path}: ${reason})`, { help: notBinary });
}

/** A module of nginx itself; nginx's text for what was built for something else. */
export function binaryModule(path: string): ConfigError {
  return new ConfigError(`module "${path}" is not binary compatible`, {
    help: notBinary,
  });
}
