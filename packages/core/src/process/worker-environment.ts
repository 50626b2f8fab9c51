/** The environment that a worker starts with (ngx_set_environment). */
import type { EnvironmentEntry } from './main-codecs.js';

/** Variables that steer the runtime rather than what it runs. */
const runtimePrefixes = ['NODE_', 'UV_'];

function isKept(name: string): boolean {
  return name === 'TZ' || runtimePrefixes.some((prefix) => name.startsWith(prefix));
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
