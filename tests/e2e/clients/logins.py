"""Logs in as each of several accounts, one after the other, and reads the newest message of INBOX."""
import json

from account import connect, expect, request

wanted = request()


def newest_message(account):
    imap = connect({**account, "port": wanted["port"], "way": wanted["way"]})
    count = expect(imap.select("INBOX"))[0]
    message = expect(imap.fetch(count, "(BODY.PEEK[])"))[0][1]
    if imap.logout()[0] != "BYE":
        raise RuntimeError("no BYE")
    return message.decode("latin-1")


def outcome(account):
    try:
        return newest_message(account)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(json.dumps([outcome(account) for account in wanted["accounts"]]))
