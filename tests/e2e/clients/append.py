"""Logs in, appends the message in a file to INBOX and prints the server's answer."""
from account import connect, expect, request

wanted = request()
imap = connect(wanted)
with open(wanted["file"], "rb") as file:
    message = file.read()
print(expect(imap.append("INBOX", None, None, message))[0].decode())
expect(imap.noop())
imap.logout()
