import { describe, expect, it } from 'vitest';
import { systemError } from '../../src/log/errno.js';
import { formatJsonLine } from '../../src/log/json-line.js';
import { maxLineBytes } from '../../src/log/line.js';
import type { LogDetails, LogFields } from '../../src/log/logger.js';

const time = '2026-11-22T14:44:57.250+01:00';

const lineOf = (message: string, details?: LogDetails) =>
  formatJsonLine(time, 25641, 'info', message, details);

const read = (line: string) => JSON.parse(line) as Record<string, unknown>;

const about = (fields: LogFields): LogDetails => ({ subject: { fields: () => fields } });

describe('a line of the log in JSON', () => {
  it('has the facts of the line of nginx as fields, in one order', () => {
    const line = lineOf('client logged in', {
      connection: 16,
      ...about({
        action: '',
        protocol: 'imap',
        client: '192.0.2.1',
        server: '0.0.0.0:143',
        starttls: true,
        tls: 'TLSv1.3',
        login: 'u',
        upstream: '198.51.100.1:143',
      }),
    });
    expect(line).toBe(
      '{"level":"info","time":"2026-11-22T14:44:57.250+01:00","pid":25641,"connection":16,' +
        '"protocol":"imap","client":"192.0.2.1","server":"0.0.0.0:143","starttls":true,' +
        '"tls":"TLSv1.3","login":"u","upstream":"198.51.100.1:143",' +
        '"message":"client logged in"}\n',
    );
  });

  it('has number and text of an error of the system', () => {
    const error = systemError('ETIMEDOUT');
    expect(read(lineOf('client timed out', { error }))).toEqual({
      time,
      level: 'info',
      pid: 25641,
      message: 'client timed out',
      errno: 110,
      error: 'Connection timed out',
    });
  });

  it('has no number for an error that has none', () => {
    const error = Object.assign(new Error('secret'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
    const line = read(lineOf('x', { error }));
    expect(line['error']).toBe('ERR_SSL_WRONG_VERSION_NUMBER');
    expect(line).not.toHaveProperty('errno');
  });

  it.each([
    {
      name: 'what was going on',
      context: ' while accepting new connection on 0.0.0.0:143',
      action: 'accepting new connection on 0.0.0.0:143',
    },
    { name: 'anything else', context: ', resolver: 192.0.2.53', action: ', resolver: 192.0.2.53' },
  ])('has a context that is only text as the action: $name', ({ context, action }) => {
    expect(read(lineOf('x', { context }))['action']).toBe(action);
  });

  it('leaves out what is empty', () => {
    const line = read(lineOf('x', about({ login: '', upstream: undefined, starttls: undefined })));
    expect(Object.keys(line)).toEqual(['level', 'time', 'pid', 'message']);
  });

  it.each([
    { name: 'quotes', text: 'sent "x"' },
    { name: 'a backslash', text: 'DOMAIN\\user' },
    { name: 'line ends', text: 'a\r\n2026/11/22 14:44:57 [emerg] 1#0: forged' },
    { name: 'an escape sequence', text: '\x1b[2J' },
    { name: 'DEL and C1', text: '\x7f\x85\x9b' },
    { name: 'direction marks', text: '\u202egnp.exe\u2066' },
    { name: 'line separators', text: '\u2028\u2029' },
    { name: 'half a surrogate pair', text: '\ud83d' },
    { name: 'NUL', text: 'a\0b' },
    { name: 'a second object', text: '"}\n{"level":"emerg' },
  ])('N6: $name come back as they were and stay in the line', ({ text }) => {
    const line = lineOf(text, about({ login: text }));
    expect(read(line)).toMatchObject({ message: text, login: text });
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(line.endsWith('}\n')).toBe(true);
  });

  it.each([
    { name: 'ASCII', message: 'x'.repeat(65_536) },
    { name: 'escapes', message: '\n'.repeat(65_536) },
    { name: 'UTF-8', message: 'ü'.repeat(65_536) },
  ])('N6: a message of 64 KiB in $name is cut at 2048 bytes and says so', ({ message }) => {
    const line = lineOf(message, about({ client: '192.0.2.1' }));
    const { message: cut, truncated, client } = read(line);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
    expect(Buffer.byteLength(line)).toBeGreaterThan(maxLineBytes - 10);
    expect(message.startsWith(String(cut))).toBe(true);
    expect({ truncated, client }).toEqual({ truncated: true, client: '192.0.2.1' });
  });

  it('N6: fields that are too long leave room for the message', () => {
    const long = '\u202e'.repeat(400);
    const fields = { action: long, client: long, server: long, login: long, upstream: long };
    const line = lineOf('the message', about(fields));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
    expect(read(line)).toMatchObject({ message: 'the message', truncated: true });
  });
});
