/**
 * Who is trusted (`set_real_ip_from`): addresses, networks, hosts and Unix peers. A peer that came by IPv4 over an IPv6
 * socket counts as IPv4, and networks of one family never hold peers of the other (ngx_inet.c, `ngx_cidr_match`).
 */
import { BlockList } from 'node:net';
import { oneWord } from '../../../config/codec.js';
import type { Codec, ReadContext } from '../../../config/directive.js';
import { parseDecimal, resolveName } from '../../../net/address.js';
import { ipBytes, ipText, isMapped } from '../../../net/ip.js';
import type { Peer } from '../../peer.js';

/** A network, or all Unix peers. */
export type TrustedPeer = Network | { readonly family: 'Unix' };

interface Network {
  readonly family: 'IPv4' | 'IPv6';
  /** The network's own address in normal form. */
  readonly address: string;
  /** Leading bits that count. */
  readonly prefix: number;
}

/** One `set_real_ip_from`. A host name is resolved while the configuration is read; each of its addresses is trusted. */
export const trustedPeers: Codec<readonly TrustedPeer[]> = {
  schema: oneWord(),
  syntax: 'address | CIDR | unix:',
  repeat: 'refuse',
  refusal: (directive) => `invalid number of arguments in "${directive}" directive`,
  parse: ([value = ''], context) => readPeers(value, context),
};

async function readPeers(value: string, context: ReadContext): Promise<readonly TrustedPeer[]> {
  if (value === 'unix:') return [{ family: 'Unix' }];
  const written = readNetwork(value);
  if (written !== undefined) {
    const { bytes, prefix } = written;
    const network = maskedNetwork(bytes, prefix);
    if (ipText(bytes) !== network.address) {
      context.warn(`low address bits of ${value} are meaningless`);
    }
    return [network];
  }
  const hosts = await context.sources.ask(`host ${value}`, () => resolveName(value));
  if (hosts.length === 0) throw context.error(`host not found in ${context.directive} "${value}"`);
  return hosts.flatMap((host) => {
    const bytes = ipBytes(host);
    return bytes === undefined ? [] : [maskedNetwork(bytes, 8 * bytes.length)];
  });
}

/** `address` or `address/bits`; undefined for any other text, which may still be a name. */
function readNetwork(value: string): { bytes: Uint8Array; prefix: number } | undefined {
  const slash = value.indexOf('/');
  const bytes = ipBytes(slash < 0 ? value : value.slice(0, slash));
  if (bytes === undefined) return undefined;
  const width = 8 * bytes.length;
  const prefix = slash < 0 ? width : parseDecimal(value.slice(slash + 1));
  return prefix === undefined || prefix > width ? undefined : { bytes, prefix };
}

function maskedNetwork(bytes: Uint8Array, prefix: number): Network {
  const masked = bytes.map((byte, index) => {
    const bits = Math.min(Math.max(prefix - 8 * index, 0), 8);
    return byte & (0xff00 >> bits);
  });
  return { family: bytes.length === 4 ? 'IPv4' : 'IPv6', address: ipText(masked), prefix };
}

/** The peers that are trusted in a server. */
export class TrustedPeers {
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();
  readonly #unix: boolean;

  constructor(trusted: readonly TrustedPeer[]) {
    this.#unix = trusted.some(({ family }) => family === 'Unix');
    for (const peer of trusted) {
      if (peer.family === 'IPv4') this.#ipv4.addSubnet(peer.address, peer.prefix, 'ipv4');
      if (peer.family === 'IPv6') this.#ipv6.addSubnet(peer.address, peer.prefix, 'ipv6');
    }
  }

  /** Whether `peer` may speak for others. */
  has({ family, address }: Peer): boolean {
    if (family === 'Unix') return this.#unix;
    const bytes = ipBytes(address);
    if (bytes === undefined) return false;
    if (bytes.length === 4) return this.#ipv4.check(address, 'ipv4');
    if (isMapped(bytes)) return this.#ipv4.check(ipText(bytes.subarray(12)), 'ipv4');
    return this.#ipv6.check(address, 'ipv6');
  }
}
