/** Whether a login is right. */
export type LoginCheck = (user: string, password: string) => boolean;

/** The user and the password of a SASL PLAIN answer in base64 (RFC 4616); undefined for what is none. */
export function plainLogin(answer: string): readonly [user: string, password: string] | undefined {
  const fields = Buffer.from(answer, 'base64').toString('utf8').split('\0');
  const [, user, password] = fields;
  if (fields.length !== 3 || user === undefined || password === undefined) return undefined;
  return [user, password];
}
