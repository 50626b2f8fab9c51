/* Round trips of NOOP: each session sends the next one as soon as it has the answer. */
#include "samples.h"
#include "session.h"

static const struct options *options;
static const struct dialect *dialect;
static struct session *sessions;
static uint64_t started, deadline;
static unsigned working, count;

static void logged_in(struct session *session) {
    (void)session;
    session_settled();
}

static void ping(struct session *session) {
    session->started = now_ns();
    session_say(session, dialect->noop.say);
}

static void finish(uint64_t ended) {
    control_result("{\"roundTrips\": %u, \"seconds\": %.6f, \"p50us\": %.2f, \"p99us\": %.2f}", count,
                   (double)(ended - started) / 1e9, samples_us(50), samples_us(99));
}

static void ready(struct session *session, unsigned events) {
    (void)events;
    if (!session_answered(session, dialect->noop.answer)) return;
    uint64_t now = now_ns();
    samples_add(now - session->started);
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
    static const struct session_events events = {.logged_in = logged_in, .ready = ready};
    options = given;
    dialect = session_dialect(options);
    control_open(go);
    sessions = session_group(options, options->sessions, &events, all_in);
}
