/**
 * The end of a turn of the event loop. What is sent in a turn is written there, one socket after the other: the replies to
 * one burst leave in one piece, and peers on the same machine, which the kernel wakes at a first write, are still awake at
 * the next ones. Waking them is most of what a short write costs there.
 */

/** Something with bytes to write. */
export interface Sender {
  flush(): void;
}

const senders: Sender[] = [];

/** Has `sender` flush at the end of this turn. */
export function flushAtEndOfTurn(sender: Sender): void {
  senders.push(sender);
  if (senders.length === 1) setImmediate(flushAll);
}

function flushAll(): void {
  for (const sender of senders.splice(0)) sender.flush();
}
