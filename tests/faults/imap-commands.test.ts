/** IMAP clients that send what no mail client sends, up to their login. */
import { refuseLogin } from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shortenWaits } from './short-waits.js';
import { closeStages, setStage } from './stage.js';
import { describeStreams } from './streams.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

/** Ends a list of commands, so that there is an end to wait for. */
const logout = 'z LOGOUT\r\n';
const bye = '* BYE\r\nz OK completed\r\n';
const bad = 'a BAD invalid command\r\n';
const refused = 'NO go away\r\n';

describeStreams('imap', [
  {
    name: 'A6: STARTTLS in place of a SASL answer is Base64 like any other',
    sent: `a AUTHENTICATE LOGIN\r\nSTARTTLS\r\n*\r\nb AUTHENTICATE PLAIN\r\nb STARTTLS\r\n${logout}`,
    heard:
      '+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\na BAD invalid command\r\n' +
      `+ \r\nb BAD invalid command\r\n${bye}`,
  },
  {
    name: 'C2: a web page that posts a form is told five times that it is wrong, and nothing else',
    sent: `POST / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nX: y\r\nZ: q\r\n\r\n${logout}`,
    heard: 'POST BAD invalid command\r\n' + '* BAD invalid command\r\n'.repeat(4),
  },
  {
    name: 'C4: commands of Redis are five errors',
    sent: '*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n',
    heard: '* BAD invalid command\r\n'.repeat(5),
  },
  {
    name: 'E6: CR, LF and NUL in a literal reach the auth service escaped',
    sent: 'a LOGIN {3+}\r\nu\r\n {3+}\r\np\0q\r\n',
    heard: `a ${refused}`,
    asked: ['u\r\n:p\0q'],
  },
  {
    name: 'E6: NUL in a quoted string is refused',
    sent: `a LOGIN "u\0x" "p"\r\nb LOGIN "u" "p\0y"\r\n${logout}`,
    heard: `a BAD invalid command\r\nb BAD invalid command\r\n${bye}`,
  },
  {
    name: 'E6: a tag with odd bytes is not repeated',
    sent: `a\0b NOOP\r\n%s%n NOOP\r\na\x1b[2J NOOP\r\n${logout}`,
    heard: '* BAD invalid command\r\n'.repeat(3) + bye,
  },
  {
    name: 'E11: a refused login ends the session before what was sent behind it',
    sent: 'a LOGIN u p\r\nb NOOP\r\n',
    heard: `a ${refused}`,
    asked: ['u:p'],
  },
  {
    name: 'E17: letters that only look like a verb are none',
    sent: `a LOG\u0049\u00ceN u p\r\nb NO\xc4\xb0P\r\n\xef\xbb\xbfc NOOP\r\nd LOG\xc4\xb1N u p\r\n${logout}`,
    heard:
      'a BAD invalid command\r\nb BAD invalid command\r\n* BAD invalid command\r\n' +
      `d BAD invalid command\r\n${bye}`,
  },
  {
    name: 'E17: bytes that are not UTF-8 reach the auth service as they are',
    sent: 'a LOGIN "\xff\xc0\x80\xe2\x80\xa8" "\xed\xa0\x80"\r\n',
    heard: `a ${refused}`,
    asked: ['\xff\xc0\x80\xe2\x80\xa8:\xed\xa0\x80'],
  },
  {
    name: 'F2: Base64 that is none asks nobody',
    sent: `${['!!!!', 'Y=Q=', '=', 'YQ-_'].map((bad) => `a AUTHENTICATE PLAIN ${bad}\r\n`).join('')}${logout}`,
    heard: 'a BAD invalid command\r\n'.repeat(4) + bye,
  },
  {
    name: 'G1: a login with line ends stays one header line',
    sent: 'a LOGIN {22+}\r\nu\r\nAuth-Method: none\r\n {1+}\r\np\r\n',
    heard: `a ${refused}`,
    asked: ['u\r\nAuth-Method: none\r\n:p'],
  },
  {
    name: 'E1: a literal of 4 GiB is refused before it is invited',
    sent: `a LOGIN {4294967296}\r\n${logout}`,
    heard: bad + bye,
  },
  {
    name: 'E2: sizes beyond 64 bits, and sizes that only look small, are refused',
    sent: ['18446744073709551617', '9007199254740993', `1${'0'.repeat(400)}`, '1e3', '-1']
      .map((size) => `a LOGIN {${size}}\r\n`)
      .join(''),
    heard: bad.repeat(5),
  },
  {
    name: 'E2: leading zeros are of no account',
    sent: 'a LOGIN {00000000001}\r\nu {0001}\r\np\r\n',
    heard: `+ OK\r\n+ OK\r\na ${refused}`,
    asked: ['u:p'],
  },
  {
    name: 'E3: what comes behind a literal that is too large is no command',
    sent: 'a LOGIN {999999999+}\r\nb NOOP\r\n',
    heard: bad,
  },
  {
    name: 'E3: what comes behind a literal of a wrong command is no command',
    sent: 'a FOO {20+}\r\nb LOGIN evil pass\r\n\r\n',
    heard: bad,
  },
  {
    name: 'E4: a literal of no bytes is no user',
    sent: `a LOGIN {0}\r\n {1}\r\np\r\n${logout}`,
    heard: `+ OK\r\n+ OK\r\n${bad}${bye}`,
  },
  {
    name: 'E4: a literal of no bytes is an empty password',
    sent: 'a LOGIN {1}\r\nu {0}\r\n\r\n',
    heard: `+ OK\r\n+ OK\r\na ${refused}`,
    asked: ['u:'],
  },
  {
    name: 'E5: a byte between a literal and the next is not passed over',
    sent: 'a LOGIN {1+}\r\nuX{1+}\r\np\r\n',
    heard: bad,
  },
  {
    name: 'E12: a command in place of a SASL answer is no command',
    sent: `a AUTHENTICATE LOGIN\r\na LOGOUT\r\nb AUTHENTICATE PLAIN\r\nz LOGOUT\r\n${logout}`,
    heard: `+ VXNlcm5hbWU6\r\n${bad}+ \r\nb BAD invalid command\r\n${bye}`,
  },
  {
    name: 'E15: LF ends a command, CR alone does not',
    sent: `a NOOP\nb NOOP\rc NOOP\r\n${logout}`,
    heard: `a OK completed\r\nb BAD invalid command\r\n${bye}`,
  },
]);

