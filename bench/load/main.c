/*
 * load MODE [--option value]...   a mode of load.h
 * load run FILES COMMAND ARG...   COMMAND with room for FILES open files, that gets SIGTERM when the runner dies
 * load own PORT COMMAND ARG...    COMMAND with a listening socket of its own, which shares PORT with others;
 *                                 handed down as service managers do (sd_listen_fds(3))
 *
 * Every mode dies with the runner too, so that nothing stays behind whatever happens.
 */
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*start)(const struct options *options);
} modes[] = {
    {"auth", auth_mode},
    {"backend", backend_mode},
    {"client-login", client_login_mode},
    {"client-relay", client_relay_mode},
    {"client-idle", client_idle_mode},
    {"client-latency", client_latency_mode},
    {"client-handshake", client_handshake_mode},
    {"client-await", client_await_mode},
};

/* The hard limit is raised when that is allowed (root), otherwise all of it is used. */
static void raise_open_files(rlim_t wanted) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit raised = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void parse_option(struct options *options, const char *name, const char *value) {
    if (strcmp(name, "--port") == 0) options->port = atoi(value);
    else if (strcmp(name, "--backend-port") == 0) options->backend_port = atoi(value);
    else if (strcmp(name, "--protocol") == 0) options->protocol = value;
    else if (strcmp(name, "--addresses") == 0) options->addresses = (unsigned)atoi(value);
    else if (strcmp(name, "--first") == 0) options->first = (unsigned)atoi(value);
    else if (strcmp(name, "--expect") == 0) options->expect = value;
    else if (strcmp(name, "--tls") == 0) options->tls = (unsigned)atoi(value);
    else if (strcmp(name, "--resume") == 0) options->resume = atoi(value);
    else if (strcmp(name, "--count") == 0) options->count = (unsigned)atoi(value);
    else if (strcmp(name, "--sessions") == 0) options->sessions = (unsigned)atoi(value);
    else if (strcmp(name, "--concurrency") == 0) options->concurrency = (unsigned)atoi(value);
    else if (strcmp(name, "--seconds") == 0) options->seconds = atof(value);
    else if (strcmp(name, "--chunk") == 0) options->chunk = strtoull(value, NULL, 10);
    else if (strcmp(name, "--upload") == 0) options->upload = atoi(value);
    else if (strcmp(name, "--close") == 0) options->close = atoi(value);
    else die("unknown option %s", name);
}

static void execute(char **command) {
    execvp(command[0], command);
    die("%s: %s", command[0], strerror(errno));
}

static void run_command(int argc, char **argv) {
    if (argc < 4) die("usage: load run FILES COMMAND ARG...");
    raise_open_files((rlim_t)atoi(argv[2]));
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execute(argv + 3);
}

static void run_with_socket(int argc, char **argv) {
    enum { FIRST_FD = 3 };
    char pid[16];
    if (argc < 4) die("usage: load own PORT COMMAND ARG...");
    int fd = net_listen_shared(atoi(argv[2]));
    if (fd != FIRST_FD && (dup2(fd, FIRST_FD) < 0 || close(fd) != 0)) die("dup2: %s", strerror(errno));
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    execute(argv + 3);
}

int main(int argc, char **argv) {
    struct options options = {
        .protocol = "imap",
        .addresses = 1,
        .expect = "",
        .count = 1,
        .sessions = 1,
        .concurrency = 1,
        .seconds = 1,
        .chunk = 1 << 20,
    };
    if (argc < 2) die("usage: load MODE [--option value]...");
    if (strcmp(argv[1], "run") == 0) run_command(argc, argv);
    if (strcmp(argv[1], "own") == 0) run_with_socket(argc, argv);
    for (int i = 2; i + 1 < argc; i += 2) parse_option(&options, argv[i], argv[i + 1]);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    raise_open_files(65536);
    loop_open();
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(argv[1], modes[i].name) != 0) continue;
        modes[i].start(&options);
        loop_run();
    }
    die("unknown mode %s", argv[1]);
}
