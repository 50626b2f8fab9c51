/** openssl s_client: what it is told, what it prints. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** How a meeting of s_client with a server went. */
export interface Meeting {
  /** What the server said inside TLS. */
  readonly lines: readonly string[];
  /** What s_client says of the handshake: protocol, verification, why it failed. */
  readonly report: string;
}

const connection = (port: number): readonly string[] => [
  's_client',
  '-connect',
  `127.0.0.1:${String(port)}`,
  '-ign_eof',
  '-crlf',
];

/**
 * Connects, says `input` inside TLS where it is let in, and stays until the server closes. Rejects when that takes longer
 * than ten seconds.
 */
export async function sClient(
  port: number,
  options: readonly string[],
  input = '',
): Promise<Meeting> {
  const child = spawn('openssl', [...connection(port), '-brief', ...options], { timeout: 10_000 });
  const [out, report] = [gather(child.stdout), gather(child.stderr)];
  child.stdin.on('error', () => undefined);
  let hasSpoken = false;
  const speak = (): void => {
    if (hasSpoken || out().includes('SSL certificate')) return;
    hasSpoken = true;
    child.stdin.write(input);
  };
  child.stdout.once('data', speak);
  // After STARTTLS nobody is greeted; what comes in the same moment as the end of the handshake is lost on s_client.
  let wait: NodeJS.Timeout | undefined;
  const speakSoon = (): void => {
    if (report().includes('CONNECTION ESTABLISHED')) wait ??= setTimeout(speak, 200);
  };
  if (options.includes('-starttls')) child.stderr.on('data', speakSoon);
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(wait);
  if (signal !== null) throw new Error(`s_client was not done in time: ${report()}${out()}`);
  return { lines: out().split('\r\n').filter(Boolean), report: report() };
}

/** Connects to an IMAP server and leaves when it was greeted; whether the session was resumed. */
export async function resumes(port: number, options: readonly string[]): Promise<boolean> {
  const child = spawn('openssl', [...connection(port), ...options], { timeout: 10_000 });
  const out = gather(child.stdout);
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', () => {
    if (out().includes('IMAP4 ready')) child.stdin.write('a LOGOUT\n');
  });
  await once(child, 'close');
  return /^Reused, /m.test(out());
}

function gather(stream: Readable): () => string {
  let text = '';
  stream.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  return () => text;
}
