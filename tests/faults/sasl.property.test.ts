/**
 * F7: logins of every kind, begun, broken off, wrong, refused and begun again in one session. The auth service must see
 * exactly what was submitted, and the client exactly the answers to what it said.
 */
import { refuseLogin, type ScriptedPeer } from '@postern/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { base64, everyLanguage, type Language } from './languages.js';
import { shortenWaits } from './short-waits.js';
import { closeStages, setStage, type Stage } from './stage.js';

beforeEach(shortenWaits);
afterEach(async () => {
  vi.restoreAllMocks();
  await closeStages();
});

/** What the auth service must have been told about one attempt. */
type Told = readonly [method: string, user: string, pass: string, salt: string | undefined];

/** What a session is at. */
interface Model {
  /** What the exchange is waiting for; undefined outside of one. */
  exchange: 'plain' | 'user' | 'password' | 'digest' | 'external' | undefined;
  salt: string | undefined;
  /** The user that was said ahead of a password. */
  user: string;
  /** A POP3 user whose password may follow. */
  named: string | undefined;
  readonly told: Told[];
}

/** A session. */
interface Real {
  readonly stage: Stage;
  readonly client: ScriptedPeer;
}

type Command = fc.AsyncCommand<Model, Real>;

/** Says `text` and compares the line that answers it. */
async function hears({ client }: Real, text: string, answer: string): Promise<void> {
  await client.send(text);
  await client.expect(answer.trimEnd());
}

/** Says what completes a login, which is refused. */
async function submits(language: Language, real: Real, model: Model, text: string, told: Told) {
  model.exchange = undefined;
  model.named = undefined;
  model.told.push(told);
  await hears(real, text, language.refused('no'));
}

const word = fc.string({
  unit: fc.constantFrom(...Array.from('aZ0%+=\\"\xe9\xff')),
  minLength: 1,
  maxLength: 8,
});
const digest = fc.string({
  unit: fc.constantFrom(...Array.from('0f ')),
  minLength: 32,
  maxLength: 32,
});

/** A command that `act` plays where `check` lets it. */
const command = (
  name: string,
  check: (model: Model) => boolean,
  act: (model: Model, real: Real) => Promise<void>,
): Command => ({ check, run: act, toString: () => name });

const atStart = ({ exchange }: Model): boolean => exchange === undefined;

/** Where a login can begin: of POP3 not behind USER. */
const isFree = ({ exchange, named }: Model): boolean =>
  exchange === undefined && named === undefined;

/** Exchanges as `Model.exchange` names what they wait for first. */
const starts = [
  { mechanism: 'PLAIN', waits: 'plain', asks: '' },
  { mechanism: 'LOGIN', waits: 'user', asks: base64('Username:') },
  { mechanism: 'EXTERNAL', waits: 'external', asks: base64('Username:') },
] as const;

function beginnings(language: Language): fc.Arbitrary<Command> {
  const { sasl, challenge } = language;
  const begin = fc.constantFrom(...starts).map(({ mechanism, waits, asks }) =>
    command(`begin ${mechanism}`, isFree, async (model, real) => {
      model.exchange = waits;
      await real.client.send(sasl(mechanism));
      await real.client.expect(`${challenge}${asks}`);
    }),
  );
  const cram = fc.constant(
    command('begin CRAM-MD5', isFree, async (model, real) => {
      model.exchange = 'digest';
      await real.client.send(sasl('CRAM-MD5'));
      const line = await real.client.line();
      model.salt = Buffer.from(line.slice(challenge.length), 'base64').toString();
    }),
  );
  return fc.oneof(begin, cram);
}

/** Answers in an exchange: what it waits for, and what it does not. */
function answers(language: Language): fc.Arbitrary<Command> {
  const { challenge, invalid } = language;
  const inExchange = (waits: Model['exchange']) => (model: Model) => model.exchange === waits;
  const abort = fc.constantFrom('*', '!', '=', 'A', 'bm9zcGFjZQ').map((text) =>
    command(
      `say ${text}`,
      ({ exchange }) => exchange === 'plain' || exchange === 'digest',
      async (model, real) => {
        model.exchange = undefined;
        await hears(real, `${text}\r\n`, invalid);
      },
    ),
  );
  const abortWord = fc.constantFrom('*', '!', 'A').map((text) =>
    command(
      `say ${text}`,
      (model) => !atStart(model),
      async (model, real) => {
        model.exchange = undefined;
        await hears(real, `${text}\r\n`, invalid);
      },
    ),
  );
  const plain = fc
    .tuple(word, word)
    .map(([user, pass]) =>
      command(`plain ${user} ${pass}`, inExchange('plain'), (model, real) =>
        submits(language, real, model, `${base64(`\0${user}\0${pass}`)}\r\n`, [
          'plain',
          user,
          pass,
          undefined,
        ]),
      ),
    );
  const user = word.map((text) =>
    command(`user ${text}`, inExchange('user'), async (model, real) => {
      model.exchange = 'password';
      model.user = text;
      await hears(real, `${base64(text)}\r\n`, `${challenge}${base64('Password:')}`);
    }),
  );
  const password = word.map((text) =>
    command(`password ${text}`, inExchange('password'), (model, real) =>
      submits(language, real, model, `${base64(text)}\r\n`, ['plain', model.user, text, undefined]),
    ),
  );
  const external = word.map((text) =>
    command(`external ${text}`, inExchange('external'), (model, real) =>
      submits(language, real, model, `${base64(text)}\r\n`, ['external', text, '', undefined]),
    ),
  );
  const cram = fc.tuple(word, digest).map(([name, hash]) =>
    command(`digest ${name} ${hash}`, inExchange('digest'), (model, real) => {
      const told: Told = ['cram-md5', name, `x${hash.slice(2)}x`, model.salt];
      return submits(language, real, model, `${base64(`${name} ${told[2]}`)}\r\n`, told);
    }),
  );
  return fc.oneof(abort, abortWord, plain, user, password, external, cram);
}

