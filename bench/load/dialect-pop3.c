/* POP3: USER and PASS; messages come down with RETR, nothing goes up. */
#include "dialect.h"

#include <stdio.h>

static void say_user(char *line, size_t room, const char *user) { snprintf(line, room, "USER %s\r\n", user); }

static void say_pass(char *line, size_t room, const char *user) { snprintf(line, room, "PASS pw-%s\r\n", user); }

static const struct step steps[] = {{"+OK", say_user}, {"+OK", say_pass}, {"+OK", NULL}};

const struct dialect dialect_pop3 = {
    .protocol = "pop3",
    .login = steps,
    .noop = {"NOOP\r\n", "+OK"},
    .rest = {"NOOP\r\n", "+OK"},
    .wake = {"NOOP\r\n", "+OK"},
    .quit = {"QUIT\r\n", "+OK"},
    .download = {"RETR %llu\r\n", sizeof "+OK\r\n" - 1, "."},
};
