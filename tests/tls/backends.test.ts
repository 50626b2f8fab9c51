/** TLS to backends in each protocol's own words: the login after STARTTLS, and what an attacker puts in its way. */
import { readFileSync } from 'node:fs';
import {
  acceptLogin,
  startTlsBackend,
  type ScriptedPeer,
  type TlsBackend,
  type TlsBackendPeer,
} from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { languages, protocols, type ProtocolName } from './languages.js';
import { closeStages, keep, pathOf, setStage, type Stage } from './stage.js';

afterEach(closeStages);

/** The words of a backend. */
interface BackendWords {
  readonly greeting: string;
  /** What comes before the command that begins TLS, and its answer. */
  readonly hello: readonly (readonly [hear: RegExp, say: string])[];
  /** The command that begins TLS. */
  readonly ask: RegExp;
  readonly go: string;
  readonly refusal: string;
  /** A line that an attacker would like to be taken for the backend's answer inside TLS. */
  readonly injected: string;
  /** The login inside TLS, and the answers. */
  readonly login: readonly (readonly [hear: RegExp, say: string])[];
  /** What the client hears of it. */
  readonly loggedIn: string;
}

const words: Readonly<Record<ProtocolName, BackendWords>> = {
  imap: {
    greeting: '* OK ready',
    hello: [],
    ask: /^tls STARTTLS$/,
    go: 'tls OK go on',
    refusal: 'tls NO not now',
    injected: 'l OK logged in',
    login: [[/^l LOGIN "user" "secret"$/, 'l OK logged in']],
    loggedIn: 'l OK logged in',
  },
  pop3: {
    greeting: '+OK ready',
    hello: [],
    ask: /^STLS$/,
    go: '+OK go on',
    refusal: '-ERR not now',
    injected: '+OK logged in',
    login: [
      [/^USER user$/, '+OK'],
      [/^PASS secret$/, '+OK logged in'],
    ],
    loggedIn: '+OK logged in',
  },
  smtp: {
    greeting: '220 backend ready',
    hello: [[/^EHLO mail\.example$/, '250-backend\r\n250 STARTTLS']],
    ask: /^STARTTLS$/,
    go: '220 go on',
    refusal: '454 not now',
    injected: '250 logged in',
    login: [
      [/^EHLO mail\.example$/, '250-backend\r\n250-XCLIENT NAME ADDR LOGIN\r\n250 AUTH PLAIN'],
      [/^XCLIENT ADDR=127\.0\.0\.1 NAME=\[UNAVAILABLE\]$/, '220 backend ready'],
      [/^AUTH PLAIN AHVzZXIAc2VjcmV0$/, '235 logged in'],
    ],
    loggedIn: '235 2.0.0 OK',
  },
};

