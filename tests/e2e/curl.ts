import { alice } from './accounts.js';
import { run } from './child.js';

/** Runs curl with the login of {@link alice}, which goes in by its standard input, and gives what it prints. */
export function curl(url: string, ...options: readonly string[]): Promise<Buffer> {
  const config = `user = "${alice.user}:${alice.password}"\n`;
  const args = ['--silent', '--show-error', '--max-time', '60', '--config', '-', ...options, url];
  return run('curl', args, { input: config });
}
