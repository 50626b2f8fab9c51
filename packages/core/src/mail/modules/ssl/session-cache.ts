/** `ssl_session_cache`: its words, read as nginx reads them (ngx_mail_ssl_module.c, `ngx_mail_ssl_session_cache`). */
import type { Codec, ReadContext, SourceRef } from '../../../config/directive.js';
import { readBytes } from '../../../config/quantity.js';
import { parseDecimal } from '../../../net/address.js';

/** The half of a cache that other servers of the configuration can name too. */
export interface SharedCache {
  readonly name: string;
  readonly sizeBytes: number;
  readonly at: SourceRef;
}

/** What one directive asks for; a half that is not mentioned is inherited. */
export interface SessionCache {
  /** `off` and `none` keep nothing; a number of sessions otherwise. */
  readonly builtin?: 'off' | 'none' | number;
  readonly shared?: SharedCache;
}

/** Sessions of a `builtin` without a number: OpenSSL's default. */
const builtinSessions = 20_480;

/** Bytes of the smallest zone: eight pages. */
const smallestZone = 8 * 4096;

const refusal = (value: string): string => `invalid session cache "${value}"`;

function readShared(value: string, context: ReadContext): SessionCache {
  const [, name = '', ...rest] = value.split(':');
  const sizeBytes = readBytes(rest.join(':'));
  if (name === '' || rest.length === 0 || sizeBytes === undefined) {
    throw context.error(refusal(value));
  }
  if (sizeBytes < smallestZone) throw context.error(`session cache "${value}" is too small`);
  return { shared: { name, sizeBytes, at: context.at } };
}

function readWord(value: string, context: ReadContext): SessionCache {
  if (value === 'off' || value === 'none') return { builtin: value };
  if (value === 'builtin') return { builtin: builtinSessions };
  if (value.startsWith('shared:')) return readShared(value, context);
  const count = value.startsWith('builtin:') ? parseDecimal(value.slice(8)) : undefined;
  if (count === undefined) throw context.error(refusal(value));
  return { builtin: count };
}

/** The codec of `ssl_session_cache`. A second directive of one level adds to the first, as in nginx. */
export const sessionCache: Codec<SessionCache> = {
  schema: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
  syntax: 'off | none | [builtin[:size]] [shared:name:size]',
  repeat: 'join',
  refusal: (_directive, [value = '']) => refusal(value),
  parse(words, context) {
    let cache: SessionCache = {};
    for (const word of words) cache = { ...cache, ...readWord(word, context) };
    return cache;
  },
  join: inheritCache,
};

/** What a server has that sets `inner` within a block that sets `outer`: each half by itself. */
export function inheritCache(outer: SessionCache, inner: SessionCache): SessionCache {
  return { ...outer, ...inner };
}
