import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests beside real peers, run by `npm run test:peers`: a real nginx (conformance) and a real Dovecot with
// real clients (e2e). One file at a time, since each starts servers of its own and some measure memory.
const source = { conditions: ['@postern/source'] };

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  ssr: { resolve: source },
  resolve: source,
  test: {
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'conformance', include: ['tests/conformance/**/*.test.ts'] } },
      { extends: true, test: { name: 'kernel', include: ['packages/*/test/**/*.kernel.test.ts'] } },
      { extends: true, test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'] } },
    ],
  },
});
