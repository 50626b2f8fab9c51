/**
 * The credentials of one login attempt. There is one such object per session and one way to forget it: `reset()`,
 * called on every way out of an attempt (CVE-2026-27651 and CVE-2025-53859 were attempts half forgotten).
 */
import { Secret } from './secret.js';

/** How the client authenticated; the value of `Auth-Method`. */
export type AuthMethod = 'plain' | 'apop' | 'cram-md5' | 'external' | 'none';

/** The envelope of a message whose sender does not log in: the client's commands as sent, without line end. */
export interface Envelope {
  /** The name that the client gave with HELO or EHLO; may be empty. */
  readonly helo: Uint8Array;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** What a client dialog hands over when the client has submitted credentials. */
export interface SubmittedCredentials {
  readonly method: AuthMethod;
  /** The login as decoded bytes; may be empty. */
  readonly login: Uint8Array;
  /** Password or digest as decoded bytes; may be empty. */
  readonly secret: Uint8Array;
  /** The challenge `<R.T@S>` of apop and cram-md5. */
  readonly salt?: string;
  /** Of method none: what the auth service decides about instead of a login. */
  readonly envelope?: Envelope;
}

const nobody = new Uint8Array(0);

/** The one place of a session that holds login and password. */
export class Credentials {
  method: AuthMethod = 'plain';
  /** Bytes of the login; replaced by `Auth-User`. */
  login: Uint8Array = nobody;
  secret: Secret | undefined;
  salt: string | undefined;
  envelope: Envelope | undefined;

  submit(submitted: SubmittedCredentials): void {
    this.reset();
    this.method = submitted.method;
    this.login = submitted.login;
    this.secret = new Secret(submitted.secret);
    this.salt = submitted.salt;
    this.envelope = submitted.envelope;
  }

  /**
   * Takes over what the auth service put in place of login and password. Only of method plain the client's own secret
   * is a password: a digest is good for nothing at a backend.
   */
  replace(login: Uint8Array | undefined, secret: Uint8Array | undefined): void {
    if (login !== undefined) this.login = login;
    if (secret === undefined && this.method === 'plain') return;
    this.secret?.wipe();
    this.secret = secret && new Secret(secret);
  }

  reset(): void {
    this.secret?.wipe();
    this.method = 'plain';
    this.login = nobody;
    this.secret = undefined;
    this.salt = undefined;
    this.envelope = undefined;
  }
}
