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
import { smtp, smtpProtocol } from '../src/index.js';
import { SmtpParser } from '../src/parser.js';
import { confOf } from './conf.js';
import { bytes, text } from './parse.js';

describe('the module', () => {
  it('declares nginx’s directives, with nginx’s defaults', () => {
    const defaults = Object.entries(smtp.directives).map(([name, slot]) => [name, slot.default]);
    expect(Object.fromEntries(defaults)).toEqual({
      smtp_client_buffer: 4096,
      smtp_greeting_delay: 0,
      smtp_capabilities: [],
      smtp_auth: ['plain', 'login'],
      xclient: true,
      proxy_smtp_auth: false,
    });
  });

  it('takes its directives in mail and server', () => {
    for (const { levels } of Object.values(smtp.directives))
      expect(levels).toEqual(['mail', 'server']);
  });

  it.each([
    {
      name: 'smtp_auth refuses what is not a method',
      directive: 'smtp_auth',
      words: ['apop'],
      is: 'invalid value "apop"',
    },
    {
      name: 'smtp_greeting_delay refuses what is not a time',
      directive: 'smtp_greeting_delay',
      words: ['soon'],
      is: '"smtp_greeting_delay" directive invalid value',
    },
    {
      name: 'xclient refuses another word',
      directive: 'xclient',
      words: ['yes'],
      is: 'invalid value "yes" in "xclient" directive, it must be "on" or "off"',
    },
  ] as const)('$name', ({ directive, words, is }) => {
    expect(smtp.directives[directive].codec.refusal(directive, words)).toBe(is);
  });

  it('registers the protocol, once', () => {
    const hooks = createMailHooks();
    const added: unknown[] = [];
    const registry: ProtocolRegistry = { add: (protocol) => void added.push(protocol) };
    smtp.setup?.(setupWith(hooks));
    hooks.protocols.call(registry);
    expect(added).toEqual([smtpProtocol]);
  });

  it('derives the replies to EHLO of a server', () => {
    const context = { protocol: 'smtp', serverName: 'mx' } as Parameters<
      NonNullable<typeof smtp.derive>
    >[1];
    const derived = smtp.derive?.({ ...confOf(), capabilities: ['A'], auth: ['plain'] }, context);
    expect(text(derived?.ehloReplies.none ?? new Uint8Array())).toBe(
      '250-mx\r\n250-A\r\n250 AUTH PLAIN\r\n',
    );
  });
});

describe('the protocol', () => {
  it('is what listen and auth_http know SMTP by', () => {
    expect(smtpProtocol).toMatchObject({
      name: 'smtp',
      alpn: 'smtp',
      ports: [25, 465, 587],
      needsSecret: false,
      namesClient: true,
    });
  });

  it('has a reply for every fault that is not the client’s', () => {
    expect(Object.values(smtpProtocol.replies).map(text)).toEqual([
      '451 4.3.2 Internal server error\r\n',
      '421 4.7.1 SSL certificate error\r\n',
      '421 4.7.1 No required SSL certificate\r\n',
    ]);
  });

  it('reads its configuration under its own module', () => {
    const asked: AnyModule[] = [];
    const conf: unknown = confOf();
    const lookup: ConfLookup = <M extends AnyModule>(module: M) => {
      asked.push(module);
      return conf as ConfOf<M>;
    };
    expect(smtpProtocol.conf(lookup)).toBe(conf);
    expect(asked).toEqual([smtp]);
  });

  it('gives the parser the size of the client’s buffer', () => {
    const parser = smtpProtocol.createParser(confOf({ clientBuffer: 8 }));
    expect(parser).toBeInstanceOf(SmtpParser);
    parser.push(bytes('12345678'));
    expect(parser.next('command')?.kind).toBe('overflow');
  });
});

describe('smtp_greeting_delay', () => {
  const { heldGreeting } = smtpProtocol;
  const told = (value: Uint8Array): string | undefined => {
    const log = heldGreeting?.early(value).find((action) => action.do === 'log');
    return log?.do === 'log' ? log.message : undefined;
  };

  it('is how long the greeting is held', () => {
    expect(heldGreeting?.delayMs(confOf({ greetingDelay: 500 }))).toBe(500);
  });

  it('D11: logs, refuses and closes who speaks before it', () => {
    const [, send, close, ...more] = heldGreeting?.early(bytes('EHLO x\r\n')) ?? [];
    expect(told(bytes('EHLO x\r\n'))).toBe('client was rejected before greeting: "EHLO x__"');
    expect(send?.do === 'send' && text(send.bytes)).toBe(
      '503 5.5.0 Improper use of SMTP command pipelining\r\n',
    );
    expect(close).toEqual({ do: 'close' });
    expect(more).toEqual([]);
  });

  it.each([
    { name: 'escapes controls', sent: 'a\0\x1b[2J', is: 'a\\x00\\x1B[2J' },
    { name: 'escapes what is not UTF-8', sent: '\xff', is: '\\xFF' },
    { name: 'cuts at 256 bytes', sent: 'a'.repeat(70_000), is: 'a'.repeat(256) },
    { name: 'cuts what grew by escapes', sent: '\0'.repeat(256), is: '\\x00'.repeat(64) },
  ])('N6: the log $name', ({ sent, is }) => {
    expect(told(bytes(sent))).toBe(`client was rejected before greeting: "${is}"`);
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
