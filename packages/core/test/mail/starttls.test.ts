/** STARTTLS in the session, with a protocol of three commands: what the driver does, whatever the protocol. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { connectClient, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, defineModule, mail } from '../../src/index.js';
import { pathOf } from './modules/proxy/tls-stage.js';
import { fixture, fixtures } from './modules/ssl/tls-servers.js';
import { toyProtocol } from './toy-protocol.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const { client } = toyProtocol;
const go = Buffer.from('go\r\n');

/** Counts what it is told: the state must start anew inside TLS. */
const protocol = {
  ...toyProtocol,
  client: {
    ...client,
    secured: () => 0,
    step: (...[state, event, context]: Parameters<typeof client.step>) => {
      if (event.kind !== 'invalid' || event.command.name !== 'STARTTLS') {
        return client.step(state, event, context);
      }
      const actions = [{ do: 'send' as const, bytes: go }, { do: 'startTls' as const }];
      return { state, expect: 'command' as const, actions };
    },
  },
};

interface Proxy {
  readonly port: number;
  readonly log: readonly string[];
  readonly sessions: () => { readonly waiting: number; readonly relayed: number };
  connect(): Promise<ScriptedPeer>;
}

const identity = `ssl_certificate ${pathOf('server.crt')}; ssl_certificate_key ${pathOf('server.key')};`;

