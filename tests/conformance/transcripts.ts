/** The transcripts of all packages, and what a run of one left behind. */
import { readdirSync, readFileSync } from 'node:fs';
import {
  asNginx,
  formatDifferences,
  isAtLeast,
  isSalt,
  parseTranscript,
  settings,
  type Outcome,
  type Transcript,
} from '@postern/testkit';

/** A transcript under the name of its file. */
export interface Named {
  readonly name: string;
  readonly transcript: Transcript;
}

/** The protocols, and the packages whose transcripts are in their language. */
const packagesOf = {
  imap: ['testkit', 'mail-imap'],
  pop3: ['mail-pop3'],
  smtp: ['mail-smtp'],
} as const;

/** A protocol with transcripts. */
export type TranscriptProtocol = keyof typeof packagesOf;

/** The transcripts of a protocol, in name order per package. */
export const transcriptsOf = (protocol: TranscriptProtocol): readonly Named[] =>
  packagesOf[protocol].flatMap((name) => {
    const folder = new URL(`../../packages/${name}/test/transcripts/`, import.meta.url);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.txt'))
      .sort()
      .map((file) => ({
        name: file,
        transcript: parseTranscript(readFileSync(new URL(file, folder), 'utf8')),
      }));
  });

/** Those that nginx of this version performs, in the way it does. */
export function forNginx(transcripts: readonly Named[], version: string): readonly Named[] {
  return transcripts.flatMap(({ name, transcript }) => {
    const theirs = asNginx(transcript);
    if (theirs === undefined) return [];
    const isKnown = settings(theirs, 'nginx').every((since) => isAtLeast(version, since));
    return isKnown ? [{ name, transcript: theirs }] : [];
  });
}

/** What both proxies must have done alike: what they told client, auth service and backend. */
export function traceOf(outcome: Outcome): readonly string[] {
  const texts = [
    ...outcome.requests.map((each) => `auth: ${each.toString('latin1')}`),
    ...outcome.backend.map((each) => `backend: ${each.toString('latin1')}`),
    `client: ${outcome.client.toString('latin1')}`,
  ];
  return texts.flatMap((text) => text.split('\r\n')).map(withoutSalt);
}

/** What a client sees of a RST: a broken connection, or a mere end where the error went to a write under way. */
const signsOfReset = ['the connection broke', 'the peer closed'];

/** Runs against nginx that its own RST may spoil are made again; this often at most. */
const mostRuns = 10;

/**
 * nginx closes a session with input it has not read, and the kernel's RST may overtake its last reply: then the run
 * tells nothing about what nginx said, and is made again. A reply that never comes stays a difference.
 */
export async function undisturbed<O extends Outcome | readonly Outcome[]>(
  run: () => Promise<O>,
): Promise<O> {
  let outcome = await run();
  for (let runs = 1; runs < mostRuns && wasReset(outcome); runs += 1) outcome = await run();
  return outcome;
}

function wasReset(outcome: Outcome | readonly Outcome[]): boolean {
  const outcomes = 'differences' in outcome ? [outcome] : outcome;
  return outcomes.some(({ differences }) => {
    const text = formatDifferences(differences);
    return signsOfReset.some((sign) => text.includes(sign));
  });
}

/** Challenges differ from run to run, plain or in base64. */
function withoutSalt(line: string): string {
  const last = line.slice(line.lastIndexOf(' ') + 1);
  const decoded = Buffer.from(last, 'base64').toString('latin1');
  return isSalt(last) || isSalt(decoded) ? line.replace(last, '<salt>') : line;
}