/** Starts a backend with a certificate of core's tests of sockets. */
async function startBackend(
  serve: (peer: TlsBackendPeer) => Promise<void>,
  certificate = 'server',
): Promise<TlsBackend> {
  const cert = readFileSync(pathOf(`${certificate}.crt`));
  const key = readFileSync(pathOf(`${certificate}.key`));
  return keep(await startTlsBackend(serve, { context: { cert, key } }));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

describe.each(protocols)('%s', (protocol) => {
  const { greeting, hello, ask, go, refusal, injected, login, loggedIn } = words[protocol];
  const client = languages[protocol];
  const trust = `proxy_ssl_trusted_certificate ${pathOf('authority.crt')}; proxy_ssl_name mail.example;`;

  async function play(peer: ScriptedPeer, script: BackendWords['login']): Promise<void> {
    for (const [hear, say] of script) {
      await peer.expect(hear);
      await peer.sendLine(say);
    }
  }

  /** Greets, and plays up to where TLS is asked for; returns before the answer. */
  async function untilAsked({ clear }: TlsBackendPeer): Promise<void> {
    await clear.sendLine(greeting);
    await play(clear, hello);
    await clear.expect(ask);
  }

  /** The stage, and a client that has sent its login. */
  async function logIn(
    backend: TlsBackend,
    way: 'on' | 'starttls',
    directives = '',
  ): Promise<readonly [stage: Stage, peer: ScriptedPeer]> {
    const stage = await setStage({
      protocol,
      directives: `proxy_ssl ${way}; ${trust} ${protocol === 'smtp' ? 'proxy_smtp_auth on;' : ''} ${directives}`,
      answer: () => acceptLogin(backend.port),
    });
    const peer = await stage.clear();
    await peer.send(client.login);
    if (protocol === 'pop3') await peer.expect('+OK');
    return [stage, peer];
  }

  /** The client hears of an internal error; the backend has heard nothing of the password, nor has the log. */
  async function expectFailure(
    serve: (peer: TlsBackendPeer) => Promise<void>,
    way: 'on' | 'starttls',
    reason: RegExp,
    certificate = 'server',
  ): Promise<void> {
    const backend = await startBackend(serve, certificate);
    const [stage, peer] = await logIn(backend, way);
    await peer.expect(client.internalError);
    await peer.ended;
    expect(stage.log.at(-1)).toMatch(reason);
    for (const secret of ['secret', 'AHVzZXIAc2VjcmV0']) {
      expect(backend.said()).not.toContain(secret);
      expect(stage.log.join('\n')).not.toContain(secret);
    }
  }

  it('logs in inside TLS after STARTTLS, and says hello anew', async () => {
    const backend = await startBackend(async (peer) => {
      await untilAsked(peer);
      await peer.clear.sendLine(go);
      peer.secure();
      const inside = await peer.inside;
      await play(inside, login);
      await inside.expect('to the backend');
      await inside.sendLine('to the client');
    });
    const [, peer] = await logIn(backend, 'starttls');
    await peer.expect(loggedIn);
    await peer.sendLine('to the backend');
    await peer.expect('to the client');
    expect(backend.peers[0]?.clear.received).not.toMatch(/user|secret|XCLIENT/);
  });

  it('logs in with TLS from the first byte', async () => {
    const backend = await startBackend(async (peer) => {
      peer.secure();
      const inside = await peer.inside;
      await inside.sendLine(greeting);
      const [first] = login;
      if (protocol === 'smtp' && first !== undefined) await play(inside, login);
      else await play(inside, login);
    });
    const [, peer] = await logIn(backend, 'on');
    await peer.expect(loggedIn);
  });

  it.each(['expired', 'other', 'selfsigned'])(
    'gives no password to a backend whose certificate is %s',
    async (certificate) => {
      await expectFailure(
        async (peer) => {
          await untilAsked(peer);
          await peer.clear.sendLine(go);
          peer.secure();
          await peer.inside;
        },
        'starttls',
        /upstream SSL certificate (verify error: \(|does not match "mail\.example")/,
        certificate,
      );
    },
  );

  it('A9: takes clear text before TLS from the first byte for an error', async () => {
    await expectFailure(
      async ({ clear }) => {
        await clear.sendLine(`${greeting}\r\n${injected}`);
        await clear.ended;
      },
      'on',
      /SSL_do_handshake\(\) failed \(SSL: error:0A00010B:SSL routines::wrong version number\) while SSL handshaking to upstream/,
    );
  });

  it('A9: takes a line behind the answer to STARTTLS for an error', async () => {
    await expectFailure(
      async (peer) => {
        await untilAsked(peer);
        await peer.clear.send(`${go}\r\n${injected}\r\n`);
        peer.secure();
        await peer.inside;
      },
      'starttls',
      /upstream sent invalid response: /,
    );
  });

  const answer = `${go}\r\n${injected}\r\n`;
  const splits = Array.from({ length: answer.length - 1 }, (_, at) => at + 1).filter(
    (at) => at % 3 === 0 || (at >= go.length && at <= go.length + 4),
  );

  it('A9: trusts injected lines at no split of the answer', async () => {
    let at = 0;
    const backend = await startBackend(async (peer) => {
      await untilAsked(peer);
      await peer.clear.send(answer.slice(0, at));
      await pause();
      await peer.clear.send(answer.slice(at));
      await peer.clear.ended;
    });
    const stage = await setStage({
      protocol,
      directives: `proxy_ssl starttls; ${trust} proxy_smtp_auth on;`.replace(
        protocol === 'smtp' ? '' : ' proxy_smtp_auth on;',
        '',
      ),
      answer: () => acceptLogin(backend.port),
    });
    for (at of splits) {
      const peer = await stage.clear();
      await peer.send(client.login);
      if (protocol === 'pop3') await peer.expect('+OK');
      await peer.expect(client.internalError);
    }
    expect(backend.said()).not.toContain('secret');
    expect(backend.said()).not.toContain('AHVzZXIAc2VjcmV0');
  });

  it('A9: takes an answer to STARTTLS that came before the command for an error', async () => {
    await expectFailure(
      async ({ clear }) => {
        await clear.sendLine(`${greeting}\r\n${go}`);
        await clear.ended;
      },
      'starttls',
      /upstream sent invalid response: /,
    );
  });

  it.each([
    { name: 'refuses it', say: refusal },
    { name: 'answers nonsense', say: 'hello?' },
    { name: 'answers with an empty line', say: '' },
  ])('sends nothing in clear text to a backend that $name', async ({ say }) => {
    await expectFailure(
      async (peer) => {
        await untilAsked(peer);
        await peer.clear.sendLine(say);
        await peer.clear.ended;
      },
      'starttls',
      /upstream sent invalid response: /,
    );
  });

  it('sends nothing in clear text to a backend that closes instead', async () => {
    const backend = await startBackend(async (peer) => {
      await untilAsked(peer);
      peer.clear.finish();
    });
    const [, peer] = await logIn(backend, 'starttls');
    await peer.expect(client.internalError);
    expect(backend.said()).not.toContain('secret');
  });
});

describe('imap', () => {
  it.each(['* PREAUTH hi', '* preauth hi'])('A10: does not go on after "%s"', async (greeting) => {
    const backend = await startBackend(async ({ clear }) => {
      await clear.sendLine(greeting);
      await clear.ended;
    });
    const stage = await setStage({
      protocol: 'imap',
      directives: 'proxy_ssl starttls; proxy_ssl_verify off; proxy_pass_error_message on;',
      answer: () => acceptLogin(backend.port),
    });
    const peer = await stage.clear();
    await peer.send(languages.imap.login);
    await peer.expect(languages.imap.internalError);
    expect(backend.said()).toBe('');
  });
});
