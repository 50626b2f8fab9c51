/**
 * The same commands and signals to the installed nginx and to postern: exit codes, what is printed, pid files, and what
 * the logs say must be the same.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../free-port.js';
import { bin } from '../../postern-command.js';
import { childrenOf, eventually, isAlive } from '../../process/proxy.js';

const mailModule = '/usr/lib/nginx/modules/ngx_mail_module.so';

type Program = 'nginx' | 'postern';

/** What can be seen of one step. */
interface Seen {
  readonly code?: number | null;
  readonly err?: string;
  readonly hasPid: boolean;
  readonly workers: number;
  /** Messages of the step, each once, sorted: processes write at the same time. */
  readonly log: readonly string[];
}

const places: Place[] = [];

afterEach(async () => {
  for (const place of places.splice(0)) await place.remove();
});

/** What differs from run to run and from program to program. */
function normal(text: string): string {
  return text
    .replace(/^\d{4}\/\S+ \S+ (\[\w+\]) \d+#\d+: /gm, '$1 ')
    .replace(/nginx\/1\.\d+\.\d+.*/g, 'nginx/VERSION')
    .replace(/ received from \d+/g, ' received')
    .replace(/process \d+/g, 'process PID')
    .replace(/kill\(\d+/g, 'kill(PID')
    .replace(/RLIMIT_NOFILE\): \S+/g, 'RLIMIT_NOFILE): LIMIT');
}

/** nginx tells of its inner signal, and postern of its compiler, which Debian's nginx does not. */
const incidental = ['[notice] signal 29 (SIGIO) received', '[notice] built by'];

class Place {
  readonly #program: Program;
  readonly #directory = mkdtempSync(join(tmpdir(), 'process-'));
  readonly #port: number;
  readonly #masters = new Set<number>();
  #seen = 0;

  constructor(program: Program, port: number) {
    this.#program = program;
    this.#port = port;
    chmodSync(this.#directory, 0o755);
    mkdirSync(join(this.#directory, 'logs'));
    places.push(this);
  }

  get pid(): number {
    const path = join(this.#directory, 'logs/nginx.pid');
    const pid = existsSync(path) ? Number(readFileSync(path, 'latin1')) : 0;
    if (pid > 0) this.#masters.add(pid);
    return pid;
  }

  get workers(): readonly number[] {
    return this.pid === 0 ? [] : childrenOf(this.pid);
  }

  configure(main: string): void {
    const load = this.#program === 'nginx' ? `load_module ${mailModule};\n` : '\n';
    const address = `127.0.0.1:${String(this.#port)}`;
    const mail = `mail { auth_http 127.0.0.1:9; server { listen ${address}; protocol imap; } }`;
    const common = 'error_log logs/error.log notice; pid logs/nginx.pid;';
    writeFileSync(
      join(this.#directory, 'nginx.conf'),
      `${load}${common}\n${main}\nevents {}\n${mail}\n`,
    );
  }

  async run(...words: string[]): Promise<{ code: number | null; err: string }> {
    const [program = '', ...before] =
      this.#program === 'nginx' ? ['nginx'] : [process.execPath, bin];
    const files = ['-p', `${this.#directory}/`, '-c', 'nginx.conf', '-e', 'logs/error.log'];
    const child = spawn(program, [...before, ...files, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString('latin1')));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, err: normal(err).replaceAll(this.#directory, 'PREFIX') };
  }

  /** Waits until `isDone`, then says what is there and what the log has had since the last time. */
  async see(isDone: () => boolean): Promise<Seen> {
    await eventually('the end of a step', isDone);
    const path = join(this.#directory, 'logs/error.log');
    // Logs are written a moment later.
    let text = '';
    await expect
      .poll(
        () => {
          const before = text;
          text = existsSync(path) ? readFileSync(path, 'latin1') : '';
          return text === before;
        },
        { interval: 300, timeout: 10_000 },
      )
      .toBe(true);
    const lines = normal(text.slice(this.#seen)).replaceAll(this.#directory, 'PREFIX').split('\n');
    this.#seen = text.length;
    const log = lines.filter((line) => !incidental.some((start) => line.startsWith(start)));
    return {
      hasPid: this.pid !== 0,
      workers: this.workers.length,
      log: [...new Set(log)].sort(),
    };
  }

  async remove(): Promise<void> {
    const family = [...this.#masters].flatMap((pid) => [pid, ...childrenOf(pid)]).filter(isAlive);
    for (const pid of family) process.kill(pid, 'SIGKILL');
    await eventually('end', () => !family.some(isAlive));
    rmSync(this.#directory, { recursive: true });
  }
}

type Step = (place: Place) => Promise<Seen>;

/** Runs the command with `words`; it is done when `isDone`. */
const command =
  (words: readonly string[], isDone: (place: Place) => boolean = () => true): Step =>
  async (place) => {
    const { code, err } = await place.run(...words);
    return { code, err, ...(await place.see(() => isDone(place))) };
  };

const two = (place: Place): boolean => place.workers.length === 2;
const gone = (place: Place): boolean => place.pid === 0;

/** Does something to the workers or the master; it is done when there are two workers, none of the old ones if `renewed`. */
const act =
  (what: (place: Place) => void, renewed = false): Step =>
  (place) => {
    const old = place.workers;
    what(place);
    return place.see(
      () => two(place) && !(renewed && place.workers.some((pid) => old.includes(pid))),
    );
  };

const good = 'worker_processes 2;';
const script: readonly { readonly name: string; readonly step: Step }[] = [
  { name: '-t', step: command(['-t']) },
  { name: '-s without a master', step: command(['-s', 'reload']) },
  { name: 'start', step: command([], two) },
  {
    name: '-s reload',
    step: (place) => {
      const old = place.workers;
      return command(
        ['-s', 'reload'],
        (one) => two(one) && !one.workers.some((pid) => old.includes(pid)),
      )(place);
    },
  },
  { name: 'HUP', step: act(({ pid }) => process.kill(pid, 'SIGHUP'), true) },
  {
    name: 'HUP with a bad file',
    step: act((place) => {
      place.configure(`${good} nonsense;`);
      process.kill(place.pid, 'SIGHUP');
    }),
  },
  { name: '-t with a bad file', step: command(['-t']) },
  { name: '-s with a bad file', step: command(['-s', 'stop']) },
  {
    name: '-s reopen',
    step: (place) => {
      place.configure(good);
      return command(['-s', 'reopen'])(place);
    },
  },
  {
    name: 'KILL to a worker',
    step: (place) => {
      const [victim = 0] = place.workers;
      process.kill(victim, 'SIGKILL');
      return place.see(() => two(place) && !place.workers.includes(victim));
    },
  },
  {
    name: 'WINCH',
    step: (place) => {
      process.kill(place.pid, 'SIGWINCH');
      return place.see(() => place.workers.length === 0);
    },
  },
  { name: 'HUP after WINCH', step: act(({ pid }) => process.kill(pid, 'SIGHUP')) },
  { name: 'a second start', step: command([]) },
  { name: '-s quit', step: command(['-s', 'quit'], gone) },
  { name: 'start again', step: command([], two) },
  {
    name: 'TERM',
    step: (place) => {
      process.kill(place.pid, 'SIGTERM');
      return place.see(() => gone(place));
    },
  },
  {
    name: 'start and -s stop',
    step: async (place) => {
      await command([], two)(place);
      return command(['-s', 'stop'], gone)(place);
    },
  },
];

async function play(program: Program): Promise<Record<string, Seen>> {
  const place = new Place(program, await freePort());
  place.configure(good);
  const seen: Record<string, Seen> = {};
  for (const { name, step } of script) seen[name] = await step(place);
  return seen;
}

it('nginx and postern do the same, step by step', async () => {
  const [nginx, postern] = await Promise.all([play('nginx'), play('postern')]);
  for (const { name } of script) {
    expect({ [name]: withoutPort(postern[name]) }).toEqual({ [name]: withoutPort(nginx[name]) });
  }
});

function withoutPort(seen: Seen | undefined): unknown {
  return JSON.parse(JSON.stringify(seen).replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS'));
}
