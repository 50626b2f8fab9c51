/** The transcripts of a protocol hold for a real nginx and for postern over sockets, and both do the same bytes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  formatDifferences,
  nginxVersion,
  runAgainstListener,
  runWholeAndSplit,
} from '@postern/testkit';
import { nginxWith, posternWith, temporaryCertificate } from './proxies.js';
import {
  forNginx,
  traceOf,
  transcriptsOf,
  undisturbed,
  type TranscriptProtocol,
} from './transcripts.js';

const version = (await nginxVersion()) ?? '0';

/** Describes all transcripts of `protocol`. */
export function describeConformance(protocol: TranscriptProtocol): void {
  const transcripts = transcriptsOf(protocol);
  const nginxCases = forNginx(transcripts, version);
  const sharedCases = nginxCases.filter(({ transcript }) => {
    return transcript.differs.length === 0;
  });
  let files: Awaited<ReturnType<typeof temporaryCertificate>>;

  beforeAll(async () => {
    files = await temporaryCertificate();
  });

  afterAll(() => files.remove());

  describe('nginx', () => {
    it('is there', () => {
      expect(version).not.toBe('0');
    });

    it.each(nginxCases)('behaves as $name says', async ({ transcript }) => {
      const run = () => runWholeAndSplit(transcript, { protocol, start: nginxWith(files) });
      const outcomes = await undisturbed(run);
      for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
    });
  });

  describe('postern', () => {
    it.each(transcripts)('behaves as $name says', async ({ transcript }) => {
      const start = posternWith(files, { asNginx: false });
      const outcomes = await runWholeAndSplit(transcript, { protocol, start });
      for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
    });
  });

  describe('postern, set up to be nginx,', () => {
    it.each(sharedCases)('says the same bytes to everybody in $name', async ({ transcript }) => {
      const theirs = await undisturbed(() =>
        runAgainstListener(transcript, { protocol, start: nginxWith(files) }),
      );
      const start = posternWith(files, { asNginx: true });
      const ours = await runAgainstListener(transcript, { protocol, start });
      expect(traceOf(ours)).toEqual(traceOf(theirs));
    });
  });
}
