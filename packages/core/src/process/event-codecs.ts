/** Codecs of directives of the events context that have sentences of their own. */
import { integer, oneWord, text } from '../config/codec.js';
import type { Codec } from '../config/directive.js';

/** A number of connections. */
export const connectionCount: Codec<number> = {
  ...integer,
  refusal: (_directive, [word = '']) => `invalid number "${word}"`,
};

const methods: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'epoll',
  android: 'epoll',
  darwin: 'kqueue',
  freebsd: 'kqueue',
  openbsd: 'kqueue',
  netbsd: 'kqueue',
  sunos: 'eventport',
};

/** The method of this system. */
export const nativeEventMethod = methods[process.platform] ?? 'poll';

/** The method the event loop has on this system; a build of nginx too knows only those of its system. */
export const eventMethod: Codec<string> = {
  schema: oneWord({ const: nativeEventMethod }),
  syntax: 'method',
  repeat: 'refuse',
  refusal: (_directive, [word = '']) => `invalid event type "${word}"`,
  parse([word = ''], context) {
    if (word !== nativeEventMethod) throw context.error(`invalid event type "${word}"`);
    return word;
  },
};

/** `debug_connection`, ignored with the warning of an nginx that was built without debugging. */
export const debugConnection: Codec<string> = {
  ...text,
  syntax: 'address | CIDR | unix:',
  parse([word = ''], context) {
    context.warn(
      `"${context.directive}" is ignored, you need to rebuild nginx using --with-debug option to enable it`,
    );
    return word;
  },
};
