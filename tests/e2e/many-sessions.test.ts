/** Many sessions at once. */
import { beforeAll, describe, expect, it } from 'vitest';
import { accounts } from './accounts.js';
import { letterTo } from './message.js';
import { credentials, runClient } from './python.js';
import { setStage, type Stage } from './stage.js';
import { until } from './until.js';

const sessions = 500;

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ mail: 'timeout 120s;' });
  for (const account of accounts) stage.dovecot.deliver(account, letterTo(account.user));
  return () => stage.stop();
});

const count = (text: string): number => stage.front.log().split(text).length - 1;

describe('500 sessions at once', () => {
  it(
    'all log in, read their mail while the others are there, and end',
    { timeout: 120_000 },
    async () => {
      const request = { port: stage.front.port, sessions, accounts: accounts.map(credentials) };
      const outcomes = JSON.parse(
        (await runClient('many', request)).toString(),
      ) as readonly string[];
      const letters = Array.from({ length: sessions }, (_, number) => {
        const account = accounts[number % accounts.length];
        return letterTo(account?.user ?? '').toString('latin1');
      });
      expect(outcomes).toEqual(letters);
      await until('end of every session', () => count('proxied session done') === sessions, {
        state: () => `(${String(count('proxied session done'))} ended)`,
      });
      expect(count('client logged in')).toBe(sessions);
      expect(stage.front.log()).not.toMatch(/\[(emerg|alert|crit|error|warn)\]/);
      expect(stage.auth.count).toBe(sessions);
    },
  );
});
