/** Users and groups of the system, which Node has no call to look up by name. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** A database of accounts, as `getent` calls it. */
export type AccountDatabase = 'passwd' | 'group';

/** Whether the system knows `name`: from its file, else (network accounts) by asking `getent`. Never rejects. */
export async function hasAccount(database: AccountDatabase, name: string): Promise<boolean> {
  const text = await readFile(`/etc/${database}`, 'utf8').catch(() => '');
  if (text.split('\n').some((line) => line.startsWith(`${name}:`))) return true;
  return new Promise((resolve) => {
    execFile('getent', ['--', database, name], { timeout: 10_000 }, (error) => {
      resolve(error === null);
    });
  });
}
