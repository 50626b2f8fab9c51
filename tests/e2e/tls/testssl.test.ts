/** testssl.sh finds the same protocols and the same renegotiation at postern as at nginx. */
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../child.js';
import { makeCertificates } from './certificates.js';
import { startBoth, type SideBySide } from './side-by-side.js';

let both: SideBySide;

beforeAll(async () => {
  const files = await makeCertificates();
  const { certificate, key } = files.servers.good;
  both = await startBoth([
    `listen {listen} ssl; protocol imap;\nssl_certificate ${certificate};\nssl_certificate_key ${key};`,
  ]);
  return async () => {
    await both.stop();
    files.remove();
  };
});

/** What testssl.sh finds: the lines with a verdict. */
async function findings(port: number): Promise<readonly string[]> {
  const options = ['--quiet', '--warnings', 'off', '--color', '0', '-p', '-R'];
  const output = await run('testssl', [...options, `127.0.0.1:${String(port)}`]);
  return output
    .toString()
    .split('\n')
    .filter((line) => /offered|supported|vulnerable/i.test(line));
}

describe('testssl.sh', () => {
  it('B1, B2: finds TLS 1.2 and 1.3 and no renegotiation by clients, as at nginx', async () => {
    const sides = [both.nginx, both.postern];
    const [theirs, ours] = await Promise.all(sides.map(({ ports }) => findings(ports[0] ?? 0)));
    expect(ours).toEqual(theirs);
    const text = ours?.join('\n').replaceAll(/ +/g, ' ');
    expect(text).toContain('TLS 1.1 not offered');
    expect(text).toContain('TLS 1.2 offered (OK)');
    expect(text).toContain('TLS 1.3 offered (OK)');
    expect(text).toContain('Secure Client-Initiated Renegotiation not vulnerable (OK)');
  });
});
