/** What a protocol's dialogs may ask of their session. */
import type { MailSession } from './mail-session.js';
import type { DialogContext, Security, UpstreamLogin } from './protocol.js';
import { newSalt } from './sasl/salt.js';

/** The dialogs' view of one session. */
export class SessionContext<Conf extends object> implements DialogContext<Conf> {
  readonly conf: Conf;
  readonly #session: MailSession;

  constructor(session: MailSession, conf: Conf) {
    this.#session = session;
    this.conf = conf;
  }

  get serverName(): string {
    return this.#session.serverName;
  }

  get security(): Security {
    return this.#session.security;
  }

  get authzid(): 'refuse' | 'ignore' {
    return this.#session.server.authzid;
  }

  salt(): string {
    return newSalt(this.#session.serverName);
  }

  /** What the upstream dialog needs; `client` is the client dialog's last state. */
  upstream<S>(client: S, startTls: boolean): UpstreamLogin<S, Conf> {
    const { credentials, client: peer, clientName, serverName } = this.#session;
    return {
      conf: this.conf,
      serverName,
      login: credentials.login,
      secret: credentials.secret,
      client,
      method: credentials.method,
      peer,
      clientName,
      startTls,
    };
  }
}
