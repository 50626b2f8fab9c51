/** Scripted peers, transcripts and small IMAP, POP3 and SMTP backends for tests of postern and its modules. */
export { NotReceived, Unexpected } from './errors.js';
export { printable, toBytes, toText } from './bytes-text.js';
export { ByteInbox, findCount, findLine, findThrough } from './byte-inbox.js';
export type { Find, InboxEnd } from './byte-inbox.js';
export { ScriptedPeer } from './scripted-peer.js';
export type { PeerOptions } from './scripted-peer.js';
export { connectClient } from './scripted-client.js';
export type { ClientOptions, Target } from './scripted-client.js';
export { Listening } from './listening.js';
export type { ListenOptions } from './listening.js';
export { startScriptedBackend } from './scripted-backend.js';
export type { Conversation, ScriptedBackend } from './scripted-backend.js';
export { startTlsBackend, TlsBackendPeer } from './tls-backend.js';
export type { TlsBackend, TlsBackendOptions } from './tls-backend.js';
export { AuthRequest, percentDecode } from './auth-request.js';
export type { Header } from './auth-request.js';
export { acceptLogin, refuseLogin } from './auth-answer.js';
export type { AuthAnswer, HeaderAnswer, OddAnswer } from './auth-answer.js';
export { startAuthServer } from './auth-server.js';
export type { Answerer, AuthServer, AuthServerOptions } from './auth-server.js';
export { parseTranscript, printTranscript, settings } from './transcript.js';
export type { Transcript, TranscriptLine } from './transcript.js';
export { formatDifferences } from './transcript-play.js';
export type { Difference } from './transcript-play.js';
export {
  asNginx,
  needsCertificate,
  runAgainstListener,
  runWholeAndSplit,
} from './transcript-run.js';
export type { Outcome, ProxyPlan, RunOptions, RunningProxy } from './transcript-run.js';
export { runAgainstDialog } from './transcript-dialog.js';
export type { DialogOutcome, DialogRunOptions } from './transcript-dialog.js';
export { isAtLeast, makeCertificate, nginxVersion, onlyPostern, startNginx } from './nginx.js';
export type { CertificateFiles, NginxOptions, RunningNginx } from './nginx.js';
export { startImapBackend } from './imap-backend/server.js';
export type { ImapBackend, ImapBackendOptions } from './imap-backend/server.js';
export { startPop3Backend } from './pop3-backend/server.js';
export type { Pop3Backend, Pop3BackendOptions } from './pop3-backend/server.js';
export { startSmtpBackend } from './smtp-backend/server.js';
export type { SmtpBackend, SmtpBackendOptions } from './smtp-backend/server.js';
export { Mailbox } from './mail-store/mailbox.js';
export type { MailboxLimits, StoredMessage } from './mail-store/mailbox.js';
export { isSalt } from './transcript-pattern.js';
export { startDemo } from './demo.js';
export type { Demo, DemoLogin, DemoOptions } from './demo.js';
export { demoCommands, demoPartNames, demoPassword, demoPorts } from './demo-config.js';
export type { DemoCommand, DemoPorts } from './demo-config.js';
export { protocolContract } from './protocol-contract.js';
export type { ContractCase, ContractInput } from './protocol-contract.js';
export { checkBackendLogin } from './contract-backend.js';
export type { Approved } from './contract-backend.js';
