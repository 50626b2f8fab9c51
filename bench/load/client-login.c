/*
 * Logins with `concurrency` at a time: connect, log in, say goodbye, end of stream, and again. The samples are the
 * times from connect to the accepted login.
 */
#include "samples.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

static const struct options *options;
static const struct dialect *dialect;
static unsigned opened, finished;
static uint64_t started;

static void logged_in(struct session *session);
static void ready(struct session *session, unsigned events);

static const struct session_events events = {.logged_in = logged_in, .ready = ready};

static void finish(struct session *session) {
    session_close(session);
    finished++;
    if (finished == options->count) {
        double seconds = (double)(now_ns() - started) / 1e9;
        control_result("{\"logins\": %u, \"seconds\": %.6f, \"p50us\": %.2f, \"p99us\": %.2f, \"maxus\": %.2f}",
                       finished, seconds, samples_us(50), samples_us(99), samples_us(100));
    }
    if (opened < options->count) {
        opened++;
        session_open(session, options, &events);
    }
}

static void logged_in(struct session *session) {
    samples_add(now_ns() - session->started);
    session_say(session, dialect->quit.say);
}

/* `remaining` says here whether the goodbye has been answered. */
static void ready(struct session *session, unsigned mask) {
    int ended = 0;
    (void)mask;
    const char *line = session_line(session, &ended);
    if (line != NULL && strcmp(line, dialect->quit.answer) == 0) session->remaining = 1;
    if (!ended) return;
    if (session->remaining == 0) session_fail(session, "was closed before the answer to the goodbye");
    finish(session);
}

static void go(void) {
    started = now_ns();
    struct session *sessions = calloc(options->concurrency, sizeof *sessions);
    if (sessions == NULL) die("out of memory");
    for (unsigned i = 0; i < options->concurrency && opened < options->count; i++) {
        opened++;
        session_open(&sessions[i], options, &events);
    }
}

void client_login_mode(const struct options *given) {
    options = given;
    dialect = session_dialect(options);
    control_open(go);
    control_result("ready");
}
