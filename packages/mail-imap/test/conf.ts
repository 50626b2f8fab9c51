/** The configuration of a server, for tests that have no configuration file. */
import { authMethods, capabilityLines, type ImapAuthMethod } from '../src/capabilities.js';
import type { ImapConf } from '../src/protocol.js';

interface Values {
  readonly capabilities?: readonly string[];
  readonly auth?: readonly ImapAuthMethod[];
  readonly clientBuffer?: number;
  readonly proxyLogin?: ImapConf['proxyLogin'];
}

/** nginx's defaults, and what is given in their place. */
export function confOf(values: Values = {}): ImapConf {
  const { capabilities = ['IMAP4', 'IMAP4rev1', 'UIDPLUS'], auth = ['plain'] } = values;
  const { clientBuffer = 4096, proxyLogin = 'auto' } = values;
  const lines = capabilityLines({ capabilities, auth });
  return { auth, clientBuffer, proxyLogin, capabilityLines: lines };
}

/** The configuration that directives such as `imap_auth plain login;` give. */
export function confFrom(directives: readonly string[]): ImapConf {
  const words = new Map(directives.map(wordsOf).map(([name = '', ...rest]) => [name, rest]));
  const auth = words.get('imap_auth');
  const capabilities = words.get('imap_capabilities');
  const size = words.get('imap_client_buffer')?.[0];
  const literal = words.get('proxy_imap_login')?.[0] === 'literal';
  return confOf({
    ...(auth && { auth: authMethods.filter((method) => auth.includes(method)) }),
    ...(capabilities && { capabilities }),
    ...(size !== undefined && { clientBuffer: Number(size) }),
    proxyLogin: literal ? 'literal' : 'auto',
  });
}

/** Words apart by spaces, or between quotes. */
function wordsOf(directive: string): string[] {
  const words = directive.slice(0, -1).matchAll(/"([^"]*)"|(\S+)/g);
  return Array.from(words, ([, quoted, bare]) => quoted ?? bare ?? '');
}
