import { describe, expect, it } from 'vitest';
import { ehloReplies, type SmtpAuthMethod } from '../src/capabilities.js';
import { text } from './parse.js';

const given = {
  serverName: 'mx',
  capabilities: ['SIZE 100', 'X'],
  auth: ['external', 'none', 'plain'] as readonly SmtpAuthMethod[],
};

describe('ehloReplies', () => {
  const replies = ehloReplies(given);

  it('lists items as configured and methods in nginx’s order, inside TLS and without it', () => {
    expect(text(replies.none)).toBe(
      '250-mx\r\n250-SIZE 100\r\n250-X\r\n250 AUTH PLAIN EXTERNAL\r\n',
    );
    expect(text(replies.active)).toBe(text(replies.none));
  });

  it('adds STARTTLS in clear text where it is offered', () => {
    expect(text(replies.offered)).toBe(
      '250-mx\r\n250-SIZE 100\r\n250-X\r\n250-AUTH PLAIN EXTERNAL\r\n250 STARTTLS\r\n',
    );
  });

  it('A12: takes the methods away in clear text where TLS is demanded', () => {
    expect(text(replies.required)).toBe('250-mx\r\n250-SIZE 100\r\n250-X\r\n250 STARTTLS\r\n');
  });

  it('has no AUTH line without a method to show', () => {
    const only = ehloReplies({ serverName: 'mx', capabilities: [], auth: ['none'] });
    expect(text(only.none)).toBe('250 mx\r\n');
    expect(text(only.offered)).toBe('250-mx\r\n250 STARTTLS\r\n');
  });

  it('sends an item beyond ASCII in UTF-8, as the configuration file has it', () => {
    const { none } = ehloReplies({ serverName: 'mx', capabilities: ['é'], auth: [] });
    expect(Buffer.from(none).toString('utf8')).toBe('250-mx\r\n250 é\r\n');
  });
});
