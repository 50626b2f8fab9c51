/** Two postern processes with one file of `ssl_session_ticket_key` resume the sessions of each other. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../free-port.js';
import { Ensemble } from '../ensemble.js';
import { startPostern } from '../postern.js';
import { makeCertificates, type Certificates } from './certificates.js';
import { resumes } from './s-client.js';

let files: Certificates;
/** The ports of the first two, which share a key, and of a third with another. */
const ports: number[] = [];

beforeAll(() =>
  Ensemble.start(async (ensemble) => {
    files = await makeCertificates();
    await ensemble.add(Promise.resolve(files), (each) => {
      each.remove();
      return Promise.resolve();
    });
    const [shared, other] = ['shared', 'other'].map((name) => join(files.directory, name));
    for (const path of [shared, other]) writeFileSync(path ?? '', randomBytes(80));
    const { certificate, key } = files.servers.good;
    for (const path of [shared, shared, other]) {
      const port = await freePort();
      ports.push(port);
      const server = `listen 127.0.0.1:${String(port)} ssl; ssl_certificate ${certificate};
        ssl_certificate_key ${key}; ssl_session_ticket_key ${path ?? ''};`;
      await ensemble.add(startPostern({ authPort: 1, server }), (each) => each.stop());
    }
    return () => ensemble.stop();
  }),
);

describe('a session of one process', () => {
  it.each([
    { version: '-tls1_2', at: 1, resumed: true },
    { version: '-tls1_3', at: 1, resumed: true },
    { version: '-tls1_2', at: 2, resumed: false },
    { version: '-tls1_3', at: 2, resumed: false },
  ])('$version is resumed at process $at: $resumed', async ({ version, at, resumed }) => {
    const session = join(files.directory, `session-${randomBytes(4).toString('hex')}`);
    await resumes(ports[0] ?? 0, [version, '-sess_out', session]);
    expect(await resumes(ports[at] ?? 0, [version, '-sess_in', session])).toBe(resumed);
  });
});
