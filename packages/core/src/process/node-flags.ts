/** The flags of Node that this program runs with: they halve the memory of an idle proxy. */

/** A small young generation, and code compiled for size: what is held in memory are sessions, not work. */
const nodeFlags = ['--max-semi-space-size=4', '--single-threaded-gc'];

/** Those that are not among `execArgv`, whatever value they have there. */
export function missingFlags(execArgv: readonly string[]): readonly string[] {
  return nodeFlags.filter((flag) => {
    const [name = flag] = flag.split('=');
    return !execArgv.some((word) => word === name || word.startsWith(`${name}=`));
  });
}
