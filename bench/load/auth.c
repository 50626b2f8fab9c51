/*
 * The auth_http server. HTTP/1.1 keeps its connection, HTTP/1.0 (nginx) and "Connection: close" end it. Every
 * user is let in whose password is "pw-" and the name: a proxy that mixes up sessions does not get through.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    struct source source;
    size_t size;
    char data[4096];
};

static char allowed[256];
static char refused[256];
static int always_close;

/* The value of a header into `value`, "" when there is none. `head` ends in an empty line and a zero. */
static void header(const char *head, const char *name, char *value, size_t room) {
    const char *found = strcasestr(head, name);
    size_t size = 0;
    if (found != NULL) {
        found += strlen(name);
        while (*found == ' ') found++;
        size = strcspn(found, "\r\n");
        if (size >= room) size = room - 1;
        memcpy(value, found, size);
    }
    value[size] = '\0';
}

/* Answers one request; returns whether the connection stays. */
static int answer(int fd, const char *head) {
    char user[64], password[64], expected[72];
    header(head, "\r\nAuth-User:", user, sizeof user);
    header(head, "\r\nAuth-Pass:", password, sizeof password);
    snprintf(expected, sizeof expected, "pw-%s", user);
    const char *reply = strcmp(expected, password) == 0 ? allowed : refused;
    net_send(fd, reply, strlen(reply));

    size_t line = strcspn(head, "\r");
    int http11 = line > 8 && memcmp(head + line - 8, "HTTP/1.1", 8) == 0;
    return http11 && !always_close && strcasestr(head, "\r\nConnection: close") == NULL;
}

static void end(struct request *request) {
    close(request->source.fd);
    free(request);
}

static void read_request(struct source *source, unsigned events) {
    struct request *request = (struct request *)source;
    (void)events;
    ssize_t size = recv(source->fd, request->data + request->size, sizeof request->data - 1 - request->size, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        end(request);
        return;
    }
    request->size += (size_t)size;
    for (;;) {
        char *stop = memmem(request->data, request->size, "\r\n\r\n", 4);
        if (stop == NULL) break;
        stop[3] = '\0';
        if (!answer(source->fd, request->data)) {
            end(request);
            return;
        }
        request->size -= (size_t)(stop + 4 - request->data);
        memmove(request->data, stop + 4, request->size);
    }
    if (request->size == sizeof request->data - 1) die("auth: a request of more than 4095 bytes");
}

static struct source *accepted(int fd) {
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL) die("out of memory");
    request->source.fd = fd;
    request->source.ready = read_request;
    return &request->source;
}

void auth_mode(const struct options *options) {
    always_close = options->close;
    snprintf(allowed, sizeof allowed,
             "HTTP/1.1 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: %d\r\n"
             "Content-Length: 0\r\n%s\r\n",
             options->backend_port, always_close ? "Connection: close\r\n" : "");
    snprintf(refused, sizeof refused,
             "HTTP/1.1 200 OK\r\nAuth-Status: Invalid login or password\r\nContent-Length: 0\r\n%s\r\n",
             always_close ? "Connection: close\r\n" : "");
    control_open(NULL);
    net_serve(accepted);
}
