/** The TLS handshake of a session, implicit or after STARTTLS, and what follows from the client's certificate. */
import type { MailSession } from './mail-session.js';

/**
 * Secures the session's connection. `ahead` is what was already read of the client's handshake. Resolves with whether
 * the session may go on; if not, it has been logged, and a client whose certificate is refused has been told.
 */
export async function handshake(session: MailSession, ahead?: Uint8Array): Promise<boolean> {
  const { connection, log, policy } = session;
  if (policy === undefined) {
    log.error('no module offers TLS; "mail_ssl" does');
    connection.destroy();
    return false;
  }
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    connection.secure(policy.server, resolve, ahead);
  });
  if (session.closed) return false;
  if (failure !== undefined || connection.tls === undefined) {
    log.info(failureText(failure), systemCause(failure));
    connection.destroy();
    return false;
  }
  const { facts, refusal } = policy.judge(connection.tls);
  session.tls = facts;
  session.security = 'active';
  if (refusal === undefined) return true;
  log.info(refusal.log);
  connection.send(session.server.protocol.replies[refusal.reply]);
  return false;
}
