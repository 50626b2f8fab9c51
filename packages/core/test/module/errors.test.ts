import { expect, it } from 'vitest';
import { importFailed, moduleFailed } from '../../src/module/errors.js';

const thrown = Object.assign(new RangeError('no luck'), {
  stack:
    'RangeError: no luck\n    at inner (node:internal)\n    at f (file:///etc/m.js:2:7)\n    at g',
});

const cases = [
  {
    name: 'an import that failed has the place of the failure',
    error: importFailed('/etc/m.js', thrown),
    message: 'import() "/etc/m.js" failed (no luck)',
    help: 'at f (file:///etc/m.js:2:7)',
  },
  {
    name: 'a module far from @postern/core is told where to stand',
    error: importFailed(
      '/etc/m.js',
      new Error("Cannot find package '@postern/core' imported from /etc/m.js"),
    ),
    message:
      'import() "/etc/m.js" failed (Cannot find package \'@postern/core\' imported from /etc/m.js)',
    help: expect.stringContaining('from its own folder') as unknown,
  },
  {
    name: 'what is no error is told as it is',
    error: moduleFailed('m', 'setup', 'words'),
    message: 'module "m" failed in setup: words',
    help: undefined,
  },
];

it.each(cases)('$name', ({ error, message, help }) => {
  expect(error).toMatchObject({ message, help });
});
