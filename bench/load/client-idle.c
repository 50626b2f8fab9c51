/* Sessions that log in, come to rest (IDLE in IMAP) and stay. "go" wakes each: all must still be alive. */
#include "session.h"

static const struct options *options;
static const struct dialect *dialect;
static struct session *sessions;
static unsigned rested, answered;

static void logged_in(struct session *session) { session_say(session, dialect->rest.say); }

static void ready(struct session *session, unsigned events) {
    (void)events;
    if (rested < options->sessions) {
        if (!session_answered(session, dialect->rest.answer)) return;
        rested++;
        session_settled();
    } else if (session_answered(session, dialect->wake.answer) && ++answered == options->sessions) {
        control_result("{\"sessions\": %u}", answered);
    }
}

static void go(void) {
    for (unsigned i = 0; i < options->sessions; i++) session_say(&sessions[i], dialect->wake.say);
}

static void all_in(void) { control_result("ready"); }

void client_idle_mode(const struct options *given) {
    static const struct session_events events = {.logged_in = logged_in, .ready = ready};
    options = given;
    dialect = session_dialect(options);
    control_open(go);
    sessions = session_group(options, options->sessions, &events, all_in);
}
