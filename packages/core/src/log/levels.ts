/** nginx's eight levels, most severe first. */
export const logLevels = [
  'emerg',
  'alert',
  'crit',
  'error',
  'warn',
  'notice',
  'info',
  'debug',
] as const;

/** A level of `error_log`. */
export type LogLevel = (typeof logLevels)[number];
