/** Runs a transcript over sockets: against postern, nginx, or anything else that is started with a configuration. */
import { acceptLogin } from './auth-answer.js';
import { startAuthServer, type AuthServer } from './auth-server.js';
import { automaticBackend } from './default-backend.js';
import { startScriptedBackend, type ScriptedBackend } from './scripted-backend.js';
import { connectClient } from './scripted-client.js';
import type { ScriptedPeer } from './scripted-peer.js';
import { has, type Transcript, type TranscriptLine } from './transcript.js';
import { answerBytes, exchangesOf } from './transcript-exchanges.js';
import { playTranscript, type Difference, type Stage } from './transcript-play.js';

/** A proxy that was started for one run. */
export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a proxy is started with. */
export interface ProxyPlan {
  /** Directives for the server block: auth_http, protocol, and those of `@conf`. */
  readonly server: string;
  /** Directives for the main level. */
  readonly main: string;
}

/** How a transcript is run. */
export interface RunOptions {
  /** Starts the proxy; it must listen on 127.0.0.1. */
  start(plan: ProxyPlan): Promise<RunningProxy>;
  /** The mail protocol. Default `imap`. */
  readonly protocol?: string;
  /** Bytes per segment of the client. Default: what the transcript says. */
  readonly split?: number;
  /** Longest wait for one line in milliseconds. Default 3000. */
  readonly deadlineMs?: number;
}

/** What happened in a run. */
export interface Outcome {
  /** Empty when everything was as written. */
  readonly differences: readonly Difference[];
  /** Every byte the client was told. */
  readonly client: Buffer;
  /** Every byte the backend was told, per connection. */
  readonly backend: readonly Buffer[];
  /** The auth requests, byte for byte. */
  readonly requests: readonly Buffer[];
}

/** Runs a transcript once. */
export async function runAgainstListener(
  transcript: Transcript,
  options: RunOptions,
): Promise<Outcome> {
  const exchanges = exchangesOf(transcript);
  const deadlineMs = options.deadlineMs ?? 3000;
  const split = options.split ?? transcript.split;
  const peerOptions = { deadlineMs, ...(split === undefined ? {} : { split }) };
  const protocol = options.protocol ?? 'imap';
  const backend = await startScriptedBackend(conversationOf(transcript, protocol));
  const auth = await startAuthServer(() => acceptLogin(backend.port));
  const bindings = { port: backend.port, authPort: auth.port, salts: [] };
  auth.answerWith(() => answerBytes(exchanges[auth.count - 1], bindings));
  const closers: (() => Promise<void>)[] = [() => auth.close(), () => backend.close()];
  try {
    const proxy = await options.start(planOf(transcript, auth, protocol));
    closers.unshift(() => proxy.stop());
    const client = await connectClient(proxy.port, peerOptions);
    closers.unshift(() => client.close());
    const stage = { client, backend: firstOf(backend, deadlineMs), requests: auth.requests };
    const played = await playTranscript(transcript, { ...stage, bindings, deadlineMs });
    return outcome(played, client, backend, auth);
  } finally {
    for (const close of closers) await close();
  }
}

/** Runs a transcript twice: as it is written, and with the client sending byte by byte (unless `@whole`). */
export async function runWholeAndSplit(
  transcript: Transcript,
  options: RunOptions,
): Promise<readonly Outcome[]> {
  const whole = await runAgainstListener(transcript, options);
  if (has(transcript, 'whole')) return [whole];
  return [whole, await runAgainstListener(transcript, { ...options, split: 1 })];
}

/** Whether the transcript is about TLS, which needs a certificate in the configuration. */
export const needsCertificate = (transcript: Transcript): boolean =>
  transcript.conf.some((each) => each.startsWith('starttls ') && !each.startsWith('starttls off'));

/**
 * The transcript as nginx performs it: N: lines take the place of the S: lines right above them. Undefined if it
 * deviates (`@differs`) and says nothing about nginx.
 */
export function asNginx(transcript: Transcript): Transcript | undefined {
  const isNginx = (line: TranscriptLine | undefined): boolean =>
    line?.kind === 'speech' && line.who === 'N';
  if (transcript.differs.length > 0 && !transcript.lines.some(isNginx)) return undefined;
  const lines: TranscriptLine[] = [];
  for (const line of transcript.lines) {
    if (line.kind !== 'speech' || line.who !== 'N') {
      lines.push(line);
      continue;
    }
    // The run of S: lines above ends where the first N: line begins.
    if (!isNginx(transcript.lines[line.at - 2])) dropServerLines(lines);
    lines.push({ ...line, who: 'S' });
  }
  return { ...transcript, lines };
}

function dropServerLines(lines: TranscriptLine[]): void {
  for (let last = lines.at(-1); last?.kind === 'speech' && last.who === 'S'; last = lines.at(-1)) {
    lines.pop();
  }
}

function planOf(transcript: Transcript, auth: AuthServer, protocol: string): ProxyPlan {
  const own = transcript.conf.some((each) => each.startsWith('auth_http '));
  const server = [
    `protocol ${protocol};`,
    ...(own ? [] : [`auth_http 127.0.0.1:${String(auth.port)}/auth;`]),
    ...transcript.conf.map((each) => each.replaceAll('{auth-port}', String(auth.port))),
  ];
  return { server: server.join('\n'), main: transcript.main.join('\n') };
}

/** What the backend does by itself: everything, unless the transcript has B: lines. */
function conversationOf(transcript: Transcript, protocol: string) {
  const scripted = transcript.lines.some((line) => line.kind === 'speech' && line.who === 'B');
  return async (proxy: ScriptedPeer): Promise<void> => {
    if (scripted) return;
    const automatic = automaticBackend(protocol);
    await proxy.send(automatic.greeting);
    let seen = 0;
    const more = (): void => {
      const bytes = proxy.inbox.all.subarray(seen);
      seen += bytes.length;
      const said = automatic.push(bytes);
      if (said.length > 0) void proxy.send(said);
    };
    proxy.inbox.onAppend = more;
    more();
  };
}

function firstOf(backend: ScriptedBackend, deadlineMs: number): Stage['backend'] {
  let first: Promise<ScriptedPeer> | undefined;
  return () => (first ??= backend.nextConnection(deadlineMs));
}

function outcome(
  differences: readonly Difference[],
  client: ScriptedPeer,
  backend: ScriptedBackend,
  auth: AuthServer,
): Outcome {
  return {
    differences,
    client: Buffer.from(client.inbox.all),
    backend: backend.connections.map((each) => Buffer.from(each.inbox.all)),
    requests: auth.requests.map((each) => each.bytes),
  };
}
