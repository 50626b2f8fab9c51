/**
 * A proxy in memory: the parser and the two dialogs of a protocol, and between them just enough of a driver to play
 * transcripts. No sockets, no clock: everything that follows from a byte has happened when `send` returns.
 */
import type {
  AuthMethod,
  ClientAction,
  ClientEvent,
  CommandView,
  DialogContext,
  Expectation,
  Protocol,
  Security,
} from '@postern/core';
import { AuthRequest } from './auth-request.js';
import { ByteInbox } from './byte-inbox.js';
import { automaticBackend, type AutomaticBackend } from './default-backend.js';
import { DialogBackend } from './dialog-backend.js';
import { authHead, readVerdict, type Credentialed } from './dialog-auth.js';
import { NotReceived } from './errors.js';
import { directiveWords, type Transcript } from './transcript.js';
import { answerBytes, exchangesOf, type Exchange } from './transcript-exchanges.js';
import type { Side, Stage } from './transcript-play.js';

type Phase = 'held' | 'commands' | 'busy' | 'relay' | 'closed';

/** Plays the driver for one transcript. */
export class DialogStage<C extends CommandView, S, U, Conf extends object> implements Stage {
  readonly client: Side;
  readonly requests: AuthRequest[] = [];
  readonly bindings = { port: 10143, authPort: 10080, salts: [] as string[] };
  readonly deadlineMs = 0;
  /** Lines for the log at level info. */
  readonly log: string[] = [];
  readonly #protocol: Protocol<C, S, U, Conf>;
  readonly #parser;
  readonly #context: { -readonly [K in keyof DialogContext<Conf>]: DialogContext<Conf>[K] };
  readonly #exchanges: readonly Exchange[];
  readonly #maxErrors: number;
  readonly #showErrors: boolean;
  /** Nobody resolves names in memory: what nginx says without a `resolver`. */
  readonly #clientName: string | undefined;
  /** `proxy_ssl starttls`: the backend is asked for TLS. */
  readonly #startTls: boolean;
  readonly #automatic: (() => AutomaticBackend) | undefined;
  readonly #told = new ByteInbox();
  #phase: Phase = 'commands';
  #state: S;
  #expect: Expectation = 'command';
  #errors = 0;
  #attempts = 0;
  #method: AuthMethod = 'plain';
  #backend: DialogBackend<U, S, Conf> | undefined;

  constructor(protocol: Protocol<C, S, U, Conf>, transcript: Transcript, conf: Conf) {
    this.#protocol = protocol;
    this.#parser = protocol.createParser(conf);
    this.#state = protocol.client.initial();
    this.#exchanges = exchangesOf(transcript);
    this.#maxErrors = Number(directiveWords(transcript, 'max_errors')?.[0] ?? '5');
    this.#showErrors = directiveWords(transcript, 'proxy_pass_error_message')?.[0] === 'on';
    this.#clientName = protocol.namesClient ? '[UNAVAILABLE]' : undefined;
    this.#startTls = directiveWords(transcript, 'proxy_ssl')?.[0] === 'starttls';
    const scripted = transcript.lines.some((line) => line.kind === 'speech' && line.who === 'B');
    this.#automatic = scripted ? undefined : () => automaticBackend(protocol.name);
    this.#context = contextOf(transcript, conf);
    this.client = {
      inbox: this.#told,
      send: (bytes) => {
        this.#receive(Buffer.from(bytes));
        return Promise.resolve();
      },
      finish: () => {
        this.#close();
      },
      startTls: () => {
        this.#secured();
        return Promise.resolve();
      },
    };
    this.#greet(actsFirst(transcript));
  }

