#ifndef SESSION_H
#define SESSION_H

#include "dialect.h"
#include "load.h"

#include <sys/types.h>

struct tls;

enum stage { SECURING, LOGGING_IN, HANDED_OVER };

/* A client's connection: TLS, greeting and login are the same in every mode, what follows is the mode's. */
struct session {
    struct source source;
    struct tls *tls; /* NULL in clear text */
    enum stage stage;
    unsigned step; /* of the login */
    char user[8];
    size_t size; /* bytes of an unfinished line */
    char line[256];
    uint64_t remaining; /* the mode's: bytes of the present piece */
    uint64_t started;   /* ns: of the connection, then the mode's */
};

struct session_events {
    /* The greeting has come; NULL for modes that log in. What follows is the mode's. */
    void (*greeted)(struct session *session);
    /* The login was accepted. */
    void (*logged_in)(struct session *session);
    /* The socket is ready after that. */
    void (*ready)(struct session *session, unsigned events);
};

/* What clients of the options' protocol say; dies when there is no such protocol. */
const struct dialect *session_dialect(const struct options *options);

void session_open(struct session *session, const struct options *options, const struct session_events *events);
void session_close(struct session *session);
/* The next whole line (without CRLF, ended by a zero) or NULL; `*ended` becomes 1 at the end of the stream. */
const char *session_line(struct session *session, int *ended);
/* As session_line, but the end of the stream is a failure, and so is every line but `expected`. Returns whether it came. */
int session_answered(struct session *session, const char *expected);
void session_say(struct session *session, const char *line);
void session_fail(const struct session *session, const char *why) __attribute__((noreturn));

/* session-io.c: as recv(2) and send(2), through TLS where there is. Without `data` what comes is thrown away. */
ssize_t session_recv(struct session *session, void *data, size_t size);
ssize_t session_send(struct session *session, const void *data, size_t size);

/* `count` sessions with at most options->concurrency of them logging in at a time; `all_in` runs after the last. */
struct session *session_group(const struct options *options, unsigned count, const struct session_events *events,
                              void (*all_in)(void));
/* Tells the group that one more session has got as far as the mode wants it before "ready". */
void session_settled(void);

#endif