async function startProxy(directives = `starttls on; ${identity}`): Promise<Proxy> {
  const log: string[] = [];
  const toy = defineModule({
    name: 'mail_toy',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).protocols.tap('mail_toy', (registry) => {
        registry.add(protocol);
      });
      cycle.hooks(mail).authenticate.tapPromise({ name: 'mail_toy', stage: -100 }, (session) => {
        session.log.info(`asked, TLS ${session.tls?.state.protocol ?? 'none'}`);
        return Promise.resolve({ kind: 'refuse', reply: { status: 'refused', text: 'to you' } });
      });
    },
  });
  const server = await createServer({
    modules: [toy],
    config: `events {} mail { auth_http 127.0.0.1:1; server { listen 127.0.0.1; protocol toy; ${directives} } }`,
    prefix: fixtures,
    onLog: (line) => log.push(line.replace(/^.*?#0: /, '').replaceAll(/:\d+\b/g, ':P')),
  });
  await server.listen();
  open.push(server);
  const port = Number(server.addresses[0]?.split(':')[1]);
  return {
    port,
    log,
    sessions: () => server.sessions,
    async connect() {
      const peer = await connectClient(port);
      open.push(peer);
      await peer.expect('hello');
      return peer;
    },
  };
}

async function secured(proxy: Proxy, options = {}): Promise<ScriptedPeer> {
  const peer = await proxy.connect();
  await peer.sendLine('STARTTLS');
  await peer.expect('go');
  await peer.startTls(options);
  return peer;
}

describe('STARTTLS', () => {
  it('is followed by a handshake and by commands inside TLS, without another greeting', async () => {
    const proxy = await startProxy();
    const peer = await secured(proxy);
    await peer.sendLine('NOOP');
    await peer.expect('done');
    expect(peer.tls?.getProtocol()).toBe('TLSv1.3');
    await peer.sendLine('LOGIN bob secret');
    await peer.expect('no to you');
    await peer.ended;
    expect(proxy.log[1]).toBe(
      '*1 asked, TLS TLSv1.3 while in auth state, client: 127.0.0.1 using starttls, server: 127.0.0.1:P, login: "bob"',
    );
  });

  it.each([1, 2, 5, 100])(
    'works with what the client sends in pieces of %i bytes',
    async (split) => {
      const proxy = await startProxy();
      const peer = await proxy.connect();
      for (const piece of 'STARTTLS\r\n'.match(new RegExp(`[^]{1,${String(split)}}`, 'g')) ?? []) {
        await peer.send(piece);
      }
      await peer.expect('go');
      await peer.startTls();
      await peer.sendLine('NOOP');
      await peer.expect('done');
    },
  );

  it('A1: drops what came behind it in one segment', async () => {
    const peer = await (await startProxy()).connect();
    await peer.send('STARTTLS\r\nNOOP\r\nNOOP\r\n');
    await peer.expect('go');
    await peer.startTls();
    await peer.sendLine('WHAT');
    await peer.expect('bad');
    expect(peer.received).toBe('hello\r\ngo\r\nbad\r\n');
  });

  it('A1: sends the replies to what came before it, and its own, in clear text', async () => {
    const peer = await (await startProxy()).connect();
    await peer.send('NOOP\r\nNOOP\r\nSTARTTLS\r\nNOOP\r\n');
    await peer.expect('done', 'done', 'go');
    await peer.startTls();
    await peer.sendLine('NOOP');
    await peer.expect('done');
  });

  it('A3: ends the session on clear text behind its reply, with the reason in the log', async () => {
    const proxy = await startProxy();
    const peer = await proxy.connect();
    await peer.sendLine('STARTTLS');
    await peer.expect('go');
    await peer.sendLine('NOOP');
    await peer.ended;
    expect(peer.received).toMatch(/^hello\r\ngo\r\n/);
    expect(peer.received).not.toContain('done');
    expect(proxy.log[1]).toBe(
      '*1 SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while in starttls state, client: 127.0.0.1 using starttls, server: 127.0.0.1:P',
    );
    expect(proxy.sessions()).toEqual({ waiting: 0, relayed: 0 });
  });

  it('ends the session on a forged record, with the reason in the log', async () => {
    const proxy = await startProxy();
    const socket = connect(proxy.port, '127.0.0.1');
    await once(socket, 'data');
    socket.write('STARTTLS\r\n');
    await once(socket, 'data');
    const client = connectTls({ socket, rejectUnauthorized: false });
    client.on('error', () => undefined);
    client.write('NOOP\r\n');
    await once(client, 'data');
    socket.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40)]));
    await once(socket, 'close');
    expect(proxy.log[1]).toBe(
      '*1 SSL_read() failed (SSL: error:0A000119:SSL routines::decryption failed or bad record mac) while in auth state, client: 127.0.0.1 using starttls, server: 127.0.0.1:P',
    );
  });

  it('A13: has one timeout for the handshake, which bytes do not prolong, and no line in the log', async () => {
    const proxy = await startProxy(`starttls on; ${identity} timeout 1s;`);
    const silent = await proxy.connect();
    await silent.sendLine('STARTTLS');
    const slow = await proxy.connect();
    await slow.sendLine('STARTTLS');
    await slow.expect('go');
    const start = performance.now();
    // A record that says it is a ClientHello of 512 bytes, one byte at a time.
    const drip = setInterval(() => void slow.send('\x00'), 100);
    await slow.send('\x16\x03\x01\x02\x00\x01');
    await Promise.all([silent.ended, slow.ended]).finally(() => {
      clearInterval(drip);
    });
    expect(performance.now() - start).toBeLessThan(1900);
    expect(proxy.log.filter((line) => !line.includes('connected to'))).toEqual([]);
    expect(proxy.sessions()).toEqual({ waiting: 0, relayed: 0 });
  });

  it('does not prolong timeout: it counts from the greeting, inside TLS too', async () => {
    const proxy = await startProxy(`starttls on; ${identity} timeout 2s;`);
    const peer = await proxy.connect();
    const greeted = performance.now();
    await delay(1200);
    await peer.sendLine('STARTTLS');
    await peer.expect('go');
    await peer.startTls();
    await peer.ended;
    expect(performance.now() - greeted).toBeLessThan(2900);
    expect(proxy.log[1]).toMatch(
      /^\*1 client timed out \(110: Connection timed out\) while in auth state, client: 127\.0\.0\.1 using starttls/,
    );
  });

  it('says close_notify to a client that is timed out inside TLS', async () => {
    const proxy = await startProxy(`starttls on; ${identity} timeout 1s;`);
    const socket = connect(proxy.port, '127.0.0.1');
    await once(socket, 'data');
    socket.write('STARTTLS\r\n');
    await once(socket, 'data');
    // With TLS 1.2 nothing of the handshake comes behind its end.
    const peer = connectTls({ socket, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await once(peer, 'secureConnect');
    const bytes = socket.bytesRead;
    await once(peer.resume(), 'end');
    expect(socket.bytesRead).toBeGreaterThan(bytes);
    expect(proxy.log.at(-1)).toContain('client timed out');
  });

  it.each([
    { name: 'closes', leave: (peer: ScriptedPeer) => peer.close() },
    {
      name: 'resets',
      leave: (peer: ScriptedPeer) => {
        peer.reset();
        return Promise.resolve();
      },
    },
  ])('ends with a client that $name instead of shaking hands', async ({ leave }) => {
    const proxy = await startProxy();
    const peer = await proxy.connect();
    await peer.sendLine('STARTTLS');
    await peer.expect('go');
    await leave(peer);
    await expect.poll(() => proxy.log[1]).toContain('peer closed connection in SSL handshake');
    expect(proxy.sessions()).toEqual({ waiting: 0, relayed: 0 });
  });

  it('C3: does not forget the wrong commands before it', async () => {
    const proxy = await startProxy(`starttls on; ${identity} max_errors 3;`);
    const peer = await proxy.connect();
    await peer.send('WHAT\r\nWHAT\r\nSTARTTLS\r\n');
    await peer.expect('bad', 'bad', 'go');
    await peer.startTls();
    await peer.sendLine('WHAT');
    await peer.expect('bad');
    await peer.ended;
    expect(proxy.log.at(-1)).toContain('client sent too many invalid commands');
  });

  it('A14: judges the client by ssl_verify_client, and sends the verdict inside TLS', async () => {
    const verify = 'ssl_verify_client on; ssl_client_certificate root.pem;';
    const proxy = await startProxy(`starttls on; ${identity} ${verify}`);
    const stranger = await secured(proxy);
    await stranger.expect('nocert');
    await stranger.ended;
    expect(proxy.log[1]).toContain(
      'client sent no required SSL certificate while in starttls state, client: 127.0.0.1 using starttls',
    );
    const friend = await secured(proxy, {
      cert: fixture('client.pem'),
      key: fixture('client.key'),
    });
    await friend.sendLine('NOOP');
    await friend.expect('done');
  });

  it('closes the session, with a reason, where no module offers TLS', async () => {
    const proxy = await startProxy('starttls off;');
    const peer = await proxy.connect();
    await peer.sendLine('STARTTLS');
    await peer.expect('go');
    await peer.ended;
    expect(proxy.log[1]).toContain('no module offers TLS; "mail_ssl" does while in starttls state');
  });
});