  /** There is no clock: a greeting that is held back comes in time for who waits for it, else too late. */
  #greet(clientIsFirst: boolean): void {
    const delayMs = this.#protocol.heldGreeting?.delayMs(this.#context.conf) ?? 0;
    if (delayMs > 0 && clientIsFirst) this.#phase = 'held';
    else this.#step({ kind: 'greet' });
  }

  backend(): Promise<Side> {
    if (this.#backend !== undefined) return Promise.resolve(this.#backend);
    return Promise.reject(new NotReceived('a backend connection', '', 'which was not opened'));
  }

  #receive(bytes: Buffer): void {
    if (this.#phase === 'closed') return;
    if (this.#phase === 'relay') {
      this.#backend?.told(bytes);
      return;
    }
    if (this.#phase === 'held') {
      this.#perform(this.#protocol.heldGreeting?.early(bytes) ?? []);
      return;
    }
    this.#parser.push(bytes);
    if (this.#phase === 'commands') this.#pump();
    this.#parser.retain();
  }

  #pump(): void {
    while (this.#phase === 'commands') {
      const parsed = this.#parser.next(this.#expect);
      if (parsed === undefined) return;
      this.#step(parsed);
    }
  }

  #step(event: ClientEvent<C>): void {
    const step = this.#protocol.client.step(this.#state, event, this.#context);
    this.#state = step.state;
    this.#expect = step.expect;
    this.#perform(step.actions);
  }

  #perform(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      if (this.#phase === 'closed') return;
      this.#act(action);
    }
  }

  #act(action: ClientAction): void {
    switch (action.do) {
      case 'send':
        this.#told.append(action.bytes);
        break;
      case 'authenticate':
        this.#authenticate(action.credentials);
        break;
      case 'startTls':
        this.#parser.reset();
        this.#phase = 'busy';
        break;
      case 'log':
        this.log.push(action.message);
        break;
      case 'countError':
        this.#errors += 1;
        if (this.#errors >= this.#maxErrors) this.#close();
        break;
      case 'close':
        this.#close();
        break;
    }
  }

  #secured(): void {
    this.#context.security = 'active';
    this.#state = this.#protocol.client.secured(this.#state);
    this.#expect = 'command';
    this.#phase = 'commands';
  }

  #authenticate(credentials: Credentialed): void {
    this.#phase = 'busy';
    this.#method = credentials.method;
    this.#attempts += 1;
    const head = authHead(credentials, {
      protocol: this.#protocol.name,
      attempt: this.#attempts,
      clientName: this.#clientName,
    });
    this.requests.push(new AuthRequest(head, this.#attempts));
    const answer = answerBytes(this.#exchanges[this.#attempts - 1], this.bindings);
    const verdict = readVerdict(answer, credentials, this.#protocol.needsSecret);
    if (verdict.kind === 'error') {
      this.#fault(undefined);
    } else if (verdict.kind === 'refuse') {
      this.#step({ kind: 'refused', reply: verdict.reply });
      if (verdict.again) this.#phase = 'commands';
      else this.#close();
    } else {
      this.#connect(verdict.login, verdict.secret);
    }
  }

  #connect(login: Uint8Array, secret: Uint8Array | undefined): void {
    const { conf, serverName } = this.#context;
    this.#backend = new DialogBackend(
      this.#protocol.upstream,
      {
        conf,
        serverName,
        login,
        secret,
        client: this.#state,
        method: this.#method,
        peer: { address: '127.0.0.1', port: 40_000, family: 'IPv4' },
        clientName: this.#clientName,
        startTls: this.#startTls,
      },
      {
        loggedIn: (reply) => {
          this.#phase = 'relay';
          this.#told.append(reply);
          this.#backend?.told(this.#parser.takeUnread());
        },
        failed: (reply) => {
          this.#fault(this.#showErrors ? reply : undefined);
        },
        relayed: (bytes) => {
          this.#told.append(bytes);
        },
        ended: () => {
          this.#close();
        },
      },
      this.#automatic?.(),
    );
    this.#backend.start();
  }

  #fault(reply: Uint8Array | undefined): void {
    this.#told.append(reply ?? this.#protocol.replies.internalError);
    this.#close();
  }

  #close(): void {
    this.#phase = 'closed';
    this.#told.finish('fin');
  }
}

/** Whether the client says something, or leaves, before it is told anything. */
function actsFirst({ lines }: Transcript): boolean {
  for (const line of lines) {
    if (line.kind === 'speech' && line.who === 'S') return false;
    if (line.kind === 'speech' && line.who === 'C') return true;
    if (line.kind === 'note' && line.name === 'close') return true;
  }
  return false;
}

function contextOf<Conf extends object>(transcript: Transcript, conf: Conf): DialogContext<Conf> {
  const starttls = directiveWords(transcript, 'starttls')?.[0];
  const security: Security =
    starttls === 'on' ? 'offered' : starttls === 'only' ? 'required' : 'none';
  const authzid =
    directiveWords(transcript, 'sasl_authzid')?.[0] === 'ignore' ? 'ignore' : 'refuse';
  const serverName = directiveWords(transcript, 'server_name')?.[0] ?? 'mail.example.com';
  let salts = 0;
  return {
    conf,
    serverName,
    security,
    authzid,
    salt: () => `<${String(++salts)}.1795358711@${serverName}>`,
  };
}
