/*
 * One client after the other, from "go" on, until `count` in a row read a greeting that begins with `expect`: when a
 * proxy that starts, or reads its configuration anew, gets so far. Instants are nanoseconds of CLOCK_MONOTONIC, which
 * is one clock for all processes of the machine. Clients take turns over the addresses from `first` on.
 */
#include "load.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { REFUSED_US = 1000, OTHER_US = 5000, REPLY_SECONDS = 20 };

static const struct options *options;
static uint64_t connected; /* the first time that a connection was accepted */
static uint64_t first, last; /* the first greeting that was expected; the last other one before all were */
static uint64_t longest; /* from connect to the greeting */
static unsigned lost; /* connected or refused without a greeting, once somebody had connected */

enum outcome { REFUSED, LOST, OTHER, EXPECTED };

/* The greeting may be cut off: its beginning is what counts. */
static enum outcome read_greeting(int fd) {
    char line[256];
    struct timeval limit = {.tv_sec = REPLY_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssize_t size = recv(fd, line, sizeof line, 0);
    if (size <= 0) return LOST;
    size_t wanted = strlen(options->expect);
    return (size_t)size >= wanted && memcmp(line, options->expect, wanted) == 0 ? EXPECTED : OTHER;
}

static enum outcome visit(unsigned number) {
    int fd = net_connect_now(number, options->port);
    if (fd < 0) return connected == 0 ? REFUSED : LOST;
    if (connected == 0) connected = now_ns();
    enum outcome outcome = read_greeting(fd);
    close(fd);
    return outcome;
}

static void note(enum outcome outcome, uint64_t begun) {
    uint64_t now = now_ns();
    if (outcome == LOST) lost++;
    if (outcome == OTHER) last = now;
    if (outcome == EXPECTED && first == 0) first = now;
    if (outcome != REFUSED && now - begun > longest) longest = now - begun;
}

static void go(void) {
    uint64_t deadline = now_ns() + (uint64_t)(options->seconds * 1e9);
    unsigned streak = 0;
    for (unsigned visits = 0; streak < options->count; visits++) {
        uint64_t begun = now_ns();
        if (begun > deadline) die("no expected greeting within %.0f s", options->seconds);
        unsigned number = options->first + visits % (options->addresses - options->first);
        enum outcome outcome = visit(number);
        note(outcome, begun);
        streak = outcome == EXPECTED ? streak + 1 : 0;
        if (streak < options->count) usleep(outcome == REFUSED ? REFUSED_US : OTHER_US);
    }
    control_result("{\"connected\": %llu, \"first\": %llu, \"last\": %llu, \"longestMs\": %.3f, \"lost\": %u}",
                   (unsigned long long)connected, (unsigned long long)first, (unsigned long long)last,
                   (double)longest / 1e6, lost);
}

void client_await_mode(const struct options *given) {
    options = given;
    control_open(go);
    control_result("ready");
}
