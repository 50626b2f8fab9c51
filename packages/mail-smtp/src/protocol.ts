/** SMTP as the driver in core takes it: parser, dialogs and the few texts that are not the dialogs'. */
import type { Protocol } from '@postern/core';
import {
  refuseEarly,
  smtpClientDialog,
  type SmtpClientConf,
  type SmtpClientState,
} from './client-dialog.js';
import type { SmtpCommand } from './command.js';
import type { SmtpUpstreamConf } from './login-commands.js';
import { SmtpParser } from './parser.js';
import { replies } from './replies.js';
import { smtpUpstreamDialog, type SmtpUpstreamState } from './upstream-dialog.js';

/** The configuration of a server as SMTP needs it. */
export interface SmtpConf extends SmtpClientConf, SmtpUpstreamConf {
  /** Greatest length of one command in bytes: `smtp_client_buffer`. */
  readonly clientBuffer: number;
  /** Milliseconds for which the greeting is held back: `smtp_greeting_delay`. */
  readonly greetingDelay: number;
}

/** The type of SMTP's protocol object. */
export type SmtpProtocol = Protocol<SmtpCommand, SmtpClientState, SmtpUpstreamState, SmtpConf>;

/** Makes the protocol object. `conf` says where the configuration of a server is found. */
export function createSmtpProtocol(conf: SmtpProtocol['conf']): SmtpProtocol {
  return Object.freeze({
    name: 'smtp',
    ports: [25, 465, 587],
    alpn: 'smtp',
    replies: {
      internalError: replies.internalError,
      certificateError: replies.certificateError,
      noCertificate: replies.noCertificate,
    },
    needsSecret: false,
    namesClient: true,
    heldGreeting: {
      delayMs: ({ greetingDelay }: SmtpConf) => greetingDelay,
      early: refuseEarly,
    },
    conf,
    createParser: ({ clientBuffer }: SmtpConf) => new SmtpParser(clientBuffer),
    client: smtpClientDialog,
    upstream: smtpUpstreamDialog,
  });
}
