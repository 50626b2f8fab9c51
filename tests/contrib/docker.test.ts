import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkConfiguration } from './configuration.js';
import { readDockerfile } from './dockerfile.js';
import { contrib, inRepository } from './files.js';

const instructions = readDockerfile(contrib('docker/Dockerfile'));
const named = (name: string) =>
  instructions.filter((one) => one.name === name).map(({ text }) => text);
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const inImage = (name: string) => last.filter((one) => one.name === name).map(({ text }) => text);

const known = [
  ...['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE'],
  ...['STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
];

/** The sources of `COPY` that come from the repository. */
const copied = named('COPY')
  .filter((text) => !text.startsWith('--from='))
  .flatMap((text) => text.split(' ').slice(0, -1));

/** What `COPY --from=build /src/...` takes of the build, without the last folder, which the build makes. */
const built = named('COPY')
  .filter((text) => text.startsWith('--from=build '))
  .map((text) => /^--from=build \/src\/(\S+)\/dist\/ \1\/dist\/$/.exec(text)?.[1]);

describe('the Dockerfile', () => {
  it('has only instructions that Docker knows', () => {
    expect(instructions.filter(({ name }) => !known.includes(name))).toEqual([]);
  });

  it('builds every stage on Node 24 and takes files from stages that are there', () => {
    const stages = named('FROM').map((text) => text.split(' AS '));
    expect(new Set(stages.map(([image]) => image))).toEqual(new Set(['node:24-bookworm-slim']));
    const names = stages.map(([, name]) => name);
    const used = named('COPY').map((text) => /^--from=(\S+)/.exec(text)?.[1]);
    for (const stage of used) if (stage !== undefined) expect(names).toContain(stage);
  });

  it('copies what is there', () => {
    expect(copied).toContain('contrib/docker/healthcheck.mjs');
    expect(copied.filter((path) => !existsSync(inRepository(path)))).toEqual([]);
    expect(built).toHaveLength(6);
    for (const path of built) expect(existsSync(inRepository(`${path ?? '?'}/src`))).toBe(true);
  });

  it('M12: runs as a user by number who is not root', () => {
    expect(inImage('USER')).toEqual(['10001:10001']);
    const order = last.map(({ name }) => name);
    expect(order.lastIndexOf('RUN')).toBeLessThan(order.indexOf('USER'));
  });

  it('installs no tools of development into the image', () => {
    expect(named('RUN').filter((text) => text.includes('--omit=dev'))).toHaveLength(1);
    expect(inImage('RUN').join()).not.toContain('npm');
  });

  it.each(['ENTRYPOINT', 'CMD', 'HEALTHCHECK'])('%s needs no shell', (name) => {
    const [text = ''] = inImage(name);
    const words = JSON.parse(text.slice(text.indexOf('['))) as unknown;
    expect(words).toEqual(expect.arrayContaining([expect.any(String)]));
  });

  it('starts the command of the package in the foreground, with its log on standard error', () => {
    const [text = ''] = inImage('ENTRYPOINT');
    const [program = '', ...words] = JSON.parse(text) as string[];
    expect(existsSync(inRepository(program.replace('/app/', '')))).toBe(true);
    expect(words).toEqual(['-p', '/etc/postern', '-e', 'stderr', '-g', 'daemon off;']);
    expect(contrib('docker/postern.conf')).toMatch(/^error_log +stderr /m);
  });

  it('lets sessions end, and asks a port for its health that the configuration opens', () => {
    expect(inImage('STOPSIGNAL')).toEqual(['SIGQUIT']);
    expect(inImage('HEALTHCHECK').join()).toContain('"/app/healthcheck.mjs", "1143"]');
    for (const port of inImage('EXPOSE').join().split(' ')) {
      expect(contrib('docker/postern.conf')).toMatch(new RegExp(`listen +${port};`));
    }
  });

  it('has a configuration that postern takes', async () => {
    await checkConfiguration(contrib('docker/postern.conf'));
  });
});

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
}

interface ComposeService {
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly ports: readonly string[];
  readonly tmpfs: readonly string[];
  readonly volumes: readonly { readonly source: string; readonly target: string }[];
}

describe('the example for Docker Compose', () => {
  const { services } = JSON.parse(contrib('docker/compose.json')) as Compose;
  const service = services['postern'];

  it('M12: has a root that cannot be written, no capability and no new rights', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('builds our Dockerfile and mounts files that are there', () => {
    const { context, dockerfile } = service?.build ?? { context: '', dockerfile: '' };
    expect(existsSync(inRepository(`contrib/docker/${context}/${dockerfile}`))).toBe(true);
    for (const { source } of service?.volumes ?? []) {
      expect(existsSync(inRepository(`contrib/docker/${source}`))).toBe(true);
    }
  });

  it('keeps the pid file in memory, for the user of the image', () => {
    expect(service?.tmpfs).toEqual(['/run/postern:uid=10001,gid=10001,mode=0700']);
  });

  it('publishes ports that the image exposes', () => {
    const inside = service?.ports.map((port) => port.split(':')[1]);
    expect(inside).toEqual(inImage('EXPOSE').join().split(' '));
  });
});
