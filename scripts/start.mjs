/**
 * `npm start`: installs and builds where that is needed, then runs the demo until Ctrl-C. Each port can be chosen:
 * POSTERN_DEMO_IMAP_PORT, POSTERN_DEMO_POP3_PORT, POSTERN_DEMO_SMTP_PORT (the proxy), POSTERN_DEMO_AUTH_PORT, and
 * POSTERN_DEMO_IMAP_BACKEND_PORT, POSTERN_DEMO_POP3_BACKEND_PORT, POSTERN_DEMO_SMTP_BACKEND_PORT.
 */
import { colour } from './progress.mjs';
import { setUp } from './setup.mjs';

const say = (line = '') => process.stdout.write(`${line}\n`);
const shows = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const shade = (text, sgr) => colour(text, sgr, shows && process.env['TERM'] !== 'dumb');
const [bold, dim, green, red] = [1, 2, 32, 31];

// Whoever reads us may leave first, such as `head`: then there is nobody to show the demo to.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

/** A mistake of the caller: one sentence, no stack. */
function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** The environment variable for the port of a part: `imapBackend` has POSTERN_DEMO_IMAP_BACKEND_PORT. */
const variableOf = (part) =>
  `POSTERN_DEMO_${part.replace(/[A-Z]/, (letter) => `_${letter}`).toUpperCase()}_PORT`;

function chosenPorts(parts) {
  const ports = {};
  for (const part of parts) {
    const variable = variableOf(part);
    const text = process.env[variable];
    if (text === undefined || text === '') continue;
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65535) stop(`${variable}=${text} is not a port.`);
    ports[part] = port;
  }
  return ports;
}

function describe({ ports, config }, commands) {
  const at = (part) => `127.0.0.1:${ports[part]}`;
  say(shade('postern is running.', bold));
  say();
  say(`  proxy         IMAP ${at('imap')}, POP3 ${at('pop3')}, SMTP ${at('smtp')}; connect here`);
  say(`  auth service  ${at('auth')}; says who may log in, and where the mail is`);
  say(
    `  mail server   IMAP ${at('imapBackend')}, POP3 ${at('pop3Backend')}, SMTP ${at('smtpBackend')};`,
  );
  say('                has one mailbox, with one message at first');
  say();
  say('The proxy reads this configuration, in the language of nginx:');
  say();
  for (const line of config.trimEnd().split('\n'))
    say(shade(line === '' ? '' : `    ${line}`, dim));
  say();
  say('Any user name will do; the password is "postern". Try, in another terminal:');
  for (const { about, line } of commands) {
    say();
    say(shade(`  # ${about}`, dim));
    say(`  ${line}`);
  }
  say();
  say('Logins appear here. Ctrl-C ends the demo.');
  say();
}

function showLogin({ protocol, user, client, accepted, backend, refusal }) {
  const outcome = accepted
    ? `${shade('accepted', green)}, sent to backend ${backend}`
    : `${shade('refused', red)}: ${refusal}`;
  const name = user === '' ? '(empty)' : user;
  say(`login  ${protocol.toUpperCase()}, user ${name}, client ${client}: ${outcome}`);
}

await setUp();
const { demoCommands, demoPartNames, startDemo } = await import('@postern/testkit');
const { imap } = await import('@postern/mail-imap');
const { pop3 } = await import('@postern/mail-pop3');
const { smtp } = await import('@postern/mail-smtp');

const demo = await startDemo({
  modules: [imap, pop3, smtp],
  ports: chosenPorts(Object.keys(demoPartNames)),
  onLogin: showLogin,
  onLog: (line) => process.stderr.write(`${line}\n`),
}).catch((error) => {
  const parts = Object.entries(demoPartNames);
  const [part] = parts.find(([, name]) => error.message.includes(`the ${name} of`)) ?? [];
  const advice = part === undefined ? '' : `\nAnother one: ${variableOf(part)}=<port> npm start`;
  return stop(`The demo cannot start: ${error.message}.${advice}`);
});
describe(demo, demoCommands(demo.ports));

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  await demo.close();
  say('The demo has ended.');
}
process.once('SIGINT', end);
process.once('SIGTERM', end);
