/*
 * Bulk data after login: each session asks for one chunk after the other until the time is over, and the last
 * chunk is read to its end. Lengths are exact: a byte lost or doubled by the proxy spoils the line after a chunk.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct options *options;
static const struct bulk *bulk;
static struct session *sessions;
static uint64_t started, deadline, bytes;
static unsigned working;
static char filler[256 * 1024];

static void logged_in(struct session *session) {
    (void)session;
    session_settled();
}

static void next_chunk(struct session *session) {
    char line[64];
    snprintf(line, sizeof line, bulk->say, (unsigned long long)options->chunk);
    session->remaining = bulk->head + options->chunk;
    session_say(session, line);
    if (options->upload) loop_change(&session->source, EPOLLOUT);
}

static void end_chunk(struct session *session) {
    bytes += options->chunk;
    if (now_ns() < deadline) {
        next_chunk(session);
    } else if (--working == 0) {
        control_result("{\"bytes\": %llu, \"seconds\": %.6f}", (unsigned long long)bytes,
                       (double)(now_ns() - started) / 1e9);
    }
}

static void check(struct session *session, ssize_t size) {
    if (size == 0) session_fail(session, "was closed in the middle of the data");
    if (size < 0 && errno != EAGAIN) session_fail(session, strerror(errno));
    if (size > 0) session->remaining -= (uint64_t)size;
}

static void move_bytes(struct session *session) {
    size_t most = options->upload ? sizeof filler : 1 << 20;
    size_t size = session->remaining < most ? (size_t)session->remaining : most;
    if (!options->upload) {
        check(session, session_recv(session, NULL, size));
        return;
    }
    check(session, session_send(session, filler, size));
    if (session->remaining == 0) loop_change(&session->source, EPOLLIN);
}

static void ready(struct session *session, unsigned events) {
    (void)events;
    if (session->remaining > 0) {
        move_bytes(session);
        return;
    }
    if (session_answered(session, bulk->answer)) end_chunk(session);
}

static void go(void) {
    started = now_ns();
    deadline = started + (uint64_t)(options->seconds * 1e9);
    working = options->sessions;
    for (unsigned i = 0; i < options->sessions; i++) next_chunk(&sessions[i]);
}

static void all_in(void) { control_result("ready"); }

void client_relay_mode(const struct options *given) {
    static const struct session_events events = {.logged_in = logged_in, .ready = ready};
    options = given;
    const struct dialect *dialect = session_dialect(options);
    bulk = options->upload ? &dialect->upload : &dialect->download;
    if (bulk->say == NULL) die("%s moves nothing in this direction", options->protocol);
    memset(filler, 'x', sizeof filler);
    control_open(go);
    sessions = session_group(options, options->sessions, &events, all_in);
}
