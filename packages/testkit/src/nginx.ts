/**
 * Starts the nginx of the system, one process in the foreground with a directory of its own, to compare postern with.
 * It listens on 127.0.0.1 and is told to talk to 127.0.0.1 only.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nginxFailed } from './errors.js';
import { Listening } from './listening.js';

const run = promisify(execFile);

/** How nginx is started. */
export interface NginxOptions {
  /** The program. Default `nginx`, looked up in PATH. */
  readonly program?: string;
  /** The mail module, where it is not built in. Default Debian's `/usr/lib/nginx/modules/ngx_mail_module.so`. */
  readonly module?: string;
  /** Directives for the main level. */
  readonly main?: string;
  /** The port of `{listen}`. Default: one that is free. */
  readonly port?: number;
}

/** A running nginx. */
export interface RunningNginx {
  /** The port that `{listen}` was replaced with. */
  readonly port: number;
  /** Everything logged so far, at level info and above. */
  log(): string;
  stop(): Promise<void>;
}

/** Directives of postern that nginx does not know; they are taken out of what nginx is given. */
export const onlyPostern = [
  'auth_http_keepalive',
  'auth_http_strict_status',
  'pop3_client_buffer',
  'proxy_imap_login',
  'sasl_authzid',
] as const;

/** A self-signed certificate in files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Starts nginx with `mail { <text> }`; `{listen}` in the text is 127.0.0.1 with the port.
 *
 * @example
 * const nginx = await startNginx(`server { listen {listen}; protocol imap; auth_http 127.0.0.1:${auth.port}; }`);
 */
export async function startNginx(text: string, options: NginxOptions = {}): Promise<RunningNginx> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-nginx-'));
  try {
    const { program = 'nginx', port = await freePort() } = options;
    const file = join(directory, 'nginx.conf');
    await writeFile(file, configuration(text, port, directory, options));
    const child = spawn(program, ['-p', directory, '-e', 'stderr', '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const output = await untilListening(child);
    return {
      port,
      log: output,
      stop: async () => {
        await stop(child);
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** The version of the system's nginx, for instance `1.22.1`, or undefined if there is none with a mail module. */
export async function nginxVersion(program = 'nginx'): Promise<string | undefined> {
  try {
    const { stderr } = await run(program, ['-V']);
    if (!stderr.includes('--with-mail')) return undefined;
    return /nginx\/([0-9.]+)/.exec(stderr)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether version `has` is at least `wanted`; both are numbers with dots. */
export function isAtLeast(has: string, wanted: string): boolean {
  const [ours, theirs] = [has.split('.').map(Number), wanted.split('.').map(Number)];
  const index = theirs.findIndex((part, at) => part !== (ours[at] ?? 0));
  return index === -1 || (ours[index] ?? 0) > (theirs[index] ?? 0);
}

/** Makes a self-signed certificate with the `openssl` program in `directory`. */
export async function makeCertificate(directory: string): Promise<CertificateFiles> {
  const files = { certificate: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const subject = ['-subj', '/CN=mail.example.com', '-days', '2'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const output = ['-keyout', files.key, '-out', files.certificate];
  await run('openssl', ['req', '-x509', ...key, ...output, ...subject]);
  return files;
}

function configuration(
  text: string,
  port: number,
  directory: string,
  { main = '', module = '/usr/lib/nginx/modules/ngx_mail_module.so' }: NginxOptions,
): string {
  return [
    module === '' ? '' : `load_module ${module};`,
    `daemon off; master_process off; pid ${join(directory, 'nginx.pid')};`,
    'error_log stderr info;',
    main,
    main.includes('events') ? '' : 'events { worker_connections 256; }',
    `mail {\n${withoutOurs(text).replaceAll('{listen}', `127.0.0.1:${String(port)}`)}\n}`,
  ].join('\n');
}

function withoutOurs(text: string): string {
  const ours = (line: string): boolean =>
    onlyPostern.some((name) => line.trimStart().startsWith(`${name} `));
  return text
    .split('\n')
    .filter((line) => !ours(line))
    .join('\n');
}

/** nginx names its version in the log once its sockets listen. */
function untilListening(child: ChildProcess): Promise<() => string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('latin1');
    child.stderr?.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('[notice]') && text.includes(': nginx/')) resolve(() => text);
    });
    child.once('error', (error) => {
      reject(nginxFailed('cannot be started', error.message));
    });
    child.once('close', (code) => {
      reject(nginxFailed(`ended with ${String(code)}`, text));
    });
  });
}

/** nginx that is asked to end right before it waits for events sleeps until there is one: so it is asked again. */
const askAgainMs = 100;

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  const ask = (): void => void child.kill('SIGTERM');
  ask();
  const asking = setInterval(ask, askAgainMs);
  await closed;
  clearInterval(asking);
}

async function freePort(): Promise<number> {
  const listening = await Listening.start({}, (socket) => socket.destroy());
  const { port } = listening;
  await listening.close();
  return port;
}
