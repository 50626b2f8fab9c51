/** IMAP as the driver in core takes it: parser, dialogs and the few texts that are not the dialogs'. */
import type { Protocol } from '@postern/core';
import type { ImapCommand } from './command.js';
import { imapClientDialog, type ImapClientConf, type ImapClientState } from './client-dialog.js';
import { ImapParser } from './parser.js';
import { replies } from './replies.js';
import {
  imapUpstreamDialog,
  type ImapUpstreamConf,
  type ImapUpstreamState,
} from './upstream-dialog.js';

/** The configuration of a server as IMAP needs it. */
export interface ImapConf extends ImapClientConf, ImapUpstreamConf {
  /** Greatest length of one command in bytes: `imap_client_buffer`. */
  readonly clientBuffer: number;
}

/** The type of IMAP's protocol object. */
export type ImapProtocol = Protocol<ImapCommand, ImapClientState, ImapUpstreamState, ImapConf>;

/** Makes the protocol object. `conf` says where the configuration of a server is found. */
export function createImapProtocol(conf: ImapProtocol['conf']): ImapProtocol {
  return Object.freeze({
    name: 'imap',
    ports: [143, 993],
    alpn: 'imap',
    replies: {
      internalError: replies.internalError,
      certificateError: replies.certificateError,
      noCertificate: replies.noCertificate,
    },
    needsSecret: true,
    namesClient: false,
    conf,
    createParser: ({ clientBuffer }: ImapConf) => new ImapParser(clientBuffer),
    client: imapClientDialog,
    upstream: imapUpstreamDialog,
  });
}
