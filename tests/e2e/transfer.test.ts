/** Big messages, both ways: every byte arrives, and the proxy holds none of them for long. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptLogin, startScriptedBackend } from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from './accounts.js';
import { forgetPeak, peakBytes, residentBytes } from './memory.js';
import { bigMessage, checksum } from './message.js';
import { credentials, runClient } from './python.js';
import { acceptAnyone } from './scripted-login.js';
import { readSlowly } from './slow-reader.js';
import { setStage, type Stage } from './stage.js';
import { until } from './until.js';

const megabyte = 2 ** 20;
const timeout = 120_000;

let stage: Stage;

beforeEach(async () => {
  stage = await setStage();
});

afterEach(() => stage.stop());

describe('python imaplib', () => {
  it('fetches a message of 100 MB with equal checksum', { timeout }, async () => {
    const message = bigMessage(100);
    stage.dovecot.deliver(alice, message);
    const request = { port: stage.front.port, ...credentials(alice) };
    const answer = await runClient('fetch', request);
    expect(answer.toString().trim()).toBe(`${String(message.length)} ${checksum(message)}`);
  });

  it('appends a message of 50 MB with equal checksum', { timeout }, async () => {
    const message = bigMessage(50);
    const directory = mkdtempSync(join(tmpdir(), 'append-'));
    try {
      const file = join(directory, 'message');
      writeFileSync(file, message);
      const request = { port: stage.front.port, ...credentials(alice), file };
      const answer = await runClient('append', request);
      expect(answer.toString()).toContain('Append completed');
    } finally {
      rmSync(directory, { recursive: true });
    }
    const stored = stage.dovecot.stored(alice).map((each) => [each.length, checksum(each)]);
    expect(stored).toEqual([[message.length, checksum(message)]]);
  });
});

describe('I12: the memory of the proxy stays flat', () => {
  const bound = 16 * megabyte;
  let before: number;

  /**
   * Resolves when the proxy has stopped growing: it has taken in all it takes from a sender it cannot pass on. What its
   * timers leave to the collector, a page now and then, is no growth.
   */
  const settled = async (): Promise<void> => {
    let level = 0;
    let polls = 0;
    await until('end of the growth of the proxy', () => {
      const now = peakBytes(stage.front.pid);
      if (now - level < megabyte / 16) return ++polls === 20;
      level = now;
      polls = 0;
      return false;
    });
  };

  const growth = (): number => peakBytes(stage.front.pid) - before;

  beforeEach(() => {
    before = residentBytes(stage.front.pid);
    forgetPeak(stage.front.pid);
  });

  it(
    'while a client reads 100 MB in fits and starts, and every byte arrives',
    { timeout },
    async () => {
      const message = bigMessage(100);
      stage.dovecot.deliver(alice, message);
      const stalls = [1, 30 * megabyte, 60 * megabyte, 99 * megabyte];
      const reading = await readSlowly(stage.front.port, alice, stalls, settled);
      expect(growth()).toBeLessThan(bound);
      expect(reading.bytes).toBe(message.length);
      expect(reading.checksum).toBe(checksum(message));
    },
  );

  it(
    'while a backend does not read 100 MB that a client sends, and every byte arrives',
    { timeout },
    async () => {
      const message = bigMessage(100);
      const backend = await startScriptedBackend(acceptAnyone, { deadlineMs: 60_000 });
      stage.auth.answerWith(() => acceptLogin(backend.port));
      const client = connect({ host: '127.0.0.1', port: stage.front.port });
      try {
        client.write('a LOGIN alice Secret123\r\n');
        const proxy = await backend.nextConnection();
        await until('login', () => stage.front.log().includes('client logged in'));
        proxy.stall();
        const taken = proxy.inbox.unread.length;
        client.write(message);
        await settled();
        expect(growth()).toBeLessThan(bound);
        proxy.resume();
        const received = await proxy.read(taken + message.length);
        expect(checksum(received.subarray(taken))).toBe(checksum(message));
        expect(growth()).toBeLessThan(bound);
      } finally {
        client.destroy();
        await backend.close();
      }
    },
  );
});
