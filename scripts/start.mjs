/**
 * `npm start`: installs and builds where that is needed, then runs the demo until Ctrl-C. Ports can be chosen with
 * POSTERN_DEMO_PORT (proxy), POSTERN_DEMO_AUTH_PORT and POSTERN_DEMO_BACKEND_PORT.
 */
import { colour } from './progress.mjs';
import { setUp } from './setup.mjs';

const say = (line = '') => process.stdout.write(`${line}\n`);
const shows = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const shade = (text, sgr) => colour(text, sgr, shows && process.env['TERM'] !== 'dumb');
const [bold, dim, green, red] = [1, 2, 32, 31];

const variables = {
  proxy: 'POSTERN_DEMO_PORT',
  auth: 'POSTERN_DEMO_AUTH_PORT',
  backend: 'POSTERN_DEMO_BACKEND_PORT',
};

/** A mistake of the caller: one sentence, no stack. */
function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function chosenPorts() {
  const ports = {};
  for (const [part, variable] of Object.entries(variables)) {
    const text = process.env[variable];
    if (text === undefined || text === '') continue;
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65535) stop(`${variable}=${text} is not a port.`);
    ports[part] = port;
  }
  return ports;
}

function describe({ ports, config }) {
  const { proxy, auth, backend } = ports;
  say(shade('postern is running.', bold));
  say();
  say(`  proxy         127.0.0.1:${proxy}   IMAP; connect here`);
  say(`  auth service  127.0.0.1:${auth}   says who may log in, and where the mail is`);
  say(`  IMAP backend  127.0.0.1:${backend}   has one message for everybody`);
  say();
  say('The proxy reads this configuration, in the language of nginx:');
  say();
  for (const line of config.trimEnd().split('\n'))
    say(shade(line === '' ? '' : `    ${line}`, dim));
  say();
  say('Any user name will do; the password is "postern". Try, in another terminal:');
  say();
  say(`  curl --user alice:postern 'imap://127.0.0.1:${proxy}/INBOX;MAILINDEX=1'`);
  say(`  curl --user alice:wrong 'imap://127.0.0.1:${proxy}/INBOX;MAILINDEX=1'`);
  say(`  python3 -c "import imaplib; m = imaplib.IMAP4('127.0.0.1', ${proxy}); \\`);
  say("    print(m.login('bob', 'postern')); print(m.select('INBOX'))\"");
  say();
  say('Logins appear here. Ctrl-C ends the demo.');
  say();
}

function showLogin({ user, client, accepted, backend, refusal }) {
  const outcome = accepted
    ? `${shade('accepted', green)}, sent to backend ${backend}`
    : `${shade('refused', red)}: ${refusal}`;
  say(`login  user ${user === '' ? '(empty)' : user}, client ${client}: ${outcome}`);
}

await setUp();
const { startDemo } = await import('@postern/testkit');
const { imap } = await import('@postern/mail-imap');

const demo = await startDemo({
  modules: [imap],
  ports: chosenPorts(),
  onLogin: showLogin,
  onLog: (line) => process.stderr.write(`${line}\n`),
}).catch((error) => {
  const part = Object.keys(variables).find((each) => error.message.includes(`the ${each} of`));
  const advice = part === undefined ? '' : `\nAnother one: ${variables[part]}=<port> npm start`;
  return stop(`The demo cannot start: ${error.message}.${advice}`);
});
describe(demo);

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  await demo.close();
  say('The demo has ended.');
}
process.once('SIGINT', end);
process.once('SIGTERM', end);
