import { decode, encode, type Answer, type Packet } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { decodeResponse, encodeQuery, questionOf, RecordType } from '../src/message.js';
import { record } from './fake-dns.js';

const question = questionOf('mx.test', RecordType.a) ?? expect.unreachable();
const query = { id: 0x1234, question };

function response(packet: Packet = {}): Buffer {
  const questions = [{ name: 'mx.test', type: 'A' as const }];
  return encode({ type: 'response', id: 0x1234, questions, ...packet });
}

const a = (data: string, ttl?: number): Answer => record('A', 'mx.test', data, ttl);

it('a query asks one question, with recursion and without EDNS', () => {
  expect(decode(encodeQuery(query))).toMatchObject({
    id: 0x1234,
    type: 'query',
    opcode: 'QUERY',
    flag_rd: true,
    questions: [{ name: 'mx.test', type: 'A', class: 'IN' }],
    answers: [],
    additionals: [],
  });
});

it('a name that cannot be written is no question', () => {
  expect(questionOf('a..b', RecordType.a)).toBeUndefined();
});

describe('a response', () => {
  it('gives its code and the records that were asked for', () => {
    const aliased = record('CNAME', 'mx.test', 'other.test', 7);
    const unasked = [record('TXT', 'mx.test', 'x')];
    const answers = [aliased, ...unasked, a('192.0.2.1', 300)];
    expect(decodeResponse(response({ answers }), query)).toEqual({
      code: 0,
      truncated: false,
      fault: undefined,
      records: [
        { name: 'mx.test', type: 5, ttl: 7, address: new Uint8Array(0), target: 'other.test' },
        { name: 'mx.test', type: 1, ttl: 300, address: Uint8Array.of(192, 0, 2, 1), target: '' },
      ],
    });
  });

  it.each([
    { name: 'SERVFAIL', flags: 2, is: { code: 2, truncated: false } },
    { name: 'NXDOMAIN', flags: 3, is: { code: 3, truncated: false } },
    { name: 'TC', flags: 0x200, is: { code: 0, truncated: true } },
    { name: 'AA, RD, RA, AD and CD', flags: 0x5b0, is: { code: 0, truncated: false } },
  ])('may have $name', ({ flags, is }) => {
    expect(decodeResponse(response({ flags }), query)).toMatchObject(is);
  });

  it('J3: may write the question in any case of letters', () => {
    const questions = [{ name: 'MX.tEST', type: 'A' as const }];
    expect(decodeResponse(response({ questions }), query)).toMatchObject({ code: 0 });
  });

  it.each([
    { name: 'J11: a time to live of 0', ttl: 0, is: 0 },
    { name: 'J11: a time to live of 2^31-1', ttl: 2 ** 31 - 1, is: 2 ** 31 - 1 },
    { name: 'J11: a time to live of 2^31, which counts as 0', ttl: 2 ** 31, is: 0 },
    { name: 'J11: a time to live of 2^32-1, which counts as 0', ttl: 2 ** 32 - 1, is: 0 },
  ])('may have $name', ({ ttl, is }) => {
    const decoded = decodeResponse(response({ answers: [a('192.0.2.1', ttl)] }), query);
    expect(decoded).toMatchObject({ records: [{ ttl: is }] });
  });

  it('J7: has at most 1000 records read', () => {
    const answers = Array.from({ length: 2000 }, () => a('192.0.2.1'));
    const decoded = decodeResponse(response({ answers }), query);
    expect('records' in decoded && decoded.records.length).toBe(1000);
  });

  it('has its fault named: a record of another class', () => {
    const bytes = response({ answers: [{ ...a('192.0.2.1'), class: 'CH' } as Answer] });
    const fault = 'unexpected RR class 3 in DNS response';
    expect(decodeResponse(bytes, query)).toMatchObject({ records: [], fault });
  });

  it('has its fault named: an address of the other family', () => {
    const six = record('AAAA', 'mx.test', '2001:db8::1');
    expect(decodeResponse(response({ answers: [a('192.0.2.1'), six] }), query)).toMatchObject({
      fault: 'unexpected AAAA record in DNS response',
    });
    const asked = { id: 0x1234, question: questionOf('mx.test', RecordType.aaaa) ?? expect.fail() };
    const questions = [{ name: 'mx.test', type: 'AAAA' as const }];
    const answers = [six, a('192.0.2.1')];
    expect(decodeResponse(response({ questions, answers }), asked)).toMatchObject({
      fault: 'unexpected A record in DNS response',
    });
  });

  it('has its fault named: no name among the answers to the question for one', () => {
    const asked = { id: 0x1234, question: questionOf('mx.test', RecordType.ptr) ?? expect.fail() };
    const questions = [{ name: 'mx.test', type: 'PTR' as const }];
    const fault = 'no PTR type in DNS response';
    const beside = [a('192.0.2.1'), record('TXT', 'mx.test', 'x')];
    expect(decodeResponse(response({ questions, answers: beside }), asked)).toMatchObject({
      fault,
    });
    expect(decodeResponse(response({ questions }), asked)).toMatchObject({ fault: undefined });
    const answers = [...beside, record('PTR', 'mx.test', 'b.test')];
    expect(decodeResponse(response({ questions, answers }), asked)).toMatchObject({
      fault: undefined,
      records: [{ target: 'b.test' }],
    });
  });
});

