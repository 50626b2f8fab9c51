/**
 * What a worker may do (ngx_worker_process_init in ngx_process_cycle.c): it becomes the account of `user` for good. The
 * order counts: without root there is no changing of groups.
 */
import type { ProcessUser } from './main-codecs.js';
import { findAccount } from './accounts.js';
import { callFailed, noAccount, rightsRemain } from './errors.js';

/** Whom a worker becomes. */
export interface WorkerAccount {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

/** nginx's names where its build is given none: it looks in the file of groups which of the two is there (auto/unix). */
const defaultUser = 'nobody';
const defaultGroups = ['nobody', 'nogroup'];

/** Whom workers become: undefined where this process has no rights to drop. Rejects with a PosternError. */
export async function workerAccount(
  configured: ProcessUser | undefined,
): Promise<WorkerAccount | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  if (configured !== undefined) {
    const { user, uid, gid } = configured;
    return { user, uid, gid };
  }
  const account = await findAccount('passwd', defaultUser);
  if (account === undefined) throw noAccount('getpwnam', defaultUser);
  const group = await findAccount('group', ...defaultGroups);
  if (group === undefined) throw noAccount('getgrnam', defaultGroups.join('" or "'));
  return { user: defaultUser, uid: account.id, gid: group.id };
}

/** Becomes `account`. Throws a PosternError with nginx's sentence, also where the way back stayed open. */
export function dropPrivileges({ user, uid, gid }: WorkerAccount): void {
  must(`setgid(${String(gid)})`, () => process.setgid?.(gid));
  must(`initgroups(${user}, ${String(gid)})`, () => {
    initGroups(user, gid);
  });
  must(`setuid(${String(uid)})`, () => process.setuid?.(uid));
  if (uid !== 0 && canReturn()) throw rightsRemain();
}

/** A call that the declarations of Node's types leave out. */
function initGroups(user: string, gid: number): void {
  const call: unknown = 'initgroups' in process ? process.initgroups : undefined;
  if (typeof call === 'function') Reflect.apply(call, process, [user, gid]);
}

function must(call: string, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    throw callFailed(call, error);
  }
}

function canReturn(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}
