import { describe, expect, it } from 'vitest';
import { located, positionSuffix, problemOf } from '../../src/cli/problem.js';
import { ConfigError, PosternError } from '../../src/errors.js';

const cases = [
  {
    name: 'an error with position',
    error: new ConfigError('unknown directive "x"', { file: '/n.conf', line: 3, help: 'do this' }),
    problem: { message: 'unknown directive "x" in /n.conf:3', help: 'do this' },
  },
  {
    name: 'an error in -g',
    error: new ConfigError('unknown directive "x"', { line: 1 }),
    problem: { message: 'unknown directive "x" in command line', help: undefined },
  },
  {
    name: 'an error without position',
    error: new ConfigError('no "events" section in configuration'),
    problem: { message: 'no "events" section in configuration', help: undefined },
  },
  {
    name: 'an error of another level',
    error: new ConfigError('pread() "/" failed (21: Is a directory)', { level: 'crit' }),
    problem: {
      level: 'crit',
      message: 'pread() "/" failed (21: Is a directory)',
      help: undefined,
    },
  },
  {
    name: 'an error of the system',
    error: new PosternError('POSTERN_LISTEN_FAILED', 'bind() to 0.0.0.0:143 failed'),
    problem: { message: 'bind() to 0.0.0.0:143 failed', help: undefined },
  },
  {
    name: 'something that is no error',
    error: 'text',
    problem: { message: 'internal error: text', help: undefined },
  },
];

describe('an error that ends the start', () => {
  it.each(cases)('$name is one sentence', ({ error, problem }) => {
    expect(problemOf(error)).toEqual({ level: 'emerg', ...problem });
  });

  it('shows the stack of a defect as help', () => {
    const { message, help } = problemOf(new TypeError('x is not a function'));
    expect(message).toBe('internal error: x is not a function');
    expect(help).toContain('problem.test');
  });

  it('is cut at 1024 bytes before its position', () => {
    const text = located('x'.repeat(5000), { file: '/n.conf', line: 9 });
    expect(text).toBe(`${'x'.repeat(1024)} in /n.conf:9`);
  });

  it('has no suffix at line 0', () => {
    expect(positionSuffix({ file: '/n.conf', line: 0 })).toBe('');
  });
});