describe('E11: commands sent together with a login', () => {
  it('go to the backend behind its OK, once and in order', async () => {
    const ahead = 'b SELECT INBOX\r\nc FETCH 1 BODY[]\r\n';
    const stage = await setStage({
      backend: async (proxy) => {
        await proxy.sendLine('* OK ready');
        await proxy.expect('a LOGIN "u" "p"');
        expect(proxy.inbox.unread).toHaveLength(0);
        await proxy.sendLine('a OK in');
        await proxy.expect('b SELECT INBOX', 'c FETCH 1 BODY[]');
        await proxy.sendLine('c OK done');
      },
    });
    const client = await stage.client();
    await client.send(`a LOGIN u p\r\n${ahead}`);
    await client.expect('a OK in', 'c OK done');
    expect(stage.backend.failures).toEqual([]);
    expect(stage.backend.connections[0]?.received).toBe(`a LOGIN "u" "p"\r\n${ahead}`);
  });

  it('are commands before login when it is refused with a wait', async () => {
    const stage = await setStage({ answer: () => refuseLogin('not yet', 1) });
    const client = await stage.client();
    await client.send(`a LOGIN u p\r\nb SELECT INBOX\r\nc NOOP\r\n${logout}`);
    await client.expect('a NO not yet', 'b BAD invalid command', 'c OK completed');
    expect(await client.readToEnd()).toBe(bye);
    expect(stage.auth.count).toBe(1);
  });
});
