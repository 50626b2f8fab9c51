/** The protocols of a build, by name. A protocol's own types are closed over here: nothing outside needs them. */
import { PosternError } from '../errors.js';
import { Driver } from './driver.js';
import type { MailSession } from './mail-session.js';
import type { ProtocolRegistry } from './phases.js';
import type { CommandView, Protocol } from './protocol.js';
import type { MailRuntime } from './runtime.js';

/** A protocol as the kernel sees it. */
export interface BoundProtocol {
  readonly name: string;
  readonly ports: readonly number[];
  /** Whether a login at the backend needs a password. */
  readonly needsSecret: boolean;
  /** Whether the client's host name is looked up before the greeting. */
  readonly namesClient: boolean;
  /** What is sent by who knows nothing else of the protocol. */
  readonly replies: Protocol['replies'];
  /** Greets the client and takes the session from there; `ahead` is what the client has sent already. */
  serve(session: MailSession, runtime: MailRuntime, ahead?: Buffer): void;
}

/** Filled in the `protocols` hook. */
export class Protocols implements ProtocolRegistry {
  readonly #byName = new Map<string, BoundProtocol>();
  readonly #byPort = new Map<number, BoundProtocol>();

  add<C extends CommandView, S, U, Conf extends object>(protocol: Protocol<C, S, U, Conf>): void {
    if (this.#byName.has(protocol.name)) throw registeredTwice(protocol.name);
    const bound: BoundProtocol = {
      name: protocol.name,
      ports: protocol.ports,
      needsSecret: protocol.needsSecret,
      namesClient: protocol.namesClient,
      replies: protocol.replies,
      serve: (session, runtime, ahead) => {
        new Driver(protocol, session, runtime).start(ahead);
      },
    };
    this.#byName.set(protocol.name, bound);
    for (const port of protocol.ports) this.#byPort.set(port, bound);
  }

  get(name: string): BoundProtocol | undefined {
    return this.#byName.get(name);
  }

  /** The protocol that `listen` guesses from a port. */
  ofPort(port: number): BoundProtocol | undefined {
    return this.#byPort.get(port);
  }
}

function registeredTwice(name: string): PosternError {
  return new PosternError('POSTERN_PROTOCOL_DUPLICATE', `protocol "${name}" is registered twice`);
}
