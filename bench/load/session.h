#ifndef SESSION_H
#define SESSION_H

#include "load.h"

/* A client's connection: greeting and LOGIN are the same in every mode, what follows is the mode's. */
struct session {
    struct source source;
    int logged_in;
    unsigned number;
    size_t size; /* bytes of an unfinished line */
    char line[256];
    uint64_t remaining; /* the mode's: bytes of the present piece */
    uint64_t started;   /* the mode's: ns */
};

struct session_events {
    /* The tagged OK of LOGIN has come. */
    void (*logged_in)(struct session *session);
    /* The socket is ready after that. */
    void (*ready)(struct session *session, unsigned events);
};

void session_open(struct session *session, int port, const struct session_events *events);
/* The next whole line (without CRLF, ended by a zero) or NULL; `*ended` becomes 1 at the end of the stream. */
const char *session_line(struct session *session, int *ended);
void session_send(struct session *session, const char *line);
void session_fail(const struct session *session, const char *why) __attribute__((noreturn));

/* `count` sessions with at most options->concurrency of them logging in at a time; `all_in` runs after the last. */
struct session *session_group(const struct options *options, unsigned count, const struct session_events *events,
                              void (*all_in)(void));
/* Tells the group that one more session has got as far as the mode wants it before "ready". */
void session_settled(void);

#endif
