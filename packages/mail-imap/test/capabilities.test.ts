import { describe, expect, it } from 'vitest';
import { capabilityLines, type ImapAuthMethod } from '../src/capabilities.js';
import { text } from './parse.js';

const given = {
  capabilities: ['IMAP4rev1', 'X Y'],
  auth: ['external', 'plain'] as readonly ImapAuthMethod[],
};

describe('capabilityLines', () => {
  const lines = capabilityLines(given);

  it('lists items as configured and methods in nginx’s order, inside TLS and without it', () => {
    expect(text(lines.none)).toBe('* CAPABILITY IMAP4rev1 X Y AUTH=PLAIN AUTH=EXTERNAL\r\n');
    expect(text(lines.active)).toBe(text(lines.none));
  });

  it('adds STARTTLS in clear text where it is offered', () => {
    expect(text(lines.offered)).toBe(
      '* CAPABILITY IMAP4rev1 X Y AUTH=PLAIN AUTH=EXTERNAL STARTTLS\r\n',
    );
  });

  it('A12: takes the methods away in clear text where TLS is demanded', () => {
    expect(text(lines.required)).toBe('* CAPABILITY IMAP4rev1 X Y STARTTLS LOGINDISABLED\r\n');
  });

  it('sends an item beyond ASCII in UTF-8, as the configuration file has it', () => {
    const { none } = capabilityLines({ capabilities: ['é'], auth: [] });
    expect(Buffer.from(none).toString('utf8')).toBe('* CAPABILITY é\r\n');
  });
});
