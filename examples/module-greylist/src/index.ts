/**
 * Greylisting for logins: the first login of a user from an address is turned away, and so is every other until
 * `greylist_delay` has passed. People try again; most guessing scripts do not.
 */
import { defineModule, duration, mail, onOff, slot, Stage } from '@postern/core';

/** Pairs of address and user remembered at most; the oldest is forgotten first. */
const remembered = 10_000;

const refusal = { status: 'refused', text: 'Greylisted, please try again later' } as const;

/** The module. Put it behind `load_module`, or into the list of modules of your package.json. */
export const greylist = defineModule({
  name: 'greylist',
  api: 1,
  requires: [mail],
  directives: {
    greylist: slot('enabled', onOff, {
      default: false,
      about: 'Turns logins away that come from an address for the first time.',
    }),
    greylist_delay: slot('delayMs', duration, {
      default: 60_000,
      defaultText: '1m',
      about: 'Sets how long a new pair of address and user is turned away.',
    }),
  },
  session: () => ({ turnedAway: false }),
  setup(cycle) {
    const firstSeen = new Map<string, number>();
    const { authenticate, command } = cycle.hooks(mail);

    authenticate.tap({ name: 'greylist', stage: Stage.early }, (session) => {
      const { enabled, delayMs } = session.conf(greylist);
      if (!enabled) return undefined;
      const pair = `${session.client.address} ${session.login}`;
      const since = firstSeen.get(pair);
      if (since !== undefined && performance.now() - since >= delayMs) return undefined;
      if (since === undefined) remember(firstSeen, pair);
      session.state(greylist).turnedAway = true;
      session.log.info('client was greylisted');
      return { kind: 'refuse', reply: refusal, waitMs: 0 };
    });

    // One try a connection: whoever was turned away cannot go on guessing on the same one.
    command.tap('greylist', (session, { name }) =>
      session.state(greylist).turnedAway && logins.has(name)
        ? { ...refusal, close: true }
        : undefined,
    );
  },
});

const logins = new Set(['LOGIN', 'AUTHENTICATE', 'PASS', 'AUTH']);

function remember(firstSeen: Map<string, number>, pair: string): void {
  const [oldest] = firstSeen.keys();
  if (oldest !== undefined && firstSeen.size >= remembered) firstSeen.delete(oldest);
  firstSeen.set(pair, performance.now());
}
