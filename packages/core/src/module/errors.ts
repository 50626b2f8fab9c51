/** The sentences of modules that cannot be used: nginx's where nginx has one. One function a sentence. */
import { ConfigError } from '../errors.js';
import { type AnyModule, moduleApi } from './module.js';

/** Two modules of one name; nginx's text. */
export function alreadyLoaded(name: string): ConfigError {
  return new ConfigError(`module "${name}" is already loaded`);
}

/** A module made for another version of the module interface; nginx's text. `api` is the module's number. */
export function otherApi(name: string, api: number): ConfigError {
  return new ConfigError(
    `module "${name}" version ${String(api)} instead of ${String(moduleApi)}`,
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
  return new ConfigError(`import() "${path}" failed (${firstLine})`, {}, { cause });
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

/** A module of nginx itself; nginx's text for what was built for something else. */
export function binaryModule(path: string): ConfigError {
  return new ConfigError(`module "${path}" is not binary compatible`, {
    help: "nginx's binary modules cannot be loaded: remove the line, or name a module package of postern",
  });
}
