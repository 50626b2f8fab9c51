/** Everything a test of IMAP or POP3 needs: Dovecot, the auth service that points at it, and the proxy in front. */
import type { AuthServer } from '@postern/testkit';
import { accounts, type Account } from './accounts.js';
import { startAuthService } from './auth-service.js';
import { startDovecot, type Dovecot } from './dovecot.js';
import { Ensemble } from './ensemble.js';
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
export interface StageOptions extends Omit<FrontOptions, 'authPort' | 'protocol'> {
  /** What the proxy speaks; default `imap`. */
  readonly protocol?: 'imap' | 'pop3';
  /** Who has a mailbox; default {@link accounts}. */
  readonly people?: readonly Account[];
}

/** Starts all three; when one fails, the others are stopped. */
export function setStage({
  people = accounts,
  protocol = 'imap',
  ...options
}: StageOptions = {}): Promise<Stage> {
  return Ensemble.start(async (ensemble) => {
    const dovecot = await ensemble.add(startDovecot(people), (each) => each.stop());
    const port = dovecot.ports[protocol];
    const auth = await ensemble.add(startAuthService(people, port), (each) => each.close());
    const plan = { ...options, protocol, authPort: auth.port };
    const front = await ensemble.add(startFront(port, plan), (each) => each.stop());
    return { dovecot, auth, front, stop: () => ensemble.stop() };
  });
}
