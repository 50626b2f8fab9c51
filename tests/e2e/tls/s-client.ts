/** openssl s_client: what it is told, what it prints. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

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

/** Lines of a mail server's. */
const spoken = /^(\* |[a-z0-9]+ (OK|NO|BAD)|\+OK|-ERR|\d{3}[ -])/;

/** Connects, says `input` inside TLS, and stays until the server closes. */
export async function sClient(
  port: number,
  options: readonly string[],
  input = '',
): Promise<Meeting> {
  const args = ['s_client', '-connect', `127.0.0.1:${String(port)}`, '-ign_eof', '-crlf'];
  const child = spawn('openssl', [...args, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 5_000,
  });
  let output = '';
  let hasSpoken = false;
  const speak = (): void => {
    // What it is given before the handshake is done may be lost.
    if (hasSpoken || !output.includes('Verify return code:')) return;
    hasSpoken = true;
    child.stdin.write(input);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString('latin1');
      speak();
    });
  }
  child.stdin.on('error', () => undefined);
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal !== null) throw new Error(`s_client was not done in time: ${output}`);
  return {
    output,
    lines: output.split(/\r?\n/).filter((line) => spoken.test(line)),
    reused: /^(---\n)?Reused, /m.test(output),
    alert: /:(ssl[^:]*alert[^:]*|no application protocol[^:]*):/.exec(output)?.[1],
  };
}
