/* Greeting, LOGIN, and groups of sessions that stay. */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct session_events *handlers;
static unsigned next_number;

static struct {
    struct session *sessions;
    unsigned count, opened, settled;
    int port;
    void (*all_in)(void);
} group;

void session_fail(const struct session *session, const char *why) {
    die("session %u: %s%s%s", session->number, why, session->size > 0 ? ": " : "", session->line);
}

void session_send(struct session *session, const char *line) { net_send(session->source.fd, line, strlen(line)); }

const char *session_line(struct session *session, int *ended) {
    size_t room = sizeof session->line - 1 - session->size;
    if (room == 0) session_fail(session, "a line is too long");
    ssize_t size = recv(session->source.fd, session->line + session->size, room, 0);
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

static void log_in(struct session *session) {
    char line[96];
    snprintf(line, sizeof line, "a LOGIN u%06u pw-u%06u\r\n", session->number, session->number);
    session_send(session, line);
}

static void on_event(struct source *source, unsigned events) {
    struct session *session = (struct session *)source;
    if (session->logged_in) {
        handlers->ready(session, events);
        return;
    }
    int ended = 0;
    const char *line = session_line(session, &ended);
    if (ended) session_fail(session, "was closed before the login");
    if (line == NULL) return;
    if (strncmp(line, "* OK", 4) == 0) log_in(session);
    else if (strncmp(line, "a OK", 4) == 0) {
        session->logged_in = 1;
        handlers->logged_in(session);
    } else session_fail(session, line);
}

void session_open(struct session *session, int port, const struct session_events *events) {
    handlers = events;
    memset(session, 0, sizeof *session);
    session->number = next_number++ % 1000000;
    session->source.fd = net_connect(port);
    session->source.ready = on_event;
    loop_add(&session->source, EPOLLIN);
}

static void open_next(void) {
    if (group.opened < group.count) session_open(&group.sessions[group.opened++], group.port, handlers);
}

void session_settled(void) {
    if (++group.settled == group.count) group.all_in();
    else open_next();
}

struct session *session_group(const struct options *options, unsigned count, const struct session_events *events,
                              void (*all_in)(void)) {
    group.sessions = calloc(count, sizeof *group.sessions);
    if (group.sessions == NULL) die("out of memory");
    group.count = count;
    group.port = options->port;
    group.all_in = all_in;
    handlers = events;
    for (unsigned i = 0; i < options->concurrency; i++) open_next();
    return group.sessions;
}
