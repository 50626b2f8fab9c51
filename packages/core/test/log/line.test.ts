import { describe, expect, it } from 'vitest';
import { systemError } from '../../src/log/errno.js';
import { logTime } from '../../src/log/clock.js';
import { formatConsoleLine, formatLine, maxLineBytes } from '../../src/log/line.js';

const time = '2026/11/22 14:44:57';
const context = ', client: 192.0.2.1, server: 0.0.0.0:143, login: "u", upstream: 198.51.100.1:143';

describe('a line of the error log', () => {
  it('has the local time in nginx form', () => {
    expect(logTime(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026/01/02 03:04:05');
    expect(logTime(new Date(2026, 10, 22, 14, 44, 57))).toBe(time);
  });

  it('has the connection number and the context of the session', () => {
    expect(formatLine(time, 25641, 'info', 'client logged in', { connection: 16, context })).toBe(
      '2026/11/22 14:44:57 [info] 25641#0: *16 client logged in, client: 192.0.2.1, server: 0.0.0.0:143, login: "u", upstream: 198.51.100.1:143\n',
    );
  });

  it('has the error of the system between message and context', () => {
    const details = {
      connection: 3,
      error: systemError('ETIMEDOUT'),
      context: ' while in auth state, client: 127.0.0.1, server: 127.0.0.1:110',
    };
    expect(formatLine(time, 1, 'info', 'client timed out', details)).toBe(
      '2026/11/22 14:44:57 [info] 1#0: *3 client timed out (110: Connection timed out) while in auth state, client: 127.0.0.1, server: 127.0.0.1:110\n',
    );
  });

  it('has no number outside connections', () => {
    expect(formatLine(time, 7, 'notice', 'exit')).toBe('2026/11/22 14:44:57 [notice] 7#0: exit\n');
  });

  it('leaves the context out at level debug', () => {
    expect(formatLine(time, 7, 'debug', 'tick', { connection: 1, context })).toBe(
      '2026/11/22 14:44:57 [debug] 7#0: *1 tick\n',
    );
  });

  it('N6: is one line whatever message and context hold', () => {
    const line = formatLine(time, 7, 'info', 'a\r\nb', { context: ', login: "\n\x1b[2J"' });
    expect(line).toBe('2026/11/22 14:44:57 [info] 7#0: a\\x0D\\x0Ab, login: "\\x0A\\x1B[2J"\n');
  });

  it.each([
    { name: 'a message', message: 'x'.repeat(65_536), bytes: maxLineBytes },
    { name: 'a message of escapes', message: '\n'.repeat(65_536), bytes: maxLineBytes - 2 },
    { name: 'a message in UTF-8', message: 'ü'.repeat(65_536), bytes: maxLineBytes },
  ])('N6: $name of 64 KiB is cut at 2048 bytes with its LF', ({ message, bytes }) => {
    const line = formatLine(time, 11, 'info', message);
    expect(line.endsWith('\n')).toBe(true);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLineBytes);
    expect(Buffer.byteLength(line)).toBeGreaterThanOrEqual(bytes - 3);
  });

  it('keeps room for the error of the system when the message fills the line', () => {
    const line = formatLine(time, 7, 'error', 'x'.repeat(4000), { error: systemError('EPIPE') });
    expect(line.endsWith('xxx... (32: Broken pipe)\n')).toBe(true);
    expect(line.length).toBe(2048 - 50 + '... (32: Broken pipe)\n'.length);
  });

  it('does not shorten a message that leaves room for the error', () => {
    const message = 'y'.repeat(1900);
    const line = formatLine(time, 7, 'error', message, { error: systemError('EPIPE') });
    expect(line).toContain(`${message} (32: Broken pipe)`);
  });

  it('has a copy for standard error with the name of nginx', () => {
    expect(formatConsoleLine('emerg', 'unknown directive "x" in /etc/nginx.conf:3')).toBe(
      'nginx: [emerg] unknown directive "x" in /etc/nginx.conf:3\n',
    );
  });
});
