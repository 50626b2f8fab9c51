/** The public interface of @postern/core. */

// Errors
export { ConfigError, ModuleError, PosternError } from './errors.js';

// Directives and their values
export * from './config/codec.js';
export { block, slot } from './config/directive.js';
export { SourceFiles, type Snapshot } from './config/source-files.js';
export type * from './config/directive.js';

// What codecs of modules are made of
export { readSeconds } from './config/quantity.js';
export { addressText, parseAddress, resolveHost } from './net/address.js';
export type {
  AddressFamily,
  AddressForm,
  AddressOptions,
  AddressProblem,
  AddressRefusal,
  SocketAddress,
} from './net/address.js';
export { ipBytes, ipText } from './net/ip.js';

// Modules
export { defineModule, moduleApi } from './module/module.js';
export type * from './module/module.js';

// The mail proxy
export { mail } from './mail/core-module.js';
export { authHttp } from './mail/modules/auth-http/module.js';
export { proxy } from './mail/modules/proxy/module.js';
export { ssl } from './mail/modules/ssl/module.js';
export { realip } from './mail/modules/realip/module.js';
export { createMailHooks, Stage } from './mail/phases.js';
export type * from './mail/phases.js';
export type * from './mail/protocol.js';
export * from './mail/outcome.js';
export type * from './mail/peer.js';
export type { ServerView } from './mail/server.js';
export type * from './mail/session.js';
export type * from './mail/tls-policy.js';
export type * from './net/tls.js';
export type * from './mail/credentials.js';
export { Secret } from './mail/secret.js';
export { unsafeCredentials } from './mail/errors.js';
export { printable } from './log/printable.js';
export type { LogDetails, LogFields, Logger, LogSubject } from './log/logger.js';
export type { LogLevel } from './log/levels.js';
export type { SessionLog } from './mail/session-log.js';
export * from './mail/sasl/index.js';
export * from './mail/wire/ascii.js';
export { HeldBytes } from './mail/wire/held-bytes.js';
export { lineText } from './mail/wire/line-text.js';
export * from './mail/wire/reply-line.js';

// What a tap of `connect` opens
export { Connection } from './net/connection.js';
export type { Receiver } from './net/connection.js';
export type { HandshakeDone } from './net/tls-handshake.js';
export type { ConnectionSlots } from './net/slots.js';

// The proxy as a library
export { createServer } from './process/create-server.js';
export type * from './process/create-server.js';

// The command
export { runCommand } from './cli/command.js';
export type { RunOptions } from './cli/command.js';
