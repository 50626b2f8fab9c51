import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, NotReceived, startScriptedBackend, Unexpected } from '../src/index.js';
import type { Conversation, PeerOptions, ScriptedPeer } from '../src/index.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function talk(conversation: Conversation, options: PeerOptions = {}) {
  const backend = await startScriptedBackend(conversation);
  opened.push(backend);
  const client = await connectClient(backend.port, options);
  opened.push(client);
  return { backend, client };
}

describe('a scripted client and a scripted backend', () => {
  it('hold a conversation line by line', async () => {
    const { backend, client } = await talk(async (proxy) => {
      await proxy.sendLine('* OK ready');
      await proxy.expect('a LOGIN u p', /^b /);
      await proxy.sendLine('b OK');
    });
    await client.expect('* OK ready');
    await client.send('a LOGIN u p\r\nb NOOP\r\n');
    expect(await client.line()).toBe('b OK');
    expect(backend.failures).toEqual([]);
    expect(backend.connections[0]?.received).toBe('a LOGIN u p\r\nb NOOP\r\n');
  });

  it('carry every byte unchanged, one character per byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { client } = await talk(async (proxy) => proxy.send(await proxy.read(256)));
    await client.send(bytes);
    expect([...(await client.read(256))]).toEqual([...bytes]);
  });

  it('send one byte at a time where they are told to', async () => {
    let reads = 0;
    const { client } = await talk(
      async (proxy) => {
        const append = proxy.inbox.append.bind(proxy.inbox);
        proxy.inbox.append = (bytes) => {
          reads += 1;
          append(bytes);
        };
        await proxy.line();
        await proxy.sendLine('seen');
      },
      { split: 1 },
    );
    await client.sendLine('a NOOP');
    await client.expect('seen');
    expect(reads).toBeGreaterThan(4);
  });

  it('do not take a bare LF for the end of a line', async () => {
    const { client } = await talk((proxy) => proxy.send('one\ntwo\r\n'));
    expect(await client.line()).toBe('one\ntwo');
  });

  it('read until a mark and leave the rest', async () => {
    const { client } = await talk((proxy) => proxy.send('abc>def>'));
    expect(await client.readUntil('>')).toBe('abc>');
    expect(await client.readUntil('>')).toBe('def>');
  });

  it('reject at the deadline with what was received so far', async () => {
    const { client } = await talk((proxy) => proxy.send('half a\x01 line'), { deadlineMs: 30 });
    await client.inbox.take((unread) => (unread.length === 12 ? 0 : undefined), 'all', 5000);
    const error = await client.line().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotReceived);
    expect(error).toMatchObject({ awaited: 'a line', received: 'half a\\x01 line' });
  });

  it('reject at once when the peer closes before it said what is waited for', async () => {
    const { client } = await talk(async (proxy) => {
      await proxy.send('no line end');
      proxy.finish();
    });
    await expect(client.line()).rejects.toThrow('but the peer closed');
    expect(await client.ended).toBe('fin');
    expect(await client.readToEnd()).toBe('no line end');
  });

  it('tell a broken connection from a finished one', async () => {
    const { client } = await talk(async (proxy) => {
      await proxy.line();
      proxy.reset();
    });
    await client.sendLine('reset, please');
    expect(await client.ended).toBe('reset');
  });

  it('say what was expected and what came instead', async () => {
    const { client } = await talk((proxy) => proxy.sendLine('* BYE'));
    const error = await client.expect('* OK').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Unexpected);
    expect(error).toMatchObject({ expected: '* OK', received: '* BYE' });
  });

  it('record a conversation that went wrong and close its connection', async () => {
    const { backend, client } = await talk(async (proxy) => {
      await proxy.expect('a LOGIN u p');
    });
    await client.sendLine('a NOOP');
    await client.ended;
    expect(backend.failures).toHaveLength(1);
    expect(backend.failures[0]).toBeInstanceOf(Unexpected);
  });

  it('do not count as failed what the closing of the backend interrupts', async () => {
    const { backend, client } = await talk(async (proxy: ScriptedPeer) => {
      await proxy.line();
    });
    await backend.nextConnection();
    await backend.close();
    await client.ended;
    expect(backend.failures).toEqual([]);
  });

  it('refuse text that is not bytes', async () => {
    const { client } = await talk(() => undefined);
    await expect(client.send('\u20ac')).rejects.toThrow('above U+00FF');
  });

  it('fail to connect where nobody listens', async () => {
    const { backend } = await talk(() => undefined);
    await backend.close();
    await expect(connectClient(backend.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('say which port is taken', async () => {
    const { backend } = await talk(() => undefined);
    await expect(startScriptedBackend(() => undefined, { port: backend.port })).rejects.toThrow(
      `port ${String(backend.port)} is taken by another program`,
    );
  });
});
