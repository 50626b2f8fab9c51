/** The limit of open files of this process. */
import { type ResourceLimit, resourceLimit } from './resource-limits.js';

/** The limit (RLIMIT_NOFILE); undefined where the system does not tell. */
export function openFilesLimit(): ResourceLimit | undefined {
  return resourceLimit('Max open files');
}
