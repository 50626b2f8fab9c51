"""Sends the message in a file over SMTP, after a login if the request has one."""
from account import request
from mta import connect, log_in

wanted = request()
smtp = connect(wanted)
if "user" in wanted:
    log_in(smtp, wanted)
with open(wanted["file"], "rb") as file:
    smtp.sendmail(wanted["sender"], wanted["recipient"], file.read())
smtp.quit()
print("sent")
