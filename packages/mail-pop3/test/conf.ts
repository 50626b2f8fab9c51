/** The configuration of a server, for tests that have no configuration file. */
import { authMethods, capabilityReplies, type Pop3AuthMethod } from '../src/capabilities.js';
import type { Pop3Conf } from '../src/protocol.js';

interface Values {
  readonly capabilities?: readonly string[];
  readonly auth?: readonly Pop3AuthMethod[];
  readonly clientBuffer?: number;
}

/** nginx's defaults, and what is given in their place. */
export function confOf(values: Values = {}): Pop3Conf {
  const { capabilities = ['TOP', 'USER', 'UIDL'], auth = ['plain'], clientBuffer = 4096 } = values;
  return { auth, clientBuffer, capabilityReplies: capabilityReplies({ capabilities, auth }) };
}

/** The configuration that directives such as `pop3_auth plain apop;` give. */
export function confFrom(directives: readonly string[]): Pop3Conf {
  const words = new Map(directives.map(wordsOf).map(([name = '', ...rest]) => [name, rest]));
  const auth = words.get('pop3_auth');
  const capabilities = words.get('pop3_capabilities');
  const size = words.get('pop3_client_buffer')?.[0];
  return confOf({
    ...(auth && { auth: authMethods.filter((method) => auth.includes(method)) }),
    ...(capabilities && { capabilities }),
    ...(size !== undefined && { clientBuffer: Number(size) }),
  });
}

/** Words apart by spaces, or between quotes. */
function wordsOf(directive: string): string[] {
  const words = directive.slice(0, -1).matchAll(/"([^"]*)"|(\S+)/g);
  return Array.from(words, ([, quoted, bare]) => quoted ?? bare ?? '');
}
