/**
 * `npm run check`: all that is held true besides the tests. One line per step; what failed shows its output. Names of
 * steps as arguments run only these; `--json FILE` writes the counts.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packaging } from './checks/packaging.mjs';
import { changes, lockFile, texts, versions } from './checks/repository.mjs';
import { colour } from './progress.mjs';
import { run, tool } from './run.mjs';
import { install, setUp } from './setup.mjs';

/** A step that is a program: nothing is wrong when it ends with 0. */
const program =
  (packageName, command, ...args) =>
  async () => {
    const { code, output } = await tool(packageName, command, args);
    return code === 0 ? [] : [output];
  };

/** Each gives the list of what is wrong. */
const steps = {
  types: program('typescript', 'tsc', '-b'),
  'types of tests': program('typescript', 'tsc', '-p', 'tsconfig.test.json'),
  lint: program('eslint', 'eslint', '.', '--max-warnings', '0'),
  format: program('prettier', 'prettier', '--check', '--log-level', 'warn', '.'),
  'dead code': program('knip', 'knip', '--no-progress', '--no-config-hints'),
  packaging,
  docs: async () => {
    const { code, output } = await run(process.execPath, ['scripts/docs.mjs', '--check']);
    return code === 0 ? [] : [output];
  },
  versions,
  changes,
  'lock file': lockFile,
  texts,
};

const others = Object.keys(steps).filter((name) => !['types', 'lint'].includes(name));

/**
 * One turn after the other; in a turn, lists of steps side by side. All read what `types` builds. Lint takes as long as
 * the rest, which keeps its order: docs builds anew what packaging packs.
 */
const turns = [[['types']], [['lint'], others]];

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});

const unknown = positionals.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such step: ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}\n`,
  );
  process.exit(2);
}

async function problemsOf(step) {
  try {
    return await step();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

const coloured = process.stdout.isTTY === true && !process.env['NO_COLOR'];

async function report(name) {
  const started = Date.now();
  const problems = await problemsOf(steps[name]);
  const time = `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const good = problems.length === 0;
  const verdict = good ? colour('ok    ', 32, coloured) : colour('FAILED', 31, coloured);
  process.stdout.write(`${verdict} ${name.padEnd(16)} ${time}\n`);
  for (const problem of problems)
    process.stdout.write(`${problem.trimEnd().replace(/^/gm, '    ')}\n`);
  return good;
}

const wanted = (name) => positionals.length === 0 || positionals.includes(name);
const results = [];

async function runInTurn(names) {
  for (const name of names.filter(wanted)) results.push(await report(name));
}

await setUp([install]);
for (const lanes of turns) await Promise.all(lanes.map(runInTurn));
const passed = results.filter(Boolean).length;
const failed = results.length - passed;
if (values.json) writeFileSync(values.json, JSON.stringify({ passed, failed }));
process.stdout.write(
  failed === 0 ? `All ${passed} checks passed.\n` : `${failed} checks failed.\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
