/** One line on the terminal for what takes a while. In a pipe nothing is shown but what went wrong. */

const terminal = process.stderr.isTTY === true;
const coloured = terminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

/** `text` in a colour (an SGR number) where the terminal shows colours and NO_COLOR is not set. */
export function colour(text, sgr, enabled = coloured) {
  return enabled ? `\x1b[${sgr}m${text}\x1b[0m` : text;
}

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/**
 * Awaits `work` under a line such as `Installing dependencies  12 s`.
 *
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function progress(label, work) {
  if (!terminal) return work();
  const started = Date.now();
  const draw = () => process.stderr.write(`\r${label}  ${colour(seconds(started), 2)}`);
  draw();
  const timer = setInterval(draw, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    draw();
    process.stderr.write('\n');
  }
}
