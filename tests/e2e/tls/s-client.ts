/** openssl s_client: what it is told, what it prints. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** How a meeting of s_client with a server went. */
export interface Meeting {
  /** Everything that it printed, the server's lines among it. */
  readonly output: string;
  /** The server's own lines, inside TLS and before. */
  readonly lines: readonly string[];
  readonly reused: boolean;
  /** What OpenSSL complains of. */
  readonly alert: string | undefined;
}

/** A line of a mail server's; s_client may have left one of its own unfinished before it. */
const spoken = /(?:^|BLOCK)((?:\* |[a-z0-9]+ (?:OK|NO|BAD) |\+OK|-ERR|\d{3}[ -]).*)$/;

/** Connects, says `input` inside TLS where it is let in, and stays until the server closes. */
export async function sClient(
  port: number,
  options: readonly string[],
  input = '',
): Promise<Meeting> {
  const args = ['s_client', '-connect', `127.0.0.1:${String(port)}`, '-ign_eof', '-crlf'];
  const child = spawn('openssl', [...args, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 5000,
  });
  const [out, complaints] = [gather(child.stdout), gather(child.stderr)];
  const isGreeted = !options.includes('-starttls');
  let hasSpoken = false;
  child.stdout.on('data', () => {
    const inside = out().split('Verify return code:')[1];
    if (hasSpoken || inside === undefined) return;
    const lines = linesOf(inside);
    if (lines.some(isFarewell) || (isGreeted && lines.length === 0)) return;
    hasSpoken = true;
    // What comes in the same moment as the end of the handshake is lost on s_client.
    setTimeout(() => child.stdin.write(input), isGreeted ? 0 : 50);
  });
  child.stdin.on('error', () => undefined);
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const output = `${complaints()}\n${out()}`;
  if (signal !== null) throw new Error(`s_client was not done in time: ${output}`);
  return {
    output,
    lines: linesOf(out()),
    reused: /^Reused, /m.test(output),
    alert: /alert [a-z ]+|http request/.exec(complaints())?.[0],
  };
}

function gather(stream: Readable): () => string {
  let text = '';
  stream.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  return () => text;
}

const linesOf = (output: string): readonly string[] =>
  output.split(/\r?\n/).flatMap((line) => spoken.exec(line)?.[1] ?? []);

const isFarewell = (line: string): boolean => line.includes('SSL certificate');
