import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../src/process/worker-environment.js';

describe('the environment of a worker', () => {
  const given = { TZ: 'UTC', PATH: '/bin', NODE_OPTIONS: '-x', UV_USE_IO_URING: '0', A: '1' };
  const runtime = { NODE_OPTIONS: '-x', UV_USE_IO_URING: '0' };
  const cases = [
    { name: 'has the time zone and what the runtime needs', env: [], result: {} },
    { name: 'keeps what is named', env: [{ name: 'A', value: undefined }], result: { A: '1' } },
    { name: 'sets what has a value', env: [{ name: 'A', value: '2' }], result: { A: '2' } },
    { name: 'sets empty values too', env: [{ name: 'B', value: '' }], result: { B: '' } },
    { name: 'has nothing that is not there', env: [{ name: 'C', value: undefined }], result: {} },
    {
      name: 'may have another time zone',
      env: [{ name: 'TZ', value: 'CET' }],
      result: { TZ: 'CET' },
    },
  ];
  it.each(cases)('$name', ({ env, result }) => {
    expect(childEnvironment(given, env)).toEqual({ TZ: 'UTC', ...runtime, ...result });
  });
});
