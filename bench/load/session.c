/* TLS, greeting, login, and groups of sessions that stay. */
#include "session.h"
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct dialect *const dialects[] = {&dialect_imap, &dialect_pop3, &dialect_smtp};
static const struct dialect *dialect;
static const struct session_events *handlers;
static unsigned next_number;

static struct {
    const struct options *options;
    struct session *sessions;
    unsigned count, opened, settled;
    void (*all_in)(void);
} group;

const struct dialect *session_dialect(const struct options *options) {
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        if (strcmp(dialects[i]->protocol, options->protocol) == 0) dialect = dialects[i];
    }
    if (dialect == NULL) die("there is no protocol \"%s\"", options->protocol);
    return dialect;
}

void session_fail(const struct session *session, const char *why) {
    die("session %s: %s%s%s", session->user, why, session->size > 0 ? ": " : "", session->line);
}

const char *session_line(struct session *session, int *ended) {
    size_t room = sizeof session->line - 1 - session->size;
    if (room == 0) session_fail(session, "a line is too long");
    ssize_t size = session_recv(session, session->line + session->size, room);
    if (size < 0 && errno == EAGAIN) return NULL;
    if (size < 0) session_fail(session, strerror(errno));
    if (size == 0) *ended = 1;
    session->size += (size_t)size;
    session->line[session->size] = '\0';
    /* Only answers whose last line matters are read this way, so lines that came together are one. */
    if (session->size < 2 || session->line[session->size - 1] != '\n') return NULL;
    session->line[session->size - 2] = '\0';
    session->size = 0;
    return session->line;
}

int session_answered(struct session *session, const char *expected) {
    int ended = 0;
    const char *line = session_line(session, &ended);
    if (ended) session_fail(session, "was closed");
    if (line == NULL) return 0;
    if (strcmp(line, expected) != 0) session_fail(session, line);
    return 1;
}

static void take_step(struct session *session) {
    const struct step *step = &dialect->login[session->step++];
    char line[256];
    if (step->say != NULL && handlers->greeted == NULL) {
        step->say(line, sizeof line, session->user);
        session_say(session, line);
        return;
    }
    session->stage = HANDED_OVER;
    if (handlers->greeted != NULL) handlers->greeted(session);
    else handlers->logged_in(session);
}

static void handle(struct session *session, unsigned events) {
    if (session->stage == HANDED_OVER) {
        handlers->ready(session, events);
        return;
    }
    int ended = 0;
    const char *line = session_line(session, &ended);
    if (ended) session_fail(session, "was closed before the login");
    if (line == NULL) return;
    const char *expected = dialect->login[session->step].expect;
    if (strncmp(line, expected, strlen(expected)) != 0) session_fail(session, line);
    take_step(session);
}

static void secure(struct session *session) {
    enum tls_step step = tls_handshake(session->tls);
    loop_change(&session->source, step == TLS_WRITE ? EPOLLOUT : EPOLLIN);
    if (step == TLS_DONE) session->stage = LOGGING_IN;
}

static void on_event(struct source *source, unsigned events) {
    struct session *session = (struct session *)source;
    if (session->stage == SECURING) secure(session);
    if (session->stage == SECURING) return;
    do handle(session, events);
    while (session->tls != NULL && tls_more(session->tls));
}

void session_open(struct session *session, const struct options *options, const struct session_events *events) {
    unsigned number = next_number++;
    handlers = events;
    memset(session, 0, sizeof *session);
    snprintf(session->user, sizeof session->user, "u%06u", number % 1000000);
    session->started = now_ns();
    session->source.fd = net_connect(number % options->addresses, options->port);
    session->source.ready = on_event;
    session->stage = options->tls ? SECURING : LOGGING_IN;
    if (options->tls) session->tls = tls_open(session->source.fd, options);
    loop_add(&session->source, options->tls ? EPOLLOUT : EPOLLIN);
}

void session_close(struct session *session) {
    if (session->tls != NULL) tls_close(session->tls);
    session->tls = NULL;
    close(session->source.fd);
}

static void open_next(void) {
    if (group.opened < group.count) session_open(&group.sessions[group.opened++], group.options, handlers);
}

void session_settled(void) {
    if (++group.settled == group.count) group.all_in();
    else open_next();
}

struct session *session_group(const struct options *options, unsigned count, const struct session_events *events,
                              void (*all_in)(void)) {
    group.sessions = calloc(count, sizeof *group.sessions);
    if (group.sessions == NULL) die("out of memory");
    group.options = options;
    group.count = count;
    group.all_in = all_in;
    handlers = events;
    for (unsigned i = 0; i < options->concurrency; i++) open_next();
    return group.sessions;
}
