import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { createModuleLoader, type FoundModule, loadHostModules } from '../../src/module/loader.js';

let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'postern-modules-'));
  await Promise.all(Object.entries(tree()).map(([name, text]) => write(name, text)));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

async function write(name: string, content: string | object): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

function moduleCode(name: string, exported = 'it'): string {
  return `export const ${exported} = { name: '${name}', api: 1, requires: [], before: [], directives: {} };\n`;
}

interface PackageOptions {
  readonly api?: number;
  readonly export?: string;
  readonly code?: string;
}

/** The files of an installed module package. */
function modulePackage(at: string, name: string, options: PackageOptions = {}): Files {
  const entry = { api: options.api ?? 1, module: './main.js', export: options.export ?? 'it' };
  return {
    [`${at}/package.json`]: { name, version: '1.2.3', type: 'module', postern: entry },
    [`${at}/main.js`]: options.code ?? moduleCode(name),
  };
}

type Files = Readonly<Record<string, string | object>>;

function tree(): Files {
  const shared = 'node_modules';
  return {
    ...modulePackage(`${shared}/zeta`, 'zeta'),
    ...modulePackage(`${shared}/@acme/alpha`, '@acme/alpha'),
    ...modulePackage(`${shared}/future`, 'future', {
      api: 2,
      code: 'throw new RangeError("ran");',
    }),
    ...modulePackage(`${shared}/wrong-export`, 'wrong-export', { export: 'other' }),
    ...modulePackage(`${shared}/broken`, 'broken', { code: "import 'no-such-package';\n" }),
    [`${shared}/plain/package.json`]: { name: 'plain', version: '1.0.0' },
    [`${shared}/half/package.json`]: { name: 'half', postern: { api: 1, module: './x.js' } },
    [`${shared}/no-json/package.json`]: '{ nonsense',
    // Hosts
    'auto/package.json': {
      name: 'auto',
      dependencies: { zeta: '1', plain: '1', '@acme/alpha': '1' },
      optionalDependencies: { absent: '1' },
      devDependencies: { broken: '1' },
    },
    'auto/sub/deep/file.txt': '',
    'listed/package.json': {
      name: 'listed',
      dependencies: { '@acme/alpha': '1' },
      postern: { modules: ['zeta', '@acme/alpha'] },
    },
    'bundled/package.json': { name: 'bundled', dependencies: { collection: '1', zeta: '1' } },
    [`${shared}/collection/package.json`]: {
      name: 'collection',
      postern: { modules: ['@acme/alpha', 'zeta'] },
    },
    'none/package.json': { name: 'none', postern: { modules: [] } },
    'missing/package.json': { name: 'missing', postern: { modules: ['absent'] } },
    'not-module/package.json': { name: 'not-module', postern: { modules: ['plain'] } },
    'future/package.json': { name: 'f', postern: { modules: ['future'] } },
    'wrong-export/package.json': { name: 'w', postern: { modules: ['wrong-export'] } },
    'broken/package.json': { name: 'b', postern: { modules: ['broken'] } },
    'half/package.json': { name: 'h', postern: { modules: ['half'] } },
    'no-json/package.json': { name: 'n', postern: { modules: ['no-json'] } },
    'bad-list/package.json': { name: 'n', postern: { modules: 'zeta' } },
    'bad-key/package.json': { name: 'n', postern: true },
    // Files for load_module
    'files/package.json': { name: 'files', version: '9.9.9', type: 'module' },
    'files/one.js': moduleCode('one', 'anything') + 'export const other = 1;\n',
    'files/twice.js': moduleCode('twice') + 'export default it;\n',
    'files/two.js': moduleCode('x', 'x') + moduleCode('y', 'y'),
    'files/zero.js': 'export const x = {};\n',
    'files/ngx_stream_module.so': '\x7fELF',
    'files/syntax.js': 'export const = 1;\n',
    ...modulePackage('files/folder', 'folder'),
    'files/empty/readme': '',
  };
}

function summary(found: readonly FoundModule[]): readonly string[] {
  return found.map(
    ({ module, origin }) => `${module.name} from ${origin.package} ${origin.version}`,
  );
}

async function refusal(work: Promise<unknown>): Promise<ConfigError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new RangeError('not refused');
}

const zeta = 'zeta from zeta 1.2.3';
const alpha = '@acme/alpha from @acme/alpha 1.2.3';

