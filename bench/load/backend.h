#ifndef BACKEND_H
#define BACKEND_H

#include "load.h"

#include <sys/types.h>

enum phase { COMMANDS, SENDING, SWALLOWING, ENDED };

/* One connection of the mail server behind the proxies. */
struct backend {
    struct source source;
    enum phase phase;
    uint64_t remaining; /* of the present bulk */
    size_t tail_size;   /* of the line after it */
    char tail[48];
    char name[64];      /* POP3: of USER; SMTP: of EHLO; IMAP: the tag of IDLE */
    char login[64];     /* SMTP: of XCLIENT */
    unsigned continued; /* IMAP: literals of the present command that have had their "+" */
    size_t size;
    char data[512];
};

/* What differs between protocols; the rest is backend.c. */
struct backend_protocol {
    const char *name;
    const char *greeting;
    /* Executes the first command in `data`. Returns the bytes it took, 0 when it has not come whole. */
    size_t (*execute)(struct backend *backend);
};

extern const struct backend_protocol backend_imap, backend_pop3, backend_smtp;

void backend_reply(struct backend *backend, const char *text);
/* The bytes of the first line, CRLF included, 0 without one; a zero stands where CRLF was. */
size_t backend_line(struct backend *backend);
/* From now on `size` bytes go out (or come in and are thrown away), then the line `tail` goes out. */
void backend_send(struct backend *backend, uint64_t size, const char *tail);
void backend_swallow(struct backend *backend, uint64_t size, const char *tail);

#endif
