/** Runs a transcript against the pure parts of a protocol: no sockets, no time. */
import type { CommandView, Protocol } from '@postern/core';
import { DialogStage } from './dialog-stage.js';
import { directiveWords, type Transcript } from './transcript.js';
import { exchangesOf } from './transcript-exchanges.js';
import { playTranscript, type Difference, type Side } from './transcript-play.js';

/** How a transcript is run against dialogs. */
export interface DialogRunOptions<Conf extends object> {
  /** The protocol's configuration, or how to make it from the transcript's `@conf` directives. */
  readonly conf: Conf | ((directives: readonly string[]) => Conf);
  /** Bytes per push into the parser. Default: what the transcript says. */
  readonly split?: number;
}

/** What a run against dialogs gave. */
export interface DialogOutcome {
  readonly differences: readonly Difference[];
  /** Why the transcript says nothing about the dialogs, where that is so; it was not played then. */
  readonly beyond?: string;
  /** Lines for the log at level info. */
  readonly log: readonly string[];
}

/** Plays `transcript` against parser, client dialog and upstream dialog of `protocol`. */
export async function runAgainstDialog<C extends CommandView, S, U, Conf extends object>(
  protocol: Protocol<C, S, U, Conf>,
  transcript: Transcript,
  options: DialogRunOptions<Conf>,
): Promise<DialogOutcome> {
  const beyond = beyondDialogs(transcript);
  if (beyond !== undefined) return { differences: [], beyond, log: [] };
  const { conf } = options;
  const stage = new DialogStage(
    protocol,
    transcript,
    typeof conf === 'function' ? conf(transcript.conf) : conf,
  );
  const client = splitting(stage.client, options.split ?? transcript.split);
  const differences = await playTranscript(transcript, {
    client,
    backend: () => stage.backend(),
    requests: stage.requests,
    bindings: stage.bindings,
    deadlineMs: stage.deadlineMs,
  });
  return { differences, log: stage.log };
}

/** What only a driver or an auth module can show. */
function beyondDialogs(transcript: Transcript): string | undefined {
  const answers = exchangesOf(transcript).flatMap((exchange) => exchange.answer);
  const plain = /^Auth-(Status|Server|Port|Wait|User|Pass|Error-Code):/;
  const odd = answers.find(({ text }) => !plain.test(text));
  if (odd !== undefined) return `line ${String(odd.at)} is about the form of an HTTP answer`;
  if (directiveWords(transcript, 'timeout') !== undefined) return 'it is about time';
  return undefined;
}

function splitting(side: Side, split: number | undefined): Side {
  if (split === undefined) return side;
  return {
    inbox: side.inbox,
    send: async (bytes) => {
      for (let at = 0; at < bytes.length; at += split) {
        await side.send(bytes.subarray(at, at + split));
      }
    },
    finish: () => {
      side.finish();
    },
    startTls: () => side.startTls(),
  };
}
