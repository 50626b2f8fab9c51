/** Configurations of the proxies under test. */

/** What differs from test to test. */
export interface Wishes {
  /** Addresses to listen on. */
  readonly listen: readonly (number | string)[];
  /** Directives of the main level. */
  readonly main?: string;
  readonly authPort?: number;
  /** Directives of the events block. */
  readonly events?: string;
  /** Directives of the mail block. */
  readonly mail?: string;
}

const address = (listen: number | string): string =>
  typeof listen === 'number' ? `127.0.0.1:${String(listen)}` : listen;

/** An IMAP proxy. */
export function imapConfiguration(wishes: Wishes): string {
  const { listen, main = '', events = '', mail = '', authPort = 9 } = wishes;
  const servers = listen.map((one) => `server { listen ${address(one)}; protocol imap; }`);
  return `
${main.includes('worker_processes') ? '' : 'worker_processes 1;'}
${main.includes('error_log') ? '' : 'error_log logs/error.log info;'}
${main.includes('pid ') ? '' : 'pid logs/nginx.pid;'}
${main}
events { ${events} }
mail {
    auth_http 127.0.0.1:${String(authPort)};
    ${mail}
    ${servers.join('\n    ')}
}
`;
}
