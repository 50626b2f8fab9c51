/** The flags of Node that this program runs with: they halve the memory of an idle proxy. */
import { setFlagsFromString } from 'node:v8';

/**
 * A small young generation, of one size from the start: what is held in memory are sessions, not work. Executables take the
 * two flags for it back before they load anything: the heap stays as it is, and Node's own modules load faster.
 */
const nodeFlags = ['--min-semi-space-size=4', '--max-semi-space-size=4', '--single-threaded-gc'];

/**
 * V8's own limit lets a large heap grow by half before it collects what sessions have left. It is set by a process that
 * serves: at the command line it would do what is said above of the others.
 */
const growthFlag = '--heap-growing-percent=20';

function isGiven(flag: string, execArgv: readonly string[]): boolean {
  const [name = flag] = flag.split('=');
  return execArgv.some((word) => word === name || word.startsWith(`${name}=`));
}

/** Those that are not among `execArgv`, whatever value they have there. */
export function missingFlags(execArgv: readonly string[]): readonly string[] {
  return nodeFlags.filter((flag) => !isGiven(flag, execArgv));
}

/**
 * The words of a new start of this process with all flags, or `undefined` where it has them: the first line of
 * an executable gives them, `node postern.mjs` does not.
 */
export function wordsWithFlags(
  execArgv: readonly string[],
  argv: readonly string[],
): readonly string[] | undefined {
  const missing = missingFlags(execArgv);
  if (missing.length === 0) return undefined;
  const [program = process.execPath, ...rest] = argv;
  return [program, ...execArgv, ...missing, ...rest];
}

/** Has the heap grow slowly from now on, unless the operator has said how it shall. */
export function growSlowly(): void {
  if (!isGiven(growthFlag, process.execArgv)) setFlagsFromString(growthFlag);
}

/**
 * Whether the environment tells of open sockets that the process was given: Node closes what is beyond standard error
 * when it replaces itself.
 */
export function hasGivenSockets(environment: NodeJS.ProcessEnv): boolean {
  return ['LISTEN_FDS', 'NGINX'].some((name) => (environment[name] ?? '') !== '');
}

/** Replaces the process by one with the flags, under the same process number. Node 22.15 and later can do that. */
export function restartWithFlags(): void {
  const execve: unknown = 'execve' in process ? process.execve : undefined;
  if (typeof execve !== 'function' || hasGivenSockets(process.env)) return;
  const words = wordsWithFlags(process.execArgv, process.argv);
  if (words !== undefined) Reflect.apply(execve, process, [process.execPath, words, process.env]);
}
