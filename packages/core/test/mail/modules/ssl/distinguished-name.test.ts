import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificateFacts } from '../../../../src/mail/modules/ssl/certificate-facts.js';
import {
  commonName,
  distinguishedName,
} from '../../../../src/mail/modules/ssl/distinguished-name.js';
import { fixture } from './tls-servers.js';

/** Contents of a Name in hexadecimal, and what `X509_NAME_print_ex` of OpenSSL 3.0 prints of it. */
const cases: readonly { name: string; der: string; text: string }[] = [
  { name: 'that is empty is the empty text', der: '', text: '' },
  {
    name: 'begins with its last part',
    der: '310b30090603550406130244453110300e060355040a0c074578616d706c65310a300806035504030c0178',
    text: 'CN=x,O=Example,C=DE',
  },
  {
    name: 'joins the attributes of one part by +',
    der: '311b300806035504030c0161300f060a0992268993f22c6401010c0162310a3008060355040a0c0163',
    text: 'O=c,UID=b+CN=a',
  },
  {
    name: 'escapes what has a meaning',
    der: '311c301a06035504030c13612c622b6322645c653c663e673b683d69236a',
    text: 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h=i#j',
  },
  {
    name: 'escapes spaces at the ends only',
    der: '3110300e06035504030c0720206120622020',
    text: 'CN=\\  a b \\ ',
  },
  { name: 'escapes a # at the start only', der: '310c300a06035504030c03236123', text: 'CN=\\#a#' },
  { name: 'escapes a space alone', der: '310a300806035504030c0120', text: 'CN=\\ ' },
  { name: 'does not escape a # alone, as OpenSSL', der: '310a300806035504030c0123', text: 'CN=#' },
  { name: 'may have an empty value', der: '3109300706035504030c00', text: 'CN=' },
  {
    name: 'G3: escapes controls',
    der: '3126302406035504030c1d610d0a417574682d53534c2d5665726966793a2053554343455353007f',
    text: 'CN=a\\0D\\0AAuth-SSL-Verify: SUCCESS\\00\\7F',
  },
  {
    name: 'escapes UTF-8 byte by byte',
    der: '3116301406035504030c0d4bc3b66c6e20e282acf09d849e',
    text: 'CN=K\\C3\\B6ln \\E2\\82\\AC\\F0\\9D\\84\\9E',
  },
  {
    name: 'takes a T61String for Latin-1',
    der: '310d300b060355040314044bf66c6e',
    text: 'CN=K\\C3\\B6ln',
  },
  {
    name: 'reads a BMPString',
    der: '310f300d06035504031e06004b00f620ac',
    text: 'CN=K\\C3\\B6\\E2\\82\\AC',
  },
  {
    name: 'G3: escapes controls in a BMPString',
    der: '3111300f06035504031e080061000a0062002c',
    text: 'CN=a\\0Ab\\,',
  },
  {
    name: 'reads a UniversalString',
    der: '3111300f06035504031c080000004b0001d11e',
    text: 'CN=K\\F0\\9D\\84\\9E',
  },
  {
    name: 'knows mail addresses, domain components, user ids and jurisdictions',
    der: '31133011060a0992268993f22c64011916036f726731133011060b2b0601040182373c020103130244453111300f060a0992268993f22c6401010c01753114301206092a864886f70d01090116056140622e63',
    text: 'emailAddress=a@b.c,UID=u,jurisdictionC=DE,DC=org',
  },
  {
    name: 'shows the DER of an unknown type',
    der: '310b300906042a0304050c017631093007060288370c0176',
    text: '2.999=#0C0176,1.2.3.4.5=#0C0176',
  },
  {
    name: 'shows the DER of a value that is no string',
    der: '310c300a06035504030303006162',
    text: 'CN=#0303006162',
  },
];

describe('a distinguished name', () => {
  it.each(cases)('$name', ({ der, text }) => {
    expect(distinguishedName(Buffer.from(der, 'hex'))).toBe(text);
  });

  it.each([
    { name: 'has no end', der: '310b3009060355040313026162'.slice(0, -2) },
    { name: 'has an indefinite length', der: '318030090603550403130261620000' },
    { name: 'has an RDN without attributes', der: '3100' },
    { name: 'has an attribute without value', der: '31073005060355040 3'.replace(' ', '') },
    { name: 'has an attribute type that is none', der: '310b3009040355040313026162' },
    { name: 'has an attribute type that is cut off', der: '310b3009060355048313026162' },
    { name: 'has characters of two bytes in an odd length', der: '310a300806035504031e0161' },
  ])('that $name is not printed in part', ({ der }) => {
    expect(distinguishedName(Buffer.from(der, 'hex'))).toBe('');
  });

  it('has a common name, decoded', () => {
    expect(commonName(Buffer.from('310c300a06035504030c034bc3b6', 'hex'))).toBe('Kö');
    expect(commonName(Buffer.from('310c300a060355040a0c034bc3b6', 'hex'))).toBeUndefined();
  });
});

describe('a certificate with an odd subject', () => {
  const facts = certificateFacts(new X509Certificate(fixture('odd.pem')));
  const name =
    '1.2.3.4.5=#0C07756E6B6E6F776E,CN=\\#a\\0D\\0AAuth-SSL-Verify: SUCCESS,OU=\\ K\\C3\\B6ln\\, \\"\\+\\;\\<\\>\\\\\\\\\\ ,O=Ex\\0AAuth-SSL-Verify: SUCCESS,C=DE';

  it('G3: has names on one line, with everything that could forge another escaped', () => {
    expect([facts.subject, facts.issuer]).toEqual([name, name]);
  });

  it('has a serial number of whole bytes and its fingerprint', () => {
    expect([facts.serial, facts.fingerprint]).toEqual([
      '00',
      '33b7cfb966d0c79d6eaa84b7a0be3cbd9c7f8fc4',
    ]);
  });

  it('G3: has its common name as it is, for who can take it', () => {
    expect(facts.commonName).toBe('#a\r\nAuth-SSL-Verify: SUCCESS');
  });
});
