/** What happens when a peer leaves early, dies or is not there. */
import {
  acceptLogin,
  connectClient,
  startScriptedBackend,
  type ScriptedPeer,
} from '@postern/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, accounts } from './accounts.js';
import { startAuthService } from './auth-service.js';
import { bigMessage, checksum, letterTo } from './message.js';
import { acceptAnyone } from './scripted-login.js';
import { setStage, type Stage } from './stage.js';
import { until } from './until.js';

const deadlineMs = 60_000;
const login = `a LOGIN ${alice.user} ${alice.password}\r\n`;

let stage: Stage;
let client: ScriptedPeer;

beforeEach(async () => {
  stage = await setStage();
  client = await connectClient(stage.front.port, { deadlineMs });
});

afterEach(async () => {
  await client.close();
  await stage.stop();
});

/** Logs in with a new connection to see that the proxy still works. */
async function expectWorkingProxy(): Promise<void> {
  expect(stage.front.isRunning()).toBe(true);
  const other = await connectClient(stage.front.port, { deadlineMs });
  await other.line();
  await other.send(`${login}z LOGOUT\r\n`);
  await other.expect(/^a OK /, /^\* BYE /, /^z OK /);
  await other.close();
}

describe('I10: a client that sends everything and then shuts down its side', () => {
  const commands = 'b SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\nd LOGOUT\r\n';
  const letter = letterTo('the hasty');
  const answersFromLogin = /^a OK .*\r\n[^]*\r\nc OK .*\r\n\* BYE .*\r\nd OK .*\r\n$/;

  beforeEach(() => {
    stage.dovecot.deliver(alice, letter);
  });

  it('after its login was answered gets every answer of Dovecot', async () => {
    await client.line();
    await client.send(login);
    const answered = await client.line();
    await client.send(commands);
    client.finish();
    const answers = `${answered}\r\n${await client.readToEnd()}`;
    expect(answers).toMatch(answersFromLogin);
    expect(answers).toContain(letter.toString());
  });

  it('together with its login gets every answer of Dovecot', async () => {
    await client.send(login + commands);
    client.finish();
    expect(await client.line()).toBe('* OK IMAP4 ready');
    const answers = await client.readToEnd();
    expect(answers).toMatch(answersFromLogin);
    expect(answers).toContain(letter.toString());
  });

  it('gets a long answer that begins when the backend has seen the end, to the last byte', async () => {
    const answer = bigMessage(16);
    const backend = await startScriptedBackend(
      async (proxy) => {
        await acceptAnyone(proxy);
        await proxy.expect('b FETCH 1 BODY[]');
        await proxy.ended;
        await proxy.send(answer);
      },
      { deadlineMs },
    );
    try {
      stage.auth.answerWith(() => acceptLogin(backend.port));
      await client.send(login);
      await client.readUntil('a OK logged in\r\n');
      await client.send('b FETCH 1 BODY[]\r\n');
      client.finish();
      const received = Buffer.from(await client.readToEnd(), 'latin1');
      expect(backend.failures).toEqual([]);
      expect([received.length, checksum(received)]).toEqual([answer.length, checksum(answer)]);
    } finally {
      await backend.close();
    }
  });
});

describe('I10: a backend that is killed', () => {
  const killBackend = async (): Promise<void> => {
    const [pid] = await stage.dovecot.sessions(alice);
    if (pid === undefined) throw new Error(`Dovecot has no session:\n${stage.dovecot.log()}`);
    process.kill(pid, 'SIGKILL');
  };

  it('in an idle session ends the session of the client and nothing else', async () => {
    await client.send(`${login}b SELECT INBOX\r\n`);
    await client.readUntil('b OK');
    await client.line();
    await killBackend();
    expect(await client.readToEnd()).toBe('');
    await until('end in the log', () => stage.front.log().includes('proxied session done'));
    await expectWorkingProxy();
  });

  it('in the middle of a FETCH gives the client what was sent and then the end', async () => {
    const message = bigMessage(32);
    stage.dovecot.deliver(alice, message);
    await client.send(`${login}b SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\n`);
    await client.readUntil(`{${String(message.length)}}\r\n`);
    client.stall();
    await killBackend();
    client.resume();
    const received = Buffer.from(await client.readToEnd(), 'latin1');
    expect(received.length).toBeLessThan(message.length);
    expect(received.equals(message.subarray(0, received.length))).toBe(true);
    await expectWorkingProxy();
  });
});

describe('H2: an auth service that is down', () => {
  it('gives the internal-error line and the end, and a log line; logins work again when it is back', async () => {
    const { port } = stage.auth;
    await stage.auth.close();
    await client.send(login);
    expect(await client.readToEnd()).toBe('* OK IMAP4 ready\r\n* BAD internal server error\r\n');
    const context = `client: 127.0.0.1, server: 127.0.0.1:${String(stage.front.port)}, login: "alice"`;
    const line = `(111: Connection refused) while in http auth state, ${context}\n`;
    await until('error in the log', () => stage.front.log().includes(line), {
      state: () => stage.front.log(),
    });
    const again = await startAuthService(accounts, stage.dovecot.ports.imap, port);
    await expectWorkingProxy().finally(() => again.close());
  });
});

describe('H11: an auth service that drops its connections between two logins', () => {
  it('is asked again and the second login works', async () => {
    await expectWorkingProxy();
    stage.auth.dropConnections();
    await expectWorkingProxy();
    expect(stage.auth.count).toBe(2);
  });
});

describe('a backend that is down', () => {
  it('gives the internal-error line and the end, and a log line', async () => {
    const gone = await startScriptedBackend(acceptAnyone);
    await gone.close();
    stage.auth.answerWith(() => acceptLogin(gone.port));
    await client.send(login);
    expect(await client.readToEnd()).toBe('* OK IMAP4 ready\r\n* BAD internal server error\r\n');
    const line = `login: "alice", upstream: 127.0.0.1:${String(gone.port)}\n`;
    await until('error in the log', () => stage.front.log().includes(line), {
      state: () => stage.front.log(),
    });
    expect(stage.front.log()).toContain('(111: Connection refused) while ');
  });
});
