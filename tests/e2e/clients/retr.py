"""Logs in over POP3, retrieves the newest message and prints its size and checksum."""
import hashlib

from account import request
from pop import connect

pop = connect(request())
count, octets = pop.stat()
message = b"\r\n".join(pop.retr(count)[1]) + b"\r\n"
pop.noop()
pop.quit()
print(len(message), hashlib.sha256(message).hexdigest())
