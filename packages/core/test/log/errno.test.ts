import { describe, expect, it } from 'vitest';
import { openSync } from 'node:fs';
import { errnoText, systemError } from '../../src/log/errno.js';
import { ConfigError } from '../../src/errors.js';

const withCode = (code: string | undefined, errno?: number): NodeJS.ErrnoException =>
  Object.assign(new ConfigError('the message is never shown'), { code, errno });

const cases = [
  {
    name: 'a refused connection',
    error: withCode('ECONNREFUSED', -111),
    text: '111: Connection refused',
  },
  {
    name: 'a time-out without number',
    error: withCode('ETIMEDOUT'),
    text: '110: Connection timed out',
  },
  { name: 'a missing file', error: withCode('ENOENT', -2), text: '2: No such file or directory' },
  { name: 'a forbidden file', error: withCode('EACCES', -13), text: '13: Permission denied' },
  {
    name: 'a reset connection',
    error: withCode('ECONNRESET', -104),
    text: '104: Connection reset by peer',
  },
  {
    name: 'an address in use',
    error: withCode('EADDRINUSE', -98),
    text: '98: Address already in use',
  },
  { name: 'no free descriptor', error: withCode('EMFILE', -24), text: '24: Too many open files' },
  { name: 'a full disk', error: withCode('ENOSPC', -28), text: '28: No space left on device' },
  {
    name: 'an error Node has no number for',
    error: withCode('EHOSTDOWN'),
    text: '112: Host is down',
  },
  {
    name: 'an unknown name with a number',
    error: withCode('ENOTFOUND', -3008),
    text: '3008: ENOTFOUND',
  },
  {
    name: 'a number without name',
    error: withCode(undefined, -999),
    text: '999: Unknown error 999',
  },
  {
    name: 'a code of Node without number',
    error: withCode('ERR_SSL_WRONG_VERSION_NUMBER'),
    text: 'ERR_SSL_WRONG_VERSION_NUMBER',
  },
  { name: 'an error without code', error: withCode(undefined), text: 'ConfigError' },
];

describe('errnoText', () => {
  it.each(cases)('$name is printed as $text', ({ error, text }) => {
    expect(errnoText(error)).toBe(text);
  });

  it('prints the error of a real system call', () => {
    let caught: unknown;
    try {
      openSync('/nonexistent/file', 'r');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(Error);
    expect(errnoText(caught as NodeJS.ErrnoException)).toBe('2: No such file or directory');
  });

  it('prints an error that was made by name', () => {
    expect(errnoText(systemError('ETIMEDOUT'))).toBe('110: Connection timed out');
  });
});
