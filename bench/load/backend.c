/*
 * The IMAP server behind the proxies: LOGIN with literals or quoted strings, NOOP, IDLE, LOGOUT, and two verbs of
 * its own after login: "t DOWNLOAD n" answers n bytes and then "t OK", "t UPLOAD n" swallows n bytes, then "t OK".
 */
#include "imap-command.h"
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum phase { COMMANDS, SENDING, SWALLOWING };

struct backend {
    struct source source;
    enum phase phase;
    unsigned continued; /* literals of the present command that have had their "+" */
    uint64_t remaining; /* of DOWNLOAD or UPLOAD */
    size_t tail_size;   /* of the line after a download */
    char tail[48];
    char idle_tag[32];
    size_t size;
    char data[512];
};

static char filler[256 * 1024];

static void reply(struct backend *backend, const char *tag, const char *text) {
    char line[160];
    int size = snprintf(line, sizeof line, "%s %s\r\n", tag, text);
    net_send(backend->source.fd, line, (size_t)size);
}

static void end(struct backend *backend) {
    close(backend->source.fd);
    free(backend);
}

static void login(struct backend *backend, const struct imap_command *command) {
    char expected[72];
    snprintf(expected, sizeof expected, "pw-%s", command->argument[0]);
    if (strcmp(expected, command->argument[1]) == 0) reply(backend, command->tag, "OK logged in");
    else reply(backend, command->tag, "NO wrong password");
}

static void start_download(struct backend *backend, const struct imap_command *command) {
    backend->remaining = strtoull(command->argument[0], NULL, 10);
    backend->tail_size = (size_t)snprintf(backend->tail, sizeof backend->tail, "%s OK\r\n", command->tag);
    backend->phase = SENDING;
    loop_change(&backend->source, EPOLLOUT);
}

static void start_upload(struct backend *backend, const struct imap_command *command) {
    backend->remaining = strtoull(command->argument[0], NULL, 10);
    snprintf(backend->tail, sizeof backend->tail, "%s", command->tag);
    backend->phase = SWALLOWING;
}

/* Returns 0 when the connection is gone. */
static int execute(struct backend *backend, const struct imap_command *command) {
    const char *verb = command->verb;
    if (strcmp(verb, "LOGIN") == 0) login(backend, command);
    else if (strcmp(verb, "NOOP") == 0) reply(backend, command->tag, "OK");
    else if (strcmp(verb, "IDLE") == 0) {
        memcpy(backend->idle_tag, command->tag, sizeof backend->idle_tag);
        reply(backend, "+", "idling");
    } else if (verb[0] == '\0' && strcmp(command->tag, "DONE") == 0) reply(backend, backend->idle_tag, "OK");
    else if (strcmp(verb, "DOWNLOAD") == 0) start_download(backend, command);
    else if (strcmp(verb, "UPLOAD") == 0) start_upload(backend, command);
    else if (strcmp(verb, "LOGOUT") == 0) {
        char text[80];
        snprintf(text, sizeof text, "BYE\r\n%s OK", command->tag);
        reply(backend, "*", text);
        end(backend);
        return 0;
    } else die("backend: the command \"%s %s\" came", command->tag, verb);
    return 1;
}

static void drop(struct backend *backend, size_t size) {
    backend->size -= size;
    memmove(backend->data, backend->data + size, backend->size);
}

/* Commands that wait in the buffer; a bulk verb stops it. Returns 0 when the connection is gone. */
static int execute_all(struct backend *backend) {
    struct imap_command command;
    while (backend->phase == COMMANDS) {
        enum imap_parse result = imap_parse(backend->data, backend->size, &command);
        if (result == IMAP_BAD) die("backend: a broken command came: %.*s", (int)backend->size, backend->data);
        if (result == IMAP_MORE) {
            for (; backend->continued < command.literals; backend->continued++) reply(backend, "+", "OK");
            return 1;
        }
        backend->continued = 0;
        drop(backend, command.size);
        if (!execute(backend, &command)) return 0;
    }
    return 1;
}

static void finish_upload(struct backend *backend) {
    backend->phase = COMMANDS;
    reply(backend, backend->tail, "OK");
}

/* MSG_TRUNC throws the bytes away in the kernel: the sink must be faster than any proxy. */
static ssize_t swallow(struct backend *backend) {
    size_t room = backend->remaining < 1 << 20 ? (size_t)backend->remaining : 1 << 20;
    ssize_t size = recv(backend->source.fd, NULL, room, MSG_TRUNC);
    if (size <= 0) return size;
    backend->remaining -= (uint64_t)size;
    if (backend->remaining == 0) finish_upload(backend);
    return size;
}

static ssize_t read_commands(struct backend *backend) {
    size_t room = sizeof backend->data - backend->size;
    if (room == 0) die("backend: a command of more than 512 bytes");
    ssize_t size = recv(backend->source.fd, backend->data + backend->size, room, 0);
    if (size <= 0) return size;
    backend->size += (size_t)size;
    if (!execute_all(backend)) return 1;
    if (backend->phase != SWALLOWING) return 1;
    size_t early = backend->size < backend->remaining ? backend->size : (size_t)backend->remaining;
    backend->remaining -= early;
    drop(backend, early);
    if (backend->remaining == 0) finish_upload(backend);
    return 1;
}

static ssize_t send_bulk(struct backend *backend) {
    int fd = backend->source.fd;
    if (backend->remaining > 0) {
        size_t size = backend->remaining < sizeof filler ? (size_t)backend->remaining : sizeof filler;
        ssize_t sent = send(fd, filler, size, MSG_NOSIGNAL);
        if (sent > 0) backend->remaining -= (uint64_t)sent;
        return sent;
    }
    ssize_t sent = send(fd, backend->tail, backend->tail_size, MSG_NOSIGNAL);
    if (sent <= 0) return sent;
    backend->tail_size -= (size_t)sent;
    memmove(backend->tail, backend->tail + sent, backend->tail_size);
    if (backend->tail_size > 0) return sent;
    backend->phase = COMMANDS;
    loop_change(&backend->source, EPOLLIN);
    execute_all(backend);
    return 1;
}

static void on_event(struct source *source, unsigned events) {
    struct backend *backend = (struct backend *)source;
    ssize_t result;
    (void)events;
    if (backend->phase == SENDING) result = send_bulk(backend);
    else if (backend->phase == SWALLOWING) result = swallow(backend);
    else result = read_commands(backend);
    if (result == 0 || (result < 0 && errno != EAGAIN)) end(backend);
}

static struct source *accepted(int fd) {
    struct backend *backend = calloc(1, sizeof *backend);
    if (backend == NULL) die("out of memory");
    backend->source.fd = fd;
    backend->source.ready = on_event;
    net_send(fd, "* OK IMAP4 ready\r\n", 18);
    return &backend->source;
}

void backend_mode(const struct options *options) {
    (void)options;
    for (size_t i = 0; i < sizeof filler; i++) filler[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'x';
    control_open(NULL);
    net_serve(accepted);
}
