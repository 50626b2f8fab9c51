// What postern promises beside nginx, as ratios of one run (b/a), and rows of the report.

/** @typedef {{ text: string, met: (ratio: number) => boolean }} Goal */

/** @returns {Goal} */
export const atMost = (limit) => ({ text: `<= ${limit}`, met: (value) => value <= limit });

/** @returns {Goal} */
export const atLeast = (limit) => ({ text: `>= ${limit}`, met: (value) => value >= limit });

/**
 * Goals of the suites' main figures. `servers` are quotients of one proxy: many servers to one; their tenth is what
 * single rounds differ by. `start` and `reload` are milliseconds of postern alone.
 */
export const GOALS = {
  imap: { login: atMost(1.3), relay: atLeast(1.8), idle: atMost(0.6) },
  pop3: { login: atMost(1.3), relay: atLeast(1.8) },
  smtp: { login: atMost(1.5), relay: atLeast(1.8) },
  tls: {
    handshake: atMost(1.35),
    greeting: atMost(0.03),
    relay: atLeast(1.8),
    idle: atMost(1.4),
  },
  servers: { login: atMost(1.1), idle: atMost(1.1) },
  workers: { login: atLeast(0.9), relay: atLeast(1.4) },
  start: { listen: atMost(300) },
  reload: { reload: atMost(1000) },
};

/**
 * A row whose result is a ratio.
 * @param {{ part: string, workload: string, unit: string }} what
 * @param {{ a: number, b: number, ratio: number, low: number, high: number }} figures
 * @param {Goal} [goal]
 */
export function ratioRow(what, figures, goal) {
  return { ...what, ...figures, ...judged(goal, figures.ratio) };
}

/** A row whose result is b's own figure; a's stands beside it for comparison. */
export function valueRow(what, figures, goal) {
  return { ...what, ...figures, ...judged(goal, figures.b) };
}

/**
 * Rows of a run, less the goals that mean nothing in it: ratios are promised beside nginx only, and the way
 * without a proxy promises nothing.
 */
export function applicable(rows, { proxyA, proxyB }) {
  return rows.map((row) => {
    const holds = proxyB !== 'direct' && (proxyA === 'nginx' || row.ratio === undefined);
    if (holds) return row;
    const { goal, met, ...rest } = row;
    return rest;
  });
}

function judged(goal, value) {
  // A figure that could not be taken (NaN) never meets a goal.
  return goal === undefined ? {} : { goal: goal.text, met: goal.met(value) };
}
