/**
 * A login attempt: authenticate, route, connect. Each step is a hook; each may be slow, so the client may leave or
 * submit again meanwhile: every answer is dropped when the attempt it belongs to is no longer the session's.
 */
import { isTapped } from '../cycle/hooks.js';
import type { BackendLogin, Verdict } from './outcome.js';
import type { MailSession } from './mail-session.js';
import { pause } from './pause.js';
import type { Reply } from './protocol.js';
import type { MailRuntime } from './runtime.js';

/** How an attempt came out; `refused` comes after the wait that the auth service asked for. */
export type LoginOutcome =
  | BackendLogin
  | { readonly kind: 'refused'; readonly reply: Reply }
  | { readonly kind: 'broken'; readonly error: unknown };

/** Takes the session's credentials to a backend. Undefined when the attempt was abandoned meanwhile. */
export async function logIn(
  session: MailSession,
  runtime: MailRuntime,
): Promise<LoginOutcome | undefined> {
  const attempt = session.loginAttempts;
  const current = (): boolean => !session.closed && session.loginAttempts === attempt;
  try {
    const verdict = await runtime.hooks.authenticate.promise(session);
    if (!current()) return undefined;
    const outcome = await follow(verdict, session, runtime, current);
    if (current()) return outcome;
    if (outcome.kind === 'ready') outcome.connection.destroy();
    return undefined;
  } catch (error) {
    return current() ? { kind: 'broken', error } : undefined;
  }
}

async function follow(
  verdict: Verdict | undefined,
  session: MailSession,
  runtime: MailRuntime,
  current: () => boolean,
): Promise<LoginOutcome> {
  if (verdict === undefined) return nobody(session, 'decides about logins', 'mail_auth_http');
  if (verdict.kind === 'error') return { kind: 'failed' };
  if (verdict.kind === 'refuse') return refuse(verdict, session);
  session.credentials.replace(verdict.login, verdict.secret);
  if (verdict.login !== undefined) session.nameLogin(verdict.login);
  const { route, connect } = runtime.hooks;
  let { upstream } = verdict;
  if (isTapped(route)) upstream = await route.promise(upstream, session);
  if (!current()) return { kind: 'failed' };
  const login = await connect.promise(session, upstream);
  return login ?? nobody(session, 'connects to backends', 'mail_proxy');
}

async function refuse(
  { reply, waitMs }: Extract<Verdict, { kind: 'refuse' }>,
  session: MailSession,
): Promise<LoginOutcome> {
  session.credentials.reset();
  if (waitMs === undefined) return { kind: 'refused', reply: { ...reply, close: true } };
  await pause(waitMs, session);
  return { kind: 'refused', reply };
}

function nobody(session: MailSession, task: string, module: string): LoginOutcome {
  session.log.error(`no module ${task}; "${module}" does`);
  return { kind: 'failed' };
}
