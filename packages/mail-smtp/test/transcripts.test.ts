import { readdirSync, readFileSync } from 'node:fs';
import { formatDifferences, parseTranscript, runAgainstDialog } from '@postern/testkit';
import { describe, expect, it } from 'vitest';
import { smtpProtocol } from '../src/index.js';
import { confFrom } from './conf.js';

const folder = new URL('transcripts/', import.meta.url);
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort();

async function play(name: string, split?: number): Promise<string> {
  const transcript = parseTranscript(readFileSync(new URL(name, folder), 'utf8'));
  const whole = transcript.lines.some((line) => line.kind === 'note' && line.name === 'whole');
  const cut = split === undefined || whole ? {} : { split };
  const outcome = await runAgainstDialog(smtpProtocol, transcript, { conf: confFrom, ...cut });
  expect(outcome.beyond).toBeUndefined();
  return formatDifferences(outcome.differences);
}

describe('transcripts, played on the dialogs alone', () => {
  it.each(names)('%s', async (name) => {
    expect(await play(name)).toBe('');
  });

  it.each(names)('E9: %s, one byte at a time', async (name) => {
    expect(await play(name, 1)).toBe('');
  });
});
