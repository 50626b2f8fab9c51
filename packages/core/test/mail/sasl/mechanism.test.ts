import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../../src/mail/sasl/base64.js';
import { answerSasl, startSasl } from '../../../src/mail/sasl/mechanism.js';
import type { SaslOptions, SaslStep } from '../../../src/mail/sasl/step.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
const b64 = (value: string): string => text(encodeBase64(bytes(value)));

let challenges = 0;
const options: SaslOptions = {
  enabled: ['plain', 'login', 'cram-md5', 'external'],
  authzid: 'refuse',
  salt: () => `<${String((challenges += 1))}.1@mx.test>`,
};

/** A step in a form that reads well in a table. */
function shown(step: SaslStep): string {
  switch (step.kind) {
    case 'challenge':
      return `+ ${text(step.challenge)}`;
    case 'credentials': {
      const { method, login, secret } = step.credentials;
      return `${method} ${JSON.stringify(text(login))} ${JSON.stringify(text(secret))}`;
    }
    case 'invalid':
      return step.log ?? 'invalid';
  }
}

/** Plays words and then lines; a line after the end of the exchange fails the test. */
function play(
  words: string,
  lines: readonly string[] = [],
  given: Partial<SaslOptions> = {},
): string {
  const parts = words === '' ? [] : words.split(' ');
  let step = startSasl(parts.map(bytes), { ...options, ...given });
  for (const line of lines) {
    if (step.kind !== 'challenge') expect.unreachable(`over before ${line}: ${shown(step)}`);
    else step = answerSasl(step.state, bytes(line));
  }
  return shown(step);
}

const badBase64 = (mechanism: string): string =>
  `client sent invalid base64 encoding in AUTH ${mechanism} command`;
const digest = '0'.repeat(32);

describe('the choice of a mechanism', () => {
  it.each([
    { name: 'no mechanism is invalid', words: '', is: 'invalid' },
    { name: 'an unknown mechanism is invalid', words: 'XOAUTH2', is: 'invalid' },
    { name: 'a prefix of a mechanism is invalid', words: 'PLAI', is: 'invalid' },
    {
      name: 'letters that only Unicode folds are not ASCII (E17)',
      words: 'LOG\xdd\xfdN',
      is: 'invalid',
    },
    { name: 'the case of ASCII letters does not matter', words: 'pLaIn', is: '+ ' },
    { name: 'PLAIN with two words is invalid', words: 'PLAIN a b', is: 'invalid' },
    { name: 'LOGIN with two words is invalid', words: 'LOGIN a b', is: 'invalid' },
    { name: 'CRAM-MD5 with an initial response is invalid', words: 'CRAM-MD5 YQ==', is: 'invalid' },
    { name: 'EXTERNAL asks for a user name', words: 'EXTERNAL', is: '+ VXNlcm5hbWU6' },
    { name: 'LOGIN asks for a user name', words: 'LOGIN', is: '+ VXNlcm5hbWU6' },
    { name: 'PLAIN asks with an empty challenge', words: 'PLAIN', is: '+ ' },
  ])('$name', ({ words, is }) => {
    expect(play(words)).toBe(is);
  });

  it.each([
    { name: 'F8: CRAM-MD5 is refused unless enabled', words: 'CRAM-MD5', is: 'invalid' },
    { name: 'F8: EXTERNAL is refused unless enabled', words: 'EXTERNAL', is: 'invalid' },
    {
      name: 'F8: EXTERNAL with a name is refused unless enabled',
      words: 'EXTERNAL dXNlcg==',
      is: 'invalid',
    },
    { name: 'PLAIN cannot be switched off', words: 'PLAIN AHUAcA==', is: 'plain "u" "p"' },
    { name: 'LOGIN cannot be switched off', words: 'LOGIN dQ==', is: '+ UGFzc3dvcmQ6' },
  ])('$name', ({ words, is }) => {
    expect(play(words, [], { enabled: [] })).toBe(is);
  });
});

describe('PLAIN', () => {
  const badLogin = 'client sent invalid login in AUTH PLAIN command';
  const badPassword = 'client sent invalid password in AUTH PLAIN command';
  const foreign = 'client sent a foreign authorization identity in AUTH PLAIN command';
  it.each([
    { name: 'gives login and password', message: '\0u\0p', is: 'plain "u" "p"' },
    { name: 'takes an empty password', message: '\0u\0', is: 'plain "u" ""' },
    { name: 'takes an empty login', message: '\0\0p', is: 'plain "" "p"' },
    { name: 'takes both empty', message: '\0\0', is: 'plain "" ""' },
    {
      name: 'F11: keeps every byte beyond ASCII',
      message: '\0\xe9\0\xff\x01',
      is: 'plain "\xe9" "\xff\\u0001"',
    },
    { name: 'takes an identity that is the login', message: 'u\0u\0p', is: 'plain "u" "p"' },
    { name: 'refuses an empty message', message: '', is: badLogin },
    { name: 'F3: refuses a message without NUL', message: 'u', is: badLogin },
    { name: 'refuses a lone NUL', message: '\0', is: badLogin },
    { name: 'refuses nothing behind the first NUL', message: 'u\0', is: badLogin },
    { name: 'F3: refuses a message with one NUL', message: '\0secretuser', is: badPassword },
    { name: 'F3: refuses a third NUL (dev-7)', message: '\0u\0p\0q', is: badPassword },
    { name: 'refuses a NUL at the end of the password', message: '\0u\0p\0', is: badPassword },
    { name: 'F3: refuses a foreign identity', message: 'admin\0u\0p', is: foreign },
    { name: 'refuses an identity that the login begins with', message: 'u\0user\0p', is: foreign },
  ])('$name', ({ message, is }) => {
    expect(play(`PLAIN ${message === '' ? '=' : b64(message)}`)).toBe(is);
    expect(play('PLAIN', [b64(message)])).toBe(is);
  });

  it('F3: drops a foreign identity where sasl_authzid says so', () => {
    const ignoring = { authzid: 'ignore' } as const;
    expect(play('PLAIN YWRtaW4AdQBw', [], ignoring)).toBe('plain "u" "p"');
    expect(play('PLAIN', ['YWRtaW4AdQBw'], ignoring)).toBe('plain "u" "p"');
  });

  it.each(['*', '!!!!', 'YQ.=', 'AHUAc'])('F1, F2: refuses %j', (line) => {
    expect(play('PLAIN', [line])).toBe(badBase64('PLAIN'));
  });
});

