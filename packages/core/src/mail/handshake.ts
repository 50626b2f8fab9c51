/** The TLS handshake of a session, implicit or after STARTTLS, and what follows from the client's certificate. */
import type { TlsError } from '../net/tls-error.js';
import type { TlsState } from '../net/tls.js';
import type { MailSession } from './mail-session.js';
import type { NamedServers } from './named-servers.js';

/** What the handshake of an implicit TLS session starts from. */
export interface HandshakeOptions {
  /** What was already read of the client's side. */
  readonly ahead?: Buffer;
  /** Servers among which the client's SNI chooses. */
  readonly named?: NamedServers | undefined;
}

/**
 * Secures the session's connection. Resolves with whether the session may go on; if not, the reason has been logged, and
 * a client whose certificate is refused has been told.
 */
export async function handshake(
  session: MailSession,
  { ahead, named }: HandshakeOptions = {},
): Promise<boolean> {
  const { connection, log } = session;
  const options = named?.options ?? session.server.tls?.server;
  if (options === undefined) {
    log.error('no module offers TLS; "mail_ssl" does');
    connection.destroy();
    return false;
  }
  const failure = await new Promise<TlsError | undefined>((resolve) => {
    connection.secure(options, resolve, ahead);
  });
  if (session.closed) return false;
  if (failure !== undefined || connection.tls === undefined) {
    if (failure !== undefined) log.write(failure.level, failure.message);
    connection.destroy();
    return false;
  }
  const asked = named?.find(connection.tls.serverName);
  if (asked !== undefined) session.moveTo(asked);
  return judge(session, connection.tls);
}

/** Takes the verdict about the client's certificate. */
function judge(session: MailSession, state: TlsState): boolean {
  const { connection, log, server } = session;
  const verdict = server.tls?.judge(state);
  if (verdict === undefined) return false;
  session.tls = verdict.facts;
  session.security = 'active';
  if (verdict.refusal === undefined) return true;
  log.info(verdict.refusal.log);
  connection.send(server.protocol.replies[verdict.refusal.reply]);
  return false;
}
