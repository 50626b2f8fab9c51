import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Tests run against the sources: the condition `@postern/source` of each package's `exports` leads there.
const source = { conditions: ['@postern/source'] };

/** One project per package, so that `--project mail-imap` runs that package alone. */
const packages = readdirSync(new URL('packages', import.meta.url)).map((name) => ({
  extends: true as const,
  test: {
    name,
    include: [`packages/${name}/test/**/*.test.ts`],
    exclude: ['**/*.kernel.test.ts'],
  },
}));

// What needs nginx, Dovecot or another peer (tests/conformance, tests/e2e), or a native package (*.kernel.test.ts), has
// its own configuration, tests/vitest.config.ts: this one works on a machine with nothing but Node.
export default defineConfig({
  ssr: { resolve: source },
  resolve: source,
  test: {
    pool: 'forks',
    // Most files wait for timers, sockets and processes more than they compute: one more than there are CPUs.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // What is polled for comes at its own time; the default of a second is short on a machine with much else to do.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      ...packages,
      {
        extends: true,
        test: {
          name: 'system',
          // Each starts several processes, and waits for events: only a machine with much else to do needs this.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ['tests/*/**/*.test.ts'],
          exclude: ['tests/conformance/**', 'tests/e2e/**'],
        },
      },
      { extends: true, test: { name: 'examples', include: ['examples/*/test/**/*.test.ts'] } },
    ],
  },
});
