/** The public interface of @postern/mail-imap. */
export { imap, imapProtocol } from './module.js';
export type { ImapCommand, Verb } from './command.js';
export type { ImapClientState } from './client-dialog.js';
export type { ImapUpstreamState } from './upstream-dialog.js';
export type { ImapConf, ImapProtocol } from './protocol.js';
export type { CapabilityLines, ImapAuthMethod } from './capabilities.js';
