import { fileURLToPath } from 'node:url';
import {
  startProxyProcess,
  type CommandLine,
  type Front,
  type FrontOptions,
} from './proxy-process.js';

const bin = fileURLToPath(new URL('../../packages/postern/bin/postern.mjs', import.meta.url));

/** One process in the foreground: what is measured and watched is that process. */
const alone = 'daemon off; master_process off;';

/** The `postern` command with the options its users get from its first line, and with `globals`. */
export const posternCommand =
  (globals = alone): CommandLine =>
  (directory) => {
    const node = [
      process.execPath,
      '--min-semi-space-size=4',
      '--max-semi-space-size=4',
      '--single-threaded-gc',
    ] as const;
    return [...node, bin, '-p', directory, '-c', `${directory}/nginx.conf`, '-g', globals];
  };

/** Starts it. */
export const startPostern = (options: FrontOptions): Promise<Front> =>
  startProxyProcess(posternCommand(), options);
