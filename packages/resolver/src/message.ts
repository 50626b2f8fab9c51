/**
 * DNS messages (RFC 1035, 4.1): a query of one question without EDNS, as nginx sends it, and the part of a response
 * that a client needs. Whatever the bytes are, reading them ends after at most {@link mostRecords} records, takes no
 * pointer forwards and throws nothing. Sections behind the answers are not looked at.
 */
import { encodeName, readName, type ReadName } from './domain-name.js';

/** The types of records that are asked for, and CNAME, which leads from one name to another. */
export const RecordType = Object.freeze({ a: 1, cname: 5, ptr: 12, aaaa: 28 });

/** What is asked; the class is IN. Made by {@link questionOf}. */
export interface Question {
  /** In lower case, without a dot at the end. */
  readonly name: string;
  readonly type: number;
  /** The name as it stands in the query. */
  readonly wire: Uint8Array;
}

/** A query as it was sent. */
export interface SentQuery {
  /** 16 bits that only this query and its answer have. */
  readonly id: number;
  readonly question: Question;
}

/** A record of class IN that answers, or leads to, what was asked. */
export interface AnswerRecord {
  readonly name: string;
  readonly type: number;
  /** Seconds. Times above 2^31-1 are 0 (RFC 2181, 8). */
  readonly ttl: number;
  /** Of A and AAAA: 4 or 16 bytes. Empty otherwise. */
  readonly address: Uint8Array;
  /** Of CNAME and PTR. Empty otherwise. */
  readonly target: string;
}

/** A response to one query. */
export interface Response {
  /** RCODE; 0 = no error. */
  readonly code: number;
  readonly truncated: boolean;
  /** Records of the asked type and CNAMEs, in the order they came, up to the first that cannot be read. */
  readonly records: readonly AnswerRecord[];
  /** Why the answers could not be read to their end, in nginx's words; undefined where they could. */
  readonly fault: string | undefined;
}

/** Bytes that are no response to the query, and why; nginx's words. */
export interface Ignored {
  readonly ignored: string;
}

/** Bytes of a message's header. */
const headerLength = 12;
/** Records read of one response; what lies behind them is not looked at. */
const mostRecords = 1000;
const classIn = 1;
const recursionDesired = 0x0100;
const truncation = 0x0200;
/** QR, the opcode, and the bit of RFC 1035 that has no meaning yet; of a response to a query QR alone is set. */
const kindOfMessage = 0xf840;
/** The least that a record takes: a compressed name, and what every record has behind it. */
const shortestRecord = 2 + 10;

const nothing = new Uint8Array(0);

/** The question for records of `type` of `name`, or undefined where that is no name that can be asked for. */
export function questionOf(name: string, type: number): Question | undefined {
  const wire = encodeName(name);
  return wire === undefined ? undefined : { name, type, wire };
}

/** The bytes of a query with recursion desired. */
export function encodeQuery({ id, question }: SentQuery): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(recursionDesired, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, question.wire, Buffer.of(0, question.type, 0, classIn)]);
}

/** Two bytes at `at` as a number; 0 past the end. */
function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/**
 * Reads a response to `query`. Everything that tells it from a forged or stray one is checked: QR, opcode, the single
 * question with name (in any case of letters), type and class, and the id (RFC 5452, 9.1).
 */
export function decodeResponse(
  bytes: Uint8Array,
  query: SentQuery,
  transport: 'UDP' | 'TCP' = 'UDP',
): Response | Ignored {
  const flags = word(bytes, 2);
  const truncated = (flags & truncation) !== 0;
  const refusal = headerRefusal(bytes, truncated, transport);
  if (refusal !== undefined) return { ignored: refusal };
  const asked = readName(bytes, headerLength);
  if (typeof asked === 'string') return { ignored: asked };
  const answers = asked.next + 4;
  const least = truncated ? 0 : word(bytes, 6) * shortestRecord;
  if (answers + least > bytes.length) return { ignored: 'short DNS response' };
  const stray = questionRefusal(bytes, asked, query);
  if (stray !== undefined) return { ignored: stray };
  const read = readAnswers(bytes, answers, query.question.type);
  return { code: flags & 0x0f, truncated, ...read };
}

