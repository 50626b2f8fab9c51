// What the run says: progress on a terminal, one table, remarks about its own limits, JSON.
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

const GENERATOR_LIMIT = 0.9;

/** One line that is written over; silent when nobody watches. */
export function progressLine(stream) {
  if (!stream.isTTY) return () => {};
  return (text) => stream.write(`\r\u001b[2K${text}`);
}

function figure(value) {
  if (value === undefined || !Number.isFinite(value)) return '-';
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toPrecision(3);
}

function ratio(row) {
  if (row.ratio === undefined || !Number.isFinite(row.ratio)) return '';
  return `${row.ratio.toFixed(2)} (${row.low.toFixed(2)}-${row.high.toFixed(2)})`;
}

function verdict(row, colour) {
  if (row.goal === undefined) return '';
  const [code, word] = row.met ? [32, 'met'] : [31, 'MISSED'];
  return colour ? `\u001b[${code}m${word}\u001b[0m` : word;
}

const RIGHT = new Set([3, 4, 5]);

function table(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const cell = (text, i) => (RIGHT.has(i) ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  // The last column is not padded: it may carry colours.
  return lines.map((line) => line.map((text, i) => (i === 7 ? text : cell(text, i))).join('  '));
}

/**
 * The table of all rows.
 * @param {object[]} rows from ratioRow and valueRow
 */
export function renderTable(rows, options, colour) {
  const { proxyA, proxyB } = options;
  const nameB = proxyB === proxyA ? `${proxyB} again` : proxyB;
  const head = ['part', 'workload', 'measure', proxyA, nameB, 'ratio (range)', 'goal', ''];
  const body = rows.map((row) => [
    row.part,
    row.workload,
    row.unit,
    figure(row.a),
    figure(row.b),
    ratio(row),
    row.goal ?? '',
    verdict(row, colour),
  ]);
  return table([head, ...body])
    .map((line) => line.trimEnd())
    .join('\n');
}

function remarksOf(workload, measured, kinds) {
  const remarks = [];
  for (const side of [0, 1]) {
    const runs = measured.map((pair) => pair[side]).filter((one) => one.loadBusy !== undefined);
    if (runs.length === 0) continue;
    const load = Math.max(...runs.map((one) => one.loadBusy));
    const proxy = Math.max(...runs.map((one) => one.busy));
    const machine = Math.max(...runs.map((one) => one.machineBusy));
    const where = `${workload}, ${kinds[side]}`;
    if (load > GENERATOR_LIMIT) {
      remarks.push(
        `${where}: THE LOAD GENERATOR was ${load.toFixed(2)} busy: its rate is no limit of the proxy`,
      );
    } else if (proxy < GENERATOR_LIMIT && machine > 0.95) {
      remarks.push(
        `${where}: the machine was full (proxy ${proxy.toFixed(2)} busy): trust CPU, not rates`,
      );
    }
  }
  return remarks;
}

/** Sentences about what made figures less than they could be. */
export function remarks(results, options) {
  const kinds = [options.proxyA, options.proxyB];
  const all = Object.values(results).flatMap(({ rounds }) => Object.entries(rounds));
  const own = all.flatMap(([workload, measured]) => remarksOf(workload, measured, kinds));
  const strangers = all.flatMap(([, measured]) => measured.flat().map((one) => one.other ?? 0));
  const other = Math.max(0, ...strangers);
  if (other > 0.2) own.push(`others used up to ${other.toFixed(2)} CPUs meanwhile`);
  return own;
}

/** The sentence above the table. */
export function heading(options) {
  const machine = `${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'}), Linux ${release()}`;
  const workers = options.suite === 'workers' ? 'two workers' : 'one worker';
  return `${options.suite}, ${workers} each, ${options.rounds} rounds, Node ${process.version}, ${machine}`;
}

export function writeJson(file, options, results) {
  const { proxyA, proxyB } = options;
  const run = { heading: heading(options), date: new Date().toISOString(), proxyA, proxyB };
  writeFileSync(file, `${JSON.stringify({ ...run, options, results }, null, 2)}\n`);
}
