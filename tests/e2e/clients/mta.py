"""What the SMTP clients share. Each reads a request in JSON from standard input; in its text one character is one byte."""
import base64
import hmac
import smtplib


def connect(wanted):
    """Connects from the address that the request names and says EHLO."""
    source = (wanted.get("from_address", "127.0.0.1"), 0)
    smtp = smtplib.SMTP(
        "127.0.0.1", wanted["port"], "client.test", timeout=100, source_address=source
    )
    expect(smtp.ehlo(), 250)
    return smtp


def log_in(smtp, wanted):
    expect(ways[wanted["way"]](smtp, wanted["user"], wanted["password"]), 235)


def expect(answer, code):
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)
    return answer[1]


def encoded(text):
    return base64.b64encode(text.encode("latin-1")).decode()


def plain(smtp, name, secret):
    return smtp.docmd("AUTH", "PLAIN " + encoded(f"\0{name}\0{secret}"))


def plain_asked(smtp, name, secret):
    expect(smtp.docmd("AUTH", "PLAIN"), 334)
    return smtp.docmd(encoded(f"\0{name}\0{secret}"))


def login(smtp, name, secret):
    expect(smtp.docmd("AUTH", "LOGIN"), 334)
    return with_password(smtp, smtp.docmd(encoded(name)), secret)


def login_named(smtp, name, secret):
    return with_password(smtp, smtp.docmd("AUTH", "LOGIN " + encoded(name)), secret)


def with_password(smtp, answer, secret):
    if base64.b64decode(expect(answer, 334)) != b"Password:":
        raise RuntimeError("not asked for the password")
    return smtp.docmd(encoded(secret))


def cram_md5(smtp, name, secret):
    challenge = base64.b64decode(expect(smtp.docmd("AUTH", "CRAM-MD5"), 334))
    digest = hmac.new(secret.encode("latin-1"), challenge, "md5").hexdigest()
    return smtp.docmd(encoded(f"{name} {digest}"))


ways = {
    "AUTH PLAIN": plain,
    "AUTH PLAIN, asked for": plain_asked,
    "AUTH LOGIN": login,
    "AUTH LOGIN with the name": login_named,
    "AUTH CRAM-MD5": cram_md5,
}
