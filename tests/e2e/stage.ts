/** Everything a test needs: Dovecot, the auth service that points at it, and the proxy in front. */
import type { AuthServer } from '@postern/testkit';
import { accounts, type Account } from './accounts.js';
import { startAuthService } from './auth-service.js';
import { startDovecot, type Dovecot } from './dovecot.js';
import { startFront } from './front.js';
import type { Front, FrontOptions } from './proxy-process.js';

/** The running servers. */
export interface Stage {
  readonly dovecot: Dovecot;
  readonly auth: AuthServer;
  readonly front: Front;
  /** Stops all three; rejects if one of them did not end as it should. */
  stop(): Promise<void>;
}

/** How a stage is set. */
export interface StageOptions extends Omit<FrontOptions, 'authPort'> {
  /** Who has a mailbox; default {@link accounts}. */
  readonly people?: readonly Account[];
}

/** Starts all three; when one fails, the others are stopped. */
export async function setStage({
  people = accounts,
  ...options
}: StageOptions = {}): Promise<Stage> {
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    const outcomes = await Promise.allSettled(started.map((end) => end()));
    const failures = outcomes.flatMap((each) =>
      each.status === 'rejected' ? [String(each.reason)] : [],
    );
    if (failures.length > 0) throw new Error(failures.join('\n'));
  };
  try {
    const dovecot = await startDovecot(people);
    started.push(() => dovecot.stop());
    const auth = await startAuthService(people, dovecot.port);
    started.push(() => auth.close());
    const front = await startFront(dovecot.port, { ...options, authPort: auth.port });
    started.push(() => front.stop());
    return { dovecot, auth, front, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
