/**
 * What the packages of this project bring, for help texts alone: which package a directive, a protocol or a port
 * belongs to that this build does not know. Nothing else asks for a protocol's name.
 */

/** A package that may be left out of an install. */
export interface StandardPackage {
  readonly name: string;
  readonly directives: readonly string[];
  /** The protocol that it adds, and the ports from which `listen` guesses it. */
  readonly protocol?: string;
  readonly ports?: readonly number[];
}

const packages: readonly StandardPackage[] = [
  {
    name: '@postern/mail-imap',
    directives: ['imap_auth', 'imap_capabilities', 'imap_client_buffer', 'proxy_imap_login'],
    protocol: 'imap',
    ports: [143, 993],
  },
  {
    name: '@postern/mail-pop3',
    directives: ['pop3_auth', 'pop3_capabilities', 'pop3_client_buffer'],
    protocol: 'pop3',
    ports: [110, 995],
  },
  {
    name: '@postern/mail-smtp',
    directives: [
      'smtp_auth',
      'smtp_capabilities',
      'smtp_client_buffer',
      'smtp_greeting_delay',
      'xclient',
      'proxy_smtp_auth',
    ],
    protocol: 'smtp',
    ports: [25, 465, 587],
  },
  { name: '@postern/resolver', directives: ['resolver', 'resolver_timeout'] },
];

/** The package that declares the directive `name`. */
export function packageOfDirective(name: string): string | undefined {
  return packages.find(({ directives }) => directives.includes(name))?.name;
}

/** The package that adds the protocol `name`. */
export function packageOfProtocol(name: string): string | undefined {
  return packages.find(({ protocol }) => protocol === name)?.name;
}

/** The protocol that usually lives on `port`. */
export function protocolOfPort(port: number): string | undefined {
  return packages.find(({ ports }) => ports?.includes(port))?.protocol;
}
