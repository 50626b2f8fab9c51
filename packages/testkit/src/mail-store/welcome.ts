/** The message that waits in the mailbox of a new IMAP backend. */
export const welcomeMessage = [
  'From: postern <postern@example.com>',
  'To: You <you@example.com>',
  'Subject: You came through postern',
  'Date: Sun, 22 Nov 2026 12:00:00 +0000',
  'Message-ID: <welcome@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 7bit',
  '',
  'Hello!',
  '',
  'You spoke to the proxy; it asked the auth service who you are and where your',
  'mail is, logged in here on your behalf, and has been moving bytes since.',
  '',
].join('\r\n');
