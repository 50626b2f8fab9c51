import { it, expect } from 'vitest';
import { connectClient } from '@postern/testkit';
import { accounts, alice } from './accounts.js';
import { startDovecot } from './dovecot.js';
it('dovecot', async () => {
  const t = Date.now();
  const d = await startDovecot(accounts);
  console.log('start', Date.now() - t);
  d.deliver(alice, Buffer.from('Subject: hi\r\n\r\nhello\r\n'));
  const c = await connectClient(d.port);
  console.log(await c.line());
  await c.sendLine(`a LOGIN ${alice.user} ${alice.password}`);
  console.log(await c.line());
  console.log(await d.sessions(alice));
  await c.sendLine('b SELECT INBOX');
  console.log(await c.readUntil('b OK'));
  for (const a of accounts) {
    const c = await connectClient(d.port);
    await c.line();
    await c.send(`a LOGIN {${a.user.length}+}\r\n${a.user} {${a.password.length}+}\r\n${a.password}\r\n`);
    console.log(a.trait, (await c.line()).slice(0, 60));
    await c.close();
  }
  await c.close();
  console.log(d.stored(alice).map(String));
  const t2 = Date.now();
  console.log(d.log());
  await d.stop();
  console.log('stop', Date.now() - t2);
});
