/* The runner's side of a process: the line "go" on standard input, one line of JSON on standard output. */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct source input;
static void (*on_go)(void);

static void read_input(struct source *source, unsigned events) {
    char line[64];
    (void)events;
    ssize_t size = read(source->fd, line, sizeof line);
    if (size <= 0) exit(0);
    if (on_go != NULL && memmem(line, (size_t)size, "go\n", 3) != NULL) on_go();
}

/* go: what the line "go" starts; NULL for servers. */
void control_open(void (*go)(void)) {
    input.fd = STDIN_FILENO;
    input.ready = read_input;
    on_go = go;
    loop_add(&input, EPOLLIN);
}

void control_result(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}
