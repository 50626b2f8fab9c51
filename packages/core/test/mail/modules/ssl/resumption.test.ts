import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { SecureVersion } from 'node:tls';
import type { TlsPolicy } from '../../../../src/mail/tls-policy.js';
import { adoptTicketSecret, ticketSecret } from '../../../../src/mail/modules/ssl/ticket-keys.js';
import { fixture, identity, meet, policyOf } from './tls-servers.js';

const directory = mkdtempSync(join(tmpdir(), 'postern-tickets-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A ticket key file of `length` bytes, all of which are `byte`. */
function keyFile(byte: number, length = 48): string {
  const path = join(directory, `${String(byte)}-${String(length)}`);
  writeFileSync(path, Buffer.alloc(length, byte));
  return path;
}

const both: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** The versions of TLS in which a session made at `first` is resumed at `second`. */
async function resumed(first: TlsPolicy, second: TlsPolicy): Promise<readonly SecureVersion[]> {
  const versions: SecureVersion[] = [];
  for (const maxVersion of both) {
    const { session } = await meet(first, { maxVersion });
    expect(session).toBeDefined();
    const { verdict } = await meet(second, { maxVersion, ...(session && { session }) });
    if (verdict === undefined) expect.unreachable('the second handshake failed');
    if (verdict.facts.state.resumed) versions.push(maxVersion);
  }
  return versions;
}

async function resumedBetween(first: string, second: string): Promise<readonly SecureVersion[]> {
  return resumed(await policyOf(`${identity} ${first}`), await policyOf(`${identity} ${second}`));
}

async function resumedAt(directives: string): Promise<readonly SecureVersion[]> {
  const policy = await policyOf(`${identity} ${directives}`);
  return resumed(policy, policy);
}

const off = 'ssl_session_tickets off;';

describe('a session', () => {
  it.each([
    { text: '', versions: both },
    { text: 'ssl_session_cache off;', versions: both },
    { text: 'ssl_session_cache shared:tickets:1m;', versions: both },
    { text: off, versions: [] },
    { text: `${off} ssl_session_cache none;`, versions: [] },
    // In TLS 1.3 Node resumes by tickets alone.
    { text: `${off} ssl_session_cache builtin;`, versions: ['TLSv1.2'] },
    { text: `${off} ssl_session_cache builtin:0;`, versions: [] },
    { text: `${off} ssl_session_cache shared:here:32k;`, versions: ['TLSv1.2'] },
    { text: `${off} ssl_session_cache builtin shared:here:32k;`, versions: ['TLSv1.2'] },
    { text: 'ssl_conf_command Options -SessionTicket;', versions: [] },
    {
      text: `${off} ssl_session_cache builtin; ssl_session_timeout 0;`,
      versions: [],
    },
  ])('with "$text" is resumed in $versions', async ({ text, versions }) => {
    expect(await resumedAt(text)).toEqual(versions);
  });

  it('of a shared cache is resumed at another server that names it', async () => {
    const text = `${off} ssl_session_cache shared:common:32k;`;
    expect(await resumedBetween(text, text)).toEqual(['TLSv1.2']);
  });

  it('is not resumed at one that has another cache', async () => {
    const first = `${off} ssl_session_cache shared:one:32k;`;
    expect(await resumedBetween(first, `${off} ssl_session_cache shared:two:32k;`)).toEqual([]);
  });

  it('is resumed after a reload', async () => {
    expect(await resumedBetween('', '')).toEqual(both);
  });

  it('B4: is not resumed at a server with another certificate', async () => {
    const rsa = 'ssl_certificate rsa.pem; ssl_certificate_key rsa.key;';
    const key = `ssl_session_ticket_key ${keyFile(1)};`;
    const first = await policyOf(`${rsa} ${key}`);
    expect(await resumed(first, await policyOf(`${identity} ${key}`))).toEqual([]);
  });
});

describe('where clients are verified', () => {
  const verify = 'ssl_verify_client on; ssl_client_certificate root.pem;';
  const client = { cert: fixture('client.pem'), key: fixture('client.key') };

  it.each([
    '',
    `ssl_session_ticket_key ${keyFile(2)};`,
    `${off} ssl_session_cache shared:verified:32k;`,
    'ssl_conf_command Options SessionTicket;',
  ])('B4: with "%s" no session is resumed, neither from elsewhere nor its own', async (text) => {
    const open = await policyOf(`${identity} ${text}`);
    const verified = await policyOf(`${identity} ${verify} ${text}`);
    for (const maxVersion of both) {
      for (const first of [open, verified]) {
        const { session } = await meet(first, { ...client, maxVersion });
        const again = await meet(verified, { maxVersion, ...(session && { session }) });
        expect(again.verdict?.facts.state.resumed).toBe(false);
        expect(again.verdict?.refusal?.reply).toBe('noCertificate');
      }
    }
  });
});

describe('ticket keys', () => {
  const files = (...names: readonly string[]): string =>
    names.map((name) => `ssl_session_ticket_key ${name};`).join(' ');
  const [a, b, long] = [keyFile(0xa), keyFile(0xb), keyFile(0xc, 80)];

  it.each([
    { name: 'one file, as on two machines', first: files(a), second: files(a), versions: both },
    { name: 'another file', first: files(a), second: files(b), versions: [] },
    {
      name: 'an older key behind the new one',
      first: files(a),
      second: files(b, a),
      versions: both,
    },
    { name: 'the first encrypts', first: files(b, a), second: files(b), versions: both },
    { name: 'the second does not', first: files(b, a), second: files(a), versions: [] },
    { name: 'files of 80 bytes', first: files(long), second: files(long), versions: both },
    { name: 'files of both sizes', first: files(a), second: files(long, a), versions: both },
    { name: 'none and a file', first: '', second: files(a), versions: [] },
  ])('$name: $versions', async ({ first, second, versions }) => {
    expect(await resumedBetween(first, second)).toEqual(versions);
  });

  it('of our own hold in all processes that share the secret, and no further', async () => {
    const secret = ticketSecret();
    const here = await policyOf();
    try {
      adoptTicketSecret(Buffer.alloc(32, 7));
      expect(await resumed(here, await policyOf())).toEqual([]);
      adoptTicketSecret(secret);
      expect(await resumed(here, await policyOf())).toEqual(both);
    } finally {
      adoptTicketSecret(secret);
    }
  });

  describe('of our own where a cache is shared', () => {
    const cached = `${identity} ssl_session_cache shared:replaced:1m; ssl_session_timeout 10m;`;
    const begin = 600_000 * 1_000_000;
    afterEach(() => {
      vi.useRealTimers();
    });

    it.each([
      { minutes: 9, versions: both },
      { minutes: 10, versions: both },
      { minutes: 19, versions: both },
      { minutes: 20, versions: [] },
    ])('after $minutes minutes of keys for 10: $versions', async ({ minutes, versions }) => {
      vi.useFakeTimers({ toFake: ['Date'], now: begin });
      const [here, there] = [await policyOf(cached), await policyOf(cached)];
      const made: Buffer[] = [];
      for (const maxVersion of both) {
        const { session } = await meet(here, { maxVersion });
        if (session !== undefined) made.push(session);
      }
      vi.setSystemTime(begin + minutes * 60_000);
      const found: SecureVersion[] = [];
      for (const [index, maxVersion] of both.entries()) {
        const session = made[index];
        const { verdict } = await meet(there, { maxVersion, ...(session && { session }) });
        if (verdict?.facts.state.resumed === true) found.push(maxVersion);
      }
      expect(found).toEqual(versions);
    });
  });

  it('are secrets: a ticket key file is used in the order that nginx has', async () => {
    const bytes = Buffer.concat([Buffer.alloc(16, 1), Buffer.alloc(16, 2), Buffer.alloc(16, 3)]);
    const path = join(directory, 'ordered');
    writeFileSync(path, bytes);
    const policy = await policyOf(`${identity} ssl_session_ticket_key ${path};`);
    const native = policy.server.secureContext.context as { getTicketKeys(): Buffer };
    // Node: name, HMAC key, AES key.
    const expected = [1, 3, 2].map((byte) => Buffer.alloc(16, byte));
    expect(native.getTicketKeys()).toEqual(Buffer.concat(expected));
  });
});
