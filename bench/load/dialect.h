#ifndef DIALECT_H
#define DIALECT_H

#include <stddef.h>

/* A step of a login: after a reply that begins with `expect` the client says `say`; NULL ends the login. */
struct step {
    const char *expect;
    void (*say)(char *line, size_t room, const char *user);
};

/* A command and the whole answer to it, less the last CRLF. */
struct exchange {
    const char *say;
    const char *answer;
};

/* Bulk data: a format for the command with its size, bytes of the status line before the data, the line after. */
struct bulk {
    const char *say;
    size_t head;
    const char *answer;
};

/* What a client says in one protocol. The user's password is "pw-" and the name. */
struct dialect {
    const char *protocol;
    const struct step *login; /* the first one waits for the greeting */
    struct exchange noop;
    struct exchange rest; /* brings a session to where real clients idle */
    struct exchange wake;
    struct exchange quit;
    struct bulk download; /* without `say` where the protocol moves nothing that way */
    struct bulk upload;
};

extern const struct dialect dialect_imap, dialect_pop3, dialect_smtp;

#endif