/** Whole logins and other commands. */
function wholes(language: Language): fc.Arbitrary<Command> {
  const { sasl, noop, noopDone, invalid } = language;
  const initial = fc
    .tuple(word, word)
    .map(([user, pass]) =>
      command(`initial ${user} ${pass}`, isFree, (model, real) =>
        submits(language, real, model, sasl('PLAIN', base64(`\0${user}\0${pass}`)), [
          'plain',
          user,
          pass,
          undefined,
        ]),
      ),
    );
  const nothing = fc.constant(
    command('noop', atStart, (_model, real) => hears(real, noop, noopDone)),
  );
  const wrong = fc.constantFrom('FOO', 'CRAM-MD5 dSAw', 'PLAIN !', 'LOGIN =A B C').map((text) =>
    command(`wrong ${text}`, atStart, (model, real) => {
      model.named = undefined;
      return hears(real, sasl(text), invalid);
    }),
  );
  return fc.oneof(initial, nothing, wrong, own[language.name](language));
}

/** What one protocol alone has. */
const own: Readonly<Record<Language['name'], (language: Language) => fc.Arbitrary<Command>>> = {
  imap: (language) =>
    fc.tuple(word, word).map(([user, pass]) =>
      command(`LOGIN ${user} ${pass}`, atStart, (model, real) => {
        const literal = (text: string): string => `{${String(text.length)}+}\r\n${text}`;
        const text = `a LOGIN ${literal(user)} ${literal(pass)}\r\n`;
        return submits(language, real, model, text, ['plain', user, pass, undefined]);
      }),
    ),
  pop3: (language) =>
    fc.oneof(
      word.map((user) =>
        command(`USER ${user}`, atStart, (model, real) => {
          const isFirst = model.named === undefined;
          model.named = isFirst ? user : undefined;
          return hears(real, `USER ${user}\r\n`, isFirst ? '+OK' : language.invalid);
        }),
      ),
      word.map((pass) =>
        command(`PASS ${pass}`, atStart, (model, real) => {
          const { named } = model;
          const text = `PASS ${pass}\r\n`;
          if (named === undefined) return hears(real, text, language.invalid);
          return submits(language, real, model, text, ['plain', named, pass, undefined]);
        }),
      ),
    ),
  smtp: (language) =>
    fc.constant(
      command('an envelope', atStart, async (model, real) => {
        await hears(real, 'RSET\r\n', '250 2.0.0 OK');
        await hears(real, 'MAIL FROM:<a@b>\r\n', '250 2.0.0 OK');
        await submits(language, real, model, 'RCPT TO:<c@d>\r\n', ['none', '', '', undefined]);
      }),
    ),
};

describe('F7: any sequence of logins in one session', () => {
  it.each(everyLanguage)(
    'tells the auth service what was submitted, and no more: $name',
    async (language) => {
      const methods =
        language.name === 'smtp' ? 'plain cram-md5 external none' : 'plain cram-md5 external';
      const stage = await setStage({
        protocol: language.name,
        server: `${language.name}_auth ${methods}; max_errors 1000;`,
        answer: () => refuseLogin('no', 1),
      });
      const commands = fc.commands([beginnings(language), answers(language), wholes(language)], {
        maxCommands: 40,
        size: 'max',
      });
      let before = 0;
      await fc.assert(
        fc.asyncProperty(commands, async (each) => {
          const model: Model = {
            exchange: undefined,
            salt: undefined,
            user: '',
            named: undefined,
            told: [],
          };
          const client = await stage.client();
          await fc.asyncModelRun(() => ({ model, real: { stage, client } }), each);
          await client.close();
          const asked = stage.auth.requests.slice(before);
          before = stage.auth.requests.length;
          expect(
            asked.map((one) => [one.method, one.user, one.pass, one.header('Auth-Salt')]),
          ).toEqual(model.told);
          expect(asked.map(({ attempt }) => attempt)).toEqual(model.told.map((_, at) => at + 1));
        }),
        { numRuns: 150 },
      );
    },
  );
});
