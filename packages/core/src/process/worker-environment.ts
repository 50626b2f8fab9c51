/** The environment that a worker starts with (ngx_set_environment). */
import type { EnvironmentEntry } from './main-codecs.js';

/** Variables that steer the runtime rather than what it runs. */
const runtimePrefixes = ['NODE_', 'UV_'];

function isKept(name: string): boolean {
  return name === 'TZ' || runtimePrefixes.some((prefix) => name.startsWith(prefix));
}

/** Makes libuv leave a burst of clients to other workers too, where there are any. */
const fairAccept = { UV_TCP_SINGLE_ACCEPT: '1' };

/** {@link childEnvironment} for one of `count` workers. */
export function workerEnvironment(
  environment: NodeJS.ProcessEnv,
  entries: readonly EnvironmentEntry[],
  count: number,
): NodeJS.ProcessEnv {
  const result = childEnvironment(environment, entries);
  return count > 1 ? { ...fairAccept, ...result } : result;
}

/** Of `environment` what nginx keeps (`TZ`), what the runtime needs, and what `env` keeps or sets. */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  entries: readonly EnvironmentEntry[],
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => isKept(name));
  const result: NodeJS.ProcessEnv = Object.fromEntries(kept);
  for (const { name, value } of entries) {
    const wanted = value ?? environment[name];
    if (wanted !== undefined) result[name] = wanted;
  }
  return result;
}
