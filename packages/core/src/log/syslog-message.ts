/**
 * The message of a log line for syslog, in the form of ngx_syslog.c (after RFC 3164):
 * `<PRI>Mon dd hh:mm:ss HOST TAG: line`.
 */
import { severity } from './error-log.js';
import type { LogLevel } from './levels.js';
import type { SyslogLabels } from './log-spec.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov  2 14:44:52` in local time, from `2026/11/02 14:44:52`. */
function syslogTime(time: string): string {
  const month = months[Number(time.slice(5, 7)) - 1] ?? '';
  const day = String(Number(time.slice(8, 10))).padStart(2);
  return `${month} ${day} ${time.slice(11, 19)}`;
}

/** `<PRI>`: the facility and how severe a line is. */
export function syslogPriority(facility: number, level: LogLevel): string {
  return `<${String(facility * 8 + severity(level))}>`;
}

/**
 * The datagram of one log line, which may end in LF.
 *
 * @param host - empty where it must not be sent.
 * @param time - `YYYY/MM/DD HH:MM:SS`.
 */
export function syslogDatagram(
  labels: Pick<SyslogLabels, 'facility' | 'tag'>,
  host: string,
  time: string,
  line: string,
  level: LogLevel,
): string {
  const from = host === '' ? '' : `${host} `;
  const text = line.endsWith('\n') ? line.slice(0, -1) : line;
  return `${syslogPriority(labels.facility, level)}${syslogTime(time)} ${from}${labels.tag}: ${text}`;
}
