import { connectClient, type ScriptedPeer } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, defineModule, mail, type CycleSetup } from '../../src/index.js';
import { toyProtocol } from './toy-protocol.js';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Options {
  readonly listen?: string;
  readonly directives?: string;
  readonly delayMs?: number;
  readonly setup?: (cycle: CycleSetup) => void;
}

interface Started {
  readonly log: string[];
  readonly connect: () => Promise<ScriptedPeer>;
}

/** A proxy whose protocol wants its clients named and may hold its greeting back. */
async function startProxy(options: Options): Promise<Started> {
  const { listen = '127.0.0.1', directives = '', delayMs = 0, setup } = options;
  const log: string[] = [];
  const named = defineModule({
    name: 'named_toy',
    api: 1,
    requires: [mail],
    setup(cycle) {
      cycle.hooks(mail).protocols.tap('named_toy', (registry) => {
        registry.add({
          ...toyProtocol,
          namesClient: true,
          heldGreeting: {
            delayMs: () => delayMs,
            early: (bytes) => [
              { do: 'log', message: `early: ${String(bytes.length)}` },
              { do: 'send', bytes: Buffer.from('too early\r\n') },
              { do: 'close' },
            ],
          },
        });
      });
      setup?.(cycle);
    },
  });
  const server = await createServer({
    modules: [named],
    config: `events {} mail { server_name mx.test; auth_http 127.0.0.1:1;
      server { listen ${listen}; protocol toy; ${directives} } }`,
    onLog: (line) => log.push(line.replace(/^.*?#0: /, '').replaceAll(/:\d+/g, ':P')),
  });
  await server.listen();
  open.push(server);
  const port = Number(server.addresses[0]?.split(':')[1]);
  return {
    log,
    connect: async () => {
      const peer = await connectClient(port);
      open.push(peer);
      return peer;
    },
  };
}

const v1 = 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\r\n';

describe('a listener with proxy_protocol', () => {
  const listen = '127.0.0.1 proxy_protocol';

  it('greets after a header, and the real peer stays the client unless a module says otherwise', async () => {
    const { log, connect } = await startProxy({ listen });
    const peer = await connect();
    await peer.send(v1);
    await peer.expect('hello');
    expect(log[0]).toBe('*1 client 127.0.0.1:P connected to 127.0.0.1:P');
  });

  it('shows modules what the header named, and takes the client that realip answers', async () => {
    const seen: unknown[] = [];
    const { log, connect } = await startProxy({
      listen,
      setup(cycle) {
        cycle.hooks(mail).realip.tap('probe', (_session, { source }) => source);
        cycle.hooks(mail).greet.tap('probe', (session) => {
          seen.push(session.proxied, session.client);
          session.log.info('seen');
        });
      },
    });
    const peer = await connect();
    await peer.send(v1);
    await peer.expect('hello');
    const source = { address: '192.0.2.1', port: 1234, family: 'IPv4' };
    const destination = { address: '192.0.2.2', port: 25, family: 'IPv4' };
    expect(seen).toEqual([{ source, destination }, source]);
    expect(log.join('\n')).toContain('client: 192.0.2.1, server: 127.0.0.1:P');
  });

  it('K3: takes a header one byte at a time', async () => {
    const { connect } = await startProxy({ listen });
    const peer = await connect();
    for (const byte of v1) await peer.send(byte);
    await peer.expect('hello');
  });

  it('K9: keeps what came behind the header for the session, once', async () => {
    const { connect } = await startProxy({ listen });
    const peer = await connect();
    await peer.send(`${v1}NOOP\r\nNO`);
    await peer.expect('hello', 'done');
    await peer.send('OP\r\nWHAT\r\n');
    await peer.expect('done', 'bad');
  });

  it.each([
    { name: 'K2: a client that sends none', sent: 'EHLO x\r\n', shown: 'EHLO"' },
    {
      name: 'K4: an address that is none',
      sent: 'PROXY TCP4 999.0.2.1 1.1.1.1 1 2\r\n',
      shown: 'PROXY TCP4 999.0.2.1 1.1.1.1 1 2',
    },
    { name: 'K6: a line without end', sent: `PROXY ${'x'.repeat(4000)}`, shown: 'PROXY xxx' },
  ])('closes $name without a reply, and logs it', async ({ sent, shown }) => {
    const { log, connect } = await startProxy({ listen });
    const peer = await connect();
    await peer.send(sent);
    await peer.ended;
    expect(peer.received.length).toBe(0);
    const line = log.find((each) => each.includes('broken header'));
    expect(line).toContain(`broken header: "${shown}`);
    expect(line).toContain(' while reading PROXY protocol, client: 127.0.0.1, server: ');
  });

  it('K5: closes a client without a line in the log whose address block is too short', async () => {
    const { log, connect } = await startProxy({ listen });
    const peer = await connect();
    await peer.send('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04AAAA');
    await peer.ended;
    expect(peer.received.length).toBe(0);
    expect(log.filter((line) => !line.includes('connected to'))).toEqual([]);
  });

  it('logs a client that leaves at once as a broken header', async () => {
    const { log, connect } = await startProxy({ listen });
    const peer = await connect();
    await peer.close();
    await expect.poll(() => log.join('\n')).toContain('broken header: ""');
  });

  it('gives a client that sends nothing up after timeout', async () => {
    const { log, connect } = await startProxy({ listen, directives: 'timeout 1s;' });
    const peer = await connect();
    await peer.ended;
    expect(log.join('\n')).toContain(
      'client timed out (110: Connection timed out) while reading PROXY protocol',
    );
  });
});

describe('a protocol that wants its clients named', () => {
  const show = (names: (string | undefined)[]) => (cycle: CycleSetup) => {
    cycle.hooks(mail).greet.tap('probe', (session) => {
      names.push(session.clientName);
    });
  };

  it('gets [UNAVAILABLE] where nobody looks it up', async () => {
    const names: (string | undefined)[] = [];
    const { connect } = await startProxy({ setup: show(names) });
    const peer = await connect();
    await peer.expect('hello');
    expect(names).toEqual(['[UNAVAILABLE]']);
  });

  it('waits for the name, however long `timeout` is, and keeps what the client sends meanwhile', async () => {
    const names: (string | undefined)[] = [];
    const release: ((name: string) => void)[] = [];
    const { connect } = await startProxy({
      directives: 'timeout 1s;',
      setup(cycle) {
        show(names)(cycle);
        cycle.hooks(mail).identify.tap('probe', () => () => new Promise((r) => release.push(r)));
      },
    });
    const peer = await connect();
    await peer.send('NOOP\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(peer.received.length).toBe(0);
    release[0]?.('client.test');
    await peer.expect('hello', 'done');
    expect(names).toEqual(['client.test']);
  });

  it('J12: drops the answer for a client that left meanwhile', async () => {
    const release: ((name: string) => void)[] = [];
    const ended: boolean[] = [];
    const greeted: string[] = [];
    const { connect } = await startProxy({
      setup(cycle) {
        cycle.hooks(mail).identify.tap('probe', () => (session) => {
          session.onAbandon(() => ended.push(session.closed));
          return new Promise((r) => release.push(r));
        });
        cycle.hooks(mail).greet.tap('probe', () => {
          greeted.push('greeted');
        });
      },
    });
    const peer = await connect();
    await expect.poll(() => release.length).toBe(1);
    await peer.close();
    await expect.poll(() => ended).toEqual([true]);
    release[0]?.('client.test');
    const next = await connect();
    await expect.poll(() => release.length).toBe(2);
    release[1]?.('next.test');
    await next.expect('hello');
    expect(greeted).toEqual(['greeted']);
  });

  it('O2: a look-up that fails ends the session with the internal error', async () => {
    const { log, connect } = await startProxy({
      setup(cycle) {
        cycle.hooks(mail).identify.tap('probe', () => () => Promise.reject(new RangeError('no')));
      },
    });
    const peer = await connect();
    await peer.expect('fault');
    await peer.ended;
    expect(log.join('\n')).toContain('no, client: 127.0.0.1');
  });
});

describe('a greeting that is held back', () => {
  it('is sent once the delay is over, and the session goes on', async () => {
    const { connect } = await startProxy({ delayMs: 300 });
    const peer = await connect();
    await peer.expect('hello');
    await peer.sendLine('NOOP');
    await peer.expect('done');
  });

  it('D11: is not sent to a client that speaks first', async () => {
    const { log, connect } = await startProxy({ delayMs: 300 });
    const peer = await connect();
    await peer.send('N');
    await peer.expect('too early');
    await peer.ended;
    expect(peer.received).not.toContain('hello');
    expect(log.join('\n')).toContain('early: 1 while in delay pipelining state, client: ');
  });

  it('is not sent to a client that spoke behind its PROXY header', async () => {
    const { connect } = await startProxy({ delayMs: 300, listen: '127.0.0.1 proxy_protocol' });
    const peer = await connect();
    await peer.send(`${v1}NOOP\r\n`);
    await peer.expect('too early');
    await peer.ended;
  });

  it('ends in silence when the client leaves', async () => {
    const { log, connect } = await startProxy({ delayMs: 60_000 });
    const peer = await connect();
    await expect.poll(() => log.length).toBe(1);
    await peer.close();
    const other = await connect();
    await expect.poll(() => log.length).toBe(2);
    await other.close();
    expect(log.join('\n')).not.toContain('early');
  });
});
