/** POP3 clients that send what no mail client sends, up to their login. */
import { refuseLogin } from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { base64, languages, playBackend } from './languages.js';
import { shortenWaits } from './short-waits.js';
import { closeStages, setStage } from './stage.js';
import { describeStreams } from './streams.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

const ok = '+OK\r\n';
const invalid = '-ERR invalid command\r\n';
const refused = '-ERR go away\r\n';
/** Ends a list of commands, so that there is an end to wait for; answered with `ok`. */
const quit = 'QUIT\r\n';

describeStreams('pop3', [
  {
    name: 'A6: STLS in place of a SASL answer is Base64 like any other',
    sent: `AUTH PLAIN\r\nSTLS\r\nAUTH LOGIN\r\n*\r\n${quit}`,
    heard: `+ \r\n${invalid}+ VXNlcm5hbWU6\r\n${invalid}${ok}`,
  },
  {
    name: 'C2: a web page that posts a form is told five times that it is wrong, and nothing else',
    sent: `POST / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nX: y\r\nZ: q\r\n\r\n${quit}`,
    heard: invalid.repeat(5),
  },
  {
    name: 'E6: CR, LF and NUL in a login or password ask nobody',
    sent: [
      'USER u\0x\r\nPASS p\r\n',
      'USER u\r\nPASS p\0q\r\n',
      `AUTH PLAIN ${base64('\0u\r\0p')}\r\n`,
      `AUTH PLAIN ${base64('\0u\0p\n')}\r\n`,
      `AUTH LOGIN ${base64('u\0')}\r\n${base64('p')}\r\n`,
      quit,
    ].join(''),
    heard: ok + invalid + ok + invalid + invalid + invalid + `+ UGFzc3dvcmQ6\r\n${invalid}` + ok,
  },
  {
    name: 'E11: a refused login ends the session before what was sent behind it',
    sent: 'USER u\r\nPASS p\r\nNOOP\r\n',
    heard: ok + refused,
    asked: ['u:p'],
  },
  {
    name: 'E12: a command in place of a SASL answer is no command',
    sent: `AUTH PLAIN\r\nNOOP\r\nAUTH LOGIN\r\nQUIT\r\nCAPA!\r\n${quit}`,
    heard: `+ \r\n${invalid}+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n${invalid}${ok}`,
  },
  {
    name: 'E12: a password that is a command is a password',
    sent: 'USER QUIT\r\nPASS QUIT\r\n',
    heard: ok + refused,
    asked: ['QUIT:QUIT'],
  },
  {
    name: 'E14: spaces inside and behind a user and a password are theirs',
    sent: 'USER  a b \r\nPASS   my pass  word  \r\n',
    heard: ok + refused,
    asked: ['a b :my pass  word  '],
  },
  {
    name: 'E14: a password must be there',
    sent: `USER u\r\nPASS \r\nUSER u\r\nPASS\r\nPASS p\r\n${quit}`,
    heard: ok + invalid + ok + invalid + invalid + ok,
  },
  {
    name: 'E14: a second USER forgets the first',
    sent: `USER a\r\nUSER b\r\nPASS p\r\n${quit}`,
    heard: ok + invalid + invalid + ok,
  },
  {
    name: 'E15: LF ends a command, CR alone does not',
    sent: `NOOP\nNOOP\rNOOP\r\n${quit}`,
    heard: ok + invalid + ok,
  },
  {
    name: 'E17: letters that only look like a verb are none',
    sent: `N\xcf\xcfP\r\nNO\xc4\xb0P\r\n\xef\xbb\xbfNOOP\r\nAP\xd4P u x\r\n${quit}`,
    heard: invalid.repeat(4) + ok,
  },
  {
    name: 'E17: bytes that are not UTF-8 reach the auth service as they are',
    sent: 'USER \xff\xc0\x80\xe2\x80\xa8\r\nPASS \xed\xa0\x80\r\n',
    heard: ok + refused,
    asked: ['\xff\xc0\x80\xe2\x80\xa8:\xed\xa0\x80'],
  },
  {
    name: 'F8: APOP and CRAM-MD5 are refused where they are not configured',
    sent: `APOP u 0123456789abcdef0123456789abcdef\r\nAUTH CRAM-MD5\r\nAUTH EXTERNAL\r\n${quit}`,
    heard: invalid.repeat(3) + ok,
    server: 'pop3_auth plain;',
  },
  {
    name: 'G1: a login that looks like a header stays one header line',
    sent: 'USER u%0D%0AAuth-Method:%20none\r\nPASS Auth-Pass: x\r\n',
    heard: ok + refused,
    asked: ['u%0D%0AAuth-Method:%20none:Auth-Pass: x'],
  },
]);

describe('E11: commands sent together with a login', () => {
  it('go to the backend behind its OK, once and in order', async () => {
    const ahead = 'STAT\r\nRETR 1\r\n';
    const stage = await setStage({
      protocol: 'pop3',
      backend: async (proxy) => {
        await playBackend(proxy, languages.pop3, 2);
        await proxy.expect('PASS p');
        expect(proxy.inbox.unread).toHaveLength(0);
        await proxy.sendLine('+OK in');
        await proxy.expect('STAT', 'RETR 1');
        await proxy.sendLine('+OK done');
      },
    });
    const client = await stage.client();
    await client.send(`USER u\r\nPASS p\r\n${ahead}`);
    await client.expect('+OK', '+OK in', '+OK done');
    expect(stage.backend.failures).toEqual([]);
    expect(stage.backend.connections[0]?.received).toBe(`USER u\r\nPASS p\r\n${ahead}`);
  });

  it('are commands before login when it is refused with a wait', async () => {
    const stage = await setStage({ protocol: 'pop3', answer: () => refuseLogin('not yet', 1) });
    const client = await stage.client();
    await client.send(`USER u\r\nPASS p\r\nSTAT\r\nPASS p\r\nNOOP\r\n${quit}`);
    await client.expect('+OK', '-ERR not yet', '-ERR invalid command', '-ERR invalid command');
    expect(await client.readToEnd()).toBe(ok + ok);
    expect(stage.auth.count).toBe(1);
  });
});
