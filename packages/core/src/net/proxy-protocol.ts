/**
 * The PROXY protocol, versions 1 and 2 (proxy-protocol.txt by HAProxy), as pure functions over bytes.
 *
 * Writing follows ngx_proxy_protocol.c. Reading is bounded (107 bytes for version 1, 4096 for version 2), takes a header
 * in any number of pieces, and reads addresses, ports and TLVs strictly: what is recorded is in normal form, and beside
 * it as it was written where that differs.
 */
import { printable } from '../log/printable.js';
import { parseDecimal, type AddressFamily } from './address.js';
import { crc32c } from './crc32c.js';
import { ipBytes, ipText, isMapped } from './ip.js';

/** One end of a connection. */
export interface ProxyEndpoint {
  /** A literal IP address; anything for a UNIX-domain socket. */
  readonly address: string;
  readonly port: number;
  readonly family: AddressFamily;
  /** The address as a header of version 1 had it, where that is not its normal form. */
  readonly written?: string;
}

/** What the bytes so far amount to. */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  /** Not a header; `reason` is the text for the log, where nginx has one. */
  | { readonly kind: 'invalid'; readonly reason: string | undefined }
  /** A header of `length` bytes. Without addresses (UNKNOWN, LOCAL) the connection's own count. */
  | {
      readonly kind: 'done';
      readonly length: number;
      readonly source?: ProxyEndpoint;
      readonly destination?: ProxyEndpoint;
    };

/** Longest header of version 1 in bytes, line end included. */
export const longestV1 = 107;

/** Longest header of version 2 in bytes that is read. */
export const longestV2 = 4096;

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v1Start = Buffer.from('PROXY ');
const fixedV2 = 16;
const crcType = 0x03;

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;

const incomplete: ProxyHeader = { kind: 'incomplete' };
const invalid = (reason?: string): ProxyHeader => ({ kind: 'invalid', reason });

/** A header of version 1: `PROXY TCP4 source destination port port`. Mixed families are written as IPv6. */
export function encodeProxyV1(source: ProxyEndpoint, destination: ProxyEndpoint): Buffer {
  const from = ipBytes(source.address);
  const to = ipBytes(destination.address);
  if (from === undefined || to === undefined) return Buffer.from('PROXY UNKNOWN\r\n');
  const ipv4 = from.length === 4 && to.length === 4;
  const text = (bytes: Uint8Array): string => ipText(ipv4 ? bytes : toIpv6(bytes));
  const ports = `${String(source.port)} ${String(destination.port)}`;
  return Buffer.from(`PROXY TCP${ipv4 ? '4' : '6'} ${text(from)} ${text(to)} ${ports}\r\n`);
}

/** An additional field of a header of version 2. */
export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/**
 * Longest value of a field that is written, in bytes. Peers bound what they read, as {@link longestV2} does here, and
 * a certificate's names have no bound of their own.
 */
const longestTlv = 1024;

/** Type, length and value of each field in order. A field whose value is empty or too long is left out. */
export function encodeTlvs(tlvs: readonly Tlv[]): Buffer {
  const fit = tlvs.filter(({ value }) => value.length > 0 && value.length <= longestTlv);
  return Buffer.concat(
    fit.flatMap(({ type, value }) => [
      Buffer.from([type, value.length >> 8, value.length & 0xff]),
      value,
    ]),
  );
}

/** A header of version 2 with `tlvs` and, behind them, its CRC32c; LOCAL where either end is no IP address. */
export function encodeProxyV2(
  source: ProxyEndpoint,
  destination: ProxyEndpoint,
  tlvs: readonly Tlv[] = [],
): Buffer {
  const from = ipBytes(source.address);
  const to = ipBytes(destination.address);
  const known = from !== undefined && to !== undefined;
  const addresses = known ? addressBlock(from, source.port, to, destination.port) : Buffer.alloc(0);
  const family = addresses.length === 0 ? 0x00 : addresses.length === 12 ? 0x11 : 0x21;
  const fields = encodeTlvs([...tlvs, { type: crcType, value: Buffer.alloc(4) }]);
  const length = addresses.length + fields.length;
  const head = Buffer.from([known ? 0x21 : 0x20, family, length >> 8, length & 0xff]);
  const header = Buffer.concat([signature, head, addresses, fields]);
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

function addressBlock(from: Uint8Array, fromPort: number, to: Uint8Array, toPort: number): Buffer {
  const ipv4 = isIpv4(from) && isIpv4(to);
  const form = ipv4 ? toIpv4 : toIpv6;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(fromPort, 0);
  ports.writeUInt16BE(toPort, 2);
  return Buffer.concat([form(from), form(to), ports]);
}

function isIpv4(bytes: Uint8Array): boolean {
  return bytes.length === 4 || isMapped(bytes);
}

function toIpv4(bytes: Uint8Array): Uint8Array {
  return bytes.length === 4 ? bytes : bytes.subarray(12);
}

function toIpv6(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
}

/** Reads a header at the start of `bytes`. What follows it is left alone. */
export function decodeProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return incomplete;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (startsLike(view, signature)) {
    return view.length < fixedV2 ? incomplete : decodeV2(view);
  }
  return decodeV1(view);
}

