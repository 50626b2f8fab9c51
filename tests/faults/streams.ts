/** What clients send up to their login, and all they may hear: played whole and byte by byte. */
import { refuseLogin, type Answerer, type ScriptedPeer } from '@postern/testkit';
import { describe, expect, it } from 'vitest';
import type { ProtocolName } from './languages.js';
import { expectWorkingProxy, setStage, type Stage } from './stage.js';

/** One stream of bytes. */
export interface Stream {
  readonly name: string;
  /** Ends such that the proxy ends the session. */
  readonly sent: string;
  /** Everything that is heard behind the greeting. */
  readonly heard: string;
  /** `user:password` of the auth requests. */
  readonly asked?: readonly string[];
  /** Directives of the server block. */
  readonly server?: string;
  /** What the auth service answers; default: `go away`, without a wait. */
  readonly answer?: Answerer;
}

const ways = [
  { how: 'in one segment', split: undefined },
  { how: 'E9: byte by byte', split: 1 },
];

/** Declares a test for each stream, sent in each way. */
export function describeStreams(protocol: ProtocolName, streams: readonly Stream[]): void {
  describe.each(ways)(`${protocol} commands $how`, ({ split }) => {
    it.each(streams)('$name', async ({ sent, heard, asked = [], server = '', answer }) => {
      const stage = await setStage({
        protocol,
        server,
        answer: answer ?? (() => refuseLogin('go away')),
      });
      expect(await say(stage, sent, split)).toBe(heard);
      expect(stage.auth.requests.map(({ user, pass }) => `${user}:${pass}`)).toEqual(asked);
      expect(stage.backend.connections).toHaveLength(0);
      for (const { headers } of stage.auth.requests) {
        const names = headers.map(([name]) => name);
        expect(names).toEqual([...new Set(names)]);
      }
      await expectWorkingProxy(stage);
    });
  });
}

/** Everything that is said to `text`, behind the greeting. */
export async function say(stage: Stage, text: string, split?: number): Promise<string> {
  const client: ScriptedPeer = await stage.client(split === undefined ? {} : { split });
  await client.send(text);
  return client.readToEnd().finally(() => client.close());
}
