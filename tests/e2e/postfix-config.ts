/** What is written to disk for a Postfix of our own: main.cf and master.cf. */
import { mailUser } from './dovecot-config.js';

/** What differs from test to test. */
export interface PostfixOptions {
  /** Where logins are checked by Dovecot; default: this Postfix knows no AUTH. */
  readonly authSocket?: string | undefined;
  /** Further lines of main.cf. */
  readonly main?: string;
}

/** The one who has a mailbox. */
export const reader = 'reader@example.com';

/** An address of the same domain without a mailbox. */
export const stranger = 'stranger@example.com';

/** What `authSocket` adds. */
const authentication = (socket: string): string => `
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${socket}
smtpd_sasl_security_options = noanonymous
smtpd_sasl_tls_security_options = noanonymous
`;

/**
 * `main.cf`: takes mail for {@link reader} of any size, leaves it as it is but for the lines every server puts in
 * front, believes XCLIENT of 127.0.0.1, and knows nothing of the machine it runs on.
 */
export const mainCf = (directory: string, { authSocket, main = '' }: PostfixOptions): string => `
compatibility_level = 3.6
queue_directory = ${directory}/queue
data_directory = ${directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = ${directory}/log
maillog_file_prefixes = ${directory}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = backend.test
mydestination =
mynetworks =
relayhost =
alias_maps =
alias_database =
local_recipient_maps =
local_header_rewrite_clients =
biff = no
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_forbid_bare_newline = normalize
smtpd_forbid_bare_newline_exclusions =
virtual_mailbox_domains = example.com
virtual_mailbox_base = ${directory}/mail
virtual_mailbox_maps = inline:{ ${reader}=inbox/ }
virtual_minimum_uid = 1
virtual_uid_maps = static:${String(mailUser.uid)}
virtual_gid_maps = static:${String(mailUser.gid)}
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 0
${authSocket === undefined ? '' : authentication(authSocket)}
${main}
`;

/** `master.cf`: the services that take mail on one loopback port and put it into mailboxes, none in a chroot. */
export const masterCf = (port: number): string => `
127.0.0.1:${String(port)} inet n - n - - smtpd
cleanup    unix       n - n - 0 cleanup
qmgr       unix       n - n 300 1 qmgr
rewrite    unix       - - n - - trivial-rewrite
bounce     unix       - - n - 0 bounce
defer      unix       - - n - 0 bounce
trace      unix       - - n - 0 bounce
error      unix       - - n - - error
retry      unix       - - n - - error
proxymap   unix       - - n - - proxymap
virtual    unix       - n n - - virtual
anvil      unix       - - n - 1 anvil
postlog    unix-dgram n - n - 1 postlogd
`;
