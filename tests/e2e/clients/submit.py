"""Logs in over SMTP as each of several accounts, one after the other, and sends the message of each."""
import json

from account import request
from mta import connect, log_in

wanted = request()


def submit(account):
    smtp = connect(wanted)
    log_in(smtp, {**account, "way": wanted["way"]})
    message = account["message"].encode("latin-1")
    smtp.sendmail(wanted["sender"], wanted["recipient"], message)
    smtp.quit()
    return "sent"


def outcome(account):
    try:
        return submit(account)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(json.dumps([outcome(account) for account in wanted["accounts"]]))
