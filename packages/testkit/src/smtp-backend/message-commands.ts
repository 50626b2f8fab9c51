/** A message and its envelope: MAIL, RCPT, DATA, RSET. */
import type { LineReply } from '../line-server.js';
import { MessageText, reply, resetMail, type Handler, type SmtpSession } from './session.js';

const mostRecipients = 100;
const outOfOrder = reply('503 5.5.1', 'not at this place');
const tooLarge = reply('552 5.3.4', 'the message is too large');

/** `<address>` behind `FROM:` or `TO:`, and the parameters behind it. */
function pathOf(
  text: string,
  keyword: string,
): { address: string; parameters: string } | undefined {
  if (!text.toUpperCase().startsWith(keyword)) return undefined;
  const path = /^ *<([^<>\s]{0,254})>(?: (.*))?$/.exec(text.slice(keyword.length));
  return path === null ? undefined : { address: path[1] ?? '', parameters: path[2] ?? '' };
}

export const mailFrom: Handler = (session, rest) => {
  if (session.sender !== undefined) return outOfOrder;
  const path = pathOf(rest, 'FROM:');
  if (path === undefined) return reply('501 5.5.4', 'MAIL FROM:<address> is the form');
  const size = /(?:^| )SIZE=([0-9]{1,15})(?: |$)/i.exec(path.parameters)?.[1] ?? '0';
  if (Number(size) > session.mailbox.maxBytes) return tooLarge;
  session.sender = path.address;
  return reply('250 2.1.0', 'OK');
};

export const rcptTo: Handler = (session, rest) => {
  if (session.sender === undefined) return outOfOrder;
  const path = pathOf(rest, 'TO:');
  if (path === undefined || path.address === '') {
    return reply('501 5.5.4', 'RCPT TO:<address> is the form');
  }
  if (session.recipients.length >= mostRecipients) return reply('452 4.5.3', 'too many recipients');
  session.recipients.push(path.address);
  return reply('250 2.1.5', 'OK');
};

export const data: Handler = (session) => {
  if (session.recipients.length === 0) return outOfOrder;
  session.message = new MessageText(session.mailbox.maxBytes);
  return reply('354', 'the message, then a dot on a line of its own');
};

export const rset: Handler = (session) => {
  resetMail(session);
  return reply('250 2.0.0', 'OK');
};

/** A line of the message; the last one is a single dot. */
export function messageLine(session: SmtpSession, message: MessageText, line: Buffer): LineReply {
  if (line.length !== 1 || line[0] !== 0x2e) {
    message.add(line);
    return { text: '' };
  }
  const said = deliver(session, message.bytes);
  resetMail(session);
  return said;
}

function deliver(session: SmtpSession, bytes: Buffer | undefined): LineReply {
  if (bytes === undefined) return tooLarge;
  const message = Buffer.concat([Buffer.from(traceOf(session), 'latin1'), bytes]);
  if (message.length > session.mailbox.maxBytes) return tooLarge;
  const stored = session.mailbox.append(message);
  if (stored === undefined) return reply('452 4.3.1', 'the mailbox is full');
  return reply('250 2.0.0', `stored with UID ${String(stored.uid)}`);
}

/** Where the message came from (RFC 5321, section 4.4), and whom it was for. */
function traceOf({ sender, recipients, helo, client, user }: SmtpSession): string {
  const name = client.get('NAME') ?? '[UNAVAILABLE]';
  const address = client.get('ADDR') ?? 'unknown';
  const login = user === undefined ? '' : ` (login: ${user})`;
  return [
    `Return-Path: <${sender ?? ''}>`,
    ...recipients.map((each) => `Delivered-To: ${each}`),
    `Received: from ${helo === '' ? 'unknown' : helo} (${name} [${address}])${login}`,
    ` by backend; ${new Date().toUTCString().replace('GMT', '+0000')}`,
    '',
  ].join('\r\n');
}
