/** Everything a test needs: Dovecot, the auth service that points at it, and the proxy in front. */
import type { AuthServer } from '@postern/testkit';
import { accounts } from './accounts.js';
import { startAuthService } from './auth-service.js';
import { startDovecot, type Dovecot } from './dovecot.js';
import { startFront } from './front.js';
import type { Front, FrontOptions } from './proxy-process.js';

/** The running servers. */
export interface Stage {
  readonly dovecot: Dovecot;
  readonly auth: AuthServer;
  readonly front: Front;
  stop(): Promise<void>;
}

/** Starts all three; when one fails, the others are stopped. */
export async function setStage(options: Omit<FrontOptions, 'authPort'> = {}): Promise<Stage> {
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of started.reverse()) await end();
  };
  try {
    const dovecot = await startDovecot(accounts);
    started.push(() => dovecot.stop());
    const auth = await startAuthService(accounts, dovecot.port);
    started.push(() => auth.close());
    const front = await startFront(dovecot.port, { ...options, authPort: auth.port });
    started.push(() => front.stop());
    return { dovecot, auth, front, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
