/** The configuration of a server, for tests that have no configuration file. */
import { authMethods, ehloReplies, type SmtpAuthMethod } from '../src/capabilities.js';
import type { SmtpConf } from '../src/protocol.js';

interface Values {
  readonly serverName?: string;
  readonly capabilities?: readonly string[];
  readonly auth?: readonly SmtpAuthMethod[];
  readonly clientBuffer?: number;
  readonly greetingDelay?: number;
  readonly xclient?: boolean;
  readonly proxySmtpAuth?: boolean;
}

/** nginx's defaults, and what is given in their place. */
export function confOf(values: Values = {}): SmtpConf {
  const { serverName = 'mx.test', capabilities = [], auth = ['plain', 'login'] } = values;
  const { clientBuffer = 4096, greetingDelay = 0, xclient = true, proxySmtpAuth = false } = values;
  const replies = ehloReplies({ serverName, capabilities, auth });
  return { auth, clientBuffer, greetingDelay, xclient, proxySmtpAuth, ehloReplies: replies };
}

/** The configuration that directives such as `smtp_auth plain login;` give. */
export function confFrom(directives: readonly string[]): SmtpConf {
  const words = new Map(directives.map(wordsOf).map(([name = '', ...rest]) => [name, rest]));
  const first = (name: string): string | undefined => words.get(name)?.[0];
  const auth = words.get('smtp_auth');
  const capabilities = words.get('smtp_capabilities');
  return confOf({
    serverName: first('server_name') ?? 'mail.example.com',
    ...(auth && { auth: authMethods.filter((method) => auth.includes(method)) }),
    ...(capabilities && { capabilities }),
    clientBuffer: Number(first('smtp_client_buffer') ?? 4096),
    greetingDelay: Number.parseInt(first('smtp_greeting_delay') ?? '0', 10),
    xclient: first('xclient') !== 'off',
    proxySmtpAuth: first('proxy_smtp_auth') === 'on',
  });
}

/** Words apart by spaces, or between quotes. */
function wordsOf(directive: string): string[] {
  const words = directive.slice(0, -1).matchAll(/"([^"]*)"|(\S+)/g);
  return Array.from(words, ([, quoted, bare]) => quoted ?? bare ?? '');
}