describe('the modules of a host', () => {
  const cases = [
    {
      name: 'are its direct dependencies that declare themselves',
      start: 'auto',
      found: [alpha, zeta],
    },
    { name: 'are found from a folder below it', start: 'auto/sub/deep', found: [alpha, zeta] },
    { name: 'are those it lists, in its order', start: 'listed', found: [zeta, alpha] },
    { name: 'come from a dependency that lists them', start: 'bundled', found: [zeta, alpha] },
    { name: 'are none if it lists none', start: 'none', found: [] },
    {
      name: 'are none where the start is in a node_modules and nothing is above',
      start: 'node_modules/zeta',
      found: [],
    },
  ];
  it.each(cases)('$name', async ({ start, found }) => {
    expect(summary(await loadHostModules(join(root, start)))).toEqual(found);
  });

  const refused = [
    {
      start: 'missing',
      message: 'module package "absent" is not installed (not in node_modules of ROOT/missing)',
    },
    { start: 'not-module', message: 'package "plain" is not a module of postern' },
    { start: 'future', message: 'module "future" version 2 instead of 1' },
    {
      start: 'wrong-export',
      message:
        'module file "ROOT/node_modules/wrong-export/main.js" has no export "other" made by defineModule()',
    },
    {
      start: 'half',
      message:
        'invalid module manifest "ROOT/node_modules/half/package.json" ("export" is not a name)',
    },
    {
      start: 'no-json',
      message: 'invalid module manifest "ROOT/node_modules/no-json/package.json" (not JSON)',
    },
    {
      start: 'bad-list',
      message:
        'invalid module manifest "ROOT/bad-list/package.json" ("modules" is not a list of names)',
    },
    {
      start: 'bad-key',
      message: 'invalid module manifest "ROOT/bad-key/package.json" ("postern" is not an object)',
    },
  ];
  it.each(refused)('of "$start" are refused: $message', async ({ start, message }) => {
    const error = await refusal(loadHostModules(join(root, start)));
    expect(error.message.replaceAll(root, 'ROOT')).toBe(message);
  });

  it('that cannot be imported are refused with the reason on one line', async () => {
    const { message } = await refusal(loadHostModules(join(root, 'broken')));
    expect(message).toContain('main.js" failed (');
    expect(message).toContain('no-such-package');
    expect(message).not.toContain('\n');
  });
});

describe('load_module', () => {
  const cases = [
    { name: 'takes a package name', request: 'zeta', found: zeta },
    { name: 'takes a package name with a scope', request: '@acme/alpha', found: alpha },
    {
      name: 'takes a file with one module, whatever its name',
      request: 'one.js',
      found: 'one from files 9.9.9',
    },
    {
      name: 'takes a file with a module that has two names',
      request: './twice.js',
      found: 'twice from files 9.9.9',
    },
    {
      name: 'takes the folder of a package',
      request: './folder',
      found: 'folder from folder 1.2.3',
    },
    {
      name: 'takes a path with a folder',
      request: 'folder/main.js',
      found: 'folder from folder 1.2.3',
    },
    { name: 'takes a path upwards', request: '../files/one.js', found: 'one from files 9.9.9' },
  ];
  it.each(cases)('$name', async ({ request, found }) => {
    const seen: FoundModule[] = [];
    const load = createModuleLoader({
      prefix: `${root}/files/`,
      startDir: join(root, 'auto'),
      onFound: (one) => seen.push(one),
    });
    const module = await load(request);
    expect(summary(seen)).toEqual([found]);
    expect(seen[0]?.module).toBe(module);
  });

  const refused = [
    {
      request: 'absent',
      message: 'module package "absent" is not installed (not in node_modules of ROOT/auto)',
    },
    { request: 'plain', message: 'package "plain" is not a module of postern' },
    {
      request: 'two.js',
      message:
        'module file "ROOT/files/two.js" must export one module made by defineModule(), it exports 2',
    },
    {
      request: 'zero.js',
      message:
        'module file "ROOT/files/zero.js" must export one module made by defineModule(), it exports 0',
    },
    { request: './empty', message: 'package "ROOT/files/empty" is not a module of postern' },
    {
      request: 'ngx_stream_module.so',
      message: 'module "ROOT/files/ngx_stream_module.so" is not binary compatible',
    },
    {
      request: 'modules/absent.so',
      message:
        'dlopen() "ROOT/files/modules/absent.so" failed (ROOT/files/modules/absent.so: cannot open shared object file: No such file or directory)',
    },
  ];
  it.each(refused)('refuses $request: $message', async ({ request, message }) => {
    const load = createModuleLoader({ prefix: `${root}/files/`, startDir: join(root, 'auto') });
    const error = await refusal(load(request));
    expect(error.message.replaceAll(root, 'ROOT')).toBe(message);
  });

  it.each(['syntax.js', 'absent.js'])('refuses %s, which cannot be imported', async (request) => {
    const load = createModuleLoader({ prefix: `${root}/files/`, startDir: root });
    const { message } = await refusal(load(request));
    expect(message.replaceAll(root, 'ROOT')).toMatch(
      /^import\(\) "ROOT\/files\/.*" failed \(.+\)$/,
    );
  });

  it('says how to install a package', async () => {
    const load = createModuleLoader({ prefix: '/', startDir: join(root, 'auto') });
    expect((await refusal(load('postern-module-x'))).help).toBe('npm install postern-module-x');
  });
});
