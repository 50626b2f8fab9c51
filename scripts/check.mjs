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

/** Each gives the list of what is wrong. The order matters: packaging and docs need what `types` has built. */
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

await setUp([install]);
const results = [];
for (const name of Object.keys(steps)) {
  if (positionals.length === 0 || positionals.includes(name)) results.push(await report(name));
}
const passed = results.filter(Boolean).length;
const failed = results.length - passed;
if (values.json) writeFileSync(values.json, JSON.stringify({ passed, failed }));
process.stdout.write(
  failed === 0 ? `All ${passed} checks passed.\n` : `${failed} checks failed.\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