/** Whether `bytes` and `start` agree as far as both go. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

/**
 * nginx's sentence about bytes that are no header. It shows the first line of them; of what does not even begin like a
 * header only the first word, since a client that speaks first may be logging in.
 */
export function brokenHeader(bytes: Uint8Array): string {
  const lineEnd = bytes.findIndex((byte) => byte === cr || byte === lf);
  const line = lineEnd < 0 ? bytes : bytes.subarray(0, lineEnd);
  const isLike = v1Start.every((byte, at) => line[at] === byte);
  const wordEnd = isLike ? -1 : line.indexOf(space);
  return `broken header: "${printable(wordEnd < 0 ? line : line.subarray(0, wordEnd))}"`;
}

function decodeV1(bytes: Buffer): ProxyHeader {
  const limit = Math.min(bytes.length, longestV1);
  let end = 0;
  while (end < limit && bytes[end] !== cr && bytes[end] !== lf) end += 1;
  const broken = invalid(brokenHeader(bytes.subarray(0, limit)));
  if (!startsLike(bytes, v1Start)) return broken;
  if (end >= limit - 1) {
    const more = bytes.length < longestV1 && (end === limit || bytes[end] === cr);
    return more ? incomplete : broken;
  }
  if (bytes[end] !== cr || bytes[end + 1] !== lf) return broken;
  return readV1(bytes.toString('latin1', v1Start.length, end), end + 2) ?? broken;
}

function readV1(line: string, length: number): ProxyHeader | undefined {
  // Whatever follows it.
  if (line.startsWith('UNKNOWN')) return { kind: 'done', length };
  const words = line.split(' ');
  if (words.length !== 5 || (words[0] !== 'TCP4' && words[0] !== 'TCP6')) return undefined;
  const family = words[0] === 'TCP4' ? 'IPv4' : 'IPv6';
  const source = textEndpoint(words[1], words[3]);
  const destination = textEndpoint(words[2], words[4]);
  if (source?.family !== family || destination?.family !== family) return undefined;
  return { kind: 'done', length, source, destination };
}

function textEndpoint(address = '', port = ''): ProxyEndpoint | undefined {
  const found = endpoint(ipBytes(address), portOf(port));
  return found === undefined || found.address === address ? found : { ...found, written: address };
}

function portOf(text: string): number | undefined {
  const port = parseDecimal(text);
  return port !== undefined && port <= 65535 ? port : undefined;
}

function endpoint(
  bytes: Uint8Array | undefined,
  port: number | undefined,
): ProxyEndpoint | undefined {
  if (bytes === undefined || port === undefined) return undefined;
  return { address: ipText(bytes), port, family: bytes.length === 4 ? 'IPv4' : 'IPv6' };
}

function decodeV2(bytes: Buffer): ProxyHeader {
  const versionAndCommand = bytes[12] ?? 0;
  const version = versionAndCommand >> 4;
  const command = versionAndCommand & 15;
  if (version !== 2) return invalid(`unknown PROXY protocol version: ${String(version)}`);
  if (command > 1) return invalid(`unknown PROXY protocol command: ${String(command)}`);
  const length = fixedV2 + bytes.readUInt16BE(14);
  if (length > longestV2) return invalid('header is too large');
  if (bytes.length < length) return incomplete;
  const familyAndTransport = bytes[13] ?? 0;
  const width = addressWidth(familyAndTransport);
  if (command === 0 || width === 0) return { kind: 'done', length };
  return readV2(bytes.subarray(0, length), width);
}

/** Bytes of one address over TCP; 0 for what is skipped. */
function addressWidth(familyAndTransport: number): number {
  if (familyAndTransport === 0x11) return 4;
  return familyAndTransport === 0x21 ? 16 : 0;
}

function readV2(header: Buffer, width: number): ProxyHeader {
  const ports = fixedV2 + 2 * width;
  const tlvs = ports + 4;
  if (header.length < tlvs) return invalid();
  const problem = tlvProblem(header, tlvs);
  if (problem !== undefined) return invalid(problem);
  const source = endpoint(header.subarray(fixedV2, fixedV2 + width), header.readUInt16BE(ports));
  const destination = endpoint(
    header.subarray(fixedV2 + width, ports),
    header.readUInt16BE(ports + 2),
  );
  return {
    kind: 'done',
    length: header.length,
    ...(source && { source }),
    ...(destination && { destination }),
  };
}

/** Whether the TLVs from `start` fill the header exactly, and its checksum, where there is one, is right. */
function tlvProblem(header: Buffer, start: number): string | undefined {
  let at = start;
  while (at < header.length) {
    if (at + 3 > header.length) return 'broken TLV';
    const type = header[at];
    const value = at + 3;
    at = value + header.readUInt16BE(at + 1);
    if (at > header.length) return 'broken TLV';
    if (type === crcType && !hasChecksum(header, value, at)) return 'wrong checksum';
  }
  return undefined;
}

function hasChecksum(header: Buffer, from: number, to: number): boolean {
  if (to - from !== 4) return false;
  const zeroed = Buffer.from(header).fill(0, from, to);
  return crc32c(zeroed) === header.readUInt32BE(from);
}
