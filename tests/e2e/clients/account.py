"""What the clients share. Each reads a request in JSON from standard input; in its text one character is one byte."""
import hmac
import imaplib
import json
import sys


def request():
    return json.load(sys.stdin)


def connect(wanted):
    """Connects and logs in as the request says."""
    imap = imaplib.IMAP4("127.0.0.1", wanted["port"], timeout=100)
    name, secret = (wanted[key].encode("latin-1") for key in ("user", "password"))
    expect(ways[wanted.get("way", "LOGIN, quoted")](imap, name, secret))
    imap.state = "AUTH"
    return imap


def expect(answer):
    """The data of an answer that must be OK."""
    status, data = answer
    if status != "OK":
        raise RuntimeError(f"{status} {data!r}")
    return data


def quoted(text):
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def announced(text):
    return b"{%d+}\r\n%s" % (len(text), text)


def login_literal(imap, name, secret):
    imap.literal = secret
    return imap.xatom("LOGIN", quoted(name))


def sasl_login(imap, name, secret):
    answers = iter([name, secret])
    return imap.authenticate("LOGIN", lambda challenge: next(answers))


def sasl_cram_md5(imap, name, secret):
    def answer(challenge):
        return name + b" " + hmac.new(secret, challenge, "md5").hexdigest().encode()

    return imap.authenticate("CRAM-MD5", answer)


ways = {
    "LOGIN, quoted": lambda imap, name, secret: imap.xatom("LOGIN", quoted(name), quoted(secret)),
    "LOGIN, literal": login_literal,
    "LOGIN, non-synchronizing literals": lambda imap, name, secret: imap.xatom(
        "LOGIN", announced(name), announced(secret)
    ),
    "AUTHENTICATE PLAIN": lambda imap, name, secret: imap.authenticate(
        "PLAIN", lambda challenge: b"\0" + name + b"\0" + secret
    ),
    "AUTHENTICATE LOGIN": sasl_login,
    "AUTHENTICATE CRAM-MD5": sasl_cram_md5,
}
