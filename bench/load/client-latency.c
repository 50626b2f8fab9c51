/* Round trips of NOOP: each session sends the next one as soon as it has the answer. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

static const struct options *options;
static struct session *sessions;
static uint64_t started, deadline;
static unsigned working;
static size_t count;
static uint32_t samples[1 << 22]; /* ns; what comes after that many is counted, not kept */
static const size_t most = sizeof samples / sizeof samples[0];

static void logged_in(struct session *session) {
    (void)session;
    session_settled();
}

static void ping(struct session *session) {
    session->started = now_ns();
    session_send(session, "c NOOP\r\n");
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void finish(uint64_t ended) {
    size_t kept = count < most ? count : most;
    qsort(samples, kept, sizeof samples[0], compare);
    control_result("{\"roundTrips\": %zu, \"seconds\": %.6f, \"p50us\": %.2f, \"p99us\": %.2f}", count,
                   (double)(ended - started) / 1e9, samples[kept / 2] / 1e3, samples[kept * 99 / 100] / 1e3);
}

static void ready(struct session *session, unsigned events) {
    int ended = 0;
    (void)events;
    const char *line = session_line(session, &ended);
    if (ended) session_fail(session, "was closed");
    if (line == NULL) return;
    if (strcmp(line, "c OK") != 0) session_fail(session, line);
    uint64_t now = now_ns();
    if (count < most) samples[count] = (uint32_t)(now - session->started);
    count++;
    if (now < deadline) ping(session);
    else if (--working == 0) finish(now);
}

static void go(void) {
    started = now_ns();
    deadline = started + (uint64_t)(options->seconds * 1e9);
    working = options->sessions;
    for (unsigned i = 0; i < options->sessions; i++) ping(&sessions[i]);
}

static void all_in(void) { control_result("ready"); }

void client_latency_mode(const struct options *given) {
    static const struct session_events events = {logged_in, ready};
    options = given;
    control_open(go);
    sessions = session_group(options, options->sessions, &events, all_in);
}
