"""Logs in, fetches the newest message of INBOX and prints its size and checksum."""
import hashlib

from account import connect, expect, request

wanted = request()
imap = connect(wanted)
count = expect(imap.select("INBOX"))[0]
message = expect(imap.fetch(count, "(BODY.PEEK[])"))[0][1]
expect(imap.noop())
imap.logout()
print(len(message), hashlib.sha256(message).hexdigest())
