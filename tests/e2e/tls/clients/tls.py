"""Python's mail clients over TLS, from the first byte or by command. Reads a request in JSON from standard input."""
import imaplib
import json
import poplib
import smtplib
import socket
import ssl
import sys

wanted = json.load(sys.stdin)
context = ssl.create_default_context(cafile=wanted["authority"])
place = ("127.0.0.1", wanted["port"])
by_command = wanted["way"] == "starttls"
login = (wanted["user"], wanted["password"])


def imap():
    if by_command:
        client = imaplib.IMAP4(*place, timeout=20)
        client.starttls(context)
    else:
        client = imaplib.IMAP4_SSL(*place, ssl_context=context, timeout=20)
    client.login(*login)
    client.select("INBOX")
    message = client.fetch("1", "(BODY.PEEK[])")[1][0][1].decode()
    client.logout()
    return message


def pop3():
    if by_command:
        client = poplib.POP3(*place, timeout=20)
        client.stls(context)
    else:
        client = poplib.POP3_SSL(*place, context=context, timeout=20)
    client.user(login[0])
    client.pass_(login[1])
    lines = client.retr(1)[1]
    client.quit()
    return b"".join(line + b"\r\n" for line in lines).decode()


def smtp():
    if by_command:
        client = smtplib.SMTP(*place, "client.test", timeout=20)
        client.starttls(context=context)
    else:
        client = smtplib.SMTP_SSL(*place, "client.test", timeout=20, context=context)
    client.login(*login)
    client.mail("alice@example.com")
    answer = client.rcpt("reader@example.com")
    client.quit()
    return str(answer[0])


def each_version():
    """Has the client offer TLS 1.2 alone, then both 1.2 and 1.3."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = version
        yield


def one_line(session):
    """Reads the greeting and leaves; gives the session, and whether it was resumed."""
    with socket.create_connection(place, timeout=20) as clear:
        with context.wrap_socket(clear, server_hostname="127.0.0.1", session=session) as inside:
            inside.recv(100)
            return inside.session, inside.session_reused


def resume():
    """Whether a client that reads one line and leaves resumes its sessions, in TLS 1.2 and 1.3."""
    resumed = []
    for _ in each_version():
        session = one_line(None)[0]
        resumed.append(one_line(session)[1])
    return json.dumps(resumed)


def conversation(logs_in):
    """A conversation in IMAP that nothing has ended yet, in which a missing close_notify is an error."""
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    clear = socket.create_connection(place, timeout=20)
    inside = context.wrap_socket(clear, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
    inside.recv(1000)
    if logs_in:
        inside.sendall(b"a LOGIN %s %s\r\n" % tuple(word.encode() for word in login))
        answer = b""
        while b"a OK" not in answer:
            answer = inside.recv(10000)
            if not answer:
                raise EOFError("the login was not answered")
    return inside


def close():
    """How conversations end that the server is asked to end: by close_notify, or why not."""
    ends = []
    for _ in each_version():
        for logs_in in (False, True):
            try:
                with conversation(logs_in) as inside:
                    inside.sendall(b"b LOGOUT\r\n")
                    while inside.recv(1000):
                        pass
                ends.append("close_notify")
            except ssl.SSLError as error:
                ends.append(error.reason)
    return json.dumps(ends)


print(json.dumps({"imap": imap, "pop3": pop3, "smtp": smtp, "resume": resume, "close": close}[wanted["what"]]()))
