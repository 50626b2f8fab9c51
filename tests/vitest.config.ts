import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests beside real peers, run by `npm run test:peers`: a real nginx (conformance) and a real Dovecot with
// real clients (e2e). Each starts servers of its own, in directories and on ports of its own, and waits for them.
const source = { conditions: ['@postern/source'] };

/** What needs the machine for itself: ports and files of the system, all of its time, or memory that is measured. */
const alone = [
  'tests/e2e/documentation.test.ts',
  'tests/e2e/many-sessions.test.ts',
  'tests/e2e/transfer.test.ts',
  'tests/e2e/process/nginx.test.ts',
];

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ssr: { resolve: source },
  resolve: source,
  test: {
    pool: 'forks',
    maxWorkers: availableParallelism() + 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'conformance', include: ['tests/conformance/**/*.test.ts'] } },
      { extends: true, test: { name: 'kernel', include: ['packages/*/test/**/*.kernel.test.ts'] } },
      {
        extends: true,
        test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], exclude: alone },
      },
      // These run last, one after the other.
      { extends: true, test: { name: 'alone', include: alone, fileParallelism: false } },
    ],
  },
});
