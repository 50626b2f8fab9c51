/**
 * Configurations as they are in use, on the ports they name: nginx and postern run them one after the other and answer
 * alike. Needs root, and that nobody else listens on those ports.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acceptLogin,
  connectClient,
  makeCertificate,
  refuseLogin,
  startAuthServer,
  startImapBackend,
  startPop3Backend,
  startSmtpBackend,
  type AuthRequest,
  type ScriptedPeer,
} from '@postern/testkit';
import { describe, expect, it } from 'vitest';
import { demandPorts } from './demanded-ports.js';
import { startDnsServer } from './dns-server.js';
import { Ensemble } from './ensemble.js';
import { nginxCommand } from './front.js';
import { documentationExample, mailServerSuite } from './known-configurations.js';
import { posternCommand } from './postern.js';
import { startWithText, type CommandLine, type Front } from './proxy-process.js';

/** What a client says to one port, command by command; the last one ends the session. */
interface Conversation {
  readonly port: number;
  readonly says: string;
  /** TLS from the start, or after these commands, whose answers end with this one. */
  readonly tls?: 'at once' | { readonly after: string; readonly answered: string };
}

const plain = (user: string, password: string): string =>
  Buffer.from(`\0${user}\0${password}`).toString('base64');

const imapTalk = [
  'a CAPABILITY\r\nb LOGIN alice wrong\r\n',
  'a LOGIN alice secret\r\nb STATUS INBOX (MESSAGES)\r\nc LOGOUT\r\n',
];
const popTalk = [
  'CAPA\r\nUSER alice\r\nPASS wrong\r\n',
  'USER ghost\r\nPASS secret\r\n',
  'USER alice\r\nPASS secret\r\nSTAT\r\nRETR 1\r\nQUIT\r\n',
];
const envelope = 'MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.com>\r\n';
const smtpTalk = [
  `EHLO client.test\r\n${envelope}QUIT\r\n`,
  `EHLO client.test\r\nAUTH PLAIN ${plain('alice', 'wrong')}\r\n`,
  `EHLO client.test\r\nAUTH PLAIN ${plain('alice', 'secret')}\r\n${envelope}RSET\r\nQUIT\r\n`,
];
const openSmtpTalk = [`EHLO client.test\r\n${envelope}RSET\r\nQUIT\r\n`];

const talk = (
  port: number,
  sentences: readonly string[],
  tls?: Conversation['tls'],
): readonly Conversation[] =>
  sentences.map((says) => ({ port, says, ...(tls === undefined ? {} : { tls }) }));

const starttls = {
  imap: { after: 'x CAPABILITY\r\ny STARTTLS\r\n', answered: 'y OK completed\r\n' },
  pop3: { after: 'CAPA\r\nSTLS\r\n', answered: '\r\n.\r\n+OK\r\n' },
  smtp: { after: 'EHLO client.test\r\nSTARTTLS\r\n', answered: '220 2.0.0 Start TLS\r\n' },
} as const;

/** Reads the answer to a command: up to the line of its tag, up to the dot, up to a code without hyphen. */
async function answerTo(command: string, client: ScriptedPeer): Promise<string> {
  const [word = '', verb = ''] = command.split(' ');
  const dot = ['CAPA', 'RETR'].includes(word);
  const isLast = (line: string): boolean => {
    if (verb !== '' && line.startsWith(`${word} `)) return true;
    return dot ? line === '.' : /^(\d{3} |[+-](OK|ERR))/.test(line);
  };
  let answer = '';
  for (;;) {
    const line = await client.line();
    answer += `${line}\r\n`;
    if (isLast(line)) return answer;
  }
}

/** What the server on a port answers. */
async function answers({ port, says, tls }: Conversation): Promise<string> {
  const client = await connectClient(port, { deadlineMs: 10_000 });
  try {
    let heard = '';
    if (tls === 'at once') await client.startTls();
    else if (tls !== undefined) {
      await client.send(tls.after);
      heard = await client.readUntil(tls.answered);
      await client.startTls();
    }
    // The greeting of a session in TLS from the start, or in clear text.
    if (typeof tls !== 'object') heard = `${await client.line()}\r\n`;
    const commands = says.trimEnd().split('\r\n');
    for (const command of commands.slice(0, -1)) {
      await client.sendLine(command);
      heard += await answerTo(command, client);
    }
    await client.sendLine(commands.at(-1) ?? '');
    return heard + (await client.readToEnd());
  } catch (error) {
    throw new Error(`port ${String(port)} said "${client.received}" to "${says}"`, {
      cause: error,
    });
  } finally {
    await client.close();
  }
}

/** What differs from one run to the next are the salts of challenges. */
const withoutChance = (text: string): string =>
  text.replace(/<\d+\.\d+@mail\.example\.com>/g, '<salt@mail.example.com>');

/** A question to the auth service, without what is about the connection and not about the session. */
const question = (request: AuthRequest): readonly string[] =>
  [request.target, ...request.headers.map((header) => header.join(': '))]
    .filter((line) => !line.startsWith('Connection: '))
    .map(withoutChance)
    .sort();

interface Behaviour {
  readonly answers: readonly string[];
  readonly questions: readonly (readonly string[])[];
}

/** The auth service and the mail servers behind a proxy. */
interface Surroundings {
  readonly authPort: number;
  /** The questions so far. */
  questions(): Behaviour['questions'];
  stop(): Promise<void>;
}

