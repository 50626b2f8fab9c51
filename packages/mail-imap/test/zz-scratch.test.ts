import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from '@postern/core';
import { formatDifferences, parseTranscript, runWholeAndSplit, asNginx, settings, printable } from '@postern/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imap } from '../src/index.js';
const folder = new URL('transcripts/', import.meta.url);
const names = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((n) => n.endsWith('.txt')).sort();
const read = (name: string) => parseTranscript(readFileSync(new URL(name, folder), 'utf8'));
describe('postern', () => {
it.each(names.filter((n) => !n.startsWith('starttls')))('%s', async (name) => {
  const outcomes = await runWholeAndSplit(read(name), { start: async (plan) => {
    const server = await createServer({ modules: [imap], config: `${plan.main}\nevents {}\nmail { server { listen 127.0.0.1; server_name mx.test;\n${plan.server}\n} }` });
    await server.listen();
    return { port: Number(server.addresses[0]?.split(':').at(-1)), stop: () => server.close() };
  }, deadlineMs: 2500 });
  for (const outcome of outcomes)
  expect(formatDifferences(outcome.differences) + (outcome.differences.length ? printable(outcome.client) : '')).toBe('');
});
});
