/** Whether postern takes a configuration of `contrib/`. */
import { createServer } from '@postern/core';
import { imap } from '@postern/mail-imap';
import { pop3 } from '@postern/mail-pop3';
import { smtp } from '@postern/mail-smtp';

/** Resolves where the configuration is good. The auth service's name is known in its own network only. */
export async function checkConfiguration(text: string): Promise<void> {
  const config = text.replaceAll('//auth:', '//127.0.0.1:');
  const server = await createServer({ modules: [imap, pop3, smtp], config });
  await server.close();
}
