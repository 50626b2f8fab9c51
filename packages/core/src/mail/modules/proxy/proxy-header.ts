/** The PROXY protocol header that a backend gets (`proxy_protocol on | v2`; ngx_proxy_protocol.c). */
import { encodeProxyV1, encodeProxyV2 } from '../../../net/proxy-protocol.js';
import type { Session } from '../../session.js';
import { tlsFields } from './tls-fields.js';

/** Client after realip as source, our end of the client's connection as destination. */
export function proxyHeader(session: Session, version: 'on' | 'v2'): Uint8Array {
  const { client, local, tls } = session;
  if (version === 'on') return encodeProxyV1(client, local);
  return encodeProxyV2(client, local, tls === undefined ? [] : tlsFields(tls));
}
