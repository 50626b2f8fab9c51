#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include <stddef.h>

/* One command of a client: "tag VERB argument argument CRLF". */
struct imap_command {
    char tag[32];
    char verb[16];
    char argument[2][64];
    unsigned literals; /* synchronizing literals seen so far: each wants one "+" line */
    size_t size;       /* bytes the whole command takes */
};

enum imap_parse { IMAP_DONE, IMAP_MORE, IMAP_BAD };

/* Parses from the start each time; `data` is small, so that this is cheaper than keeping a state. */
enum imap_parse imap_parse(const char *data, size_t size, struct imap_command *command);

#endif
