/** The backends of transcripts that script none, in the words of each protocol. */
import { describe, expect, it } from 'vitest';
import { automaticBackend } from '../src/default-backend.js';
import { toBytes, toText } from '../src/index.js';

const cases = [
  {
    protocol: 'imap',
    greeting: '* OK ready',
    says: 'a LOGIN {1}\r\nu {1}\r\np\r\nb NOOP\r\nc LOGOUT\r\n',
    told: '+ OK|+ OK|a OK logged in|b OK done|* BYE|c OK done',
  },
  {
    protocol: 'pop3',
    greeting: '+OK ready',
    says: 'USER u\r\npass p\r\nSTAT\r\nQUIT\r\n',
    told: '+OK|+OK logged in|+OK done|+OK bye',
  },
  {
    protocol: 'smtp',
    greeting: '220 ready',
    says: 'EHLO a\r\nXCLIENT ADDR=::1\r\nHELO b\r\nAUTH PLAIN AA==\r\nNOOP\r\nSTARTTLS\r\n',
    told: '250-backend|250 XCLIENT ADDR LOGIN NAME|220 backend|250 backend|235 2.7.0 logged in|250 2.0.0 done|502 5.5.1 not here',
  },
  {
    protocol: 'smtp',
    greeting: '220 ready',
    says: 'MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nQUIT\r\n..\r\n.\r\nQUIT\r\n',
    told: '250 2.1.0 OK|250 2.1.5 OK|354 go on|250 2.0.0 queued|221 2.0.0 bye',
  },
];

describe('the automatic backend', () => {
  it.each(cases)('of $protocol answers $says', ({ protocol, greeting, says, told }) => {
    const backend = automaticBackend(protocol);
    expect(backend.greeting).toBe(`${greeting}\r\n`);
    expect(toText(backend.push(toBytes(says)))).toBe(`${told.replaceAll('|', '\r\n')}\r\n`);
  });

  it.each(cases)('of $protocol answers $says byte by byte', ({ protocol, says, told }) => {
    const backend = automaticBackend(protocol);
    const said = [...says].map((byte) => toText(backend.push(toBytes(byte)))).join('');
    expect(said).toBe(`${told.replaceAll('|', '\r\n')}\r\n`);
  });
});
