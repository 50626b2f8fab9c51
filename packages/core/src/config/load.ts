/**
 * From a file to a configuration: statements are read and carried out one by one, as nginx does, so that the first
 * error ends the reading and a directive sees only what stands before it. The work is linear in the text; only what
 * really waits (`include`, `load_module`, a codec that resolves names) waits.
 */
import { dirname } from 'node:path';
import { ConfigError } from '../errors.js';
import { errnoText } from '../log/errno.js';
import type { AnyModule } from '../module/module.js';
import { resolvePath } from './codec.js';
import type { Block, SourceRef } from './directive.js';
import { DirectiveReader } from './directive-reader.js';
import type { SourceFile } from './dump.js';
import {
  configError,
  duplicate,
  includeCycle,
  loadModuleUnsupported,
  noEvents,
  openFailed,
  readFailed,
  tooLate,
  wrongCount,
} from './errors.js';
import { isMask } from './include.js';
import { admit, orderModules } from './module-order.js';
import { Parser, type Statement } from './parser.js';
import { type Declaration, kernelDirectives, Registry } from './registry.js';
import { OpenScope, type Scope } from './scope.js';
import { SourceFiles } from './source-files.js';
import type { WordsCheck } from './words-check.js';

export type { Scope } from './scope.js';

/** What {@link loadConfiguration} needs. */
export interface LoadOptions {
  /** Path of the main file, as it is to be opened and named in errors. */
  readonly file: string;
  /** The text of the main file, where it lies in memory; `file` only names it then. */
  readonly text?: string;
  /** nginx's `-p`, with a trailing slash or empty. */
  readonly prefix: string;
  /** The parameter of `-g`, read before the file. */
  readonly globals?: string;
  readonly modules: readonly AnyModule[];
  /** Finds the module that `load_module` names; without it the directive is refused as not supported. */
  readonly loadModule?: (request: string, at: SourceRef) => Promise<AnyModule>;
  readonly warn: (message: string, at: SourceRef) => void;
  /** What is outside the text; without it the system is asked. */
  readonly sources?: SourceFiles;
  /** Called when the value of a directive is stored, for what nginx checks at that line. May throw a ConfigError. */
  readonly stored?: (scope: Scope, directive: string) => void;
  /** Called at the closing brace of each block, where nginx checks what a block must have. May throw a ConfigError. */
  readonly closed?: (scope: Scope) => void | Promise<void>;
  /**
   * Called when an error ends the reading; `read` gives what stands before it. nginx judges much of a block when the block
   * ends and this program when all is read, so an error that nginx would have met earlier is thrown from here.
   */
  readonly failed?: (read: () => LoadedConfiguration) => void;
}

/** A configuration that was read to its end. */
export interface LoadedConfiguration {
  /** Built-in modules and those of `load_module`, in the order of set-up. */
  readonly modules: readonly AnyModule[];
  /** Every file that was read, once, in the order of first opening. */
  readonly files: readonly SourceFile[];
  /** What the configuration has learnt from outside its text, and still may. */
  readonly sources: SourceFiles;
  readonly root: Scope;
}

/**
 * Reads a configuration. Rejects with the ConfigError of the first mistake, with nginx's sentence and position. That the
 * mandatory block is there is another step: {@link checkEvents}.
 */
export async function loadConfiguration(options: LoadOptions): Promise<LoadedConfiguration> {
  const sources = options.sources ?? new SourceFiles();
  return new Loader(options, sources, await checkFor(sources)).load();
}

/** A worker that starts does without what its master has done a moment before, and without the code for it. */
async function checkFor(sources: SourceFiles): Promise<WordsCheck> {
  if (sources.isChecked) return () => undefined;
  return (await import('./words-check.js')).createWordsCheck();
}

/** The mandatory block must be there; nginx looks once all text is read and all servers are sound. Throws a ConfigError. */
export function checkEvents({ modules, root }: LoadedConfiguration): void {
  const isDeclared = modules.some(({ directives }) => 'events' in (directives as object));
  if (isDeclared && !root.children.some(({ level }) => level === 'events')) throw noEvents();
}

class Loader {
  readonly #options: LoadOptions;
  readonly #reader: DirectiveReader;
  readonly #registry = new Registry();
  readonly #modules = new Map<string, AnyModule>();
  readonly #files = new Map<string, SourceFile>();
  /** Files that are being read, innermost last. */
  readonly #open: string[] = [];
  readonly #root: OpenScope;
  readonly #sources: SourceFiles;
  #hasBlock = false;

