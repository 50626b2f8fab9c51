/** What tests of TLS say in each protocol, and what they hear. */

/** The protocols. */
export type ProtocolName = 'imap' | 'pop3' | 'smtp';

/** A line of the client, and the line that answers it. */
export interface Exchange {
  readonly say: string;
  readonly hear: string | RegExp;
}

/** The words of one protocol. */
export interface Language {
  /** Directives of its servers. */
  readonly conf: string;
  readonly greeting: string | RegExp;
  /** Begins TLS. */
  readonly startTls: Exchange;
  /** A command that does nothing. */
  readonly noop: Exchange;
  /** A command that there is not. */
  readonly wrong: Exchange;
  /** A second STARTTLS, inside TLS. */
  readonly again: Exchange;
  /** Asks for the capabilities; the answer ends with the line `offerEnds`. */
  readonly offer: string;
  readonly offerEnds: RegExp;
  /** What begins a state in clear text, and what would go on from it inside TLS. */
  readonly before: readonly Exchange[];
  readonly after: Exchange;
  /** Begins an exchange of SASL, and its challenge. */
  readonly challenge: Exchange;
  /** The answer to a response that is none. */
  readonly noResponse: string;
  /** Logs in as `user` with `secret`. */
  readonly login: string;
  /** The answer to a login that the auth service refuses with `Nobody`. */
  readonly refused: string;
  readonly certificateError: string;
  readonly noCertificate: string;
  readonly internalError: string;
}

const imap: Language = {
  conf: 'imap_auth plain login;',
  greeting: '* OK IMAP4 ready',
  startTls: { say: 'a STARTTLS', hear: 'a OK completed' },
  noop: { say: 'n NOOP', hear: 'n OK completed' },
  wrong: { say: 'w FOO', hear: 'w BAD invalid command' },
  again: { say: 'b STARTTLS', hear: 'b BAD invalid command' },
  offer: 'c CAPABILITY',
  offerEnds: /^c OK/,
  before: [
    { say: 'l AUTHENTICATE LOGIN', hear: /^\+ / },
    { say: '*', hear: /BAD/ },
  ],
  after: { say: 'dXNlcg==', hear: '* BAD invalid command' },
  challenge: { say: 'l AUTHENTICATE PLAIN', hear: /^\+ / },
  noResponse: 'l BAD invalid command',
  login: 'l LOGIN user secret\r\n',
  refused: 'l NO Nobody',
  certificateError: '* BYE SSL certificate error',
  noCertificate: '* BYE No required SSL certificate',
  internalError: '* BAD internal server error',
};

const invalid = '-ERR invalid command';

const pop3: Language = {
  conf: 'pop3_auth plain;',
  greeting: '+OK POP3 ready',
  startTls: { say: 'STLS', hear: '+OK' },
  noop: { say: 'NOOP', hear: '+OK' },
  wrong: { say: 'FOO', hear: invalid },
  again: { say: 'STLS', hear: invalid },
  offer: 'CAPA',
  offerEnds: /^\.$/,
  before: [
    { say: 'AUTH PLAIN', hear: /^\+ / },
    { say: '*', hear: invalid },
  ],
  after: { say: 'PASS secret', hear: invalid },
  challenge: { say: 'AUTH PLAIN', hear: /^\+ / },
  noResponse: invalid,
  login: 'USER user\r\nPASS secret\r\n',
  refused: '-ERR Nobody',
  certificateError: '-ERR SSL certificate error',
  noCertificate: '-ERR No required SSL certificate',
  internalError: '-ERR internal server error',
};

const smtp: Language = {
  conf: 'smtp_auth plain login none;',
  greeting: '220 mail.example ESMTP ready',
  startTls: { say: 'STARTTLS', hear: '220 2.0.0 Start TLS' },
  noop: { say: 'NOOP', hear: '250 2.0.0 OK' },
  wrong: { say: 'FOO', hear: '500 5.5.1 Invalid command' },
  again: { say: 'STARTTLS', hear: '500 5.5.1 Invalid command' },
  offer: 'EHLO c',
  offerEnds: /^250 /,
  before: [
    { say: 'HELO evil', hear: '250 mail.example' },
    { say: 'MAIL FROM:<a@b>', hear: '250 2.0.0 OK' },
  ],
  after: { say: 'RCPT TO:<c@d>', hear: '503 5.5.1 Bad sequence of commands' },
  challenge: { say: 'AUTH PLAIN', hear: /^334 / },
  noResponse: '500 5.5.1 Invalid command',
  login: 'AUTH PLAIN AHVzZXIAc2VjcmV0\r\n',
  refused: '535 5.7.0 Nobody',
  certificateError: '421 4.7.1 SSL certificate error',
  noCertificate: '421 4.7.1 No required SSL certificate',
  internalError: '451 4.3.2 Internal server error',
};

/** The words of each protocol. */
export const languages: Readonly<Record<ProtocolName, Language>> = { imap, pop3, smtp };

/** For `describe.each`. */
export const protocols: readonly ProtocolName[] = ['imap', 'pop3', 'smtp'];
