/** A line protocol that is small enough to be read at once, to test the runners without any mail protocol. */
import {
  lineText,
  unsafeCredentials,
  type CommandView,
  type Parsed,
  type Parser,
  type Protocol,
} from '@postern/core';
import { toBytes, toText } from '../src/index.js';

interface Toy extends CommandView {
  readonly text: string;
}

/** Bytes of the longest line. */
export const longest = 512;

/** Bytes of a text without what would end its line. */
const oneLine = (text: string) => text.replace(/[\r\n\0]/g, ' ');

class ToyParser implements Parser<Toy> {
  #held = '';

  get unread(): number {
    return this.#held.length;
  }

  push(bytes: Uint8Array): void {
    this.#held += toText(bytes);
  }

  next(): Parsed<Toy> | undefined {
    const end = this.#held.indexOf('\r\n');
    if (end === -1) return this.#held.length > longest ? this.#overflow() : undefined;
    const text = this.#held.slice(0, end);
    this.#held = this.#held.slice(end + 2);
    return { kind: 'command', command: { name: 'LINE', args: [], text } };
  }

  #overflow(): Parsed<Toy> {
    const { length } = this.#held;
    this.#held = '';
    return { kind: 'overflow', command: { name: 'LINE', args: [], text: '' }, length };
  }

  retain(): void {
    // The bytes are copied as they come.
  }

  takeUnread(): Uint8Array {
    const bytes = toBytes(this.#held);
    this.#held = '';
    return bytes;
  }

  reset(): void {
    this.#held = '';
  }
}

const send = (text: string) => ({ do: 'send' as const, bytes: toBytes(`${text}\r\n`) });

/** Says HELLO; `login U P` logs in, `bad` counts, `bye` ends, all else is echoed. The backend login is one line. */
export const toy: Protocol<Toy, object, string> = {
  name: 'toy',
  ports: [7],
  alpn: 'toy',
  replies: {
    internalError: toBytes('ERROR\r\n'),
    certificateError: toBytes(''),
    noCertificate: toBytes(''),
  },
  needsSecret: true,
  namesClient: false,
  conf: () => ({}),
  createParser: () => new ToyParser(),
  client: {
    initial: () => ({}),
    secured: (state) => state,
    step: (state, event) => {
      const step = { state, expect: 'command' as const };
      if (event.kind === 'greet') return { ...step, actions: [send('HELLO')] };
      if (event.kind === 'refused') {
        const { text, close } = event.reply;
        const said = send(`NO ${toText(lineText(text))}`);
        return { ...step, actions: close === true ? [said, { do: 'close' }] : [said] };
      }
      if (event.kind === 'overflow') return { ...step, actions: [send('BAD'), { do: 'close' }] };
      if (event.kind !== 'command') return { ...step, actions: [] };
      const [verb, user = '', secret = ''] = event.command.text.split(' ');
      if (verb === 'bad') return { ...step, actions: [send('BAD'), { do: 'countError' }] };
      if (verb === 'bye') return { ...step, actions: [send('BYE'), { do: 'close' }] };
      if (verb !== 'login') return { ...step, actions: [send(event.command.text)] };
      const credentials = {
        method: 'plain',
        login: toBytes(user),
        secret: toBytes(secret),
      } as const;
      return { ...step, actions: [{ do: 'authenticate', credentials }] };
    },
  },
  upstream: {
    start: ({ login, secret }) => {
      const line = `x LOGIN ${toText(login)} ${toText(secret?.reveal() ?? toBytes(''))}`;
      if (oneLine(line) !== line) throw unsafeCredentials('not in one line');
      return line;
    },
    replyLength: (_state, buffer) =>
      Buffer.from(buffer).indexOf('\r\n') + 2 - (Buffer.from(buffer).includes('\r\n') ? 0 : 1),
    step: (state, reply) => {
      if (state === '') return { do: 'relay', reply };
      return { do: 'send', state: '', bytes: toBytes(`${state}\r\n`), while: 'logging in' };
    },
    secured: () => ({ do: 'abort', message: 'TLS was not asked for' }),
    progress: (state) => state,
  },
};
