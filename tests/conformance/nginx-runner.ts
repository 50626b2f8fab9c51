/** Runs transcripts against a real nginx. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  makeCertificate,
  startNginx,
  type CertificateFiles,
  type ProxyPlan,
  type RunningProxy,
} from '@postern/testkit';

/** A certificate for all servers of a test file, and a way to be rid of it. */
export async function temporaryCertificate(): Promise<
  CertificateFiles & { remove(): Promise<void> }
> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-cert-'));
  const files = await makeCertificate(directory);
  return { ...files, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** The mail block of a plan; both proxies are given the same text. */
export function mailBlock(plan: ProxyPlan, files: CertificateFiles): string {
  const tls = plan.server.includes('starttls ')
    ? `ssl_certificate ${files.certificate};\nssl_certificate_key ${files.key};`
    : '';
  const name = plan.server.includes('server_name ') ? '' : 'server_name mail.example.com;';
  return `server {\nlisten {listen};\n${name}\n${tls}\n${plan.server}\n}`;
}

/** Starts nginx for one run of a transcript. */
export const startNginxWith =
  (files: CertificateFiles) =>
  (plan: ProxyPlan): Promise<RunningProxy> =>
    startNginx(mailBlock(plan, files), { main: plan.main });
