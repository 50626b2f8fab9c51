/** Codecs of the ssl module's directives that only it has. */
import { onOff, oneOf, pair, path, text, word } from '../../../config/codec.js';
import type { Codec } from '../../../config/directive.js';
import type { ConfCommand } from './conf-command.js';
import type { StartTls } from './policy.js';
import { refine } from './refine.js';
import type { TicketKeyFile } from './ticket-keys.js';

/** `starttls`, with its place: errors about missing certificates name it. */
export const startTls: Codec<StartTls> = refine(oneOf('off', 'on', 'only'), (mode, { at }) => ({
  mode,
  at,
}));

/** A list in a form of OpenSSL's own, which OpenSSL checks. */
export const opensslList: Codec<string> = { ...word, syntax: 'list' };

/** `ssl_certificate_compression`; `on` is a warning, as in nginx without the library for it. */
export const certificateCompression: Codec<boolean> = refine(onOff, (isOn, context) => {
  if (isOn) context.warn(`"${context.directive}" is not supported on this platform, ignored`);
  return isOn;
});

/** `ssl_session_ticket_key`, with its place. */
export const ticketKeyFile: Codec<TicketKeyFile> = refine(
  path('conf'),
  (name, { at, sources }) => ({ path: name, at, sources }),
);

/** `ssl_conf_command`, with the directory of files in it. */
export const confCommand: Codec<ConfCommand> = refine(
  pair,
  ([name, value], { confPrefix, sources }) => ({ name, value, confPrefix, sources }),
);

/** `ssl_engine`, refused as nginx does where the library has no engines. */
export const engine: Codec<undefined> = refine(
  text,
  (_device, context) => {
    throw context.error(`"${context.directive}" directive is not supported`);
  },
  'device',
);
