/** The transcripts of the protocol packages hold for a real nginx. Run by `npm run test:peers`. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asNginx,
  formatDifferences,
  isAtLeast,
  nginxVersion,
  parseTranscript,
  runWholeAndSplit,
  settings,
} from '@postern/testkit';
import { startNginxWith, temporaryCertificate } from './nginx-runner.js';

const folders = [
  new URL('../../packages/testkit/test/transcripts/', import.meta.url),
  new URL('../../packages/mail-imap/test/transcripts/', import.meta.url),
];

const version = (await nginxVersion()) ?? '0';
const cases = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => {
      const transcript = asNginx(parseTranscript(readFileSync(new URL(name, folder), 'utf8')));
      const since = transcript === undefined ? [] : settings(transcript, 'nginx');
      return transcript !== undefined && since.every((wanted) => isAtLeast(version, wanted))
        ? [{ name, transcript }]
        : [];
    }),
);

let files: Awaited<ReturnType<typeof temporaryCertificate>>;

beforeAll(async () => {
  files = await temporaryCertificate();
});

afterAll(() => files.remove());

describe('nginx', () => {
  it.each(cases)('behaves as $name says', async ({ transcript }) => {
    const outcomes = await runWholeAndSplit(transcript, { start: startNginxWith(files) });
    for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
  });
});
