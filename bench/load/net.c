/* Loopback TCP sockets. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct source listener;
static struct source *(*on_accepted)(int fd);

static struct sockaddr_in loopback(unsigned number, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number);
    return address;
}

static void no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void accept_all(struct source *source, unsigned events) {
    (void)events;
    for (;;) {
        int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN) return;
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (fd < 0) die("accept4: %s", strerror(errno));
        no_delay(fd);
        loop_add(on_accepted(fd), EPOLLIN);
    }
}

/* Listens on a free port and says which: "ready PORT". */
void net_serve(struct source *(*accepted)(int fd)) {
    struct sockaddr_in address = loopback(0, 0);
    socklen_t size = sizeof address;
    listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    listener.ready = accept_all;
    on_accepted = accepted;
    if (bind(listener.fd, (struct sockaddr *)&address, size) != 0 || listen(listener.fd, 4096) != 0 ||
        getsockname(listener.fd, (struct sockaddr *)&address, &size) != 0) {
        die("listen: %s", strerror(errno));
    }
    loop_add(&listener, EPOLLIN);
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

/* Returns a connecting socket; a refusal shows as EPOLLERR, so that nobody has to wait for EPOLLOUT. */
int net_connect(unsigned number, int port) {
    struct sockaddr_in address = loopback(number, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket: %s", strerror(errno));
    no_delay(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        die("connect to port %d: %s", port, strerror(errno));
    }
    return fd;
}

int net_connect_now(unsigned number, int port) {
    struct sockaddr_in address = loopback(number, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket: %s", strerror(errno));
    no_delay(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (errno != ECONNREFUSED && errno != ECONNRESET) die("connect to port %d: %s", port, strerror(errno));
    close(fd);
    return -1;
}

int net_listen_shared(int port) {
    struct sockaddr_in address = loopback(0, port);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 511) != 0) {
        die("listen on port %d: %s", port, strerror(errno));
    }
    return fd;
}

/* For lines of a dialogue only: they always fit into an empty socket buffer. */
void net_send(int fd, const char *data, size_t size) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return; /* the next read reports it */
    if (sent != (ssize_t)size) die("send: %s", sent < 0 ? strerror(errno) : "only a part was sent");
}
