/**
 * The phases of a session, in the order they fire. A module joins one by tapping its hook in `setup`:
 * `cycle.hooks(mail).authenticate.tapPromise('my-module', ...)`. A bail hook's answer is a value or undefined.
 *
 * A tap that is waited for has `timeout` of the session's server to settle; then the session ends with the internal
 * error. One whose waits end by themselves may take longer and says so by `{ name: 'my-module', ownDeadline: true }`.
 */
import {
  AsyncSeriesBailHook,
  AsyncSeriesHook,
  AsyncSeriesWaterfallHook,
  SyncBailHook,
  SyncHook,
} from 'tapable';
import type { CommandView, Protocol, Reply } from './protocol.js';
import type { Peer, ProxiedAddresses } from './peer.js';
import type { ServerView } from './server.js';
import type { Session } from './session.js';
import type { BackendLogin, Denial, Upstream, Verdict } from './outcome.js';
import type { TapDeadline } from './tap-deadline.js';
import type { TlsPolicy } from './tls-policy.js';

/** Collects the protocols of a build. */
export interface ProtocolRegistry {
  add<C extends CommandView, S, U, Conf extends object>(protocol: Protocol<C, S, U, Conf>): void;
}

/** Order of taps within one hook: lower runs earlier. */
export const Stage = Object.freeze({ early: -100, normal: 0, late: 100 });

/**
 * Finds out a client's host name: a verified name, `[UNAVAILABLE]` or `[TEMPUNAVAIL]`. The client is not greeted before,
 * and the namer bounds the time.
 */
export type ClientNamer = (session: Session) => Promise<string>;

/** Why a session ended, in one word for modules and counters. */
export type CloseReason =
  'client' | 'backend' | 'timeout' | 'refused' | 'error' | 'logout' | 'shutdown' | 'limit';

/** Makes one set of hooks; a configuration generation has one. */
export const createMailHooks = () =>
  Object.freeze({
    /** Sync. Collects protocols. Once per cycle. */
    protocols: new SyncHook<[registry: ProtocolRegistry]>(['registry']),
    /**
     * Sync bail. A PROXY header named addresses: who the client is from now on, or undefined to leave it. Fires only on
     * listeners with `proxy_protocol`.
     */
    realip: new SyncBailHook<[session: Session, proxied: ProxiedAddresses], Peer | undefined>([
      'session',
      'proxied',
    ]),
    /** Sync bail. Whether and how sessions of a server may use TLS; the ssl module taps here. Once per server. */
    secure: new SyncBailHook<[server: ServerView], TlsPolicy | undefined>(['server']),
    /** Bail. After accept(), PROXY header and realip. The first denial closes the connection without a greeting. */
    accept: new AsyncSeriesBailHook<[session: Session], Denial | undefined, TapDeadline>([
      'session',
    ]),
    /**
     * Sync bail. Who finds out the host names of a server's clients, for protocols that want them; the resolver taps here.
     * Once per server, so that a session of a server without such a one pays nothing.
     */
    identify: new SyncBailHook<[server: ServerView], ClientNamer | undefined>(['server']),
    /** Series. Before the greeting is sent. */
    greet: new AsyncSeriesHook<[session: Session], TapDeadline>(['session']),
    /** Bail. Each complete command before the dialog sees it; a reply takes its place. */
    command: new AsyncSeriesBailHook<
      [session: Session, command: CommandView],
      Reply | undefined,
      TapDeadline
    >(['session', 'command']),
    /** Bail. Credentials were submitted; the first verdict counts. auth_http taps here at `Stage.normal`. */
    authenticate: new AsyncSeriesBailHook<[session: Session], Verdict | undefined, TapDeadline>([
      'session',
    ]),
    /** Waterfall. May change where an accepted login is sent. */
    route: new AsyncSeriesWaterfallHook<
      [upstream: Upstream, session: Session],
      Upstream,
      TapDeadline
    >(['upstream', 'session']),
    /** Bail. Opens the backend and logs in there. The proxy module taps here at `Stage.normal`. */
    connect: new AsyncSeriesBailHook<
      [session: Session, upstream: Upstream],
      BackendLogin | undefined,
      TapDeadline
    >(['session', 'upstream']),
    /** Sync. The session is from now on moved bytes. */
    relay: new SyncHook<[session: Session]>(['session']),
    /** Sync. The session is over; state of modules is dropped after it. */
    close: new SyncHook<[session: Session, reason: CloseReason]>(['session', 'reason']),
  });

/** The hooks of the mail module. */
export type MailHooks = ReturnType<typeof createMailHooks>;
