/** What is written to disk for a Dovecot of our own: its configuration and its users. */
import type { Account } from './accounts.js';

/** Mail is read and written by an unprivileged user, as Dovecot insists. */
export const mailUser = { uid: 65_534, gid: 65_534 } as const;

/** The ports of a Dovecot. */
export interface DovecotPorts {
  readonly imap: number;
  readonly pop3: number;
}

/**
 * `dovecot.conf`: plain-text IMAP and POP3 on loopback, limits high enough for 500 sessions from one address, and a
 * socket at which other programs may have logins checked.
 */
export const dovecotConf = (directory: string, ports: DovecotPorts, authSocket: string): string => `
protocols = imap pop3
listen = 127.0.0.1
base_dir = ${directory}/run
log_path = ${directory}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_chars =
auth_username_format = %u
default_process_limit = 1200
default_client_limit = 4096
mail_max_userip_connections = 1000
mail_location = maildir:~/Maildir
mail_save_crlf = yes
mail_fsync = never
mailbox_idle_check_interval = 1 secs
first_valid_uid = ${String(mailUser.uid)}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${directory}/users
}
userdb {
  driver = passwd-file
  args = username_format=%u ${directory}/users
}
service anvil {
  # Without this socket a refused login does not slow down the next ones from the same address.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
namespace inbox {
  inbox = yes
}
service imap-login {
  service_count = 0
  process_min_avail = 1
  client_limit = 2000
  inet_listener imap {
    port = ${String(ports.imap)}
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {
    port = ${String(ports.pop3)}
  }
  inet_listener pop3s {
    port = 0
  }
}
service auth {
  unix_listener ${authSocket} {
    mode = 0666
  }
}
service imap {
  service_count = 0
  process_limit = 1200
}
`;

/** Dovecot looks names up with these characters escaped. */
const lookupKey = (user: string): string => user.replace(/["'\\]/g, '\\$&');

/** Dovecot's user file. Passwords are in Base64, since they may hold colons and any byte. */
export const usersFile = (directory: string, accounts: readonly Account[]): Buffer =>
  Buffer.from(
    accounts
      .map(({ user, password, home }) => {
        const secret = `{PLAIN.b64}${Buffer.from(password, 'latin1').toString('base64')}`;
        const { uid, gid } = mailUser;
        return `${lookupKey(user)}:${secret}:${String(uid)}:${String(gid)}::${directory}/mail/${home}::\n`;
      })
      .join(''),
    'latin1',
  );
