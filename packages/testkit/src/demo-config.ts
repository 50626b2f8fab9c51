/** What the demo shows to its user: ports, the proxy's configuration, and commands that are worth a try. */

/** The parts of the demo, and the port of each on 127.0.0.1. */
export interface DemoPorts {
  /** The proxy, per protocol. */
  readonly imap: number;
  readonly pop3: number;
  readonly smtp: number;
  readonly auth: number;
  /** The mail server behind the proxy, per protocol. */
  readonly imapBackend: number;
  readonly pop3Backend: number;
  readonly smtpBackend: number;
}

/** The usual ports; none of them needs privileges. */
export const demoPorts: DemoPorts = {
  imap: 1143,
  pop3: 1110,
  smtp: 1587,
  auth: 9143,
  imapBackend: 2143,
  pop3Backend: 2110,
  smtpBackend: 2587,
};

/** What people call the parts. */
export const demoPartNames: Readonly<Record<keyof DemoPorts, string>> = {
  imap: 'IMAP proxy',
  pop3: 'POP3 proxy',
  smtp: 'SMTP proxy',
  auth: 'auth service',
  imapBackend: 'IMAP backend',
  pop3Backend: 'POP3 backend',
  smtpBackend: 'SMTP backend',
};

/** The password of every user. */
export const demoPassword = 'postern';

const protocols = ['imap', 'pop3', 'smtp'] as const;

const local = (port: number): string => `127.0.0.1:${String(port)}`;

/** The proxy's configuration, in nginx's language. */
export function demoConfig(ports: DemoPorts): string {
  const servers = protocols.map(
    (protocol) => `
    server {
        listen    ${local(ports[protocol])};
        protocol  ${protocol};
    }
`,
  );
  return `events {}

mail {
    server_name  localhost;
    auth_http    ${local(ports.auth)}/auth;
    imap_auth    plain login;
    pop3_auth    plain;
    smtp_auth    plain login;
${servers.join('')}}
`;
}

/** A command line for a POSIX shell. */
export interface DemoCommand {
  /** What it does, for people. */
  readonly about: string;
  /** The program it needs. */
  readonly program: 'curl' | 'python3';
  readonly line: string;
  /** A piece of what it prints where everything works, on either output. */
  readonly prints: string;
}

/** Commands to try, in an order in which each works. */
export function demoCommands(ports: DemoPorts): readonly DemoCommand[] {
  const curl = `curl --user alice:${demoPassword}`;
  const [imap, pop3, smtp] = [ports.imap, ports.pop3, ports.smtp].map(local);
  return [
    {
      about: 'read the first message over IMAP',
      program: 'curl',
      line: `${curl} 'imap://${String(imap)}/INBOX;MAILINDEX=1'`,
      prints: 'You came through postern',
    },
    {
      about: 'send a message over SMTP',
      program: 'curl',
      line: `printf 'Subject: Hi\\r\\n\\r\\nSent through postern.\\r\\n' | ${curl} 'smtp://${String(smtp)}' --mail-from alice@example.com --mail-rcpt bob@example.com --upload-file -`,
      prints: '',
    },
    {
      about: 'read that message over POP3',
      program: 'curl',
      line: `${curl} 'pop3://${String(pop3)}/2'`,
      prints: 'Sent through postern.',
    },
    {
      about: 'try a wrong password',
      program: 'curl',
      line: `curl --user alice:wrong 'pop3://${String(pop3)}/1'`,
      prints: 'denied',
    },
    {
      about: 'count the messages from Python',
      program: 'python3',
      line: `python3 -c "import poplib; p = poplib.POP3('127.0.0.1', ${String(ports.pop3)}); p.user('bob'); p.pass_('${demoPassword}'); print(p.stat())"`,
      prints: '(',
    },
  ];
}
