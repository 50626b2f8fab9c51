"""Holds many sessions at once: every one has logged in before the first goes on, and reads a message before the first ends."""
import json
import threading

from account import connect, expect, request

wanted = request()
threading.stack_size(256 * 1024)
everyone = threading.Barrier(wanted["sessions"])
outcomes = [None] * wanted["sessions"]


def session(number):
    account = accounts[number % len(accounts)]
    try:
        imap = connect({**account, "port": wanted["port"]})
        everyone.wait(100)
        expect(imap.select("INBOX", readonly=True))
        message = expect(imap.fetch("1", "(BODY.PEEK[])"))[0][1].decode("latin-1")
        everyone.wait(100)
        imap.logout()
        outcomes[number] = message
    except Exception as error:
        everyone.abort()
        outcomes[number] = f"{type(error).__name__}: {error}"


accounts = wanted["accounts"]
threads = [
    threading.Thread(target=session, args=(number,))
    for number in range(wanted["sessions"])
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(outcomes))
