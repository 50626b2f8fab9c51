/** What a SASL exchange (RFC 4422) is made of. Data only: an exchange is pure and keeps nothing outside its state. */
import type { SubmittedCredentials } from '../credentials.js';

/** The mechanisms that exist, by the names a client uses. */
export const saslMechanisms = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'EXTERNAL'] as const;

/** A mechanism. */
export type SaslMechanism = (typeof saslMechanisms)[number];

/** What is done with a PLAIN login that asks to act for somebody else; the directive `sasl_authzid`. */
export type AuthzidRule = 'refuse' | 'ignore';

/** What an exchange needs to know of its session. A dialog's context has all but `enabled`. */
export interface SaslOptions {
  /** Words of `imap_auth`, `pop3_auth`, `smtp_auth`. They gate CRAM-MD5 and EXTERNAL; PLAIN and LOGIN are always on. */
  readonly enabled: readonly string[];
  readonly authzid: AuthzidRule;
  /** A new challenge; see `newSalt`. */
  salt(): string;
}

/** An exchange that waits for the client's next line. */
export type SaslState =
  | { readonly at: 'plain'; readonly authzid: AuthzidRule }
  | { readonly at: 'loginUser' }
  | { readonly at: 'loginPassword'; readonly login: Uint8Array }
  | { readonly at: 'cramMd5'; readonly salt: string }
  | { readonly at: 'external' };

/** The result of one step of an exchange. */
export type SaslStep =
  /** `challenge` is base64 text, without the protocol's prefix and line end; it may be empty. */
  | { readonly kind: 'challenge'; readonly challenge: Uint8Array; readonly state: SaslState }
  | { readonly kind: 'credentials'; readonly credentials: SubmittedCredentials }
  /** The exchange is over. `log` is nginx's sentence for level info, without any of the client's bytes. */
  | { readonly kind: 'invalid'; readonly log?: string };

/** A step that ends the exchange, with the sentence for the log. */
export function refuse(log: string): SaslStep {
  return { kind: 'invalid', log };
}

/** The end of an exchange whose line was not base64; a `*` (abort) is that too. */
export function refuseBase64(mechanism: SaslMechanism): SaslStep {
  return refuse(`client sent invalid base64 encoding in AUTH ${mechanism} command`);
}
