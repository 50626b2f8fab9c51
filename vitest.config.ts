import { defineConfig } from 'vitest/config';

// Tests run against the sources: the condition `@postern/source` of each package's `exports` leads there.
const source = { conditions: ['@postern/source'] };

export default defineConfig({
  ssr: { resolve: source },
  resolve: source,
  test: {
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'core', include: ['packages/core/test/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'mail-imap', include: ['packages/mail-imap/test/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'testkit', include: ['packages/testkit/test/**/*.test.ts'] } },
      { extends: true, test: { name: 'postern', include: ['packages/postern/test/**/*.test.ts'] } },
      { extends: true, test: { name: 'system', include: ['tests/*/*.test.ts'] } },
      { extends: true, test: { name: 'examples', include: ['examples/*/test/**/*.test.ts'] } },
    ],
  },
});
