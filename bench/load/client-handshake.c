/*
 * TLS handshakes with `concurrency` at a time: connect, handshake, greeting, close_notify, end of stream, and again.
 * With --resume one session is made before "ready", and each handshake resumes it. The samples are the times from
 * connect to greeting.
 */
#include "samples.h"
#include "session.h"
#include "tls.h"

#include <stdlib.h>
#include <sys/socket.h>

static const struct options *options;
static const struct dialect *dialect;
static unsigned opened, finished;
static uint64_t started;

static void leave(struct session *session) {
    tls_shut(session->tls);
    shutdown(session->source.fd, SHUT_WR);
}

static void greeted(struct session *session) {
    if (started == 0) {
        /* Servers of TLS 1.3 may send their tickets with the first answer only, so the first session asks for one. */
        session_say(session, dialect->noop.say);
        return;
    }
    samples_add(now_ns() - session->started);
    if (tls_resumed(session->tls) != options->resume) {
        session_fail(session, options->resume ? "was not resumed" : "was resumed");
    }
    leave(session);
}

static void ready(struct session *session, unsigned events);

static const struct session_events events = {.greeted = greeted, .ready = ready};

static void open_next(struct session *session) {
    if (opened == options->count) return;
    opened++;
    session_open(session, options, &events);
}

static void finish(struct session *session) {
    session_close(session);
    if (started == 0) {
        if (!tls_kept()) die("the proxy gave no TLS session to resume");
        control_result("ready");
        return;
    }
    if (++finished == options->count) {
        control_result("{\"handshakes\": %u, \"seconds\": %.6f, \"p50us\": %.2f, \"p99us\": %.2f}", finished,
                       (double)(now_ns() - started) / 1e9, samples_us(50), samples_us(99));
    }
    open_next(session);
}

static void ready(struct session *session, unsigned mask) {
    int ended = 0;
    (void)mask;
    const char *line = session_line(session, &ended);
    if (ended) finish(session);
    else if (line != NULL && started == 0) leave(session);
}

static void go(void) {
    started = now_ns();
    struct session *sessions = calloc(options->concurrency, sizeof *sessions);
    if (sessions == NULL) die("out of memory");
    for (unsigned i = 0; i < options->concurrency; i++) open_next(&sessions[i]);
}

void client_handshake_mode(const struct options *given) {
    static struct session first;
    options = given;
    dialect = session_dialect(options);
    control_open(go);
    if (options->resume) session_open(&first, options, &events);
    else control_result("ready");
}
