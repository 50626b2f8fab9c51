/** curl reads mail with one command. */
import { beforeAll, describe, expect, it } from 'vitest';
import { alice } from './accounts.js';
import { curl } from './curl.js';
import { letterTo } from './message.js';
import { setStage, type Stage, type StageOptions } from './stage.js';

const first = letterTo('the first reader');
const second = letterTo('the second reader');

/** What curl calls the mechanisms that IMAP and POP3 share. */
const mechanisms = [
  { name: 'by the mechanism it prefers', options: [] },
  { name: 'by SASL PLAIN', options: ['--login-options', 'AUTH=PLAIN'] },
  {
    name: 'by SASL PLAIN with an initial response',
    options: ['--sasl-ir', '--login-options', 'AUTH=PLAIN'],
  },
  { name: 'by SASL LOGIN', options: ['--login-options', 'AUTH=LOGIN'] },
  {
    name: 'by SASL LOGIN with an initial response',
    options: ['--sasl-ir', '--login-options', 'AUTH=LOGIN'],
  },
  { name: 'by SASL CRAM-MD5', options: ['--login-options', 'AUTH=CRAM-MD5'] },
];

let stage: Stage;

/** Sets a stage with two messages for the tests of one `describe`. */
function useStage(options: StageOptions): void {
  beforeAll(async () => {
    stage = await setStage({ ...options, people: [alice] });
    for (const message of [first, second]) stage.dovecot.deliver(alice, message);
    return () => stage.stop();
  });
}

describe('curl over IMAP', () => {
  const url = (path: string): string => `imap://127.0.0.1:${String(stage.front.port)}${path}`;
  useStage({ protocol: 'imap' });

  it.each(mechanisms)('logs in $name and fetches a message', async ({ options }) => {
    const message = await curl(url('/INBOX;MAILINDEX=1'), ...options);
    expect(message.toString()).toBe(first.toString());
  });

  it('fetches a message by its UID', async () => {
    const message = await curl(url('/INBOX;UID=2'));
    expect(message.toString()).toBe(second.toString());
  });

  it('lists the mailboxes', async () => {
    expect((await curl(url('/'))).toString()).toMatch(/^\* LIST .* INBOX\r\n$/m);
  });

  it('sends a request of its own', async () => {
    const answer = await curl(url('/'), '--request', 'STATUS INBOX (MESSAGES)');
    expect(answer.toString()).toBe('* STATUS INBOX (MESSAGES 2)\r\n');
  });
});

const popUrl = (path: string): string => `pop3://127.0.0.1:${String(stage.front.port)}${path}`;

describe('curl over POP3', () => {
  useStage({ protocol: 'pop3' });

  const apop = { name: 'by APOP', options: ['--login-options', 'AUTH=+APOP'] };

  it.each([...mechanisms, apop])('logs in $name and retrieves a message', async ({ options }) => {
    const message = await curl(popUrl('/2'), ...options);
    expect(message.toString()).toBe(second.toString());
  });

  it('lists the messages', async () => {
    const list = `1 ${String(first.length)}\r\n2 ${String(second.length)}\r\n`;
    expect((await curl(popUrl('/'))).toString()).toBe(list);
  });

  it('sends a request of its own', async () => {
    const answer = await curl(popUrl('/'), '--request', 'TOP 1 0');
    expect(answer.toString()).toBe(first.toString().split('Hello')[0]);
  });

  it('used the mechanisms that were asked for', () => {
    const methods = new Set(stage.auth.requests.map(({ method }) => method));
    expect([...methods].sort()).toEqual(['apop', 'cram-md5', 'plain']);
  });
});

describe('curl over POP3 where no mechanism suits it', () => {
  useStage({ protocol: 'pop3', server: 'pop3_auth external;' });

  it('logs in by USER and PASS and retrieves a message', async () => {
    expect((await curl(popUrl('/1'))).toString()).toBe(first.toString());
  });
});
