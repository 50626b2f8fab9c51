/**
 * One login attempt as auth_http makes it: ask, decide, and where the auth server says WAIT ask the same again. The
 * repetition is bounded; nginx repeats for ever, at once where no time is named.
 */
import type { ConnectionSlots } from '../../../net/slots.js';
import type { AuthMethod } from '../../credentials.js';
import type { Verdict } from '../../outcome.js';
import type { Session } from '../../session.js';
import type { AuthClient } from './client.js';
import { decide, type AskAgain } from './decision.js';
import { logFailure } from './failure-log.js';
import type { RequestTemplate } from './request.js';
import type { AuthResponse } from './response-fields.js';
import type { AuthService } from './url.js';
import { pause } from '../../pause.js';

/** What the logins of a server are asked with. */
export interface AuthSettings {
  readonly service: AuthService;
  readonly template: RequestTemplate;
  /** Idle connections kept per auth server; 0 = nginx's HTTP/1.0. */
  readonly keepAlive: number;
  /** Milliseconds for one exchange. */
  readonly timeoutMs: number;
  readonly strictStatus: boolean;
}

/** What all logins of a worker share. */
export interface AuthRuntime {
  readonly client: AuthClient;
  readonly connections: ConnectionSlots;
}

/** Times that `Auth-Status: WAIT` may repeat a request. */
const mostRepetitions = 10;

const fault: Verdict = { kind: 'error' };
const nothing = new Uint8Array(0);

/** Decides about the credentials of `session`. What failed has been logged; never rejects for what a server does. */
export async function authenticate(
  session: Session,
  settings: AuthSettings,
  runtime: AuthRuntime,
): Promise<Verdict> {
  session.log.action = 'in http auth state';
  const attempt = new Attempt(session, settings, runtime);
  for (let repetition = 0; repetition <= mostRepetitions; repetition += 1) {
    const verdict = await attempt.ask();
    if (verdict.kind !== 'wait') return verdict;
    if (!(await pause(verdict.waitMs, session))) return fault;
  }
  session.log.error(`auth http server ${settings.service.name} sent "WAIT" too often`);
  return fault;
}

/** The credentials of one attempt on their way through one or more requests. */
class Attempt {
  readonly #session: Session;
  readonly #settings: AuthSettings;
  readonly #runtime: AuthRuntime;
  readonly #method: AuthMethod;
  readonly #salt: string | undefined;
  #login: Uint8Array;
  #secret: Uint8Array;
  // What a WAIT answer has put in place of the client's login and password.
  #newLogin: Uint8Array | undefined;
  #newSecret: Uint8Array | undefined;

  constructor(session: Session, settings: AuthSettings, runtime: AuthRuntime) {
    this.#session = session;
    this.#settings = settings;
    this.#runtime = runtime;
    const { method, salt, login, secret } = session.credentials;
    this.#method = method;
    this.#salt = salt;
    this.#login = login;
    this.#secret = secret?.reveal() ?? nothing;
  }

  async ask(): Promise<Verdict | AskAgain> {
    const { service, keepAlive, timeoutMs } = this.#settings;
    const { log } = this.#session;
    const { client, connections } = this.#runtime;
    const answer = await client.ask({
      service,
      request: this.#encode(),
      keepAlive,
      timeoutMs,
      attempt: this.#session,
    });
    if (answer.kind === 'response') return this.#decide(answer.response);
    logFailure(answer, service.name, log, connections);
    return fault;
  }

  #encode(): Buffer {
    const session = this.#session;
    const request = this.#settings.template.encode({
      method: this.#method,
      login: this.#login,
      secret: this.#secret,
      salt: this.#salt,
      attempt: session.loginAttempts,
      clientAddress: session.client.address,
      clientName: session.clientName,
      proxied: session.proxied,
      envelope: session.credentials.envelope,
      tls: session.tls,
    });
    // A digest answers one challenge once: a repeated request goes without it, as in nginx.
    if (this.#method === 'apop' || this.#method === 'cram-md5') this.#secret = nothing;
    return request;
  }

  #decide(response: AuthResponse): Verdict | AskAgain {
    const { needsSecret, log } = this.#session;
    const { service, strictStatus } = this.#settings;
    // Also where the login is refused, as in nginx.
    if (response.user !== undefined) this.#session.nameLogin(response.user);
    response.user ??= this.#newLogin;
    response.secret ??= this.#newSecret;
    const method = this.#method;
    const verdict = decide(response, {
      name: service.name,
      needsSecret,
      method,
      strictStatus,
      log,
    });
    if (verdict.kind !== 'wait') return verdict;
    this.#newLogin = response.user;
    this.#newSecret = response.secret;
    this.#login = response.user ?? this.#login;
    this.#secret = response.secret ?? this.#secret;
    return verdict;
  }
}
