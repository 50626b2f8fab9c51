/** One connection to the IMAP backend: reads commands, answers in order, tells of new mail while the client idles. */
import type { Socket } from 'node:net';
import { CommandReader, type ImapCommand } from './command-reader.js';
import { perform } from './commands.js';
import { capabilities, logInPlain } from './login-commands.js';
import type { LoginCheck } from '../mail-store/login-check.js';
import type { Mailbox } from '../mail-store/mailbox.js';
import { bad, no, ok, type Answer, type ImapSession } from './session.js';
import { textOf, wordOf } from './tokens.js';
import type { View } from './view.js';

/** Unsent bytes at which a client that does not read is closed. */
const mostUnsent = 16 << 20;

/** Serves one client. */
export class ImapConnection implements ImapSession {
  readonly mailbox: Mailbox;
  readonly check: LoginCheck;
  user: string | undefined;
  view: View | undefined;
  readonly #socket: Socket;
  readonly #reader: CommandReader;
  /** The tag of an AUTHENTICATE or IDLE whose next line is awaited. */
  #awaiting: { readonly what: 'password' | 'DONE'; readonly tag: string } | undefined;

  constructor(socket: Socket, mailbox: Mailbox, check: LoginCheck) {
    this.mailbox = mailbox;
    this.check = check;
    this.#socket = socket;
    this.#reader = new CommandReader(mailbox.maxBytes);
  }

  /** Greets and serves until the client leaves. */
  start(): void {
    const unwatch = this.mailbox.watch(() => {
      if (this.#awaiting?.what === 'DONE') this.#tellNews(true);
    });
    this.#socket.on('data', (bytes) => {
      // A client that was told to go may still send; nothing of that is kept.
      if (!this.#socket.writable) return;
      this.#reader.push(bytes);
      this.#serve();
    });
    this.#socket.on('end', () => this.#socket.end());
    this.#socket.on('close', unwatch);
    this.say(`* OK [CAPABILITY ${capabilities}] ready`);
  }

  readonly say = (response: string | Buffer): void => {
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([Buffer.from(response), Buffer.from('\r\n')]));
    if (this.#socket.writableLength > mostUnsent) this.#socket.destroy();
  };

  /** Answers to everything that arrived at once leave together. */
  #serve(): void {
    this.#socket.cork();
    while (this.#socket.writable && this.#next());
    this.#socket.uncork();
  }

  /** Whether something was read. */
  #next(): boolean {
    if (this.#awaiting !== undefined) return this.#awaitedLine();
    const read = this.#reader.next();
    if (read === undefined) return false;
    if (read.kind === 'invite') this.say('+ go on');
    else if (read.kind === 'malformed') this.#answer(read.tag, bad('cannot be read'));
    else if (read.kind === 'command') this.#command(read.command);
    else this.#answer(read.tag, { ...bad('too long'), close: true });
    return true;
  }

  #command(command: ImapCommand): void {
    const { tag, name, args } = command;
    if (name === 'IDLE' && args.length === 0) {
      this.#idle(tag);
    } else if (name === 'AUTHENTICATE') {
      if (wordOf(args[0]) !== 'PLAIN') this.#answer(tag, no('PLAIN is the one mechanism here'));
      else if (args.length > 1) this.#answer(tag, logInPlain(this, textOf(args[1]) ?? ''));
      else this.#await('password', tag);
    } else {
      this.#answer(tag, perform(this, command));
    }
  }

  #idle(tag: string): void {
    if (this.user === undefined) {
      this.#answer(tag, bad('log in first'));
      return;
    }
    this.#await('DONE', tag);
    this.#tellNews(true);
  }

  #await(what: 'password' | 'DONE', tag: string): void {
    this.#awaiting = { what, tag };
    this.say(what === 'DONE' ? '+ idling' : '+ ');
  }

  #awaitedLine(): boolean {
    const line = this.#reader.line();
    if (this.#awaiting === undefined) return false;
    const { what, tag } = this.#awaiting;
    if (line === undefined) {
      if (this.#reader.isLineTooLong) this.#answer(tag, { ...bad('too long'), close: true });
      return false;
    }
    this.#awaiting = undefined;
    const isDone = line.toUpperCase() === 'DONE';
    if (what === 'password') this.#answer(tag, logInPlain(this, line));
    else this.#answer(tag, isDone ? ok('no longer idle') : bad('DONE was expected'));
    return true;
  }

  #answer(tag: string, { status, text, keepNumbers, close }: Answer): void {
    this.#tellNews(keepNumbers !== true);
    this.say(`${tag} ${status} ${text}`);
    if (close === true) this.#socket.end();
  }

  #tellNews(expunges: boolean): void {
    const news = this.view?.sync(expunges) ?? '';
    if (news !== '') this.say(news.slice(0, -2));
  }
}
