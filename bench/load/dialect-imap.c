/* IMAP: LOGIN, IDLE, and the verbs DOWNLOAD and UPLOAD of our own backend. */
#include "dialect.h"

#include <stdio.h>

static void login(char *line, size_t room, const char *user) {
    snprintf(line, room, "a LOGIN %s pw-%s\r\n", user, user);
}

static const struct step steps[] = {{"* OK", login}, {"a OK", NULL}};

const struct dialect dialect_imap = {
    .protocol = "imap",
    .login = steps,
    .noop = {"c NOOP\r\n", "c OK"},
    .rest = {"c IDLE\r\n", "+ idling"},
    .wake = {"DONE\r\n", "c OK"},
    .quit = {"b LOGOUT\r\n", "* BYE\r\nb OK"},
    .download = {"c DOWNLOAD %llu\r\n", 0, "c OK"},
    .upload = {"c UPLOAD %llu\r\n", 0, "c OK"},
};
