import { describe, expect, it } from 'vitest';
import {
  createMailHooks,
  mail,
  type AnyModule,
  type ConfLookup,
  type ConfOf,
  type CycleSetup,
  type ProtocolRegistry,
} from '@postern/core';
import { pop3, pop3Protocol } from '../src/index.js';
import { Pop3Parser } from '../src/parser.js';
import { confOf } from './conf.js';
import { text } from './parse.js';

describe('the module', () => {
  it('declares nginx’s directives and one of ours, with nginx’s defaults', () => {
    const defaults = Object.entries(pop3.directives).map(([name, slot]) => [name, slot.default]);
    expect(Object.fromEntries(defaults)).toEqual({
      pop3_client_buffer: 4096,
      pop3_capabilities: ['TOP', 'USER', 'UIDL'],
      pop3_auth: ['plain'],
    });
  });

  it('takes its directives in mail and server', () => {
    for (const { levels } of Object.values(pop3.directives))
      expect(levels).toEqual(['mail', 'server']);
  });

  it.each([
    { name: 'has no login', words: ['plain', 'login'], is: 'invalid value "login"' },
    { name: 'has no none', words: ['none'], is: 'invalid value "none"' },
    { name: 'refuses what is not a method', words: ['apop', 'ntlm'], is: 'invalid value "ntlm"' },
  ])('pop3_auth $name', ({ words, is }) => {
    expect(pop3.directives.pop3_auth.codec.refusal('pop3_auth', words)).toBe(is);
  });

  it('registers the protocol, once', () => {
    const hooks = createMailHooks();
    const added: unknown[] = [];
    const registry: ProtocolRegistry = { add: (protocol) => void added.push(protocol) };
    pop3.setup?.(setupWith(hooks));
    hooks.protocols.call(registry);
    expect(added).toEqual([pop3Protocol]);
  });

  it('derives the lists of a server', () => {
    const context = { protocol: 'pop3', serverName: 'mx' } as Parameters<
      NonNullable<typeof pop3.derive>
    >[1];
    const derived = pop3.derive?.(
      { clientBuffer: 4096, capabilities: ['A'], auth: ['external'] },
      context,
    );
    expect(text(derived?.capabilityReplies.methods ?? new Uint8Array())).toBe(
      '+OK methods supported:\r\nEXTERNAL\r\n.\r\n',
    );
  });
});

describe('the protocol', () => {
  it('is what listen and auth_http know POP3 by', () => {
    expect(pop3Protocol).toMatchObject({
      name: 'pop3',
      alpn: 'pop3',
      ports: [110, 995],
      needsSecret: true,
      namesClient: false,
    });
  });

  it('has a reply for every fault that is not the client’s', () => {
    expect(Object.values(pop3Protocol.replies).map(text)).toEqual([
      '-ERR internal server error\r\n',
      '-ERR SSL certificate error\r\n',
      '-ERR No required SSL certificate\r\n',
    ]);
  });

  it('reads its configuration under its own module', () => {
    const asked: AnyModule[] = [];
    const conf: unknown = confOf();
    const lookup: ConfLookup = <M extends AnyModule>(module: M) => {
      asked.push(module);
      return conf as ConfOf<M>;
    };
    expect(pop3Protocol.conf(lookup)).toBe(conf);
    expect(asked).toEqual([pop3]);
  });

  it('gives the parser the size of the client’s buffer', () => {
    const parser = pop3Protocol.createParser(confOf({ clientBuffer: 8 }));
    expect(parser).toBeInstanceOf(Pop3Parser);
    parser.push(Buffer.from('12345678'));
    expect(parser.next('command')?.kind).toBe('overflow');
  });
});

/** A cycle that has the hooks of mail and nothing else. */
function setupWith(hooks: ReturnType<typeof createMailHooks>): CycleSetup {
  const get = (module: AnyModule): unknown => (module === mail ? hooks : expect.unreachable());
  return {
    hooks: get,
    has: () => true,
    onEnd: () => undefined,
  } as Partial<CycleSetup> as CycleSetup;
}
