/*
 * SMTP: EHLO, XCLIENT (Postfix), AUTH PLAIN, NOOP, QUIT, and BDAT (RFC 3030), which swallows a message. Clients
 * name themselves after their user in EHLO, so that a login under another name is found here too.
 */
#include "backend.h"
#include "sasl-plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "XCLIENT ADDR=a LOGIN=l NAME=n" */
static void xclient(struct backend *backend, const char *line) {
    const char *login = strstr(line, " LOGIN=");
    if (login == NULL) die("backend: \"%s\" has no login", line);
    login += strlen(" LOGIN=");
    snprintf(backend->login, sizeof backend->login, "%.*s", (int)strcspn(login, " "), login);
    backend_reply(backend, "220 backend.example ESMTP");
}

/* Before XCLIENT the proxy gives its own name, after it the client's. */
static void ehlo(struct backend *backend, const char *name) {
    if (backend->login[0] != '\0' && strcmp(backend->login, name) != 0) {
        die("backend: \"%s\" was logged in as \"%s\"", name, backend->login);
    }
    snprintf(backend->name, sizeof backend->name, "%s", name);
    backend_reply(backend, "250-backend.example\r\n250-AUTH PLAIN\r\n250 XCLIENT ADDR LOGIN NAME");
}

static void auth_plain(struct backend *backend, const char *response) {
    char expected[SASL_PLAIN_SIZE];
    sasl_plain(expected, backend->name);
    backend_reply(backend, strcmp(expected, response) == 0 ? "235 2.7.0 OK" : "535 5.7.8 wrong password");
}

static size_t execute(struct backend *backend) {
    size_t size = backend_line(backend);
    const char *line = backend->data;
    if (size == 0) return 0;
    if (strncmp(line, "EHLO ", 5) == 0) ehlo(backend, line + 5);
    else if (strncmp(line, "XCLIENT ", 8) == 0) xclient(backend, line);
    else if (strncmp(line, "AUTH PLAIN ", 11) == 0) auth_plain(backend, line + 11);
    else if (strcmp(line, "NOOP") == 0) backend_reply(backend, "250 2.0.0 OK");
    else if (strncmp(line, "BDAT ", 5) == 0) backend_swallow(backend, strtoull(line + 5, NULL, 10), "250 2.0.0 OK");
    else if (strcmp(line, "QUIT") == 0) {
        backend_reply(backend, "221 2.0.0 Bye");
        backend->phase = ENDED;
    } else die("backend: the command \"%s\" came", line);
    return size;
}

const struct backend_protocol backend_smtp = {"smtp", "220 backend.example ESMTP", execute};
