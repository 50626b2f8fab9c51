/**
 * From an answer to a decision, in nginx's order (ngx_mail_auth_http_process_headers): refusal, WAIT, address,
 * password. What postern adds is stricter: values that could become something else further on are refused.
 */
import { printable } from '../../../log/printable.js';
import { literalFamily } from '../../../net/ip.js';
import { parseDecimal } from '../../../net/address.js';
import type { AuthMethod } from '../../credentials.js';
import { upstreamTls, type UpstreamTls, type Verdict } from '../../outcome.js';
import type { SessionLog } from '../../session-log.js';
import { hasLineEnd } from '../../wire/ascii.js';
import type { AuthResponse } from './response-fields.js';

/** What the decision depends on besides the answer. */
export interface DecisionContext {
  /** The server's address as in messages. */
  readonly name: string;
  /** Whether a login needs a password for the backend; one of SMTP ends at the proxy. */
  readonly needsSecret: boolean;
  readonly method: AuthMethod;
  /** `auth_http_strict_status`: a login is accepted with a 2xx status or without status line only. */
  readonly strictStatus: boolean;
  readonly log: SessionLog;
}

/** The same request shall be made again. */
export interface AskAgain {
  readonly kind: 'wait';
  /** Milliseconds before it, at least one second. */
  readonly waitMs: number;
}

/** Bytes of a refusal's text that a client gets. */
const longestText = 512;

/** Seconds that an auth server may make a client wait; a longer wait is cut to it. */
const longestWaitSeconds = 3600;

/** Decides. What is wrong with the answer has been logged when the verdict is `error`. */
export function decide(response: AuthResponse, context: DecisionContext): Verdict | AskAgain {
  const { refusal } = response;
  // nginx takes an empty status for a refusal in IMAP and POP3 and for none in SMTP.
  if (refusal !== undefined && (refusal.length > 0 || context.needsSecret)) {
    return refuse(refusal, response, context);
  }
  if (response.wait) return { kind: 'wait', waitMs: Math.max(1000, waitMs(response)) };
  return accept(response, context);
}

function waitMs({ waitSeconds }: AuthResponse): number {
  return Math.min(waitSeconds, longestWaitSeconds) * 1000;
}

function refuse(refusal: Buffer, response: AuthResponse, { log }: DecisionContext): Verdict {
  if (log.enabled('info')) log.info(`client login failed: "${printable(refusal)}"`);
  const code = replyCode(response.errorCode);
  const reply = {
    status: 'refused' as const,
    text: clientText(refusal),
    ...(code === undefined ? {} : { code }),
  };
  const wait = waitMs(response);
  return wait === 0 ? { kind: 'refuse', reply } : { kind: 'refuse', reply, waitMs: wait };
}

/** A text for one reply line: no controls, a bounded number of bytes, no UTF-8 character cut. */
function clientText(refusal: Uint8Array): Uint8Array {
  const clean = refusal.map((byte) => (byte < 0x20 || byte === 0x7f ? 0x20 : byte));
  if (clean.length <= longestText) return clean;
  let end = longestText;
  // A character has at most three bytes behind its first; what is not UTF-8 is cut where it has to be.
  while (end > longestText - 3 && ((clean[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return clean.subarray(0, end);
}

/** A refusal must not look like anything else: only 4xx and 5xx, with an enhanced code (RFC 3463) or without. */
function replyCode(value: Buffer | undefined): string | undefined {
  if (value === undefined || value.length > 16) return undefined;
  const text = latin1(value);
  const [code = '', enhanced, ...rest] = text.split(' ');
  if (rest.length > 0 || code.length !== 3 || !'45'.includes(code.charAt(0))) return undefined;
  if (parseDecimal(code) === undefined) return undefined;
  if (enhanced !== undefined && !isEnhancedCode(enhanced, code.charAt(0))) return undefined;
  return text;
}

function isEnhancedCode(text: string, firstDigit: string): boolean {
  const parts = text.split('.');
  if (parts.length !== 3 || parts[0] !== firstDigit) return false;
  return parts.every((part) => part.length <= 3 && parseDecimal(part) !== undefined);
}

function accept(response: AuthResponse, context: DecisionContext): Verdict {
  const problem =
    addressProblem(response, context) ?? tlsProblem(response) ?? credentialProblem(response);
  if (problem !== undefined) {
    context.log.error(`auth http server ${context.name} ${problem}`);
    return { kind: 'error' };
  }
  const { user, secret } = response;
  const tls = tlsOf(response.serverTls);
  return {
    kind: 'accept',
    upstream: {
      host: latin1(response.server),
      port: portOf(response.port),
      ...(tls === undefined ? {} : { tls }),
    },
    ...(user === undefined ? {} : { login: user }),
    ...(secret === undefined ? {} : { secret }),
  };
}

/** What is wrong with the backend's address, or with there being one, in nginx's words and order. */
function addressProblem(response: AuthResponse, context: DecisionContext): string | undefined {
  const { server, port, secret } = response;
  if (!server?.length || !port?.length) return 'did not send server or port';
  if (context.strictStatus && !response.httpSuccess) {
    return `sent a login with HTTP status ${String(response.httpStatus)}`;
  }
  if (secret === undefined && context.method !== 'plain' && context.needsSecret) {
    return 'did not send password';
  }
  if (!isAddress(latin1(server))) {
    return `sent invalid server address:"${printable(server)}"`;
  }
  return portOf(port) === 0 ? `sent invalid server port:"${printable(port)}"` : undefined;
}

/** 255.255.255.255 is none to nginx either: it is how ngx_inet_addr says that a text is no address. */
function isAddress(text: string): boolean {
  return literalFamily(text) !== undefined && text !== '255.255.255.255';
}

/** A wrong word is no reason to send a password in the clear: it is a fault, not `off`. */
function tlsProblem({ serverTls }: AuthResponse): string | undefined {
  return serverTls !== undefined && tlsOf(serverTls) === undefined
    ? `sent invalid "Auth-Server-TLS": "${printable(serverTls)}"`
    : undefined;
}

function tlsOf(value: Buffer | undefined): UpstreamTls | undefined {
  if (value === undefined) return undefined;
  const word = latin1(value);
  return upstreamTls.find((known) => known === word);
}

/** 0 for what is no port. */
function portOf(port: Buffer | undefined): number {
  const value = parseDecimal(latin1(port)) ?? 0;
  return value <= 65535 ? value : 0;
}

function credentialProblem({ user, secret }: AuthResponse): string | undefined {
  if (breaksLine(user)) return 'sent invalid "Auth-User"';
  return breaksLine(secret) ? 'sent invalid "Auth-Pass"' : undefined;
}

function latin1(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}

/** CR, LF or NUL in a credential could become a command of its own at a backend. */
function breaksLine(value: Uint8Array | undefined): boolean {
  return value !== undefined && hasLineEnd(value);
}
