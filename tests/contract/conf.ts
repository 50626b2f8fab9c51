/** The configuration of a protocol as a server of postern has it, from directives. */
import {
  createServer,
  defineModule,
  mail,
  type AnyModule,
  type CommandView,
  type ConfLookup,
  type Protocol,
} from '@postern/core';

/**
 * What `protocol` finds in `server { protocol <name>; <directives> }`. The server is not started: the `secure` hook
 * tells of it as soon as its configuration is read.
 */
export async function confOf<C extends CommandView, S, U, Conf extends object>(
  module: AnyModule,
  protocol: Protocol<C, S, U, Conf>,
  ...directives: readonly string[]
): Promise<Conf> {
  const lookups: ConfLookup[] = [];
  const probe = defineModule({
    name: 'probe',
    api: 1,
    requires: [mail],
    directives: {},
    setup(cycle) {
      cycle.hooks(mail).secure.tap('probe', (server) => {
        lookups.push((wanted) => server.conf(wanted));
        return undefined;
      });
    },
  });
  const own = [`protocol ${protocol.name}`, 'auth_http 127.0.0.1:9/', 'listen 127.0.0.1:1'];
  const block = [...own, ...directives].map((each) => `${each};`).join('\n');
  const config = `events {}\nmail {\nserver {\n${block}\n}\n}\n`;
  const server = await createServer({ modules: [module, probe], config });
  await server.close();
  const [lookup] = lookups;
  if (lookup === undefined) throw new Error('no server was built');
  return protocol.conf(lookup);
}
