/** The `resolver` and `resolver_timeout` directives of nginx's `ngx_mail_core_module`, and what they are for. */
import { defineModule, duration, mail, slot } from '@postern/core';
import { findClientName } from './client-name.js';
import { Resolver, type ResolverSpec } from './resolver.js';
import { resolverCodec } from './resolver-directive.js';

/** Client names by DNS: answers the hook `identify` for sessions whose server has a `resolver`. */
export const resolver = defineModule({
  name: 'resolver',
  api: 1,
  requires: [mail],
  directives: {
    resolver: slot('resolver', resolverCodec, {
      default: undefined,
      defaultText: 'off',
      about:
        'Sets the DNS servers by which the host names of SMTP clients are found, how long answers are kept, and which addresses are asked for.',
    }),
    resolver_timeout: slot('timeoutMs', duration, {
      default: 30_000,
      defaultText: '30s',
      about: 'Sets the time for each look-up of a client’s name and of the addresses of that name.',
    }),
  },
  setup(cycle) {
    const resolvers = new Map<ResolverSpec, Resolver>();
    const resolverOf = (spec: ResolverSpec): Resolver => {
      let made = resolvers.get(spec);
      if (made === undefined) {
        made = new Resolver(spec, cycle);
        resolvers.set(spec, made);
      }
      return made;
    };
    cycle.onEnd(() => {
      for (const one of resolvers.values()) one.end();
    });
    cycle.hooks(mail).identify.tap('resolver', (server) => {
      const { resolver: spec, timeoutMs } = server.conf(resolver);
      if (spec === undefined) return undefined;
      return (session) => findClientName(session, resolverOf(spec), timeoutMs);
    });
  },
});
