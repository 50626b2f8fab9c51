/* The epoll loop (level-triggered), the clock and the way out. */
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int epoll_fd;

void loop_open(void) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1: %s", strerror(errno));
}

static void control(int operation, struct source *source, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(epoll_fd, operation, source->fd, &event) != 0) die("epoll_ctl: %s", strerror(errno));
}

void loop_add(struct source *source, unsigned events) { control(EPOLL_CTL_ADD, source, events); }

void loop_change(struct source *source, unsigned events) { control(EPOLL_CTL_MOD, source, events); }

/* Runs for ever: control.c ends the process. A handler may free or replace only its own source, which is why one
 * batch never holds a dangling pointer: a descriptor is reported at most once per epoll_wait. */
void loop_run(void) {
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(epoll_fd, events, 256, -1);
        if (count < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;
            source->ready(source, events[i].events);
        }
    }
}

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}
