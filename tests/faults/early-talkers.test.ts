/** D11: clients of SMTP that do not wait for the greeting (`smtp_greeting_delay`). */
import { afterEach, describe, expect, it } from 'vitest';
import { closeStages, expectWorkingProxy, noSession, setStage, type Stage } from './stage.js';

afterEach(closeStages);

const refusal = '503 5.5.0 Improper use of SMTP command pipelining\r\n';
const greeting = '220 mail.example.com ESMTP ready\r\n';

const hold = (delay: string): Promise<Stage> =>
  setStage({ protocol: 'smtp', server: `smtp_greeting_delay ${delay};` });

describe('D11: who speaks before the greeting', () => {
  it.each([
    { name: 'a command', said: 'EHLO x\r\n' },
    { name: 'half a command', said: 'EHL' },
    { name: 'one byte', said: '\r' },
    { name: 'NUL', said: '\0' },
    { name: 'a login', said: 'AUTH PLAIN AHUAcA==\r\n' },
    { name: '64 KiB', said: 'x'.repeat(64 * 1024) },
  ])('with $name is told once that it should not, and is never greeted', async ({ said }) => {
    const stage = await hold('300ms');
    for (const split of [undefined, 1]) {
      const client = await stage.connect(split === undefined ? {} : { split });
      await client.send(said.slice(0, split === undefined ? said.length : 100));
      expect(await client.readToEnd()).toBe(refusal);
      expect(client.inbox.end).toBe('fin');
    }
    const log = stage.log.filter((line) => line.includes('client was rejected before greeting: "'));
    expect(log).toHaveLength(2);
    for (const line of log) expect(line).toMatch(/^[ -~]*$/);
    expect(stage.auth.count).toBe(0);
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    // Who waits is greeted, behind the moment at which the timer of the others would have fired.
    await expectWorkingProxy(stage);
    expect(stage.log.join('\n')).not.toContain('[error]');
  });

  it('is served as usual where there is no delay', async () => {
    const stage = await hold('0');
    const client = await stage.connect();
    await client.send('NOOP\r\nQUIT\r\n');
    expect(await client.readToEnd()).toBe(`${greeting}250 2.0.0 OK\r\n221 2.0.0 Bye\r\n`);
  });
});

describe('D11: who waits for the greeting', () => {
  it('is greeted once, not before its time', async () => {
    const stage = await hold('300ms');
    const started = performance.now();
    const client = await stage.connect();
    await client.expect(greeting.trimEnd());
    expect(performance.now() - started).toBeGreaterThan(250);
    await client.send('QUIT\r\n');
    expect(await client.readToEnd()).toBe('221 2.0.0 Bye\r\n');
  });

  it.each(['finish', 'reset'] as const)('and leaves (%s) leaves nothing behind', async (leave) => {
    const stage = await hold('1h');
    const client = await stage.connect();
    await expect.poll(() => stage.server.sessions.waiting).toBe(1);
    client[leave]();
    await expect.poll(() => stage.server.sessions).toEqual(noSession);
    await client.ended;
    expect(client.received).toBe('');
  });
});
