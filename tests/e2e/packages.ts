/**
 * Packages as users get them: packed as they would be published, and installed into projects of their own. Nothing but
 * what they depend on comes from a registry.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, run } from './child.js';

/** The top folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The version of all packages. */
export const { version } = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')) as {
  version: string;
};

/** Where the packages are, and what their tarballs begin with. */
const places = {
  core: { folder: 'packages/core', tarball: 'postern-core-' },
  imap: { folder: 'packages/mail-imap', tarball: 'postern-mail-imap-' },
  pop3: { folder: 'packages/mail-pop3', tarball: 'postern-mail-pop3-' },
  smtp: { folder: 'packages/mail-smtp', tarball: 'postern-mail-smtp-' },
  resolver: { folder: 'packages/resolver', tarball: 'postern-resolver-' },
  complete: { folder: 'packages/postern', tarball: `postern-${version}` },
  testkit: { folder: 'packages/testkit', tarball: 'postern-testkit-' },
  greylist: { folder: 'examples/module-greylist', tarball: 'postern-module-greylist-' },
} as const;

/** What can be installed; `complete` is the package that brings everything standard. */
export type Part = keyof typeof places;

/** What `complete` depends on. */
const standard = ['core', 'imap', 'pop3', 'smtp', 'resolver'] as const;

/** A project in which packages are installed. */
export interface Project {
  readonly directory: string;
  /** The `postern` command. */
  readonly command: string;
  /** Runs the command to its end. */
  postern(...words: string[]): Promise<{ readonly code: unknown; readonly said: string }>;
}

/** Packed packages, and the projects they were installed into, in one temporary directory. */
export class Packages {
  readonly #directory: string;
  readonly #tarballs: ReadonlyMap<Part, string>;
  #withCore: Promise<string> | undefined;

  private constructor(directory: string, tarballs: ReadonlyMap<Part, string>) {
    this.#directory = directory;
    this.#tarballs = tarballs;
  }

  /** Packs `parts` as they are built now. */
  static async pack(parts: readonly Part[]): Promise<Packages> {
    const directory = mkdtempSync(join(tmpdir(), 'install-'));
    const folders = parts.map((part) => join(root, places[part].folder));
    await run('npm', ['pack', ...folders, '--ignore-scripts', '--pack-destination', directory]);
    const files = readdirSync(directory);
    const tarballOf = (part: Part): string => {
      const file = files.find((name) => name.startsWith(places[part].tarball));
      if (file === undefined) throw new Error(`nothing was packed of ${part}`);
      return join(directory, file);
    };
    return new Packages(directory, new Map(parts.map((part) => [part, tarballOf(part)])));
  }

  /** A new project in which `parts` are installed. */
  async project(...parts: readonly Part[]): Promise<Project> {
    const directory = mkdtempSync(join(this.#directory, 'project-'));
    if (parts.includes('complete')) {
      this.#found(directory, this.#overrides());
      await this.#install(directory, parts);
    } else {
      // Core brings most of what is to be installed: the first project with it is the start of all others.
      this.#withCore ??= this.#projectWithCore();
      cpSync(await this.#withCore, directory, { recursive: true, verbatimSymlinks: true });
      await this.#install(
        directory,
        parts.filter((part) => part !== 'core'),
      );
    }
    const command = join(directory, 'node_modules/.bin/postern');
    const postern = async (...words: string[]) => {
      const child = new Child(command, words);
      const code = await child.ended;
      return { code, said: child.output };
    };
    return { directory, command, postern };
  }

  /** Removes the tarballs and the projects. */
  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }

  async #projectWithCore(): Promise<string> {
    const directory = mkdtempSync(join(this.#directory, 'core-'));
    this.#found(directory, {});
    await this.#install(directory, ['core']);
    return directory;
  }

  #found(directory: string, more: object): void {
    const manifest = { name: 'my-mail', private: true, ...more };
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  }

  async #install(directory: string, parts: readonly Part[]): Promise<void> {
    if (parts.length === 0) return;
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
    const tarballs = parts.map((part) => this.#tarball(part));
    const words = ['install', ...quiet, '--prefix', directory, ...tarballs];
    await run('npm', words, { deadlineMs: 110_000 });
  }

  /** What `complete` depends on is not in a registry at this version: the tarballs stand in for it. */
  #overrides(): object {
    const nameOf = (part: Part): string => `@postern/${places[part].folder.slice(9)}`;
    const entries = standard.map((part) => [nameOf(part), `file:${this.#tarball(part)}`]);
    return { overrides: Object.fromEntries(entries) as object };
  }

  #tarball(part: Part): string {
    const tarball = this.#tarballs.get(part);
    if (tarball === undefined) throw new Error(`${part} was not packed`);
    return tarball;
  }
}
