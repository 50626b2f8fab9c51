/**
 * Adds up the results of the stages of .ci/run and prints `N passed, N failed` as the last line. A stage that ended
 * badly without a failed test in its results (it could not start, or a file could not be loaded) counts as one failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...stages] = process.argv.slice(2);

/** `{ passed, failed }` of one stage. */
function countsOf(stage) {
  const code = Number(readFileSync(join(folder, `${stage}.code`), 'utf8'));
  const file = join(folder, `${stage}.json`);
  const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const passed = found.passed ?? found.numPassedTests ?? 0;
  const failed = found.failed ?? found.numFailedTests ?? 0;
  // A test that did not run has not passed.
  const pending = (found.numPendingTests ?? 0) + (found.numTodoTests ?? 0);
  const all = failed + pending;
  return { passed, failed: code !== 0 && all === 0 ? 1 : all };
}

let [passed, failed] = [0, 0];
for (const stage of stages) {
  const counts = countsOf(stage);
  console.log(`${stage}: ${counts.passed} passed, ${counts.failed} failed`);
  passed += counts.passed;
  failed += counts.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