/** Starts them; `ghost` is someone whom the auth service knows and no mail server. */
const surround = (port: number): Promise<Surroundings> =>
  Ensemble.start(async (ensemble) => {
    const known = {
      check: (user: string) => user !== 'ghost',
      messages: ['Subject: x\r\n\r\nx\r\n'],
    };
    const close = (each: { close(): Promise<void> }): Promise<void> => each.close();
    const ports: Readonly<Record<string, number>> = {
      imap: (await ensemble.add(startImapBackend(known), close)).port,
      pop3: (await ensemble.add(startPop3Backend(known), close)).port,
      smtp: (await ensemble.add(startSmtpBackend(), close)).port,
    };
    const answer = (request: AuthRequest) =>
      request.method === 'none' || request.pass === 'secret'
        ? acceptLogin(ports[request.protocol] ?? 0)
        : refuseLogin('Wrong name or password');
    const auth = await ensemble.add(startAuthServer(answer, { host: 'localhost', port }), close);
    return {
      authPort: auth.port,
      questions: () => auth.requests.map(question),
      stop: () => ensemble.stop(),
    };
  });

/** Holds each of `conversations` with a proxy, and ends it. */
async function behaviour(
  front: Front,
  conversations: readonly Conversation[],
): Promise<readonly string[]> {
  const heard: string[] = [];
  try {
    for (const conversation of conversations)
      heard.push(withoutChance(await answers(conversation)));
  } finally {
    await front.stop();
  }
  return heard;
}

const programs: readonly CommandLine[] = [
  nginxCommand('daemon off; pid nginx.pid;'),
  posternCommand('daemon off; pid nginx.pid;'),
];

it('the example of the documentation behaves the same, and logs where it says', async () => {
  await demandPorts([25, 110, 143, 587, 9000]);
  const conversations = [
    ...talk(25, smtpTalk),
    ...talk(110, popTalk),
    ...talk(143, imapTalk),
    ...talk(587, smtpTalk),
  ];
  const log = (): string => readFileSync('/var/log/nginx/error.log', 'latin1');
  const seen: Behaviour[] = [];
  for (const program of programs) {
    const surroundings = await surround(9000);
    const before = log().length;
    try {
      const awaited = { port: 587, greeting: '220 mail.example.com ' };
      const front = await startWithText(program, documentationExample, awaited);
      const heard = await behaviour(front, conversations);
      seen.push({ answers: heard, questions: surroundings.questions() });
      expect(log().slice(before)).toContain('login: "alice", upstream: 127.0.0.1:');
    } finally {
      await surroundings.stop();
    }
  }
  expect(seen[1]).toEqual(seen[0]);
  const everything = seen[1]?.answers.join('') ?? '';
  for (const part of [
    '250-SIZE 10485760\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n',
    '+OK POP3 ready <salt@mail.example.com>\r\n+OK Capability list follows\r\nLAST\r\nTOP\r\n',
    '* CAPABILITY IMAP4rev1 UIDPLUS IDLE LITERAL+ QUOTA AUTH=PLAIN\r\n',
    '530 5.7.1 Authentication required\r\n',
    '235 2.0.0 OK\r\n',
    'MESSAGES 1',
  ]) {
    expect(everything).toContain(part);
  }
});

describe('the front of a mail server suite', () => {
  const ports = [25, 110, 143, 465, 587, 993, 995, 10_025, 10_143];
  const conversations = [
    ...talk(10_025, smtpTalk),
    ...talk(10_143, imapTalk),
    ...talk(25, openSmtpTalk),
    ...talk(25, openSmtpTalk, starttls.smtp),
    ...talk(143, ['a LOGIN alice secret\r\nb LOGOUT\r\n']),
    ...talk(143, imapTalk, starttls.imap),
    ...talk(110, ['USER alice\r\nQUIT\r\n']),
    ...talk(110, popTalk, starttls.pop3),
    ...talk(587, [`AUTH PLAIN ${plain('alice', 'secret')}\r\nQUIT\r\n`]),
    ...talk(587, smtpTalk, starttls.smtp),
    ...talk(465, smtpTalk, 'at once'),
    ...talk(993, imapTalk, 'at once'),
    ...talk(995, popTalk, 'at once'),
  ];

  it('behaves the same on all of its nine servers', async () => {
    await demandPorts(ports);
    const directory = mkdtempSync(join(tmpdir(), 'suite-'));
    const certificate = await makeCertificate(directory);
    const dns = await startDnsServer({
      own: ['127.in-addr.arpa.', 'test.'],
      records: ['1.0.0.127.in-addr.arpa. 60 IN PTR client.test.', 'client.test. 60 IN A 127.0.0.1'],
    });
    const seen: Behaviour[] = [];
    try {
      for (const program of programs) {
        const surroundings = await surround(0);
        try {
          const { authPort } = surroundings;
          const text = mailServerSuite({ authPort, dnsPort: dns.port, certificate });
          const awaited = { port: 587, greeting: '220 mail.example.com ' };
          const front = await startWithText(program, text, awaited);
          const heard = await behaviour(front, conversations);
          seen.push({ answers: heard, questions: surroundings.questions() });
        } finally {
          await surroundings.stop();
        }
      }
    } finally {
      await dns.stop();
      rmSync(directory, { recursive: true });
    }
    expect(seen[1]?.answers).toEqual(seen[0]?.answers);
    expect(seen[1]?.questions).toEqual(seen[0]?.questions);
    // Every one of the nine was logged in at.
    const told = new Set(
      seen[1]?.questions.map((each) => each.find((x) => x.startsWith('Auth-Port'))),
    );
    expect(told.size).toBe(ports.length);
  });
});
