import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/config/load.js';
import { SourceFiles } from '../../src/config/source-files.js';
import { coreModule, eventsModule } from '../../src/process/core-module.js';
import { mainConf } from '../../src/config/merge.js';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sources-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);

describe('SourceFiles', () => {
  it('answers a second time what it answered the first time, whatever has become of the files', async () => {
    writeFileSync(at('a'), 'one');
    writeFileSync(at('b'), 'two');
    const sources = new SourceFiles();
    expect((await sources.read(at('a'))).toString()).toBe('one');
    expect(sources.readNow(at('b')).toString()).toBe('two');
    expect(await sources.list(at('*'))).toEqual([at('a'), at('b')]);
    writeFileSync(at('a'), 'changed');
    rmSync(at('b'));
    expect(sources.readNow(at('a')).toString()).toBe('one');
    expect((await sources.read(at('b'))).toString()).toBe('two');
    expect(await sources.list(at('*'))).toEqual([at('a'), at('b')]);
  });

  it('asks a question once', async () => {
    const sources = new SourceFiles();
    let asked = 0;
    const answer = () => {
      asked += 1;
      return Promise.resolve(['127.0.0.1']);
    };
    expect(await sources.ask('host a', answer)).toEqual(['127.0.0.1']);
    expect(await sources.ask('host a', answer)).toEqual(['127.0.0.1']);
    await sources.ask('host b', answer);
    expect(asked).toBe(2);
  });

  it('tells of a file that is not there each time', async () => {
    const sources = new SourceFiles();
    await expect(sources.read(at('none'))).rejects.toThrow('ENOENT');
    expect(() => sources.readNow(at('none'))).toThrow('ENOENT');
    writeFileSync(at('none'), 'there');
    expect(sources.readNow(at('none')).toString()).toBe('there');
  });

  it('gives another process the same configuration, also from files that are gone', async () => {
    writeFileSync(at('nginx.conf'), 'events {}\ninclude parts/*.conf;\ninclude more.conf;\n');
    writeFileSync(at('more.conf'), 'worker_processes 7;\n');
    const load = (sources: SourceFiles) =>
      loadConfiguration({
        file: at('nginx.conf'),
        prefix: `${directory}/`,
        modules: [coreModule, eventsModule],
        warn: () => undefined,
        sources,
      });
    const { sources } = await load(new SourceFiles());
    const { snapshot } = sources;
    for (const name of ['nginx.conf', 'more.conf']) rmSync(at(name));
    const { root } = await load(new SourceFiles({ ...snapshot }));
    expect(mainConf(root, coreModule).workerProcesses).toBe(7);
  });
});
