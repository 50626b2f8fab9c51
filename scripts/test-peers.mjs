/**
 * `npm run test:peers`: the tests beside a real nginx, real mail servers, name servers and clients. Installs the
 * Debian packages where it may, without starting a service or configuring one; a missing one is a failure, never a
 * skipped test. Arguments go to vitest.
 */
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { progress } from './progress.mjs';
import { run, tool } from './run.mjs';
import { setUp } from './setup.mjs';

/** What proves that a package is there: a command, or a file by its absolute path. */
const peers = [
  { debian: 'nginx', proof: 'nginx' },
  { debian: 'libnginx-mod-mail', proof: '/usr/lib/nginx/modules/ngx_mail_module.so' },
  { debian: 'dovecot-imapd', proof: '/usr/lib/dovecot/imap' },
  { debian: 'dovecot-pop3d', proof: '/usr/lib/dovecot/pop3' },
  { debian: 'postfix', proof: 'postfix' },
  { debian: 'haproxy', proof: 'haproxy' },
  { debian: 'dnsmasq-base', proof: 'dnsmasq' },
  { debian: 'unbound', proof: 'unbound' },
  { debian: 'testssl.sh', proof: 'testssl' },
  { debian: 'bsdextrautils', proof: 'hexdump' },
  { debian: 'curl', proof: 'curl' },
  { debian: 'swaks', proof: 'swaks' },
  { debian: 'python3', proof: 'python3' },
  { debian: 'openssl', proof: 'openssl' },
  { debian: 'bsdutils', proof: 'logger' },
  { debian: 'logrotate', proof: 'logrotate' },
  { debian: 'systemd', proof: 'systemd-analyze' },
  { debian: 'gcc', proof: 'gcc' },
  { debian: 'g++', proof: 'g++' },
  { debian: 'make', proof: 'make' },
  { debian: 'libc6-dev', proof: '/usr/include/stdio.h' },
];

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Daemons live in sbin, which an ordinary user's path often leaves out.
const path = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].join(
  delimiter,
);

function isPresent({ proof }) {
  if (proof.startsWith('/')) return existsSync(proof);
  return path.split(delimiter).some((folder) => isExecutable(join(folder, proof)));
}

const missingPeers = () => peers.filter((peer) => !isPresent(peer)).map((peer) => peer.debian);

/** What packages ask before they start a service (Debian policy, section 9.3.3); 101 says no. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/** Keeps packages from starting what they install, unless the machine has a policy of its own. */
async function withoutServices(install) {
  if (existsSync(servicePolicy)) return install();
  writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(servicePolicy);
  }
}

/** Postfix would ask what it shall be; the tests bring their own configuration. */
const answers = 'postfix postfix/main_mailer_type select No configuration';

async function apt(missing) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0'];
  const update = await run('apt-get', ['update'], { env });
  const preset = await run('sh', ['-c', `echo '${answers}' | debconf-set-selections`], { env });
  const added = await withoutServices(() =>
    run('apt-get', ['install', ...options, ...missing], { env }),
  );
  return added.code === 0 ? '' : update.output + preset.output + added.output;
}

async function installPeers() {
  const missing = missingPeers();
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0 || !isExecutable('/usr/bin/apt-get')) {
    process.stderr.write(`These tests need, as root: apt-get install ${list}\n`);
    process.exit(1);
  }
  const output = await progress(`Installing ${list}`, () => apt(missing));
  const still = missingPeers();
  if (still.length === 0) return;
  process.stderr.write(
    `${output}These packages are missing and could not be installed: ${still.join(' ')}\n`,
  );
  process.exit(1);
}

/** The optional package for socket options has native code, which the set-up leaves unbuilt: most need none of it. */
async function buildSocketOptions() {
  const headers = dirname(dirname(process.execPath));
  const env = existsSync(join(headers, 'include/node/node_version.h'))
    ? { npm_config_nodedir: headers }
    : {};
  const built = await progress('Building sockopt', () =>
    run('npm', ['rebuild', 'sockopt', '--foreground-scripts'], { env }),
  );
  if (built.code === 0) return;
  process.stderr.write(`${built.output}The package sockopt could not be built.\n`);
  process.exit(1);
}

await installPeers();
await setUp();
await buildSocketOptions();
const args = ['run', '--config', 'tests/vitest.config.ts', ...process.argv.slice(2)];
const { code } = await tool('vitest', 'vitest', args, { show: true, env: { PATH: path } });
process.exitCode = code;