/** Why bytes are no response at all. */
function headerRefusal(
  bytes: Uint8Array,
  truncated: boolean,
  transport: 'UDP' | 'TCP',
): string | undefined {
  if (bytes.length < headerLength) return 'short DNS response';
  const flags = word(bytes, 2);
  if ((flags & kindOfMessage) !== 0x8000 || (truncated && transport === 'TCP')) {
    const shown = flags.toString(16).toUpperCase().padStart(4, '0');
    return `invalid ${transport} DNS response ${word(bytes, 0)} fl:${shown}`;
  }
  return word(bytes, 4) === 1 ? undefined : 'invalid number of questions in DNS response';
}

/** Why a response belongs to another query. */
function questionRefusal(
  bytes: Uint8Array,
  asked: ReadName,
  { id, question: { name, type } }: SentQuery,
): string | undefined {
  if (asked.name === '') return 'zero-length domain name in DNS response';
  const isSame =
    asked.name === name &&
    word(bytes, asked.next) === type &&
    word(bytes, asked.next + 2) === classIn;
  if (!isSame) return `unexpected DNS response for ${asked.name}`;
  const seen = word(bytes, 0);
  if (seen === id) return undefined;
  return `wrong ident ${seen} in DNS response for ${name}, expect ${id}`;
}

/** The answer section from `start` on. */
function readAnswers(
  bytes: Uint8Array,
  start: number,
  wanted: number,
): Pick<Response, 'records' | 'fault'> {
  const records: AnswerRecord[] = [];
  const count = Math.min(word(bytes, 6), mostRecords);
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const owner = readName(bytes, at);
    if (typeof owner === 'string') return { records, fault: owner };
    const data = owner.next + 10;
    const end = data + word(bytes, owner.next + 8);
    if (data > bytes.length || end > bytes.length) return { records, fault: 'short DNS response' };
    const record = readRecord(bytes, { owner: owner.name, at: owner.next, data, end }, wanted);
    if (typeof record === 'string') return { records, fault: record };
    if (record !== undefined) records.push(record);
    at = end;
  }
  const isBesideThePoint = wanted === RecordType.ptr && count > 0 && records.length === 0;
  return { records, fault: isBesideThePoint ? 'no PTR type in DNS response' : undefined };
}

interface RecordPlace {
  readonly owner: string;
  /** Where the type stands. */
  readonly at: number;
  readonly data: number;
  readonly end: number;
}

/** A record that is wanted, undefined for another one, or what is wrong with it. */
function readRecord(
  bytes: Uint8Array,
  { owner, at, data, end }: RecordPlace,
  wanted: number,
): AnswerRecord | string | undefined {
  const type = word(bytes, at);
  const recordClass = word(bytes, at + 2);
  if (recordClass !== classIn) return `unexpected RR class ${recordClass} in DNS response`;
  const fault = addressFault(type, end - data, wanted);
  if (fault !== undefined) return fault;
  if (type !== wanted && type !== RecordType.cname) return undefined;
  const ttl = readTtl(bytes, at + 4);
  if (type === RecordType.a || type === RecordType.aaaa) {
    return {
      name: owner,
      type,
      ttl,
      address: new Uint8Array(bytes.subarray(data, end)),
      target: '',
    };
  }
  const target = readName(bytes, data);
  if (typeof target === 'string') return target;
  if (target.next !== end) return 'short DNS response';
  return { name: owner, type, ttl, address: nothing, target: target.name };
}

/** What is wrong with an address among the answers to a question about addresses. */
function addressFault(type: number, length: number, wanted: number): string | undefined {
  const family = type === RecordType.a ? 'A' : 'AAAA';
  const isAddress = type === RecordType.a || type === RecordType.aaaa;
  if (!isAddress || wanted === RecordType.ptr) return undefined;
  if (type !== wanted) return `unexpected ${family} record in DNS response`;
  const fits = length === (type === RecordType.a ? 4 : 16);
  return fits ? undefined : `invalid ${family} record in DNS response`;
}

function readTtl(bytes: Uint8Array, at: number): number {
  const high = word(bytes, at);
  return high >= 0x8000 ? 0 : high * 0x10000 + word(bytes, at + 2);
}
