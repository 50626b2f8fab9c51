/** What the `secure` hook answers: how sessions of a server may use TLS, and what follows from a client's certificate. */
import type { TlsServerOptions, TlsState } from '../net/tls.js';

/** TLS for the sessions of one server. Made once per configuration, asked for once per session. */
export interface TlsPolicy {
  /** Whether a session in clear text may, or must, begin TLS by command: the value of `starttls`. */
  readonly startTls: 'off' | 'on' | 'only';
  readonly server: TlsServerOptions;
  /** Makes options like `server` with which no session is resumed. */
  withoutResumption(): TlsServerOptions;
  /** Called once per handshake, right after it. */
  judge(state: TlsState): TlsVerdict;
}

/** What a finished handshake means for the session. */
export interface TlsVerdict {
  readonly facts: TlsFacts;
  /** Why the client is turned away: one line is sent instead of the greeting, and `log` is logged at level info. */
  readonly refusal?: {
    readonly reply: 'certificateError' | 'noCertificate';
    readonly log: string;
  };
}

/** What is known of a session's TLS: for the auth service (`Auth-SSL-*`) and for backends. */
export interface TlsFacts {
  readonly state: TlsState;
  /** `SUCCESS`, `NONE`, `FAILED:<reason>`; undefined where clients are not asked for certificates. */
  readonly verify: string | undefined;
  /** The client's certificate in nginx's forms; undefined where it sent none. */
  readonly certificate: CertificateFacts | undefined;
  /** For PROXY v2: our own certificate's algorithms, for instance `RSA-SHA256` and `RSA2048`. */
  readonly own: { readonly signature: string; readonly key: string } | undefined;
}

/** A certificate as the auth service sees it. */
export interface CertificateFacts {
  /** RFC 2253, for instance `CN=x,O=y`. */
  readonly subject: string;
  /** The subject's first common name; undefined where it has none. */
  readonly commonName?: string | undefined;
  readonly issuer: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
  /** SHA-1 in lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly pem: string;
}
