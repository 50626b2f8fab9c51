/** The public interface of @postern/mail-pop3. */
export { pop3, pop3Protocol } from './module.js';
export type { Pop3Command, Verb } from './command.js';
export type { Pop3ClientState } from './client-dialog.js';
export type { Pop3UpstreamState } from './upstream-dialog.js';
export type { Pop3Conf, Pop3Protocol } from './protocol.js';
export type { CapabilityReplies, Pop3AuthMethod } from './capabilities.js';
