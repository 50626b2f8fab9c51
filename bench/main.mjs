// npm run bench -- SUITE: postern beside nginx in one run. See README.md in this directory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.mjs';
import { stopAll } from './children.mjs';
import { applicable } from './goals.mjs';
import { buildLoad, startServer } from './load.mjs';
import { parseOptions, USAGE, UsageError } from './options.mjs';
import { heading, progressLine, remarks, renderTable, writeJson } from './report.mjs';
import { SUITES } from './suites.mjs';

/** Builds the generator and starts its servers; one set for the whole run. */
async function openBench(options, directory) {
  const suite = SUITES[options.suite];
  await buildLoad(suite);
  const certificates = suite.tls ? await makeCertificates(directory) : undefined;
  const backend = await startServer('backend', { protocol: suite.protocol });
  const auth = await startServer('auth', {
    'backend-port': backend.port,
    close: Number(options.authClose),
  });
  const progress = progressLine(process.stderr);
  return { options, suite, directory, certificates, backend, auth, progress };
}

async function runParts(bench) {
  const results = {};
  try {
    for (const name of bench.options.parts) results[name] = await bench.suite.parts[name](bench);
  } finally {
    bench.progress('');
  }
  return results;
}

function show(options, results) {
  const all = Object.values(results).flatMap((result) => result.rows);
  const rows = applicable(all, options);
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(`${heading(options)}\n\n${renderTable(rows, options, colour)}`);
  const said = remarks(results, options);
  if (said.length > 0) console.log(`\n${said.join('\n')}`);
  return rows.every((row) => row.met !== false);
}

async function bench(options, directory) {
  const results = await runParts(await openBench(options, directory));
  const met = show(options, results);
  if (options.json !== undefined) writeJson(options.json, options, results);
  return met || !options.assert ? 0 : 1;
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const cleanUp = async () => {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  };
  let interrupted = false;
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    process.once(signal, () => {
      interrupted = true;
      void cleanUp().then(() => process.exit(code));
    });
  }
  try {
    return await bench(options, directory);
  } catch (error) {
    // What was measured when the processes were ended from outside is no news.
    if (interrupted) return await new Promise(() => {});
    throw error;
  } finally {
    await cleanUp();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError ? error.message : `bench: ${error.message}`);
  process.exitCode = 2;
}
