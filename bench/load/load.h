/*
 * Load generator of the benchmark: one program, one epoll loop, one mode per process.
 *
 * Servers (auth, backend) print "ready PORT" and serve until their standard input ends. Clients log in, print
 * "ready", wait for the line "go", work, print one line of JSON and keep their connections until standard input
 * ends. So the runner reads /proc exactly around the work. Any failure of a session ends the process with a
 * message on stderr: figures of a run with errors are worth nothing.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/* What the epoll loop watches; the first member of every connection structure. */
struct source {
    int fd;
    void (*ready)(struct source *source, unsigned events);
};

struct options {
    int port;             /* of the proxy (clients); servers take a free one */
    int backend_port;     /* what the auth server answers in Auth-Port */
    const char *protocol; /* imap, pop3 or smtp */
    unsigned addresses;   /* the proxy listens on so many addresses from 127.0.0.1 on: sessions take turns */
    unsigned tls;         /* of client sessions: 0 for none, 12 or 13 for the version */
    unsigned first;       /* client-await: the first of them, from 0 */
    const char *expect;   /* client-await: what the greeting begins with */
    int resume;           /* client-handshake: resume one TLS session again and again */
    unsigned count;       /* logins of client-login, handshakes of client-handshake, greetings of client-await */
    unsigned sessions;
    unsigned concurrency; /* sessions that log in at the same time */
    double seconds;
    uint64_t chunk; /* bytes asked for at a time by client-relay */
    int upload;
    int close; /* auth: never keep a connection */
};

/* loop.c */
void loop_open(void);
void loop_add(struct source *source, unsigned events);
void loop_change(struct source *source, unsigned events);
void loop_run(void);
uint64_t now_ns(void);
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* net.c: every socket is non-blocking, loopback, TCP_NODELAY */
void net_serve(struct source *(*accepted)(int fd));
/* `number` counts the addresses from 127.0.0.1. */
int net_connect(unsigned number, int port);
/* As net_connect, but waits, and so does all that follows on the socket; -1 when the connection is refused. */
int net_connect_now(unsigned number, int port);
/* A listening socket that shares its port with others of this function (SO_REUSEPORT): each has clients of its own. */
int net_listen_shared(int port);
void net_send(int fd, const char *data, size_t size);

/* control.c */
void control_open(void (*go)(void));
void control_result(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One function per mode; each prepares its sources, then loop_run() does the rest. */
void auth_mode(const struct options *options);
void backend_mode(const struct options *options);
void client_login_mode(const struct options *options);
void client_relay_mode(const struct options *options);
void client_idle_mode(const struct options *options);
void client_latency_mode(const struct options *options);
void client_handshake_mode(const struct options *options);
void client_await_mode(const struct options *options);

#endif
