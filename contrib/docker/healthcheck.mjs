/**
 * `node healthcheck.mjs PORT [greeting | proxy | connect]`: exit code 0 if postern answers on 127.0.0.1:PORT within
 * four seconds.
 *
 * `greeting` (default) waits for the greeting of IMAP, POP3 or SMTP; `proxy` sends a PROXY header first, for ports with
 * `proxy_protocol`; `connect` is content with a connection, for ports with `ssl`.
 */
import { connect } from 'node:net';

const greetings = ['* OK', '+OK', '220 '];
const [port, way = 'greeting'] = process.argv.slice(2);

const end = (code, words) => {
  if (words !== undefined) process.stderr.write(`${words}\n`);
  process.exit(code);
};

if (!/^\d{1,5}$/.test(port ?? '') || !['greeting', 'proxy', 'connect'].includes(way)) {
  end(2, 'usage: healthcheck.mjs PORT [greeting | proxy | connect]');
}

setTimeout(() => end(1, `no answer on port ${port}`), 4000);
const socket = connect(Number(port), '127.0.0.1');
let text = '';
socket.on('connect', () => {
  if (way === 'connect') end(0);
  if (way === 'proxy') socket.write('PROXY UNKNOWN\r\n');
});
socket.on('data', (bytes) => {
  text += bytes.toString('latin1');
  if (greetings.some((greeting) => text.startsWith(greeting))) end(0);
  if (text.length > 512) end(1, 'not a greeting');
});
socket.on('end', () => end(1, 'closed without a greeting'));
socket.on('error', (error) => end(1, error.message));
