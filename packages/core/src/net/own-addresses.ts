/** The addresses at which this process accepts: a connection to one of them comes back to it. */
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipBytes, ipText, isMapped } from './ip.js';

/** A literal address and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** An {@link Endpoint} that is listened on. */
export interface OwnAddress extends Endpoint {
  /** Of `::`: whether clients of IPv4 come there as well. */
  readonly bothFamilies: boolean;
}

/** Milliseconds for which the list of this machine's addresses holds. */
const machineMs = 10_000;

/** Where a process listens. */
export class OwnAddresses {
  readonly #byPort = new Map<number, OwnAddress[]>();
  readonly #readMachine: () => BlockList;
  #machine: BlockList | undefined;
  #readAt = 0;

  /** @param readMachine - the addresses of this machine; asked only where a wildcard listens on the port in question. */
  constructor(readMachine: () => BlockList = machineAddresses) {
    this.#readMachine = readMachine;
  }

  /** Adds an address that is listened on. */
  add({ host, port, bothFamilies }: OwnAddress): void {
    const known = this.#byPort.get(port) ?? [];
    known.push({ host: plain(host), port, bothFamilies });
    this.#byPort.set(port, known);
  }

  /** Whether a connection to `endpoint` would come to this process. */
  has({ host, port }: Endpoint): boolean {
    const known = this.#byPort.get(port);
    if (known === undefined) return false;
    const target = reached(plain(host));
    return known.some((own) => own.host === target || this.#isBehind(own, target));
  }

  /** Whether `own` is a wildcard that stands for `target`. */
  #isBehind({ host, bothFamilies }: OwnAddress, target: string): boolean {
    const isIpv6 = target.includes(':');
    const stands = isIpv6 ? host === '::' : host === '0.0.0.0' || (host === '::' && bothFamilies);
    return stands && this.#onMachine().check(target, isIpv6 ? 'ipv6' : 'ipv4');
  }

  #onMachine(): BlockList {
    const now = performance.now();
    if (this.#machine === undefined || now - this.#readAt > machineMs) {
      this.#machine = this.#readMachine();
      this.#readAt = now;
    }
    return this.#machine;
  }
}

/** The normal text of an address; that of IPv4 where it is mapped into IPv6. */
function plain(host: string): string {
  const bytes = ipBytes(host);
  if (bytes === undefined) return host;
  return ipText(isMapped(bytes) ? bytes.subarray(12) : bytes);
}

/** Who connects to no address in particular reaches the machine itself. */
function reached(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Of the loopback interface whole networks belong to the machine, of others single addresses. */
function machineAddresses(): BlockList {
  const list = new BlockList();
  for (const { address, family, internal, cidr } of Object.values(networkInterfaces()).flatMap(
    (each) => each ?? [],
  )) {
    const kind = family === 'IPv6' ? 'ipv6' : 'ipv4';
    const prefix = Number(cidr?.split('/')[1]);
    if (internal && prefix > 0) list.addSubnet(address, prefix, kind);
    else list.addAddress(address, kind);
  }
  return list;
}
