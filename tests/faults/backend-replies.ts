/** Backends of line protocols that say what they should not while the proxy logs in. */
import type { Conversation, ScriptedPeer } from '@postern/testkit';
import { describe, expect, it } from 'vitest';
import { languages, playBackend, type Language } from './languages.js';
import { expectWorkingProxy, setStage, type Stage } from './stage.js';

/** What a backend says in place of its last line, and what becomes of the login. */
export interface BackendReply {
  readonly name: string;
  /** Lines of the backend that are said as usual before; default: none, so that `says` is its greeting. */
  readonly behind?: number;
  /** Each in a segment of its own. */
  readonly says: readonly string[];
  /** What the client hears with `proxy_pass_error_message on`; default: the internal error, as without it. */
  readonly passed?: string;
  /** What the log must say; default: that the response was invalid. */
  readonly logged?: string;
}

/** Declares tests of replies that end the login: what is said, logged, and sent no more. */
export function describeRefusals(
  protocol: 'pop3' | 'smtp',
  refusals: readonly BackendReply[],
): void {
  const language = languages[protocol];
  describe(`what a ${protocol} backend says while the proxy logs in`, () => {
    it.each(refusals)('$name', async (reply) => {
      const { behind = 0, passed = language.internalError } = reply;
      const { logged = 'upstream sent invalid response: "' } = reply;
      for (const [server, last] of [
        ['', language.internalError],
        ['proxy_pass_error_message on;', passed],
      ] as const) {
        const stage = await setStage({ protocol, server, backend: saying(language, reply) });
        expect(await hear(stage)).toBe(language.prelude + last);
        const [proxy = expect.fail('no backend')] = stage.backend.connections;
        await proxy.ended;
        expect(proxy.received.split('\r\n')).toHaveLength(behind + 1);
        expect(stage.log.join('\n')).toContain(logged);
        await expectWorkingProxy(stage);
      }
    });
  });
}

/** Plays the backend up to where it says something else. */
function saying(language: Language, { behind = 0, says }: BackendReply): Conversation {
  return async (proxy) => {
    await playBackend(proxy, language, behind);
    if (behind > 0) await proxy.line();
    for (const piece of says) await proxy.send(piece);
  };
}

/** Sends a login. */
export async function logIn(stage: Stage): Promise<ScriptedPeer> {
  const client = await stage.client();
  await client.send(stage.language.login('alice', 'secret'));
  return client;
}

/** What a client hears of a login, from behind the greeting to the end. */
export async function hear(stage: Stage): Promise<string> {
  return (await logIn(stage)).readToEnd();
}
