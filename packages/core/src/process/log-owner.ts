/** Who owns log files (the end of ngx_reopen_files in ngx_cycle.c): workers open them by name, with the rights of `user`. */
import { chmodSync, chownSync, statSync } from 'node:fs';
import { errnoText } from '../log/errno.js';
import { toSystemError } from '../log/file-target.js';
import type { Logger } from '../log/logger.js';

/** Read and write for the owner. */
const ownerMode = 0o600;

/** Makes the files `paths` those of user number `uid`, who may read and write them. What fails is logged. */
export function giveLogsTo(uid: number, paths: readonly string[], log: Logger): void {
  for (const path of paths) {
    try {
      const { uid: owner, gid, mode } = statSync(path);
      if (owner !== uid) chownSync(path, uid, gid);
      if ((mode & ownerMode) !== ownerMode) chmodSync(path, mode | ownerMode);
    } catch (error) {
      const reason = errnoText(toSystemError(error));
      log.log('emerg', `chown("${path}", ${String(uid)}) failed (${reason})`);
    }
  }
}
