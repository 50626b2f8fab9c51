/** SASL exchanges, shared by the protocols. */
export { decodeBase64, encodeBase64 } from './base64.js';
export { answerSasl, startSasl } from './mechanism.js';
export { newSalt } from './salt.js';
export type { AuthzidRule, SaslMechanism, SaslOptions, SaslState, SaslStep } from './step.js';
export { isMechanismName } from './mechanism-name.js';
