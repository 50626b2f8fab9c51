// Certificates of a TLS run: self-signed, made for it, in its directory. Nobody checks them.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.mjs';

/** Kinds of keys, as arguments of `openssl req -newkey`. */
const KEYS = {
  ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['rsa:2048'],
};

/** `ecdsa` and `rsa`. */
export const KEY_KINDS = Object.keys(KEYS);

/** Makes one PEM file with key and certificate per kind of key; their paths by kind. */
export async function makeCertificates(directory) {
  const made = await Promise.all(
    Object.entries(KEYS).map(async ([kind, key]) => {
      const file = join(directory, `${kind}.pem`);
      const out = ['-nodes', '-keyout', file, '-out', `${file}.crt`];
      await openssl([
        'req',
        '-x509',
        '-newkey',
        ...key,
        ...out,
        '-days',
        '30',
        '-subj',
        '/CN=bench',
      ]);
      appendFileSync(file, readFileSync(`${file}.crt`));
      return [kind, file];
    }),
  );
  return Object.fromEntries(made);
}

async function openssl(args) {
  const { code, stderr } = await run(['openssl', ...args]);
  if (code !== 0)
    throw new Error(`TLS needs the "openssl" command to make certificates:\n${stderr}`);
}
