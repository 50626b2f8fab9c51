/** STARTTLS and STLS over real sockets: nothing said in clear text lives on inside TLS. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { languages, protocols, type Exchange } from './languages.js';
import { clientPathOf, closeStages, setStage, type Stage } from './stage.js';

afterEach(closeStages);

async function talk(peer: ScriptedPeer, { say, hear }: Exchange): Promise<void> {
  await peer.sendLine(say);
  await peer.expect(hear);
}

describe.each(protocols)('%s', (protocol) => {
  const words = languages[protocol];
  const { startTls, noop, wrong, login, refused } = words;

  async function secured(stage: Stage, options: ConnectionOptions = {}): Promise<ScriptedPeer> {
    const peer = await stage.clear();
    await talk(peer, startTls);
    await peer.startTls(options);
    return peer;
  }

  it('logs in after STARTTLS, and the auth service hears of TLS', async () => {
    const stage = await setStage({ protocol });
    const peer = await secured(stage);
    await peer.send(login);
    await peer.expect(...(protocol === 'pop3' ? ['+OK'] : []), refused);
    await peer.ended;
    const [request] = stage.auth.requests;
    expect(request?.user).toBe('user');
    expect(request?.headers.filter(([name]) => name.startsWith('Auth-SSL'))).toEqual([
      ['Auth-SSL', 'on'],
      ['Auth-SSL-Protocol', 'TLSv1.3'],
      ['Auth-SSL-Cipher', 'TLS_AES_256_GCM_SHA384'],
    ]);
    expect(stage.log.at(-1)).toContain('client: 127.0.0.1 using starttls, server: 127.0.0.1:P');
  });

  it.each([
    { name: 'a command', injected: `${noop.say}\r\n` },
    { name: 'a wrong command', injected: `${wrong.say}\r\n` },
    { name: 'a login', injected: login },
    { name: 'many commands', injected: `${noop.say}\r\n`.repeat(50) },
    { name: 'A4: half a command', injected: noop.say.slice(0, -2) },
    { name: 'A8: a second STARTTLS', injected: `${startTls.say}\r\n` },
  ])('A1: drops $name that came with STARTTLS', async ({ injected }) => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear();
    const clear = peer.received;
    await peer.send(`${startTls.say}\r\n${injected}`);
    await peer.expect(startTls.hear);
    await peer.startTls();
    // Were half a command kept, this would be the end of it.
    await peer.sendLine(noop.say.slice(-2));
    await peer.expect(/BAD|-ERR|500/);
    await talk(peer, noop);
    const lines = peer.received.slice(clear.length).split('\r\n');
    expect(lines).toHaveLength(4);
    expect(stage.auth.requests).toEqual([]);
  });

  const stream = `${startTls.say}\r\n${noop.say}\r\n`;
  const offsets = Array.from({ length: stream.length - 1 }, (_, at) => at + 1);

  it('A2: answers an injected command at no split of the stream', async () => {
    const stage = await setStage({ protocol });
    for (const at of offsets) {
      const peer = await stage.clear();
      const clear = peer.received;
      await peer.send(stream.slice(0, at));
      await new Promise((resolve) => setTimeout(resolve, 1));
      await peer.send(stream.slice(at));
      await peer.expect(startTls.hear);
      await answersOnly(peer, wrong);
      expect(peer.received.slice(clear.length)).toMatch(nothingButStartTls);
      await peer.close();
    }
  });

  it('A2: answers no injected command that comes byte by byte', async () => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear({ split: 1 });
    const clear = peer.received;
    await peer.send(stream);
    await peer.expect(startTls.hear);
    await answersOnly(peer, wrong);
    expect(peer.received.slice(clear.length)).toMatch(nothingButStartTls);
  });

  /** The command that is injected is never answered: in clear text or inside TLS. */
  const nothingButStartTls = new RegExp(
    `^${escaped(String(startTls.hear))}\r\n(${escaped(String(wrong.hear))}\r\n)?(?![^]*${escaped(String(noop.hear))}\r\n)`,
  );

  /** Shakes hands, and asks for an answer; the handshake may fail. */
  async function answersOnly(peer: ScriptedPeer, exchange: Exchange): Promise<void> {
    try {
      await peer.startTls();
    } catch {
      return;
    }
    await talk(peer, exchange);
  }

  it('A3: breaks on clear text behind its reply, and closes at once', async () => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear();
    await talk(peer, startTls);
    await peer.sendLine(noop.say.padEnd(8));
    const since = performance.now();
    await peer.startTls().catch(() => undefined);
    await peer.ended;
    expect(performance.now() - since).toBeLessThan(1000);
    expect(stage.log.at(-1)).toMatch(
      /^\*\d+ SSL_do_handshake\(\) failed \(SSL: error:0A00010B:SSL routines::wrong version number\) while in starttls state, client: 127\.0\.0\.1 using starttls, server: 127\.0\.0\.1:P$/,
    );
  });

  it('A5: forgets what was said before TLS', async () => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear();
    for (const exchange of words.before) await talk(peer, exchange);
    await talk(peer, startTls);
    await peer.startTls();
    await talk(peer, words.after);
    expect(stage.auth.requests).toEqual([]);
  });

  it('A6: is no command where the answer to a challenge is due', async () => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear();
    await talk(peer, words.challenge);
    await talk(peer, { say: startTls.say, hear: words.noResponse });
    await talk(peer, noop);
  });

  it('A7: is neither offered nor taken inside TLS', async () => {
    const stage = await setStage({ protocol });
    const implicit = await stage.implicit();
    await implicit.startTls();
    await implicit.expect(words.greeting);
    for (const peer of [await secured(stage), implicit]) {
      await peer.sendLine(words.offer);
      const offer: string[] = [];
      do offer.push(await peer.line());
      while (!words.offerEnds.test(offer.at(-1) ?? ''));
      expect(offer.join('\n')).not.toMatch(/STARTTLS|STLS/);
      await talk(peer, words.again);
      await talk(peer, noop);
    }
  });

  it('A13: has one timeout, whatever the client drips', async () => {
    const stage = await setStage({ protocol, directives: 'timeout 1s;' });
    const peer = await stage.clear();
    await talk(peer, startTls);
    const since = performance.now();
    await peer.send('\x16\x03\x01\x02\x00\x01');
    const drip = setInterval(() => void peer.send('\x00'), 100);
    await peer.ended.finally(() => {
      clearInterval(drip);
    });
    expect(performance.now() - since).toBeLessThan(1900);
    expect(stage.log).toHaveLength(1);
  });

  it('C3: counts wrong commands on both sides of it', async () => {
    const stage = await setStage({ protocol, directives: 'max_errors 3;' });
    const peer = await stage.clear();
    await talk(peer, wrong);
    await talk(peer, wrong);
    await talk(peer, noop);
    await talk(peer, startTls);
    await peer.startTls();
    await talk(peer, wrong);
    await peer.ended;
    expect(stage.log.at(-1)).toContain('client sent too many invalid commands');
  });

  it.each([
    { offered: ['http/1.1'], works: false },
    { offered: ['h2', 'http/1.1'], works: false },
    { offered: [`${protocol}s`], works: false },
    { offered: [protocol.toUpperCase()], works: false },
    { offered: ['managesieve', protocol], works: true },
    { offered: [protocol], works: true },
    { offered: undefined, works: true },
  ])('C1: ALPN $offered: $works, implicit and after STARTTLS', async ({ offered, works }) => {
    const stage = await setStage({ protocol });
    const options = offered === undefined ? {} : { ALPNProtocols: offered };
    const implicit = await stage.implicit();
    const byCommand = await stage.clear();
    await talk(byCommand, startTls);
    for (const peer of [implicit, byCommand]) {
      const shaken = peer.startTls(options);
      if (works) {
        await shaken;
        expect(peer.tls?.alpnProtocol).toBe(offered === undefined ? false : protocol);
        continue;
      }
      await expect(shaken).rejects.toThrow(/no application protocol/);
    }
    const refusals = stage.log.filter((line) => line.includes('no application protocol'));
    expect(refusals).toHaveLength(works ? 0 : 2);
    if (!works) expect(refusals[0]).toMatch(/^\*\d+ SSL_do_handshake\(\) failed \(SSL: error:/);
  });

  const verify = `ssl_verify_client on; ssl_client_certificate ${clientPathOf('root.pem')};`;
  const as = (name: string): ConnectionOptions => ({
    cert: readFileSync(clientPathOf(`${name}.pem`)),
    key: readFileSync(clientPathOf(`${name}.key`)),
  });

  it.each(['clear', 'implicit'] as const)(
    'turns clients without a good certificate away, %s',
    async (way) => {
      const stage = await setStage({ protocol, directives: verify });
      const shake = async (options: ConnectionOptions): Promise<ScriptedPeer> => {
        if (way === 'clear') return secured(stage, options);
        const peer = await stage.implicit();
        await peer.startTls(options);
        return peer;
      };
      const nobody = await shake({});
      await nobody.expect(words.noCertificate);
      await nobody.ended;
      const expired = await shake(as('expired'));
      await expired.expect(words.certificateError);
      await expired.ended;
      const good = await shake(as('client'));
      if (way === 'implicit') await good.expect(words.greeting);
      await talk(good, noop);
      const reasons = stage.log.filter((line) => line.includes('certificate'));
      const state = way === 'clear' ? 'in starttls state' : 'SSL handshaking';
      expect(reasons).toEqual([
        expect.stringContaining(`client sent no required SSL certificate while ${state}, `),
        expect.stringContaining(
          `client SSL certificate verify error: (10:certificate has expired) while ${state}, `,
        ),
      ]);
    },
  );

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'A14, B4: a session of the port without certificates is worth nothing at STARTTLS with them, %s',
    async (maxVersion) => {
      const stage = await setStage({ protocol, clear: `starttls on; ${verify}` });
      const open = await stage.implicit();
      await open.startTls({ maxVersion });
      let session: Buffer | undefined;
      open.tls?.on('session', (fresh: Buffer) => (session = fresh));
      await open.expect(words.greeting);
      session ??= open.tls?.getSession();
      const peer = await secured(stage, { maxVersion, ...(session && { session }) });
      await peer.expect(words.noCertificate);
      expect(peer.tls?.isSessionReused()).toBe(false);
    },
  );

  it.each([
    { name: 'HTTP', bytes: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', reason: 'http request' },
    { name: 'a command', bytes: `${noop.say.padEnd(12)}\r\n`, reason: 'wrong version number' },
    { name: 'a record of 65535 bytes', bytes: '\x16\x03\x01\xff\xff\x01', reason: 'error:' },
    { name: 'zeros', bytes: '\0'.repeat(64), reason: 'error:' },
  ])('B6: $name at the port with TLS ends one session, with a reason', async (wanted) => {
    const stage = await setStage({ protocol });
    const peer = await stage.implicit();
    await peer.send(wanted.bytes);
    await peer.ended;
    expect(stage.log.at(-1)).toContain('SSL_do_handshake() failed (SSL: ');
    expect(stage.log.at(-1)).toContain(wanted.reason);
    expect(stage.log.at(-1)).toContain('while SSL handshaking, client: 127.0.0.1, server: ');
    const next = await stage.implicit();
    await next.startTls();
    await next.expect(words.greeting);
  });

  it('B6: TLS at the port in clear text is a wrong command', async () => {
    const stage = await setStage({ protocol });
    const peer = await stage.clear();
    await peer.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03xyz\r\n');
    await peer.expect(/BAD|-ERR|500/);
    await talk(peer, noop);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
