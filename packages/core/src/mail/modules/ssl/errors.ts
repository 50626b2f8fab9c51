/**
 * The sentences of TLS settings that cannot be used, as nginx's and OpenSSL's: a cause in OpenSSL's form stands in
 * `(SSL: ...)`. They have no position of their own, as in nginx; where nginx writes one it is part of the sentence.
 */
import { ConfigError } from '../../../errors.js';
import type { SourceRef } from '../../../config/directive.js';

/** What makes a server use TLS, as nginx names it. */
export type TlsMode = 'listen ... ssl' | 'starttls';

function placeOf(at: SourceRef): string {
  return `${at.file ?? 'command line'}:${String(at.line)}`;
}

/** A mandatory directive is missing. `at` is the place of the `listen` or `starttls`. */
export function notDefined(directive: string, mode: TlsMode, at: SourceRef): ConfigError {
  return new ConfigError(
    `no "${directive}" is defined for the "${mode}" directive in ${placeOf(at)}`,
  );
}

/** There are more certificates than keys; `certificate` is the last one as written. */
export function noKeyFor(certificate: string, mode: TlsMode, at: SourceRef): ConfigError {
  return new ConfigError(
    `no "ssl_certificate_key" is defined for certificate "${certificate}" and the "${mode}" directive in ${placeOf(at)}`,
  );
}

/** `ssl_verify_client` without a CA to verify by. */
export function noClientCa(): ConfigError {
  return new ConfigError(
    'no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client',
  );
}

/** What is loaded from a file, as nginx names it. */
export type Loaded = 'certificate' | 'certificate key' | 'CRL';

/** A file that cannot be loaded; `step` is the failed call, `cause` OpenSSL's text. */
export function cannotLoad(
  what: Loaded,
  name: string,
  step: string,
  cause: string,
  help?: string,
): ConfigError {
  return new ConfigError(`cannot load ${what} "${name}": ${step} failed (SSL: ${cause})`, { help });
}

/** A kind of key that is reached through OpenSSL engines and stores only, which Node does not offer. */
export function unsupportedKey(name: string, kind: 'engine' | 'store'): ConfigError {
  return new ConfigError(
    `cannot load certificate key "${name}": loading "${kind}:..." certificate keys is not supported`,
    { help: 'write the path of a file in PEM form, or "data:" and the key itself' },
  );
}

/** A call of OpenSSL that refused a value. */
export function callFailed(call: string, value: string, cause: string): ConfigError {
  return new ConfigError(`${call}("${value}") failed (SSL: ${cause})`);
}

/** An OpenSSL configuration command that was refused. */
export function commandFailed(name: string, value: string, cause: string): ConfigError {
  return new ConfigError(`SSL_CONF_cmd("${name}", "${value}") failed (SSL: ${cause})`);
}

/** An OpenSSL configuration command that OpenSSL knows and Node has no way to. */
export function commandUnsupported(name: string, value: string): ConfigError {
  return new ConfigError(`SSL_CONF_cmd("${name}", "${value}") is not supported on this platform`, {
    help: 'supported are Options, Protocol, MinProtocol, MaxProtocol, CipherString, Ciphersuites, Groups, SignatureAlgorithms and DHParameters',
  });
}

/** OpenSSL's text of an error that Node threw: `error:0A0000B9:SSL routines::no cipher match`. */
export function opensslText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
