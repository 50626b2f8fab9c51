/** The PROXY protocol header that a backend gets (`proxy_protocol on | v2`). */
import { encodeProxyV1, encodeProxyV2 } from '../../../net/proxy-protocol.js';
import type { Session } from '../../session.js';

/** Client after realip as source, our end of the client's connection as destination. */
export function proxyHeader(session: Session, version: 'on' | 'v2'): Uint8Array {
  const { client, local } = session;
  return version === 'on' ? encodeProxyV1(client, local) : encodeProxyV2(client, local);
}
