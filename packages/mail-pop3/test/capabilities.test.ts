import { describe, expect, it } from 'vitest';
import { capabilityReplies, type Pop3AuthMethod } from '../src/capabilities.js';
import { text } from './parse.js';

const given = {
  capabilities: ['TOP', 'uSeR', 'X Y'],
  auth: ['external', 'apop', 'plain'] as readonly Pop3AuthMethod[],
};

const list = (...items: readonly string[]): string =>
  ['+OK Capability list follows', ...items, '.', ''].join('\r\n');

describe('the answer to CAPA', () => {
  const { capa } = capabilityReplies(given);
  const full = ['TOP', 'uSeR', 'X Y', 'SASL PLAIN LOGIN EXTERNAL'];

  it('lists items as configured and mechanisms in nginx’s order, inside TLS and without it', () => {
    expect(text(capa.none)).toBe(list(...full));
    expect(text(capa.active)).toBe(text(capa.none));
  });

  it('adds STLS in clear text where it is offered', () => {
    expect(text(capa.offered)).toBe(list(...full, 'STLS'));
  });

  it('A12: takes USER and the mechanisms away in clear text where TLS is demanded', () => {
    expect(text(capa.required)).toBe(list('TOP', 'X Y', 'STLS'));
  });

  it('sends an item beyond ASCII in UTF-8, as the configuration file has it', () => {
    const { none } = capabilityReplies({ capabilities: ['é'], auth: [] }).capa;
    expect(Buffer.from(none).toString('utf8')).toBe(list('é', 'SASL'));
  });
});

describe('the mechanisms', () => {
  it.each([
    { auth: ['plain'], names: ['PLAIN', 'LOGIN'] },
    { auth: ['apop'], names: [] },
    { auth: ['external', 'cram-md5'], names: ['CRAM-MD5', 'EXTERNAL'] },
    {
      auth: ['plain', 'apop', 'cram-md5', 'external'],
      names: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'EXTERNAL'],
    },
  ] as const)('of $auth are $names, for CAPA and for AUTH', ({ auth, names }) => {
    const { capa, methods } = capabilityReplies({ capabilities: [], auth });
    expect(text(capa.none)).toBe(list(['SASL', ...names].join(' ')));
    expect(text(methods)).toBe(['+OK methods supported:', ...names, '.', ''].join('\r\n'));
  });
});
