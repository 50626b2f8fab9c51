/** The protocols in the configurations in which they differ, and what clients of each say. */
import { imap, imapProtocol } from '@postern/mail-imap';
import { pop3, pop3Protocol } from '@postern/mail-pop3';
import { smtp, smtpProtocol } from '@postern/mail-smtp';
import {
  checkBackendLogin,
  protocolContract,
  type Approved,
  type ContractCase,
} from '@postern/testkit';
import { confOf } from './conf.js';

/** A protocol in one configuration. */
export interface Language {
  /** The protocol, and the directive that is set. */
  readonly name: string;
  readonly contract: readonly ContractCase[];
  /** Throws where these credentials reach a backend as something else than one command a piece. */
  readonly checkBackend: (credentials: Approved) => void;
}

const plain = Buffer.from('\0barnaby\0swordfish').toString('base64');

async function imapWith(...directives: string[]): Promise<Language> {
  const input = {
    conf: await confOf(imap, imapProtocol, ...directives),
    commands: ['a NOOP\r\n', 'b CAPABILITY\r\n', 'c NONSENSE\r\n', 'STARTTLS\r\n', '\r\n'],
    login: 'a LOGIN barnaby swordfish\r\n',
    longest: 4096,
    literals: true,
  };
  return {
    name: ['imap', ...directives].join(', '),
    contract: protocolContract(imapProtocol, input),
    checkBackend: (credentials) => {
      checkBackendLogin(imapProtocol, input, credentials);
    },
  };
}

async function pop3With(...directives: string[]): Promise<Language> {
  const input = {
    conf: await confOf(pop3, pop3Protocol, ...directives),
    commands: [
      'NOOP\r\n',
      'CAPA\r\n',
      'AUTH\r\n',
      'NONSENSE\r\n',
      'USER a b\r\n',
      'STLS\r\n',
      '\r\n',
    ],
    login: 'USER barnaby\r\nPASS swordfish\r\n',
    longest: 4096,
  };
  return {
    name: ['pop3', ...directives].join(', '),
    contract: protocolContract(pop3Protocol, input),
    checkBackend: (credentials) => {
      checkBackendLogin(pop3Protocol, input, credentials);
    },
  };
}

const envelope =
  'EHLO barnaby.example\r\nMAIL FROM:<swordfish@example.com>\r\nRCPT TO:<bob@example.com>\r\n';

async function smtpWith(login: string, ...directives: string[]): Promise<Language> {
  const input = {
    conf: await confOf(smtp, smtpProtocol, ...directives),
    commands: [
      'NOOP\r\n',
      'EHLO x\r\n',
      'HELO\r\n',
      'NONSENSE\r\n',
      'RSET\r\n',
      'HELP\r\n',
      '\r\n',
    ],
    login,
    longest: 4096,
  };
  return {
    name: ['smtp', ...directives].join(', '),
    contract: protocolContract(smtpProtocol, input),
    checkBackend: (credentials) => {
      checkBackendLogin(smtpProtocol, input, credentials);
    },
  };
}

const authPlain = `EHLO laptop.example\r\nAUTH PLAIN ${plain}\r\n`;

/** All of them. */
export const languages: readonly Language[] = [
  await imapWith(),
  await imapWith('proxy_imap_login literal'),
  await pop3With(),
  await pop3With('pop3_auth plain apop cram-md5'),
  await smtpWith(authPlain),
  await smtpWith(authPlain, 'proxy_smtp_auth on'),
  await smtpWith(authPlain, 'xclient off', 'proxy_smtp_auth on'),
  await smtpWith(envelope, 'smtp_auth none'),
];
