/** Rules about the files of the repository that no other tool knows. Each gives a list of what is wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../run.mjs';

const read = (file) => readFileSync(join(root, file), 'utf8');
const readJson = (file) => JSON.parse(read(file));

/** Whether `path` in the lock file finds `name` where Node would: next to it, or in a folder above. */
function isLocked(packages, path, name) {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/')))) {
    if (Object.hasOwn(packages, `${from === '' ? '' : `${from}/`}node_modules/${name}`))
      return true;
    if (from === '') return false;
  }
}

/**
 * The lock file works with every registry, as it names none, and on every platform: npm leaves an optional package out
 * that it cannot find, and `npm ci` then refuses the whole file.
 */
export function lockFile() {
  const { packages } = readJson('package-lock.json');
  return Object.entries(packages).flatMap(([path, entry]) => {
    const bound = /^[a-z+]+:/.test(entry.resolved ?? '')
      ? [`${path} is bound to ${entry.resolved}`]
      : [];
    const wanted = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies });
    const missing = wanted
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => `${path} needs ${name}, which is not locked`);
    return [...bound, ...missing].map((problem) => `package-lock.json: ${problem}`);
  });
}

/** All packages have one version, lerna's, ask each other for exactly it, and carry the licence. */
export function versions() {
  const { version } = readJson('lerna.json');
  const licence = read('LICENSE');
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = readJson(`packages/${name}/package.json`);
    const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
    const ours = Object.entries({ ...dependencies, ...manifest.devDependencies })
      .filter(([other]) => other.startsWith('@postern/'))
      .filter(([, wanted]) => wanted !== version)
      .map(([other, wanted]) => `packages/${name}: asks for ${other} ${wanted}, not ${version}`);
    if (manifest.version !== version) ours.push(`packages/${name}: is not version ${version}`);
    if (read(`packages/${name}/LICENSE`) !== licence) ours.push(`packages/${name}: other LICENSE`);
    return ours;
  });
}

/** nginx's form: `Changes with postern 0.1.0   22 Nov 2026`, then `*) Feature: ...`, newest first. */
export function changes() {
  const kinds = /^ {4}\*\) (?:Feature|Change|Bugfix|Security|Workaround): \S/;
  const lines = read('CHANGELOG.md').split('\n');
  const bad = lines.filter((line) => /^ *\*\)/.test(line) && !kinds.test(line));
  const newest = lines.find((line) => line.startsWith('Changes with postern '));
  const problems = bad.map((line) => `CHANGELOG.md: not "    *) Feature: ...": ${line}`);
  if (newest === undefined) problems.push('CHANGELOG.md: no "Changes with postern VERSION"');
  return problems;
}

/** What must not stand in any line, and why. */
const forbidden = [
  {
    form: /(?<![\w.~-])\/(?:home|Users|root|work|workspace)\/[\w.]/,
    why: "a path of someone's machine",
  },
  { form: /eslint-disable(?!.* -- \S)/, why: 'eslint-disable without " -- reason"' },
  { form: /@ts-(?:ignore|nocheck)/, why: 'a silenced type error' },
];

function linesOf(file) {
  const bytes = readFileSync(join(root, file));
  return bytes.includes(0) ? [] : bytes.toString().split('\n');
}

/** Every tracked text file, and those that are about to be added, line by line. */
export async function texts() {
  const list = await run('git', ['ls-files', '-co', '--exclude-standard', '-z']);
  if (list.code !== 0) return [list.output];
  const gone = await run('git', ['ls-files', '-d', '-z']);
  const deleted = new Set(gone.stdout.split('\0'));
  const own = 'scripts/checks/repository.mjs';
  const files = list.stdout
    .split('\0')
    .filter((file) => file && file !== own && !deleted.has(file));
  return files.flatMap((file) =>
    linesOf(file).flatMap((line, at) =>
      forbidden
        .filter(({ form }) => form.test(line))
        .map(({ why }) => `${file}:${at + 1}: ${why}: ${line.trim().slice(0, 100)}`),
    ),
  );
}
