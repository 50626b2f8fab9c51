/** What `-v`, `-V` and `-h` print: nginx's lines, so that scripts that read them keep working. */
import { readFileSync } from 'node:fs';
import type { AnyModule, ModuleOrigin } from '../module/module.js';
import { compiledIn } from './paths.js';

/** The version of nginx whose behaviour this is. */
export const nginxVersion = '1.31.5';

let version: string | undefined;

/** The version of this package. */
export function posternVersion(): string {
  version ??= readVersion();
  return version;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? manifest.version
      : undefined;
  return typeof found === 'string' ? found : 'unknown';
}

/** `nginx/1.31.5 (postern 0.1.0)`: the form nginx has for a build with `--build=`. */
export function productName(): string {
  return `nginx/${nginxVersion} (postern ${posternVersion()})`;
}

/** The line of `-v`, with its LF. */
export function versionText(): string {
  return `nginx version: ${productName()}\n`;
}

/** The text of `-h`, version line included. */
export function usageText(): string {
  return `${versionText()}Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: ${compiledIn.prefix})
  -e filename   : set error log file (default: ${compiledIn.errorLog})
  -c filename   : set configuration file (default: ${compiledIn.file})
  -g directives : set global directives out of configuration file

`;
}

/** A module with the package it came from, if it was found in one. */
export interface LocatedModule {
  readonly module: AnyModule;
  readonly origin?: ModuleOrigin | undefined;
}

const protocols = ['mail_imap', 'mail_pop3', 'mail_smtp'];
const optional = ['mail_ssl'];

/** The options of nginx's `configure` that would make this build. */
function configureArguments(modules: readonly LocatedModule[]): string {
  const names = new Set(modules.map(({ module }) => module.name));
  const without = protocols.filter((name) => !names.has(name));
  return [
    `--build='postern ${posternVersion()}'`,
    `--prefix=${compiledIn.prefix.slice(0, -1)}`,
    '--without-http',
    '--with-mail',
    ...optional.filter((name) => names.has(name)).map((name) => `--with-${name}_module`),
    ...without.map((name) => `--without-${name}_module`),
  ].join(' ');
}

function moduleLine({ module, origin }: LocatedModule): string {
  const from = origin === undefined ? '' : ` (${origin.package} ${origin.version})`;
  return `module: ${module.name}${from}\n`;
}

/** The text of `-V`: nginx's lines, then one line a module with its package and version. */
export function buildText(modules: readonly LocatedModule[]): string {
  return [
    versionText(),
    `built by Node.js ${process.version}\n`,
    `built with OpenSSL ${process.versions.openssl}\n`,
    'TLS SNI support enabled\n',
    `configure arguments: ${configureArguments(modules)}\n`,
    ...modules.map(moduleLine),
  ].join('');
}
