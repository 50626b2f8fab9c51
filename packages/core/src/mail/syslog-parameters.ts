/** The parameters of `error_log syslog:...` (ngx_syslog_parse_args in ngx_syslog.c). */
import type { AddressForm } from '../net/address.js';
import { parseAddress } from '../net/address.js';

/** Facilities in the order of their numbers. */
const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'intern', 'lpr', 'news', 'uucp', 'clock'],
  ...['authpriv', 'ftp', 'ntp', 'audit', 'alert', 'cron'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** nginx knows these names here; every message is sent with the severity of its own level. */
const severities = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

const maxTagBytes = 32;
const defaultPort = 514;

/** The parameters, with the server's name not yet resolved. */
export interface SyslogParameters {
  /** As written. */
  readonly server: string;
  /** Where the server is: a name or an address, or a path behind `unix:`. */
  readonly form: AddressForm;
  readonly facility: number;
  readonly tag: string;
  readonly hostname: boolean;
}

/** nginx's sentence about a parameter. */
export interface SyslogRefusal {
  readonly refusal: string;
}

interface Draft {
  server?: { readonly text: string; readonly form: AddressForm };
  facility?: number;
  severity?: string;
  tag?: string;
  hostname: boolean;
}

type Reader = (draft: Draft, value: string) => string | undefined;

function readServer(draft: Draft, value: string): string | undefined {
  if (draft.server !== undefined) return 'duplicate syslog "server"';
  const form = parseAddress(value, { defaultPort });
  if ('problem' in form) return `${form.problem} in syslog server "${value}"`;
  draft.server = { text: value, form };
  return undefined;
}

function readFacility(draft: Draft, value: string): string | undefined {
  if (draft.facility !== undefined) return 'duplicate syslog "facility"';
  const facility = facilities.indexOf(value);
  if (facility < 0) return `unknown syslog facility "${value}"`;
  draft.facility = facility;
  return undefined;
}

function readSeverity(draft: Draft, value: string): string | undefined {
  if (draft.severity !== undefined) return 'duplicate syslog "severity"';
  if (!severities.includes(value)) return `unknown syslog severity "${value}"`;
  draft.severity = value;
  return undefined;
}

function readTag(draft: Draft, value: string): string | undefined {
  if (draft.tag !== undefined) return 'duplicate syslog "tag"';
  if (Buffer.byteLength(value) > maxTagBytes) return 'syslog tag length exceeds 32';
  if (!/^[A-Za-z0-9_]*$/.test(value)) {
    return 'syslog "tag" only allows alphanumeric characters and underscore';
  }
  draft.tag = value;
  return undefined;
}

const readers: readonly (readonly [string, Reader])[] = [
  ['server=', readServer],
  ['facility=', readFacility],
  ['severity=', readSeverity],
  ['tag=', readTag],
];

function readParameter(draft: Draft, parameter: string): string | undefined {
  if (parameter === 'nohostname') {
    draft.hostname = false;
    return undefined;
  }
  const reader = readers.find(([name]) => parameter.startsWith(name));
  if (reader === undefined) return `unknown syslog parameter "${parameter}"`;
  const [name, read] = reader;
  return read(draft, parameter.slice(name.length));
}

/** Reads what follows `syslog:`, a list with commas. */
export function readSyslogParameters(list: string): SyslogParameters | SyslogRefusal {
  const draft: Draft = { hostname: true };
  for (const parameter of list.split(',')) {
    const refusal = readParameter(draft, parameter);
    if (refusal !== undefined) return { refusal };
  }
  if (draft.server === undefined) return { refusal: 'no syslog server specified' };
  return {
    server: draft.server.text,
    form: draft.server.form,
    facility: draft.facility ?? facilities.indexOf('local7'),
    tag: draft.tag ?? 'nginx',
    hostname: draft.hostname,
  };
}
