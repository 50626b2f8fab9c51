/** POP3 as the driver in core takes it: parser, dialogs and the few texts that are not the dialogs'. */
import type { Protocol } from '@postern/core';
import { pop3ClientDialog, type Pop3ClientConf, type Pop3ClientState } from './client-dialog.js';
import type { Pop3Command } from './command.js';
import { Pop3Parser } from './parser.js';
import { replies } from './replies.js';
import { pop3UpstreamDialog, type Pop3UpstreamState } from './upstream-dialog.js';

/** The configuration of a server as POP3 needs it. */
export interface Pop3Conf extends Pop3ClientConf {
  /** Greatest length of one command in bytes: `pop3_client_buffer`. */
  readonly clientBuffer: number;
}

/** The type of POP3's protocol object. */
export type Pop3Protocol = Protocol<Pop3Command, Pop3ClientState, Pop3UpstreamState, Pop3Conf>;

/** Makes the protocol object. `conf` says where the configuration of a server is found. */
export function createPop3Protocol(conf: Pop3Protocol['conf']): Pop3Protocol {
  return Object.freeze({
    name: 'pop3',
    ports: [110, 995],
    alpn: 'pop3',
    replies: {
      internalError: replies.internalError,
      certificateError: replies.certificateError,
      noCertificate: replies.noCertificate,
    },
    needsSecret: true,
    namesClient: false,
    conf,
    createParser: ({ clientBuffer }: Pop3Conf) => new Pop3Parser(clientBuffer),
    client: pop3ClientDialog,
    upstream: pop3UpstreamDialog,
  });
}
