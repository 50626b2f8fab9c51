import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/mail/sasl/base64.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const decoded = (text: string): string | undefined => {
  const result = decodeBase64(bytes(text));
  return result === undefined ? undefined : Buffer.from(result).toString('latin1');
};

describe('decodeBase64', () => {
  it.each([
    { name: 'takes padded text', text: 'dXNlcg==', is: 'user' },
    { name: 'takes text without its padding', text: 'dXNlcg', is: 'user' },
    { name: 'takes one padding character of two', text: 'dXNlcg=', is: 'user' },
    { name: 'takes text that needs no padding', text: 'YWJj', is: 'abc' },
    { name: 'stops at the first padding character', text: 'YQ==dXNlcg==', is: 'a' },
    { name: 'ignores what is behind the padding, whatever it is', text: 'YQ=!\r\0', is: 'a' },
    { name: 'takes an empty text for empty bytes', text: '', is: '' },
    { name: 'takes a lone padding character for empty bytes', text: '=', is: '' },
    { name: 'takes five padding characters for empty bytes', text: '=====', is: '' },
    { name: 'ignores bits that fill up the last character', text: 'YR', is: 'a' },
    { name: 'keeps NUL and bytes beyond ASCII', text: 'AP+A', is: '\0\xff\x80' },
    { name: 'knows plus and slash', text: '+/+/', is: '\xfb\xff\xbf' },
    { name: 'reads 4096 characters', text: 'AAAA'.repeat(1024), is: '\0'.repeat(3072) },
  ])('$name', ({ text, is }) => {
    expect(decoded(text)).toBe(is);
  });

  it.each([
    { name: 'F2: refuses one character left over', text: 'dXNlc' },
    { name: 'F2: refuses a single character', text: 'Y' },
    { name: 'F2: refuses a single character before padding', text: 'Y=Q=' },
    { name: 'F2: refuses characters outside the alphabet', text: '!!!!' },
    { name: 'F2: refuses the URL alphabet', text: 'AP-_' },
    { name: 'F1: refuses an abort', text: '*' },
    { name: 'F2: refuses a CR inside', text: 'YW\rJj' },
    { name: 'refuses a space', text: 'YWJj ' },
    { name: 'refuses bytes beyond ASCII', text: 'YWJ\xe9' },
  ])('$name', ({ text }) => {
    expect(decodeBase64(bytes(text))).toBeUndefined();
  });

  it('returns memory of its own, so that a reused buffer does not change a password', () => {
    const text = bytes('dXNlcg==');
    const result = decodeBase64(text);
    text.fill(0);
    expect(Buffer.from(result ?? []).toString()).toBe('user');
    expect(result?.buffer.byteLength).toBe(4);
  });
});

describe('encodeBase64', () => {
  it('encodes a view on a larger buffer, with padding', () => {
    const view = bytes('xxPassword:xx').subarray(2, 11);
    expect(Buffer.from(encodeBase64(view)).toString()).toBe('UGFzc3dvcmQ6');
    expect(Buffer.from(encodeBase64(bytes('a'))).toString()).toBe('YQ==');
  });
});
