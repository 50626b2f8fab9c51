// Loaded into postern (--import) by the leak part only: answers on a Unix socket what the process holds.
// The sockets are unref'd and answer one question each, so that the probe counts nothing of itself but its caller.
import { createServer } from 'node:net';
import { join } from 'node:path';

const server = createServer((socket) => {
  socket.on('error', () => {});
  // A few turns later: what the last sessions left to be finalized is gone then.
  globalThis.gc();
  setTimeout(() => {
    globalThis.gc();
    const resources = process.getActiveResourcesInfo();
    const timers = resources.filter((name) => name === 'Timeout').length;
    socket.end(JSON.stringify({ heapKiB: process.memoryUsage().heapUsed / 1024, timers }));
  }, 50);
});

server.listen(join(process.env.POSTERN_BENCH_PROBE, `probe-${process.pid}`));
server.unref();