describe('LOGIN', () => {
  const user = b64('us er');
  const word = b64('p\0w');
  it.each([
    { name: 'asks for user and password', words: 'LOGIN', lines: [user], is: '+ UGFzc3dvcmQ6' },
    {
      name: 'gives login and password',
      words: 'LOGIN',
      lines: [user, word],
      is: 'plain "us er" "p\\u0000w"',
    },
    {
      name: 'takes the user with the command',
      words: `LOGIN ${user}`,
      lines: [word],
      is: 'plain "us er" "p\\u0000w"',
    },
    {
      name: 'takes an empty user with a password',
      words: 'LOGIN',
      lines: ['', word],
      is: 'plain "" "p\\u0000w"',
    },
    { name: 'takes an empty password', words: 'LOGIN', lines: [user, '='], is: 'plain "us er" ""' },
    {
      name: 'F1: ends at an abort of the user',
      words: 'LOGIN',
      lines: ['*'],
      is: badBase64('LOGIN'),
    },
    {
      name: 'F1: ends at an abort of the password',
      words: 'LOGIN',
      lines: [user, '*'],
      is: badBase64('LOGIN'),
    },
    {
      name: 'refuses a user that is not base64',
      words: 'LOGIN !',
      lines: [],
      is: badBase64('LOGIN'),
    },
    {
      name: 'D13: refuses user and password both empty (dev-10)',
      words: 'LOGIN',
      lines: ['', '='],
      is: 'client sent empty login and password in AUTH LOGIN command',
    },
  ])('$name', ({ words, lines, is }) => {
    expect(play(words, lines)).toBe(is);
  });
});

describe('CRAM-MD5', () => {
  const badHash = 'client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command';
  it.each([
    { name: 'gives login and digest', message: `u ${digest}`, is: `cram-md5 "u" "${digest}"` },
    { name: 'takes an empty login', message: ` ${digest}`, is: `cram-md5 "" "${digest}"` },
    {
      name: 'does not judge the digest',
      message: `u ${'x'.repeat(32)}`,
      is: `cram-md5 "u" "${'x'.repeat(32)}"`,
    },
    { name: 'F5: refuses an answer without space', message: 'nospace', is: badHash },
    { name: 'F5: refuses 31 digits', message: `u ${digest.slice(1)}`, is: badHash },
    { name: 'F5: refuses 33 digits', message: `u ${digest}0`, is: badHash },
    { name: 'F5: refuses two spaces', message: `u  ${digest}`, is: badHash },
    { name: 'refuses an empty answer', message: '', is: badHash },
  ])('$name', ({ message, is }) => {
    expect(play('CRAM-MD5', [b64(message)])).toBe(is);
  });

  it('F1: ends at an abort', () => {
    expect(play('CRAM-MD5', ['*'])).toBe(badBase64('CRAM-MD5'));
  });

  it('F4: asks with a new challenge each time and hands over the one it asked with (dev-12)', () => {
    const seen = [1, 2].map(() => {
      const step = startSasl([bytes('cram-md5')], options);
      if (step.kind !== 'challenge') return expect.unreachable('no challenge');
      const challenge = Buffer.from(text(step.challenge), 'base64').toString();
      const end = answerSasl(step.state, bytes(b64(`u ${digest}`)));
      if (end.kind !== 'credentials') return expect.unreachable('no credentials');
      expect(end.credentials.salt).toBe(challenge);
      return challenge;
    });
    expect(new Set(seen).size).toBe(2);
  });
});

describe('EXTERNAL', () => {
  it.each([
    {
      name: 'takes the name with the command',
      words: 'EXTERNAL dXNlcg==',
      lines: [],
      is: 'external "user" ""',
    },
    {
      name: 'takes the name as an answer',
      words: 'EXTERNAL',
      lines: ['dXNlcg=='],
      is: 'external "user" ""',
    },
    { name: 'takes an empty name', words: 'EXTERNAL', lines: [''], is: 'external "" ""' },
    { name: 'F1: ends at an abort', words: 'EXTERNAL', lines: ['*'], is: badBase64('EXTERNAL') },
  ])('$name', ({ words, lines, is }) => {
    expect(play(words, lines)).toBe(is);
  });
});

it('N1: no sentence for the log holds bytes of the client', () => {
  const secret = 'hunter2!';
  for (const words of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'EXTERNAL']) {
    expect(play(words, [secret])).not.toContain('hunter2');
  }
});
