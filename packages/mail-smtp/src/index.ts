/** The public interface of @postern/mail-smtp. */
export { smtp, smtpProtocol } from './module.js';
export type { SmtpCommand, Verb } from './command.js';
export type { SmtpClientState } from './client-dialog.js';
export type { Introduction } from './envelope.js';
export type { SmtpUpstreamState } from './upstream-dialog.js';
export type { LoginCommand } from './login-commands.js';
export type { SmtpConf, SmtpProtocol } from './protocol.js';
export type { EhloReplies, SmtpAuthMethod } from './capabilities.js';
