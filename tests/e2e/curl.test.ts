/** curl reads mail with one command. */
import { beforeAll, describe, expect, it } from 'vitest';
import { alice } from './accounts.js';
import { run } from './child.js';
import { letterTo } from './message.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
  stage.dovecot.deliver(alice, letterTo('the first reader'));
  stage.dovecot.deliver(alice, letterTo('the second reader'));
  return () => stage.stop();
});

/** Runs curl; credentials go in by standard input. */
function curl(path: string, ...options: readonly string[]): Promise<Buffer> {
  const url = `imap://127.0.0.1:${String(stage.front.port)}${path}`;
  const config = `user = "${alice.user}:${alice.password}"\n`;
  const args = ['--silent', '--show-error', '--max-time', '60', '--config', '-', ...options, url];
  return run('curl', args, { input: config });
}

const cases = [
  { name: 'by the mechanism it prefers', options: [] },
  { name: 'by AUTHENTICATE PLAIN', options: ['--login-options', 'AUTH=PLAIN'] },
  {
    name: 'by AUTHENTICATE PLAIN with an initial response',
    options: ['--sasl-ir', '--login-options', 'AUTH=PLAIN'],
  },
  { name: 'by AUTHENTICATE LOGIN', options: ['--login-options', 'AUTH=LOGIN'] },
  { name: 'by AUTHENTICATE CRAM-MD5', options: ['--login-options', 'AUTH=CRAM-MD5'] },
];

describe('curl', () => {
  it.each(cases)('logs in $name and fetches a message', async ({ options }) => {
    const message = await curl('/INBOX;MAILINDEX=1', ...options);
    expect(message.toString()).toBe(letterTo('the first reader').toString());
  });

  it('fetches a message by its UID', async () => {
    const message = await curl('/INBOX;UID=2');
    expect(message.toString()).toBe(letterTo('the second reader').toString());
  });

  it('lists the mailboxes', async () => {
    expect((await curl('/')).toString()).toMatch(/^\* LIST .* INBOX\r\n$/m);
  });

  it('sends a request of its own', async () => {
    const answer = await curl('/', '--request', 'STATUS INBOX (MESSAGES)');
    expect(answer.toString()).toBe('* STATUS INBOX (MESSAGES 2)\r\n');
  });
});
