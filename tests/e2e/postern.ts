import { fileURLToPath } from 'node:url';
import { startProxyProcess, type Front, type FrontOptions } from './proxy-process.js';

const bin = fileURLToPath(new URL('../../packages/postern/bin/postern.mjs', import.meta.url));

/** Starts the `postern` command with the options its users get from its first line. */
export const startPostern = (options: FrontOptions): Promise<Front> =>
  startProxyProcess((directory) => {
    const node = [process.execPath, '--max-semi-space-size=2', '--single-threaded-gc'] as const;
    return [...node, bin, '-p', directory, '-c', `${directory}/nginx.conf`];
  }, options);
