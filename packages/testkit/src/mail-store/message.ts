/** Reading an Internet message (RFC 5322) as far as IMAP's FETCH and SEARCH need it. */

/** A header field; the value is unfolded. */
export type Field = readonly [name: string, value: string];

const emptyLine = Buffer.from('\r\n\r\n');

/** The header with its empty line. */
export function headerOf(message: Buffer): Buffer {
  const end = message.indexOf(emptyLine);
  return end === -1 ? message : message.subarray(0, end + emptyLine.length);
}

/** What follows the header. */
export function bodyOf(message: Buffer): Buffer {
  return message.subarray(headerOf(message).length);
}

/** The lines of each field, folded lines together, as they were written. */
function rawFields(header: Buffer): string[] {
  const fields: string[] = [];
  for (const line of header.toString('latin1').split('\r\n')) {
    if (line === '') continue;
    if ((line.startsWith(' ') || line.startsWith('\t')) && fields.length > 0) {
      fields.push(`${fields.pop() ?? ''}\r\n${line}`);
    } else {
      fields.push(line);
    }
  }
  return fields;
}

const nameOf = (field: string): string => field.slice(0, field.indexOf(':')).trim().toLowerCase();

/** The fields of a message in order. */
export function fieldsOf(message: Buffer): readonly Field[] {
  return rawFields(headerOf(message)).map((field) => [
    nameOf(field),
    field
      .slice(field.indexOf(':') + 1)
      .replaceAll('\r\n', '')
      .trim(),
  ]);
}

/** The first field of that name, or undefined. */
export function fieldOf(message: Buffer, name: string): string | undefined {
  return fieldsOf(message).find(([each]) => each === name.toLowerCase())?.[1];
}

/** The named fields as they were written, with an empty line; or, with `others`, all but these. */
export function selectFields(message: Buffer, names: readonly string[], others: boolean): Buffer {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const chosen = rawFields(headerOf(message)).filter(
    (field) => wanted.has(nameOf(field)) !== others,
  );
  return Buffer.from(chosen.map((field) => `${field}\r\n`).join('') + '\r\n', 'latin1');
}

/** A mailbox of an address field. */
export interface Address {
  readonly name: string | undefined;
  readonly mailbox: string;
  readonly host: string;
}

/** The addresses of a field: `Name <box@host>` and `box@host`, with commas between. */
export function addressesOf(value: string | undefined): readonly Address[] {
  return (value ?? '').split(',').flatMap((each) => {
    const text = each.trim();
    const open = text.lastIndexOf('<');
    const address = open === -1 ? text : text.slice(open + 1).replace('>', '');
    const at = address.lastIndexOf('@');
    if (at === -1) return [];
    const name = open > 0 ? text.slice(0, open).trim().replaceAll('"', '') : undefined;
    return [{ name, mailbox: address.slice(0, at), host: address.slice(at + 1) }];
  });
}

/** The content type of a message; `text/plain` without one. */
export function contentTypeOf(message: Buffer): { type: string; subtype: string; charset: string } {
  const [media = '', ...parameters] = (
    fieldOf(message, 'content-type') ?? 'text/plain; charset=us-ascii'
  ).split(';');
  const [type = 'text', subtype = 'plain'] = media.trim().split('/');
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='));
  return {
    type,
    subtype,
    charset: (charset ?? '=us-ascii').split('=')[1]?.replaceAll('"', '') ?? '',
  };
}
