/** The demo of `npm start`: what is printed there as worth a try works. */
import { afterEach, describe, expect, it } from 'vitest';
import { imap } from '@postern/mail-imap';
import {
  connectClient,
  Listening,
  startDemo,
  type DemoLogin,
  type ScriptedPeer,
} from '@postern/testkit';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const anyPorts = { proxy: 0, auth: 0, backend: 0 };

async function demonstrate() {
  const logins: DemoLogin[] = [];
  const demo = await startDemo({
    modules: [imap],
    ports: anyPorts,
    onLogin: (login) => logins.push(login),
  });
  opened.push(demo);
  const client = await connectClient(demo.ports.proxy);
  opened.push(client);
  await client.expect('* OK IMAP4 ready');
  return { demo, client, logins };
}

const ask = async (client: ScriptedPeer, command: string, ...answers: RegExp[]) => {
  await client.sendLine(command);
  await client.expect(...answers);
};

describe('the demo', () => {
  it('lets everybody in who knows the password, shows the login and delivers the message', async () => {
    const { demo, client, logins } = await demonstrate();
    await ask(client, 'a LOGIN alice postern', /^a OK /);
    const backend = `127.0.0.1:${String(demo.ports.backend)}`;
    expect(logins).toEqual([
      { user: 'alice', client: '127.0.0.1', attempt: 1, accepted: true, backend, refusal: '' },
    ]);
    await client.sendLine('b EXAMINE INBOX');
    await client.readUntil('b OK ');
    await client.sendLine('c FETCH 1 BODY[TEXT]');
    expect(await client.readUntil('c OK done')).toContain('Hello!');
  });

  it('tells who does not know the password, and lets him try again', async () => {
    const { client, logins } = await demonstrate();
    await ask(
      client,
      'a LOGIN al\x1bice guess',
      /^a NO wrong password; in this demo it is "postern"/,
    );
    await ask(client, 'b LOGIN alice postern', /^b OK /);
    expect(logins).toMatchObject([
      { user: 'al\\x1bice', attempt: 1, accepted: false, backend: '' },
      { user: 'alice', attempt: 2, accepted: true },
    ]);
  });

  it.each(['proxy', 'auth', 'backend'] as const)(
    'says when the port of the %s is taken',
    async (part) => {
      const other = await Listening.start({}, (socket) => socket.destroy());
      opened.push(other);
      const starting = startDemo({ modules: [imap], ports: { ...anyPorts, [part]: other.port } });
      await expect(starting).rejects.toThrow(
        `port ${String(other.port)}, wanted for the ${part} of the demo, is taken by another program`,
      );
    },
  );
});
