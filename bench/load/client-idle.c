/* Sessions that log in, enter IDLE and stay. "go" ends the IDLE of each: all must still be alive. */
#include "session.h"

#include <string.h>

static const struct options *options;
static struct session *sessions;
static unsigned answered;

static void logged_in(struct session *session) { session_send(session, "c IDLE\r\n"); }

static void ready(struct session *session, unsigned events) {
    int ended = 0;
    (void)events;
    const char *line = session_line(session, &ended);
    if (ended) session_fail(session, "was closed in IDLE");
    if (line == NULL) return;
    if (strncmp(line, "+", 1) == 0) session_settled();
    else if (strcmp(line, "c OK") != 0) session_fail(session, line);
    else if (++answered == options->sessions) control_result("{\"sessions\": %u}", answered);
}

static void go(void) {
    for (unsigned i = 0; i < options->sessions; i++) session_send(&sessions[i], "DONE\r\n");
}

static void all_in(void) { control_result("ready"); }

void client_idle_mode(const struct options *given) {
    static const struct session_events events = {logged_in, ready};
    options = given;
    control_open(go);
    sessions = session_group(options, options->sessions, &events, all_in);
}
