/* SMTP: EHLO and AUTH PLAIN; messages go up with BDAT (RFC 3030), nothing comes down. */
#include "dialect.h"
#include "sasl-plain.h"

#include <stdio.h>

/* The backend compares this name with that of the login. */
static void say_ehlo(char *line, size_t room, const char *user) { snprintf(line, room, "EHLO %s\r\n", user); }

static void say_auth(char *line, size_t room, const char *user) {
    char response[SASL_PLAIN_SIZE];
    sasl_plain(response, user);
    snprintf(line, room, "AUTH PLAIN %s\r\n", response);
}

static const struct step steps[] = {{"220 ", say_ehlo}, {"250", say_auth}, {"235 ", NULL}};

const struct dialect dialect_smtp = {
    .protocol = "smtp",
    .login = steps,
    .noop = {"NOOP\r\n", "250 2.0.0 OK"},
    .rest = {"NOOP\r\n", "250 2.0.0 OK"},
    .wake = {"NOOP\r\n", "250 2.0.0 OK"},
    .quit = {"QUIT\r\n", "221 2.0.0 Bye"},
    .upload = {"BDAT %llu LAST\r\n", 0, "250 2.0.0 OK"},
};
