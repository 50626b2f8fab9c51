/** Users and groups of the system, which Node has no call to look up by name. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** A database of accounts, as `getent` calls it. */
export type AccountDatabase = 'passwd' | 'group';

/** A user or a group. */
export interface Account {
  /** The number that the system knows it by. */
  readonly id: number;
}

/** What the system knows of `name`: from its file, else (network accounts) from `getent`. Never rejects. */
export async function findAccount(
  database: AccountDatabase,
  name: string,
): Promise<Account | undefined> {
  const text = await readFile(`/etc/${database}`, 'utf8').catch(() => '');
  return findLine(text, name) ?? findLine(await askSystem(database, name), name);
}

function findLine(text: string, name: string): Account | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , id] = line.split(':');
  return { id: Number(id) };
}

function askSystem(database: AccountDatabase, name: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('getent', ['--', database, name], { timeout: 10_000 }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}
