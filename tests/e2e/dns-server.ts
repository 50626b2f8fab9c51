/** Unbound on a free port of loopback, as an ordinary process, with the zones of a test and no way to the outside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { Child } from './child.js';
import { until } from './until.js';

/** A running DNS server. */
export interface DnsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a server knows. */
export interface DnsZones {
  /** Zones it has all of: what is not among the records does not exist. */
  readonly own: readonly string[];
  /** Records in the form of a zone file, names with the final dot; odd bytes as `\DDD`. */
  readonly records: readonly string[];
  /** Zones it could not load: SERVFAIL. */
  readonly broken?: readonly string[];
  /** Zones it gives no answer about at all. */
  readonly silent?: readonly string[];
}

/** Starts a server and waits until it serves. */
export async function startDnsServer(zones: DnsZones): Promise<DnsServer> {
  const directory = mkdtempSync(join(tmpdir(), 'unbound-'));
  const port = await freePort();
  const conf = join(directory, 'unbound.conf');
  writeFileSync(conf, unboundConf(directory, port, zones));
  const child = new Child('unbound', ['-d', '-c', conf]);
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(directory, { recursive: true });
  };
  try {
    const serves = (): boolean => child.hasEnded || child.output.includes('start of service');
    await until('start of unbound', serves, { state: () => child.output });
    if (child.hasEnded) throw new Error(`unbound did not start: ${child.output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

function unboundConf(directory: string, port: number, zones: DnsZones): string {
  const { own, records, broken = [], silent = [] } = zones;
  return `server:
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  do-not-query-localhost: no
${own.map((zone) => `  local-zone: "${zone}" static`).join('\n')}
${broken.map((zone) => `  local-zone: "${zone}" transparent`).join('\n')}
${silent.map((zone) => `  local-zone: "${zone}" deny`).join('\n')}
${records.map((record) => `  local-data: '${record}'`).join('\n')}
${broken.map(brokenZone).join('\n')}
`;
}

/** A zone that is to be fetched from a port where nobody is. */
const brokenZone = (name: string): string => `auth-zone:
  name: "${name}"
  primary: 127.0.0.1@1
  for-downstream: yes
  for-upstream: yes
  fallback-enabled: no`;
