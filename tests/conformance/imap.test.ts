/** The transcripts hold for a real nginx and for postern over sockets, and where they should, both do the same bytes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  formatDifferences,
  needsCertificate,
  nginxVersion,
  runAgainstListener,
  runWholeAndSplit,
} from '@postern/testkit';
import { nginxWith, posternWith, temporaryCertificate } from './proxies.js';
import { forNginx, traceOf, transcripts, undisturbed } from './transcripts.js';

const version = (await nginxVersion()) ?? '0';
const nginxCases = forNginx(version);
// TLS is not built yet: what nginx does there is checked, what postern does is not.
const posternCases = transcripts.filter(({ transcript }) => !needsCertificate(transcript));
const sharedCases = nginxCases.filter(
  ({ transcript }) => !needsCertificate(transcript) && transcript.differs.length === 0,
);

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
    const run = () => runWholeAndSplit(transcript, { start: nginxWith(files) });
    const outcomes = await undisturbed(run);
    for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
  });
});

describe('postern', () => {
  it.each(posternCases)('behaves as $name says', async ({ transcript }) => {
    const start = posternWith(files, { asNginx: false });
    const outcomes = await runWholeAndSplit(transcript, { start });
    for (const { differences } of outcomes) expect(formatDifferences(differences)).toBe('');
  });
});

describe('postern, set up to be nginx,', () => {
  it.each(sharedCases)('says the same bytes to everybody in $name', async ({ transcript }) => {
    const theirs = await undisturbed(() =>
      runAgainstListener(transcript, { start: nginxWith(files) }),
    );
    const start = posternWith(files, { asNginx: true });
    const ours = await runAgainstListener(transcript, { start });
    expect(traceOf(ours)).toEqual(traceOf(theirs));
  });
});
