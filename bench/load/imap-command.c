/* A command with atoms, quoted strings, {n} and {n+} literals as arguments (RFC 9051, section 4.3; RFC 7888). */
#include "imap-command.h"

#include <string.h>

struct scan {
    const char *at;
    const char *end;
};

static enum imap_parse atom(struct scan *scan, char *out, size_t room) {
    size_t size = 0;
    while (scan->at < scan->end && *scan->at != ' ' && *scan->at != '\r') {
        if (size + 1 >= room) return IMAP_BAD;
        out[size++] = *scan->at++;
    }
    out[size] = '\0';
    if (scan->at == scan->end) return IMAP_MORE;
    return size == 0 ? IMAP_BAD : IMAP_DONE;
}

static enum imap_parse quoted(struct scan *scan, char *out, size_t room) {
    size_t size = 0;
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at == '\\' && ++scan->at == scan->end) return IMAP_MORE;
        if (size + 1 >= room) return IMAP_BAD;
        out[size++] = *scan->at;
    }
    out[size] = '\0';
    if (scan->at == scan->end) return IMAP_MORE;
    scan->at++;
    return IMAP_DONE;
}

static enum imap_parse literal(struct scan *scan, char *out, size_t room, unsigned *literals) {
    const char *stop = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
    size_t size = 0;
    if (stop == NULL) return IMAP_MORE;
    for (scan->at++; *scan->at >= '0' && *scan->at <= '9' && size < room; scan->at++) {
        size = size * 10 + (size_t)(*scan->at - '0');
    }
    if (size >= room) return IMAP_BAD;
    if (*scan->at != '+') (*literals)++;
    scan->at = stop + 1;
    if ((size_t)(scan->end - scan->at) < size) return IMAP_MORE;
    memcpy(out, scan->at, size);
    out[size] = '\0';
    scan->at += size;
    return IMAP_DONE;
}

static enum imap_parse argument(struct scan *scan, char *out, size_t room, unsigned *literals) {
    scan->at++;
    if (scan->at == scan->end) return IMAP_MORE;
    if (*scan->at == '"') return quoted(scan, out, room);
    if (*scan->at == '{') return literal(scan, out, room, literals);
    return atom(scan, out, room);
}

enum imap_parse imap_parse(const char *data, size_t size, struct imap_command *command) {
    struct scan scan = {data, data + size};
    command->literals = 0;
    command->argument[0][0] = command->argument[1][0] = '\0';
    if (size == 0) return IMAP_MORE;
    enum imap_parse result = atom(&scan, command->tag, sizeof command->tag);
    if (result != IMAP_DONE) return result;
    if (*scan.at == '\r') {
        command->verb[0] = '\0'; /* DONE, which ends IDLE, has no verb */
    } else {
        scan.at++;
        result = atom(&scan, command->verb, sizeof command->verb);
    }
    for (unsigned i = 0; result == IMAP_DONE && scan.at < scan.end && *scan.at == ' '; i++) {
        if (i == 2) return IMAP_BAD;
        result = argument(&scan, command->argument[i], sizeof command->argument[i], &command->literals);
    }
    if (result != IMAP_DONE) return result;
    if (scan.end - scan.at < 2) return IMAP_MORE;
    command->size = (size_t)(scan.at + 2 - data);
    return memcmp(scan.at, "\r\n", 2) == 0 ? IMAP_DONE : IMAP_BAD;
}
