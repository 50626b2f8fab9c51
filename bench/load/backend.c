/* The mail server behind the proxies: connections, waiting commands, and bulk data both ways. */
#include "backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct backend_protocol *const protocols[] = {&backend_imap, &backend_pop3, &backend_smtp};
static const struct backend_protocol *protocol;
static char filler[256 * 1024];

void backend_reply(struct backend *backend, const char *text) {
    char line[160];
    int size = snprintf(line, sizeof line, "%s\r\n", text);
    net_send(backend->source.fd, line, (size_t)size);
}

size_t backend_line(struct backend *backend) {
    char *stop = memmem(backend->data, backend->size, "\r\n", 2);
    if (stop == NULL) return 0;
    *stop = '\0';
    return (size_t)(stop + 2 - backend->data);
}

static void start_bulk(struct backend *backend, enum phase phase, uint64_t size, const char *tail) {
    backend->phase = phase;
    backend->remaining = size;
    backend->tail_size = (size_t)snprintf(backend->tail, sizeof backend->tail, "%s\r\n", tail);
}

void backend_send(struct backend *backend, uint64_t size, const char *tail) {
    start_bulk(backend, SENDING, size, tail);
    loop_change(&backend->source, EPOLLOUT);
}

void backend_swallow(struct backend *backend, uint64_t size, const char *tail) {
    start_bulk(backend, SWALLOWING, size, tail);
}

static void drop(struct backend *backend, size_t size) {
    backend->size -= size;
    memmove(backend->data, backend->data + size, backend->size);
}

/* Commands that wait in the buffer; bulk data and the end stop it. */
static void execute_all(struct backend *backend) {
    while (backend->phase == COMMANDS && backend->size > 0) {
        size_t taken = protocol->execute(backend);
        if (taken == 0) return;
        drop(backend, taken);
    }
}

static void finish_swallowing(struct backend *backend) {
    backend->phase = COMMANDS;
    net_send(backend->source.fd, backend->tail, backend->tail_size);
}

/* MSG_TRUNC throws the bytes away in the kernel: the sink must be faster than any proxy. */
static ssize_t swallow(struct backend *backend) {
    size_t room = backend->remaining < 1 << 20 ? (size_t)backend->remaining : 1 << 20;
    ssize_t size = recv(backend->source.fd, NULL, room, MSG_TRUNC);
    if (size <= 0) return size;
    backend->remaining -= (uint64_t)size;
    if (backend->remaining == 0) finish_swallowing(backend);
    return size;
}

static ssize_t read_commands(struct backend *backend) {
    size_t room = sizeof backend->data - backend->size;
    if (room == 0) die("backend: a command of more than 512 bytes");
    ssize_t size = recv(backend->source.fd, backend->data + backend->size, room, 0);
    if (size <= 0) return size;
    backend->size += (size_t)size;
    execute_all(backend);
    if (backend->phase == ENDED) return 0;
    if (backend->phase != SWALLOWING) return 1;
    size_t early = backend->size < backend->remaining ? backend->size : (size_t)backend->remaining;
    backend->remaining -= early;
    drop(backend, early);
    if (backend->remaining == 0) finish_swallowing(backend);
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
    return backend->phase == ENDED ? 0 : 1;
}

static void on_event(struct source *source, unsigned events) {
    struct backend *backend = (struct backend *)source;
    ssize_t result;
    (void)events;
    if (backend->phase == SENDING) result = send_bulk(backend);
    else if (backend->phase == SWALLOWING) result = swallow(backend);
    else result = read_commands(backend);
    if (result > 0 || (result < 0 && errno == EAGAIN)) return;
    close(source->fd);
    free(backend);
}

static struct source *accepted(int fd) {
    struct backend *backend = calloc(1, sizeof *backend);
    if (backend == NULL) die("out of memory");
    backend->source.fd = fd;
    backend->source.ready = on_event;
    backend_reply(backend, protocol->greeting);
    return &backend->source;
}

void backend_mode(const struct options *options) {
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocols[i]->name, options->protocol) == 0) protocol = protocols[i];
    }
    if (protocol == NULL) die("backend: there is no protocol \"%s\"", options->protocol);
    for (size_t i = 0; i < sizeof filler; i++) filler[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'x';
    control_open(NULL);
    net_serve(accepted);
}
