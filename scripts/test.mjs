/** `npm test`: sets the clone up and runs the tests that need nothing but Node. Arguments go to vitest. */
import { tool } from './run.mjs';
import { setUp } from './setup.mjs';

await setUp();
const { code } = await tool('vitest', 'vitest', ['run', ...process.argv.slice(2)], { show: true });
process.exitCode = code;
