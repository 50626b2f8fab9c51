import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findAccount } from '../../src/process/accounts.js';

describe('findAccount', () => {
  let folder = '';

  /** Puts a `getent` in the place of the system's that knows the names which begin with `network`. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-accounts-'));
    const program = join(folder, 'getent');
    const lines = ['#!/bin/sh', 'case $3 in network*) echo "$3:x:${#3}:" ;; *) exit 2 ;; esac', ''];
    writeFileSync(program, lines.join('\n'));
    chmodSync(program, 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it.each([
    { name: 'finds a name of the file', names: ['root'], id: 0 },
    { name: 'finds a name of the network', names: ['network'], id: 7 },
    {
      name: 'takes a later name of the file before one of the network',
      names: ['network', 'root'],
      id: 0,
    },
    {
      name: 'takes the first of several names of the network',
      names: ['no', 'network1', 'network'],
      id: 8,
    },
    { name: 'finds nothing where nobody knows a name', names: ['no-such-name'], id: undefined },
    { name: 'does not take the beginning of a name for it', names: ['roo'], id: undefined },
  ])('$name', async ({ names, id }) => {
    expect((await findAccount('group', ...names))?.id).toBe(id);
    expect((await findAccount('passwd', ...names))?.id).toBe(id);
  });
});
