import type { ScriptedPeer } from '@postern/testkit';

/** Plays an IMAP backend that greets and accepts whoever logs in, in one command or with literals. */
export async function acceptAnyone(proxy: ScriptedPeer): Promise<void> {
  await proxy.sendLine('* OK ready');
  const first = await proxy.line();
  let last = first;
  while (last.endsWith('}')) {
    await proxy.sendLine('+ go on');
    last = await proxy.line();
  }
  await proxy.sendLine(`${first.slice(0, first.indexOf(' '))} OK logged in`);
}
