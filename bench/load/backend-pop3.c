/* POP3 (RFC 1939): USER, PASS, NOOP, QUIT, and RETR, whose argument is the size of the message it answers. */
#include "backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void pass(struct backend *backend, const char *password) {
    char expected[72];
    snprintf(expected, sizeof expected, "pw-%s", backend->name);
    backend_reply(backend, strcmp(expected, password) == 0 ? "+OK" : "-ERR wrong password");
}

static size_t execute(struct backend *backend) {
    size_t size = backend_line(backend);
    const char *line = backend->data;
    if (size == 0) return 0;
    if (strncmp(line, "USER ", 5) == 0) {
        snprintf(backend->name, sizeof backend->name, "%s", line + 5);
        backend_reply(backend, "+OK");
    } else if (strncmp(line, "PASS ", 5) == 0) pass(backend, line + 5);
    else if (strcmp(line, "NOOP") == 0) backend_reply(backend, "+OK");
    else if (strncmp(line, "RETR ", 5) == 0) {
        backend_reply(backend, "+OK");
        backend_send(backend, strtoull(line + 5, NULL, 10), ".");
    } else if (strcmp(line, "QUIT") == 0) {
        backend_reply(backend, "+OK");
        backend->phase = ENDED;
    } else die("backend: the command \"%s\" came", line);
    return size;
}

const struct backend_protocol backend_pop3 = {"pop3", "+OK POP3 ready", execute};
