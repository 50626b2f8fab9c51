"""What the POP3 clients share. Each reads a request in JSON from standard input; in its text one character is one byte."""
import base64
import hmac
import poplib


def connect(wanted):
    """Connects and logs in as the request says."""
    pop = poplib.POP3("127.0.0.1", wanted["port"], timeout=100)
    pop.encoding = "latin-1"
    ways[wanted.get("way", "USER and PASS")](pop, wanted["user"], wanted["password"])
    return pop


def encoded(text):
    return base64.b64encode(text.encode("latin-1")).decode()


def user_and_pass(pop, name, secret):
    pop.user(name)
    pop.pass_(secret)


def sasl_plain(pop, name, secret):
    pop._shortcmd("AUTH PLAIN " + encoded(f"\0{name}\0{secret}"))


def sasl_plain_asked(pop, name, secret):
    asked(pop, "AUTH PLAIN")
    pop._shortcmd(encoded(f"\0{name}\0{secret}"))


def sasl_login(pop, name, secret):
    if asked(pop, "AUTH LOGIN") != b"Username:":
        raise RuntimeError("not asked for the name")
    if asked(pop, encoded(name)) != b"Password:":
        raise RuntimeError("not asked for the password")
    pop._shortcmd(encoded(secret))


def sasl_cram_md5(pop, name, secret):
    challenge = asked(pop, "AUTH CRAM-MD5")
    digest = hmac.new(secret.encode("latin-1"), challenge, "md5").hexdigest()
    pop._shortcmd(encoded(f"{name} {digest}"))


def asked(pop, line):
    """Says `line` and gives what the server then asks."""
    pop._putcmd(line)
    answer = pop._getline()[0]
    if not answer.startswith(b"+ "):
        raise RuntimeError(answer.decode("latin-1"))
    return base64.b64decode(answer[2:])


ways = {
    "USER and PASS": user_and_pass,
    "APOP": lambda pop, name, secret: pop.apop(name, secret),
    "AUTH PLAIN": sasl_plain,
    "AUTH PLAIN, asked for": sasl_plain_asked,
    "AUTH LOGIN": sasl_login,
    "AUTH CRAM-MD5": sasl_cram_md5,
}
