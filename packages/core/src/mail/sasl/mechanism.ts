/**
 * SASL for all three protocols, without their prefixes: `startSasl` takes the words behind AUTH or AUTHENTICATE,
 * `answerSasl` each line that follows. Pure; an exchange that ends leaves nothing behind.
 *
 * PLAIN and LOGIN are always accepted, whatever the configuration advertises; CRAM-MD5 and EXTERNAL must be enabled.
 * nginx lets `EXTERNAL <initial>` past that gate; here both forms are held.
 */
import { challengeCramMd5, takeCramMd5 } from './cram-md5.js';
import { takeExternal } from './external.js';
import { takeLoginPassword, takeLoginUser, usernamePrompt } from './login.js';
import { takePlain } from './plain.js';
import {
  saslMechanisms,
  type SaslMechanism,
  type SaslOptions,
  type SaslState,
  type SaslStep,
} from './step.js';

const nothing = new Uint8Array(0);
const invalid: SaslStep = Object.freeze({ kind: 'invalid' });

/** Starts an exchange. `words` are the mechanism's name in any case and at most one initial response in base64. */
export function startSasl(words: readonly Uint8Array[], options: SaslOptions): SaslStep {
  const [name, initial] = words;
  if (name === undefined || words.length > 2) return invalid;
  switch (findMechanism(name)) {
    case 'PLAIN':
      if (initial !== undefined) return takePlain(initial, options.authzid);
      return ask(nothing, { at: 'plain', authzid: options.authzid });
    case 'LOGIN':
      if (initial !== undefined) return takeLoginUser(initial);
      return ask(usernamePrompt, { at: 'loginUser' });
    case 'CRAM-MD5':
      return startCramMd5(initial, options);
    case 'EXTERNAL':
      return startExternal(initial, options);
    case undefined:
      return invalid;
  }
}

/** Takes the client's answer: one line in base64, without line end. */
export function answerSasl(state: SaslState, line: Uint8Array): SaslStep {
  switch (state.at) {
    case 'plain':
      return takePlain(line, state.authzid);
    case 'loginUser':
      return takeLoginUser(line);
    case 'loginPassword':
      return takeLoginPassword(state.login, line);
    case 'cramMd5':
      return takeCramMd5(state.salt, line);
    case 'external':
      return takeExternal(line);
  }
}

/** In CRAM-MD5 the server speaks first, so an initial response is refused. */
function startCramMd5(initial: Uint8Array | undefined, options: SaslOptions): SaslStep {
  if (initial !== undefined || !options.enabled.includes('cram-md5')) return invalid;
  return challengeCramMd5(options.salt());
}

function startExternal(initial: Uint8Array | undefined, options: SaslOptions): SaslStep {
  if (!options.enabled.includes('external')) return invalid;
  if (initial !== undefined) return takeExternal(initial);
  return ask(usernamePrompt, { at: 'external' });
}

function ask(challenge: Uint8Array, state: SaslState): SaslStep {
  return { kind: 'challenge', challenge, state };
}

/** The mechanism that `name` means, in any case of its ASCII letters. */
function findMechanism(name: Uint8Array): SaslMechanism | undefined {
  return saslMechanisms.find((mechanism) => means(name, mechanism));
}

function means(name: Uint8Array, mechanism: SaslMechanism): boolean {
  if (name.length !== mechanism.length) return false;
  return name.every((byte, at) => upper(byte) === mechanism.charCodeAt(at));
}

function upper(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
