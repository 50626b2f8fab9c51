import { bin, nodeFlags } from '../postern-command.js';
import {
  startProxyProcess,
  type CommandLine,
  type Front,
  type FrontOptions,
} from './proxy-process.js';

/** One process in the foreground: what is measured and watched is that process. */
const alone = 'daemon off; master_process off;';

/** The `postern` command with the options its users get from its first line, and with `globals`. */
export const posternCommand =
  (globals = alone): CommandLine =>
  (directory) => {
    const files = ['-p', directory, '-c', `${directory}/nginx.conf`];
    return [process.execPath, ...nodeFlags, bin, ...files, '-g', globals];
  };

/** Starts it. */
export const startPostern = (options: FrontOptions): Promise<Front> =>
  startProxyProcess(posternCommand(), options);
