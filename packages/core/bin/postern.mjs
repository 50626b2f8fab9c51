#!/usr/bin/env -S node --min-semi-space-size=4 --max-semi-space-size=4 --single-threaded-gc
// Before anything is loaded: Node opens its inspector on USR1, which nginx's tools send to reopen logs, and ends on HUP and
// USR2, which they send to reload and to upgrade.
for (const name of ['SIGUSR1', 'SIGHUP', 'SIGUSR2']) process.on(name, () => undefined);

// V8 takes the code that Node has ready of its own modules only where its flags are those that this was made with. What these
// two are for, the heap, is there by now.
const { setFlagsFromString } = await import('node:v8');
setFlagsFromString('--min-semi-space-size=0');
setFlagsFromString('--max-semi-space-size=0');

const { startEarly } = await import('../dist/cli/early.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write(
    `nginx: ${error.message}\nnginx: help: a clone is built by "npm run build"\n`,
  );
  process.exit(1);
});
const spare = startEarly();
const { runCommand } = await import('../dist/cli/command.js');
await runCommand({ spare });
