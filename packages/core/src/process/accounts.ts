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

/**
 * The first of `names` that the system knows. Its file is asked for all of them before `getent` (network accounts) is
 * asked for any: that is a program to start, and a network to wait for. Never rejects.
 */
export async function findAccount(
  database: AccountDatabase,
  ...names: readonly string[]
): Promise<Account | undefined> {
  const text = await readFile(`/etc/${database}`, 'utf8').catch(() => '');
  for (const name of names) {
    const known = findLine(text, name);
    if (known !== undefined) return known;
  }
  for (const name of names) {
    const known = findLine(await askSystem(database, name), name);
    if (known !== undefined) return known;
  }
  return undefined;
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
