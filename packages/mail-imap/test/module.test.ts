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
import { imap, imapProtocol } from '../src/index.js';
import { ImapParser } from '../src/parser.js';
import { confOf } from './conf.js';
import { text } from './parse.js';

describe('the module', () => {
  it('declares nginx’s directives and one of ours, with nginx’s defaults', () => {
    const defaults = Object.entries(imap.directives).map(([name, slot]) => [name, slot.default]);
    expect(Object.fromEntries(defaults)).toEqual({
      imap_client_buffer: 4096,
      imap_capabilities: ['IMAP4', 'IMAP4rev1', 'UIDPLUS'],
      imap_auth: ['plain'],
      proxy_imap_login: 'auto',
    });
  });

  it('takes its directives in mail and server', () => {
    for (const { levels } of Object.values(imap.directives))
      expect(levels).toEqual(['mail', 'server']);
  });

  it.each([
    {
      name: 'imap_auth refuses what is not a method',
      directive: 'imap_auth',
      words: ['apop'],
      is: 'invalid value "apop"',
    },
    {
      name: 'imap_auth has no none',
      directive: 'imap_auth',
      words: ['plain', 'none'],
      is: 'invalid value "none"',
    },
    {
      name: 'proxy_imap_login refuses another word',
      directive: 'proxy_imap_login',
      words: ['quoted'],
      is: 'invalid value "quoted"',
    },
  ] as const)('$name', ({ directive, words, is }) => {
    expect(imap.directives[directive].codec.refusal(directive, words)).toBe(is);
  });

  it('registers the protocol, once', () => {
    const hooks = createMailHooks();
    const added: unknown[] = [];
    const registry: ProtocolRegistry = { add: (protocol) => void added.push(protocol) };
    imap.setup?.(setupWith(hooks));
    hooks.protocols.call(registry);
    expect(added).toEqual([imapProtocol]);
  });

  it('derives the capability lines of a server', () => {
    const context = { protocol: 'imap', serverName: 'mx' } as Parameters<
      NonNullable<typeof imap.derive>
    >[1];
    const derived = imap.derive?.(
      { clientBuffer: 4096, capabilities: ['A'], auth: ['plain'], proxyLogin: 'auto' },
      context,
    );
    expect(text(derived?.capabilityLines.none ?? new Uint8Array())).toBe(
      '* CAPABILITY A AUTH=PLAIN\r\n',
    );
  });
});

describe('the protocol', () => {
  it('is what listen and auth_http know IMAP by', () => {
    expect(imapProtocol).toMatchObject({
      name: 'imap',
      alpn: 'imap',
      ports: [143, 993],
      needsSecret: true,
      namesClient: false,
    });
  });

  it('has an untagged reply for every fault that is not the client’s', () => {
    expect(Object.values(imapProtocol.replies).map(text)).toEqual([
      '* BAD internal server error\r\n',
      '* BYE SSL certificate error\r\n',
      '* BYE No required SSL certificate\r\n',
    ]);
  });

  it('reads its configuration under its own module', () => {
    const asked: AnyModule[] = [];
    const conf: unknown = confOf();
    const lookup: ConfLookup = <M extends AnyModule>(module: M) => {
      asked.push(module);
      return conf as ConfOf<M>;
    };
    expect(imapProtocol.conf(lookup)).toBe(conf);
    expect(asked).toEqual([imap]);
  });

  it('gives the parser the size of the client’s buffer', () => {
    const parser = imapProtocol.createParser(confOf({ clientBuffer: 8 }));
    expect(parser).toBeInstanceOf(ImapParser);
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
