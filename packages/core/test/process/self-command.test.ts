import { afterEach, expect, it, vi } from 'vitest';
import { takeRole, withRole } from '../../src/process/role.js';
import { selfCommand } from '../../src/process/self-command.js';

afterEach(() => {
  vi.restoreAllMocks();
});

function runAs(argv: readonly string[], execArgv: readonly string[] = []): void {
  vi.spyOn(process, 'argv', 'get').mockReturnValue([...argv]);
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue([...execArgv]);
}

const flags = ['--min-semi-space-size=4', '--max-semi-space-size=4', '--single-threaded-gc'];

it('a script is run by Node with all flags', () => {
  runAs([process.execPath, '/postern.mjs', '-t'], ['--max-semi-space-size=64', '-x']);
  expect(selfCommand(['-c', 'a b'])).toEqual({
    program: process.execPath,
    args: ['--max-semi-space-size=64', '-x', flags[0], flags[2], '/postern.mjs', '-c', 'a b'],
  });
});

it('one executable is run without script and flags', () => {
  runAs([process.execPath, process.execPath, '-t'], flags);
  expect(selfCommand(['-t'])).toEqual({ program: process.execPath, args: ['-t'] });
});

it('a process takes its role out of the environment, so that nobody inherits it', () => {
  const environment = withRole({ A: '1' }, 'worker');
  expect(takeRole(environment)).toBe('worker');
  expect(environment).toEqual({ A: '1' });
  expect(takeRole(environment)).toBe('command');
  expect(takeRole({ POSTERN_ROLE: 'king' })).toBe('command');
});
