import {
  defineModule,
  lineText,
  mail,
  type Parsed,
  type Parser,
  type Protocol,
  type Reply,
} from '../../src/index.js';

/** A command of the toy protocol: words on one line. */
interface ToyCommand {
  readonly name: string;
  readonly args: readonly Uint8Array[];
}

const toyText = ({ text }: Reply): string => String(lineText(text));

class ToyParser implements Parser<ToyCommand> {
  #input = Buffer.alloc(0);

  push(bytes: Uint8Array): void {
    this.#input = Buffer.concat([this.#input, bytes]);
  }

  next(): Parsed<ToyCommand> | undefined {
    const end = this.#input.indexOf('\n');
    if (end === -1) return undefined;
    const [name = '', ...args] = this.#input.toString('latin1', 0, end).trimEnd().split(' ');
    this.#input = this.#input.subarray(end + 1);
    if (name === 'CRASH') throw new RangeError('parser broke');
    const command = { name, args: args.map((word) => Buffer.from(word)) };
    return known.has(name)
      ? { kind: 'command', command }
      : { kind: 'invalid', command, fatal: false };
  }

  get unread(): number {
    return this.#input.length;
  }

  retain(): void {
    this.#input = Buffer.from(this.#input);
  }

  takeUnread(): Uint8Array {
    const rest = this.#input;
    this.#input = Buffer.alloc(0);
    return rest;
  }

  reset(): void {
    this.#input = Buffer.alloc(0);
  }
}

const known = new Set(['LOGIN', 'NOOP', 'QUIT', 'BREAK', 'FLOOD']);
const line = (text: string): Buffer => Buffer.from(`${text}\r\n`);

/** A line protocol for tests of the driver: NOOP, LOGIN user password, QUIT, BREAK (the dialog throws), FLOOD. */
export const toyProtocol: Protocol<ToyCommand, number, number> = {
  name: 'toy',
  ports: [7],
  alpn: 'toy',
  needsSecret: true,
  namesClient: false,
  replies: {
    internalError: line('fault'),
    certificateError: line('cert'),
    noCertificate: line('nocert'),
  },
  conf: () => ({}),
  createParser: () => new ToyParser(),
  client: {
    initial: () => 0,
    secured: (state) => state,
    step: (state, event) => {
      const answer = (text: string) => ({
        state: state + 1,
        expect: 'command' as const,
        actions: [{ do: 'send' as const, bytes: line(text) }],
      });
      switch (event.kind) {
        case 'greet':
          return answer('hello');
        case 'invalid':
          return {
            ...answer('bad'),
            actions: [{ do: 'send', bytes: line('bad') }, { do: 'countError' }],
          };
        case 'replied':
          return answer(`module ${toyText(event.reply)}`);
        case 'refused':
          return answer(`no ${toyText(event.reply)}`);
        case 'command':
          return toyCommand(event.command, answer);
        default:
          return answer('unexpected');
      }
    },
  },
  upstream: {
    start: () => 0,
    replyLength: (_state, buffer) => Buffer.from(buffer).indexOf('\n') + 1,
    step: (state, reply) =>
      state === 0
        ? { do: 'send', state: 1, bytes: line('LOGIN'), while: 'sending LOGIN to upstream' }
        : Buffer.from(reply).toString().startsWith('ok')
          ? { do: 'relay', reply }
          : { do: 'fail', text: Buffer.from(reply).subarray(0, -2), reply },
    secured: () => ({ do: 'abort', message: 'TLS was not asked for' }),
    progress: (state) => (state === 0 ? 'greeting' : 'login'),
  },
};

function toyCommand<A>(
  command: ToyCommand,
  answer: (text: string) => A,
): A | ReturnType<typeof toyLogin> {
  if (command.name === 'BREAK') throw new RangeError('dialog broke');
  if (command.name === 'LOGIN') return toyLogin(command);
  return answer(command.name === 'FLOOD' ? 'x'.repeat(4096) : 'done');
}

function toyLogin({ args }: ToyCommand) {
  const credentials = {
    method: 'plain' as const,
    login: args[0] ?? Buffer.alloc(0),
    secret: args[1] ?? Buffer.alloc(0),
  };
  return {
    state: 1,
    expect: 'command' as const,
    actions: [{ do: 'authenticate' as const, credentials }],
  };
}

/** The module that brings the toy protocol. */
export const toy = defineModule({
  name: 'mail_toy',
  api: 1,
  requires: [mail],
  setup(cycle) {
    cycle.hooks(mail).protocols.tap('mail_toy', (registry) => {
      registry.add(toyProtocol);
    });
  },
});
