"""Logs in over POP3 as each of several accounts, one after the other, and reads the newest message."""
import json

from account import request
from pop import connect

wanted = request()


def newest_message(account):
    pop = connect({**account, "port": wanted["port"], "way": wanted["way"]})
    count, octets = pop.stat()
    lines = pop.retr(count)[1]
    pop.quit()
    return (b"\r\n".join(lines) + b"\r\n").decode("latin-1")


def outcome(account):
    try:
        return newest_message(account)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(json.dumps([outcome(account) for account in wanted["accounts"]]))
