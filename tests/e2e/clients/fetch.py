"""Logs in, fetches the newest message of INBOX and prints its bytes (or their checksum)."""
import hashlib
import sys

from account import connect, expect, request

wanted = request()
imap = connect(wanted)
count = expect(imap.select("INBOX"))[0]
message = expect(imap.fetch(count, "(BODY.PEEK[])"))[0][1]
expect(imap.noop())
if imap.logout()[0] != "BYE":
    raise RuntimeError("no BYE")
if wanted.get("checksum"):
    print(len(message), hashlib.sha256(message).hexdigest())
else:
    sys.stdout.buffer.write(message)
