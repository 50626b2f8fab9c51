/** What a server and its client agree on: protocol name, server name, session, certificate. */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TlsSessionStore } from '../../src/net/tls.js';
import { contextOf, fixture, Front, nextText, serverOptions } from './tls-peers.js';

/** A store that counts. */
class Store implements TlsSessionStore {
  readonly kept = new Map<string, Buffer>();
  found = 0;

  put(id: Buffer, session: Buffer): undefined {
    this.kept.set(id.toString('hex'), session);
  }

  get(id: Buffer): Buffer | undefined {
    const session = this.kept.get(id.toString('hex'));
    if (session !== undefined) this.found += 1;
    return session;
  }
}

let front: Front;
beforeEach(() => {
  front = new Front();
});
afterEach(() => front.stop());

const alpnCases = [
  { name: 'no protocol offered', offered: [], works: true },
  { name: 'the right one', offered: ['imap'], works: true },
  { name: 'the right one among others', offered: ['http/1.1', 'h2', 'imap'], works: true },
  { name: 'only others', offered: ['http/1.1'], works: false },
  { name: 'a longer name', offered: ['imaps'], works: false },
  { name: 'the name in capitals', offered: ['IMAP'], works: false },
];

describe.each(['implicit', 'starttls'] as const)('C1: ALPN, %s', (way) => {
  it.each(alpnCases)('$name', async ({ offered, works }) => {
    await front.start(serverOptions(), way);
    const client = await front.tlsClient(
      offered.length === 0 ? {} : { ALPNProtocols: offered },
      way,
    );
    const record = await front.record();
    if (works) {
      expect(await nextText(client)).toBe('hello\r\n');
      expect(record.connection.tls?.alpn).toBe(offered.length === 0 ? undefined : 'imap');
      return;
    }
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    await record.until(() => record.closes.length === 1);
    expect(record.dones[0]?.code).toBe('ERR_SSL_NO_APPLICATION_PROTOCOL');
  });
});

describe('SNI', () => {
  const contextFor = (name: string) => {
    if (name === 'other.example') return contextOf('other');
    if (name === 'broken.example') throw new TypeError('no');
    return undefined;
  };

  it.each([
    { name: 'takes the context of the name', asked: 'other.example', subject: 'other.example' },
    { name: 'takes the default for others', asked: 'x.example', subject: 'mail.example' },
    { name: 'takes the default without a name', asked: '', subject: 'mail.example' },
    { name: 'B5: survives a choice that throws', asked: 'broken.example', subject: 'mail.example' },
  ])('$name', async ({ asked, subject }) => {
    await front.start(serverOptions({ contextFor }));
    const client = await front.tlsClient(asked === '' ? {} : { servername: asked });
    await nextText(client);
    expect(client.getPeerCertificate().subject.CN).toBe(subject);
    const record = await front.record();
    expect(record.connection.tls?.serverName).toBe(asked === '' ? undefined : asked);
  });
});

describe('sessions', () => {
  const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const noTickets = contextOf('server', {
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  });

  const handshakeTwice = async (more: object): Promise<boolean> => {
    const first = await front.tlsClient(more);
    const kept = once(first, 'session') as Promise<[Buffer]>;
    await nextText(first);
    const [session] = await kept;
    first.end();
    const second = await front.tlsClient({ ...more, session });
    await nextText(second);
    return second.isSessionReused();
  };

  it('are resumed from the store', async () => {
    const sessions = new Store();
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(true);
    expect(sessions.kept.size).toBe(1);
    expect(sessions.found).toBe(1);
    expect(front.records[1]?.connection.tls?.resumed).toBe(true);
  });

  it('are not resumed when the store has lost them', async () => {
    const sessions = { put: () => undefined, get: () => undefined };
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('B5: are done without where the store throws', async () => {
    const fail = (): never => {
      throw new TypeError('no');
    };
    await front.start(
      serverOptions({ secureContext: noTickets, sessions: { put: fail, get: fail } }),
    );
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('are not resumed from garbage in the store', async () => {
    const sessions = { put: () => undefined, get: () => Buffer.from('garbage') };
    await front.start(serverOptions({ secureContext: noTickets, sessions }));
    expect(await handshakeTwice(tls12)).toBe(false);
  });

  it('B9: of TLS 1.3 go by ticket and are not kept in the store', async () => {
    const sessions = new Store();
    await front.start(serverOptions({ sessions }));
    expect(await handshakeTwice({ minVersion: 'TLSv1.3' })).toBe(true);
    expect(sessions.kept.size).toBe(0);
  });
});

describe('client certificates', () => {
  const secureContext = contextOf('server', { ca: [fixture('authority.crt')] });
  const requested = { secureContext, requestCertificate: true };

  it.each([
    { name: 'a good one', certificate: 'client', subject: 'CN=client.example', fault: undefined },
    {
      name: 'an expired one',
      certificate: 'expired',
      subject: 'CN=mail.example',
      fault: 'CERT_HAS_EXPIRED',
    },
    {
      name: 'a self-signed one',
      certificate: 'selfsigned',
      subject: 'CN=mail.example',
      fault: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    },
    { name: 'none', certificate: undefined, subject: undefined, fault: undefined },
  ])('$name does not fail the handshake and is judged', async ({ certificate, subject, fault }) => {
    await front.start(serverOptions(requested));
    const context = certificate === undefined ? createSecureContext() : contextOf(certificate);
    const client = await front.tlsClient({ secureContext: context });
    expect(await nextText(client)).toBe('hello\r\n');
    const { connection } = await front.record();
    expect(connection.tls?.peerCertificate?.subject).toBe(subject);
    expect(connection.tls?.verifyError?.code).toBe(fault);
  });

  it('are not asked for unless wanted', async () => {
    await front.start(serverOptions({ secureContext }));
    const client = await front.tlsClient({ secureContext: contextOf('client') });
    await nextText(client);
    const { connection } = await front.record();
    expect(connection.tls?.peerCertificate).toBeUndefined();
  });
});
