import { connectClient } from '@postern/testkit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, defineModule, mail, type Peer } from '../../../../src/index.js';
import { toy } from '../../toy-protocol.js';

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Sends `header` to a server and tells who the session's client is when it is greeted. */
async function clientOf(header: string, directives: string, outer = '', listen = '127.0.0.1') {
  const clients: Peer[] = [];
  const log: string[] = [];
  const probe = defineModule({
    name: 'probe',
    api: 1,
    requires: [mail],
    setup: (cycle) => {
      cycle.hooks(mail).greet.tap('probe', (session) => {
        clients.push(session.client);
        session.log.info('greeted');
      });
    },
  });
  const server = await createServer({
    modules: [toy, probe],
    config: `events {} mail { auth_http 127.0.0.1:1; ${outer}
      server { listen ${listen} proxy_protocol; protocol toy; ${directives} } }`,
    onLog: (line) => log.push(line),
  });
  await server.listen();
  cleanUp.push(() => server.close());
  const [address = ''] = server.addresses;
  const isUnix = address.startsWith('unix:');
  const target = isUnix ? address.slice(5) : Number(address.slice(address.lastIndexOf(':') + 1));
  const client = await connectClient(target);
  cleanUp.push(() => client.close());
  await client.send(header);
  await client.expect('hello');
  return { client: clients[0], log: log.join('\n') };
}

const named = 'PROXY TCP4 192.0.2.7 198.51.100.1 1234 993\r\n';
const source: Peer = { address: '192.0.2.7', port: 1234, family: 'IPv4' };

describe('set_real_ip_from', () => {
  it('takes the client from the header of a trusted peer', async () => {
    const { client } = await clientOf(named, 'set_real_ip_from 127.0.0.0/8;');
    expect(client).toEqual(source);
  });

  it('names the new client in later lines, and the real peer when it connects', async () => {
    const { log } = await clientOf(named, 'set_real_ip_from 127.0.0.1;');
    expect(log).toMatch(/client 127\.0\.0\.1:\d+ connected to /);
    expect(log).toMatch(/greeted.*, client: 192\.0\.2\.7, server: /);
  });

  it.each([
    { name: 'K1: leaves the client where the peer is not trusted', from: '10.0.0.0/8' },
    { name: 'leaves the client where only Unix peers are trusted', from: 'unix:' },
  ])('$name', async ({ from }) => {
    const { client } = await clientOf(named, `set_real_ip_from ${from};`);
    expect(client).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
  });

  it('K1: leaves the client where nobody is trusted', async () => {
    const { client } = await clientOf(named, '');
    expect(client?.address).toBe('127.0.0.1');
  });

  it('K8: leaves the client where the header names none', async () => {
    const { client } = await clientOf('PROXY UNKNOWN\r\n', 'set_real_ip_from 127.0.0.1;');
    expect(client?.address).toBe('127.0.0.1');
  });

  it('matches a peer that came by IPv4 over an IPv6 socket', async () => {
    const { client } = await clientOf(
      named,
      'set_real_ip_from 127.0.0.1;',
      '',
      '[::] ipv6only=off',
    );
    expect(client).toEqual(source);
  });

  it('unix: trusts who comes by a Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'postern-'));
    cleanUp.push(() => rm(directory, { recursive: true }));
    const listen = `unix:${join(directory, 's')}`;
    expect((await clientOf(named, 'set_real_ip_from unix:;', '', listen)).client).toEqual(source);
  });

  it('several of one level add up', async () => {
    const { client } = await clientOf(
      named,
      'set_real_ip_from 10.0.0.0/8; set_real_ip_from 127.0.0.1;',
    );
    expect(client).toEqual(source);
  });

  it('is inherited from mail', async () => {
    const { client } = await clientOf(named, '', 'set_real_ip_from 127.0.0.1;');
    expect(client).toEqual(source);
  });

  it('of a server hides the list of mail', async () => {
    const { client } = await clientOf(
      named,
      'set_real_ip_from 10.0.0.0/8;',
      'set_real_ip_from 127.0.0.1;',
    );
    expect(client?.address).toBe('127.0.0.1');
  });
});
