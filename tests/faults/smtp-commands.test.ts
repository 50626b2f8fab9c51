/** SMTP clients that send what no mail client sends, up to their login. */
import { refuseLogin } from '@postern/testkit';
import { afterEach, beforeEach, vi } from 'vitest';
import { base64 } from './languages.js';
import { shortenWaits } from './short-waits.js';
import { closeStages } from './stage.js';
import { describeStreams, type Stream } from './streams.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

const ok = '250 2.0.0 OK\r\n';
const invalid = '500 5.5.1 Invalid command\r\n';
const badArgument = '501 5.5.4 Invalid argument\r\n';
const badSequence = '503 5.5.1 Bad sequence of commands\r\n';
const refused = '535 5.7.0 go away\r\n';
const hello = '250 mail.example.com\r\n';
const user = '334 VXNlcm5hbWU6\r\n';
const password = '334 UGFzc3dvcmQ6\r\n';
/** Ends a list of commands, so that there is an end to wait for. */
const quit = 'QUIT\r\n';
const bye = '221 2.0.0 Bye\r\n';

const logins: readonly Stream[] = [
  {
    name: 'A6: STARTTLS in place of a SASL answer is Base64 like any other',
    sent: `AUTH LOGIN\r\nSTARTTLS\r\n*\r\nAUTH PLAIN\r\nSTARTTLS!\r\n${quit}`,
    heard: `${user}${password}${invalid}334 \r\n${invalid}${bye}`,
  },
  {
    name: 'C2: a web page that posts a form is told five times that it is wrong, and nothing else',
    sent: `POST / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nX: y\r\nZ: q\r\n\r\n${quit}`,
    heard: invalid.repeat(5),
  },
  {
    name: 'D9: a client that says XCLIENT is told that it is wrong, and five times is enough',
    sent: 'XCLIENT ADDR=1.2.3.4\r\n'.repeat(5) + quit,
    heard: invalid.repeat(5),
  },
  {
    name: 'D12: HELO and EHLO have one name',
    sent: `EHLO\r\nEHLO a b\r\nHELO\r\nHELO a\r\nEHLO ${'a'.repeat(1000)}\r\n${quit}`,
    heard:
      badArgument.repeat(3) +
      `${hello}250-mail.example.com\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n${bye}`,
  },
  {
    name: 'D13: AUTH that names nothing, or says nothing, asks nobody',
    sent: `AUTH PLAIN =\r\nAUTH PLAIN\r\n\r\nAUTH\r\nAUTH FOO\r\nAUTH LOGIN\r\n\r\n\r\n${quit}`,
    heard: `${invalid}334 \r\n${invalid}${badArgument}${invalid}${user}${password}${invalid}${bye}`,
  },
  {
    name: 'E12: a command in place of a SASL answer is no command',
    sent: `AUTH LOGIN\r\nQUIT\r\nNOOP!\r\nAUTH PLAIN\r\nRSET\r\n${quit}`,
    heard: `${user}${password}${invalid}334 \r\n${invalid}${bye}`,
  },
  {
    name: 'E17: letters that only look like a verb are none',
    sent: `N\xcf\xcfP\r\nNO\xc4\xb0P\r\n\xef\xbb\xbfNOOP\r\n${quit}`,
    heard: invalid.repeat(3) + bye,
  },
  {
    name: 'F8: CRAM-MD5 and EXTERNAL are refused where they are not configured',
    sent: `AUTH CRAM-MD5\r\nAUTH EXTERNAL\r\nAUTH EXTERNAL ${base64('u')}\r\n${quit}`,
    heard: invalid.repeat(3) + bye,
    server: 'smtp_auth plain;',
  },
  {
    name: 'G1: a login with line ends stays one header line',
    sent: `AUTH PLAIN ${base64('\0u\r\nAuth-Method: none\0p\r\nX: y')}\r\n`,
    heard: refused,
    asked: ['u\r\nAuth-Method: none:p\r\nX: y'],
  },
];

const none = 'smtp_auth none;';
const mail = 'MAIL FROM:<a@b>\r\n';
const rcpt = 'RCPT TO:<c@d>\r\n';

const envelopes: readonly Stream[] = [
  {
    name: 'D5: DATA and BDAT are no commands before a recipient',
    sent: `EHLO h\r\n${mail}DATA\r\nBDAT 3 LAST\r\n${quit}`,
    heard: hello + ok + invalid + invalid + bye,
  },
  {
    name: 'D5: a sender comes once, and a recipient behind it',
    sent: `${rcpt}${mail}MAIL FROM:<e@f>\r\nRSET\r\n${rcpt}${mail}EHLO h\r\n${rcpt}${quit}`,
    heard: badSequence + ok + badSequence + ok + badSequence + ok + hello + badSequence + bye,
  },
  {
    name: 'D5: a refused recipient leaves no connection to a backend',
    sent: `EHLO h\r\n${mail}${rcpt}${rcpt}DATA\r\n`,
    heard: hello + ok + refused,
    asked: [':'],
  },
  {
    name: 'D5: a recipient that was refused with a wait may be followed by another',
    sent: `${mail}${rcpt}RCPT TO:<e@f>\r\n`,
    heard: `${ok}535 5.7.0 not yet\r\n${refused}`,
    asked: [':', ':'],
    answer: ({ attempt }) => (attempt === 1 ? refuseLogin('not yet', 1) : refuseLogin('go away')),
  },
  {
    name: 'D6: NUL and other controls are refused in a name and in an envelope',
    sent: `EHLO a\0b\x01\r\nMAIL FROM:<a\x07\0@b>\r\n${mail}RCPT TO:<c\x1b@d>\r\n${quit}`,
    heard: badArgument + badArgument + ok + badArgument + bye,
  },
  {
    name: 'D2: CR in the middle of an envelope is no line end, and nothing of it is kept',
    sent: `MAIL FROM:<a@b>\rRCPT TO:<x@y>\r\n${rcpt}${quit}`,
    heard: invalid + badSequence + bye,
  },
  {
    name: 'D7: parameters with controls, or too many, are refused',
    sent: `MAIL FROM:<a@b> SIZE=1\tX\r\nMAIL${' x'.repeat(12)}\r\nMAIL${' x'.repeat(11)}\r\n${quit}`,
    heard: badArgument + invalid + ok + bye,
  },
  {
    name: 'D7: a line of 4096 bytes ends the session',
    sent: `MAIL FROM:<${'a'.repeat(4096)}@b>\r\n${quit}`,
    heard: invalid,
  },
];

describeStreams('smtp', [...logins, ...envelopes.map((stream) => ({ ...stream, server: none }))]);
