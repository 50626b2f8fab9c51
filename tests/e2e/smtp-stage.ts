/** Everything a test of SMTP needs: Postfix, the auth service that points at it, and the proxy in front. */
import type { AuthServer } from '@postern/testkit';
import { accounts } from './accounts.js';
import { startAuthService } from './auth-service.js';
import { startDovecot } from './dovecot.js';
import { Ensemble } from './ensemble.js';
import { startFront } from './front.js';
import { startPostfix, type Postfix } from './postfix.js';
import type { Front, FrontOptions } from './proxy-process.js';

/** The running servers. */
export interface SmtpStage {
  readonly postfix: Postfix;
  readonly auth: AuthServer;
  readonly front: Front;
  /** Stops all of them; rejects if one of them did not end as it should. */
  stop(): Promise<void>;
}

/** How a stage is set. */
export interface SmtpStageOptions extends Omit<FrontOptions, 'authPort' | 'protocol'> {
  /** Whether Postfix knows AUTH, with a Dovecot that checks the logins. */
  readonly backendAuth?: boolean;
  /** Further lines of Postfix's main.cf. */
  readonly postfix?: string;
}

/** Starts them; when one fails, the others are stopped. Everyone of {@link accounts} may log in. */
export function setSmtpStage({
  backendAuth = false,
  postfix: main = '',
  ...options
}: SmtpStageOptions = {}): Promise<SmtpStage> {
  return Ensemble.start(async (ensemble) => {
    const start = <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> =>
      ensemble.add(starting, (each) => each.stop());
    const dovecot = backendAuth ? await start(startDovecot(accounts)) : undefined;
    const postfix = await start(startPostfix({ authSocket: dovecot?.authSocket, main }));
    const { port } = postfix;
    const auth = await ensemble.add(startAuthService(accounts, port), (each) => each.close());
    const front = await start(
      startFront(port, { ...options, protocol: 'smtp', authPort: auth.port }),
    );
    return { postfix, auth, front, stop: () => ensemble.stop() };
  });
}
