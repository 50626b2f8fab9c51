"""A syslog server on a UNIX-domain socket: writes each datagram it gets as one line. Ends with its standard input."""

import os
import select
import socket
import sys

path = sys.argv[1]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
os.chmod(path, 0o666)
print("ready", flush=True)
while True:
    ready, _, _ = select.select([server, sys.stdin], [], [])
    if server in ready:
        print(server.recv(65536).decode("latin-1"), flush=True)
    elif sys.stdin in ready:
        break
os.unlink(path)