describe('J2: what is no response to the query is ignored', () => {
  const asking = (name: string, type: 'A' | 'AAAA', others: object = {}): Packet => ({
    questions: [{ name, type, ...others }],
  });
  it.each([
    {
      name: 'another id',
      packet: { id: 1 },
      is: 'wrong ident 1 in DNS response for mx.test, expect 4660',
    },
    { name: 'a query', packet: { type: 'query' }, is: 'invalid UDP DNS response 4660 fl:0000' },
    {
      name: 'another opcode',
      packet: { flags: 0x2800 },
      is: 'invalid UDP DNS response 4660 fl:A800',
    },
    {
      name: 'a bit that means nothing',
      packet: { flags: 0x40 },
      is: 'invalid UDP DNS response 4660 fl:8040',
    },
    { name: 'no name', packet: asking('', 'A'), is: 'zero-length domain name in DNS response' },
    {
      name: 'no question',
      packet: { questions: [] },
      is: 'invalid number of questions in DNS response',
    },
    {
      name: 'two questions',
      packet: {
        questions: [...(asking('mx.test', 'A').questions ?? []), { name: 'b', type: 'A' }],
      },
      is: 'invalid number of questions in DNS response',
    },
    {
      name: 'another name',
      packet: asking('b.test', 'A'),
      is: 'unexpected DNS response for b.test',
    },
    {
      name: 'another type',
      packet: asking('mx.test', 'AAAA'),
      is: 'unexpected DNS response for mx.test',
    },
    {
      name: 'another class',
      packet: asking('mx.test', 'A', { class: 'CH' }),
      is: 'unexpected DNS response for mx.test',
    },
  ] as readonly { name: string; packet: Packet; is: string }[])('$name', ({ packet, is }) => {
    expect(decodeResponse(response(packet), query)).toEqual({ ignored: is });
  });
});

it('is ignored where it cannot have as many answers as it says, but for one that was cut', () => {
  const bytes = response({ answers: [a('192.0.2.1')] });
  bytes.writeUInt16BE(5, 6);
  expect(decodeResponse(bytes, query)).toEqual({ ignored: 'short DNS response' });
  bytes.writeUInt8(0x82, 2);
  expect(decodeResponse(bytes, query)).toMatchObject({ truncated: true });
});

it('J2: is not cut where it came by TCP', () => {
  const is = { ignored: 'invalid TCP DNS response 4660 fl:8200' };
  expect(decodeResponse(response({ flags: 0x200 }), query, 'TCP')).toEqual(is);
});

it('J6: cut at any byte, a response is ignored or says that it could not be read to its end', () => {
  const whole = response({ answers: [record('CNAME', 'mx.test', 'b.test'), a('192.0.2.1')] });
  for (let length = 0; length < whole.length; length += 1) {
    const decoded = decodeResponse(whole.subarray(0, length), query);
    const fault = 'ignored' in decoded ? decoded.ignored : decoded.fault;
    expect(fault).toMatch(/^(short DNS response|name is out of DNS response)$/);
  }
});

describe('J5: an answer that cannot be read', () => {
  it.each([
    {
      name: 'a pointer to itself in the data',
      data: Buffer.of(0xc0, 0x2d),
      is: 'compression pointers loop in DNS response',
    },
    {
      name: 'a pointer past the end',
      data: Buffer.of(0xff, 0xff),
      is: 'compression pointers loop in DNS response',
    },
    { name: 'a label type', data: Buffer.of(0x40), is: 'invalid label type in DNS response' },
    { name: 'data behind the name', data: Buffer.of(0, 0), is: 'short DNS response' },
  ])('has its fault named: $name', ({ data, is }) => {
    const header = response();
    header.writeUInt16BE(1, 6);
    const fixed = Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, data.length);
    const decoded = decodeResponse(Buffer.concat([header, fixed, data]), query);
    expect(decoded).toMatchObject({ records: [], fault: is });
  });

  it('has its fault named: an A record of five bytes', () => {
    const header = response();
    header.writeUInt16BE(1, 6);
    const rest = Buffer.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 5, 1, 2, 3, 4, 5);
    const decoded = decodeResponse(Buffer.concat([header, rest]), query);
    expect(decoded).toMatchObject({ fault: 'invalid A record in DNS response' });
  });
});
