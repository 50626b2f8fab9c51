/**
 * The time of log lines in its two forms, made once a second: composing it costs more than the rest of a line.
 * It follows the clock of the system, also backwards.
 */

function twoDigits(value: number): string {
  return value < 10 ? `0${String(value)}` : String(value);
}

function clockText(date: Date): string {
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`;
}

function dateText(date: Date, separator: string): string {
  return [
    String(date.getFullYear()),
    twoDigits(date.getMonth() + 1),
    twoDigits(date.getDate()),
  ].join(separator);
}

/** `YYYY/MM/DD HH:MM:SS` in local time, as nginx writes it. */
export function logTime(date: Date): string {
  return `${dateText(date, '/')} ${clockText(date)}`;
}

/** How far local time is ahead of UTC: `+01:00`. */
function offsetText(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

const clock = { second: -1, text: '', isoStart: '', isoEnd: '' };

/** Brings the texts up to date; the milliseconds of now. */
function readClock(): number {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== clock.second) {
    const date = new Date(now);
    clock.second = second;
    clock.text = logTime(date);
    clock.isoStart = `${dateText(date, '-')}T${clockText(date)}.`;
    clock.isoEnd = offsetText(date);
  }
  return now - second * 1000;
}

/** {@link logTime} of now. */
export function currentLogTime(): string {
  readClock();
  return clock.text;
}

/** Now in ISO 8601 with milliseconds and the offset of local time: `2026-11-22T14:44:57.250+01:00`. */
export function currentIsoTime(): string {
  const ms = readClock();
  return `${clock.isoStart}${String(ms).padStart(3, '0')}${clock.isoEnd}`;
}