  constructor(options: LoadOptions, sources: SourceFiles, check: WordsCheck) {
    this.#options = options;
    this.#sources = sources;
    this.#root = new OpenScope('main', '', { file: options.file, line: 0 });
    this.#reader = new DirectiveReader({
      prefix: options.prefix,
      confPrefix: directoryOf(options.file),
      warn: options.warn,
      sources,
      check,
    });
  }

  async load(): Promise<LoadedConfiguration> {
    for (const module of this.#options.modules) this.#add(module);
    try {
      await this.#readAll();
    } catch (error) {
      this.#options.failed?.(() => this.#loaded());
      throw error;
    }
    return this.#loaded();
  }

  async #readAll(): Promise<void> {
    const { globals, file, text } = this.#options;
    if (globals !== undefined) {
      await this.#readBlock(new Parser(Buffer.from(globals), undefined), this.#root, false);
    }
    if (text !== undefined) this.#files.set(file, { path: file, bytes: Buffer.from(text) });
    await this.#readFile(file, this.#root, undefined);
  }

  #loaded(): LoadedConfiguration {
    // Not earlier: a module of `load_module` may be what another one requires.
    const modules = orderModules([...this.#modules.values()]);
    const files = [...this.#files.values()];
    return { modules, files, sources: this.#sources, root: this.#root };
  }

  #add(module: AnyModule): void {
    admit(module, this.#modules);
    this.#registry.add(module);
    this.#modules.set(module.name, module);
  }

  async #readFile(path: string, scope: OpenScope, from: SourceRef | undefined): Promise<void> {
    if (from !== undefined && this.#open.includes(path)) throw includeCycle(path, from);
    const bytes = await this.#readBytes(path, from);
    this.#open.push(path);
    await this.#readBlock(new Parser(bytes, path), scope, false);
    this.#open.pop();
  }

  async #readBytes(path: string, from: SourceRef | undefined): Promise<Buffer> {
    const known = this.#files.get(path);
    if (known !== undefined) return known.bytes;
    const { file, text } = this.#options;
    if (path === file && text !== undefined) return Buffer.from(text);
    try {
      const bytes = await this.#sources.read(path);
      this.#files.set(path, { path, bytes });
      return bytes;
    } catch (error) {
      throw fileError(error as NodeJS.ErrnoException, path, from);
    }
  }

  /** Reads statements up to the end of the block or file. */
  async #readBlock(parser: Parser, scope: OpenScope, inBlock: boolean): Promise<void> {
    let statement = parser.next(inBlock);
    while (statement !== undefined) {
      const pending = this.#run(statement, parser, scope);
      if (pending !== undefined) await pending;
      statement = parser.next(inBlock);
    }
  }

  #run(statement: Statement, parser: Parser, scope: OpenScope): Promise<void> | undefined {
    const declaration = this.#registry.resolve(statement, scope.level);
    const { directive, module } = declaration;
    if (directive.kind === 'block') return this.#runBlock(statement, directive, parser, scope);
    if (module === undefined) return this.#runKernel(statement, declaration, scope);
    const pending = this.#reader.read(statement, directive, module, scope);
    const { stored } = this.#options;
    if (stored === undefined) return pending;
    if (pending !== undefined)
      return pending.then(() => {
        stored(scope, statement.name);
      });
    stored(scope, statement.name);
    return undefined;
  }

  async #runBlock(
    statement: Statement,
    directive: Block,
    parser: Parser,
    scope: OpenScope,
  ): Promise<void> {
    const { name, at, words } = statement;
    if (words.length > 0) throw wrongCount(name, at);
    if (directive.once && scope.children.some((child) => child.name === name)) {
      throw duplicate(name, at);
    }
    this.#hasBlock = true;
    const inner = new OpenScope(directive.opens, name, at, scope);
    await this.#readBlock(parser, inner, true);
    await this.#options.closed?.(inner);
  }

  #runKernel(
    statement: Statement,
    { directive }: Declaration,
    scope: OpenScope,
  ): Promise<void> | undefined {
    const [word, ...rest] = statement.words;
    if (word === undefined || rest.length > 0) throw wrongCount(statement.name, statement.at);
    return directive === kernelDirectives.include
      ? this.#include(word, statement.at, scope)
      : this.#loadModule(word, statement.at);
  }

  async #include(name: string, at: SourceRef, scope: OpenScope): Promise<void> {
    const path = resolvePath(name, directoryOf(this.#options.file));
    if (!isMask(path)) return this.#readFile(path, scope, at);
    for (const found of await this.#sources.list(path)) await this.#readFile(found, scope, at);
  }

  async #loadModule(request: string, at: SourceRef): Promise<void> {
    if (this.#hasBlock) throw tooLate('load_module', at);
    if (isMailOfNginx(request) && this.#registry.find('mail').length > 0) return;
    const { loadModule } = this.#options;
    if (loadModule === undefined) throw loadModuleUnsupported(at);
    try {
      this.#add(await loadModule(request, at));
    } catch (error) {
      throw located(error, at);
    }
  }
}

/** An error of loading a module as a ConfigError at `load_module`, with what it said and what it advised. */
function located(error: unknown, at: SourceRef): ConfigError {
  const message = error instanceof Error ? error.message : String(error);
  const help = error instanceof ConfigError ? error.help : undefined;
  return configError(message, at, { directive: 'load_module', help, cause: error });
}

function fileError(error: NodeJS.ErrnoException, path: string, at: SourceRef | undefined): Error {
  // nginx opens a folder without complaint and fails when it reads it.
  if (error.code === 'EISDIR') return readFailed(path, errnoText(error));
  return openFailed(path, errnoText(error), at);
}

/** Debian loads nginx's mail module from a file in `modules-enabled`; here it is always part of the build. */
function isMailOfNginx(request: string): boolean {
  return request === 'ngx_mail_module.so' || request.endsWith('/ngx_mail_module.so');
}

/** The directory of `file` with a trailing slash; empty for a bare name. */
function directoryOf(file: string): string {
  return file.includes('/') ? `${dirname(file)}/`.replace(/^\/\/$/, '/') : '';
}
