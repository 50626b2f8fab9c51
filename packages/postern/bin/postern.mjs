#!/usr/bin/env -S node --max-semi-space-size=4 --single-threaded-gc
// Before anything is loaded: Node opens its inspector on USR1, which nginx's tools send to reopen logs.
process.on('SIGUSR1', () => undefined);

const { startEarly } = await import('@postern/core/early');
const spare = startEarly();
const { runPostern } = await import('../dist/index.js');
await runPostern({ spare });
