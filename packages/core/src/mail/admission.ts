/** Before the greeting: modules may turn a client away or prepare for it. */
import { isTapped } from '../cycle/hooks.js';
import type { MailSession } from './mail-session.js';
import type { MailHooks } from './phases.js';

/** Whether any module wants to be asked; most builds greet at once. */
export function needsAdmission({ accept, greet }: MailHooks): boolean {
  return isTapped(accept) || isTapped(greet);
}

/** Asks modules. Returns whether the client may be greeted. Rejects with a ModuleError. */
export async function admit(session: MailSession, { accept, greet }: MailHooks): Promise<boolean> {
  const denial = await accept.promise(session);
  if (denial !== undefined) {
    session.log.info(`client was denied: ${denial.reason}`);
    return false;
  }
  if (!session.closed) await greet.promise(session);
  return true;
}
