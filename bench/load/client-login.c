/* Logins with `concurrency` at a time: connect, LOGIN, tagged OK, LOGOUT, end of stream, and again. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct options *options;
static unsigned opened, finished;
static uint64_t started;

static void logged_in(struct session *session);
static void ready(struct session *session, unsigned events);

static const struct session_events events = {logged_in, ready};

static void finish(struct session *session) {
    close(session->source.fd);
    finished++;
    if (finished == options->count) {
        control_result("{\"logins\": %u, \"seconds\": %.6f}", finished, (double)(now_ns() - started) / 1e9);
    }
    if (opened < options->count) {
        opened++;
        session_open(session, options->port, &events);
    }
}

static void logged_in(struct session *session) { session_send(session, "b LOGOUT\r\n"); }

/* `remaining` says here whether the answer to LOGOUT has come. */
static void ready(struct session *session, unsigned mask) {
    int ended = 0;
    (void)mask;
    const char *line = session_line(session, &ended);
    if (line != NULL && strncmp(line, "* BYE", 5) == 0 && strstr(line, "b OK") != NULL) session->remaining = 1;
    if (!ended) return;
    if (session->remaining == 0) session_fail(session, "was closed before the answer to LOGOUT");
    finish(session);
}

static void go(void) {
    started = now_ns();
    struct session *sessions = calloc(options->concurrency, sizeof *sessions);
    if (sessions == NULL) die("out of memory");
    for (unsigned i = 0; i < options->concurrency && opened < options->count; i++) {
        opened++;
        session_open(&sessions[i], options->port, &events);
    }
}

void client_login_mode(const struct options *given) {
    options = given;
    control_open(go);
    control_result("ready");
}
