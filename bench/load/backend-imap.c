/*
 * IMAP: LOGIN with literals or quoted strings, NOOP, IDLE, LOGOUT, and two verbs of its own after login:
 * "t DOWNLOAD n" answers n bytes and then "t OK", "t UPLOAD n" swallows n bytes, then "t OK".
 */
#include "backend.h"
#include "imap-command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tagged(struct backend *backend, const char *tag, const char *text) {
    char line[80];
    snprintf(line, sizeof line, "%s %s", tag, text);
    backend_reply(backend, line);
}

static void login(struct backend *backend, const struct imap_command *command) {
    char expected[72];
    snprintf(expected, sizeof expected, "pw-%s", command->argument[0]);
    int right = strcmp(expected, command->argument[1]) == 0;
    tagged(backend, command->tag, right ? "OK logged in" : "NO wrong password");
}

static void log_out(struct backend *backend, const struct imap_command *command) {
    char text[48];
    snprintf(text, sizeof text, "* BYE\r\n%s OK", command->tag);
    backend_reply(backend, text);
    backend->phase = ENDED;
}

static void bulk(struct backend *backend, const struct imap_command *command,
                 void (*start)(struct backend *backend, uint64_t size, const char *tail)) {
    char tail[40];
    snprintf(tail, sizeof tail, "%s OK", command->tag);
    start(backend, strtoull(command->argument[0], NULL, 10), tail);
}

static void execute_command(struct backend *backend, const struct imap_command *command) {
    const char *verb = command->verb;
    if (strcmp(verb, "LOGIN") == 0) login(backend, command);
    else if (strcmp(verb, "NOOP") == 0) tagged(backend, command->tag, "OK");
    else if (strcmp(verb, "IDLE") == 0) {
        snprintf(backend->name, sizeof backend->name, "%s", command->tag);
        backend_reply(backend, "+ idling");
    } else if (verb[0] == '\0' && strcmp(command->tag, "DONE") == 0) tagged(backend, backend->name, "OK");
    else if (strcmp(verb, "DOWNLOAD") == 0) bulk(backend, command, backend_send);
    else if (strcmp(verb, "UPLOAD") == 0) bulk(backend, command, backend_swallow);
    else if (strcmp(verb, "LOGOUT") == 0) log_out(backend, command);
    else die("backend: the command \"%s %s\" came", command->tag, verb);
}

static size_t execute(struct backend *backend) {
    struct imap_command command;
    enum imap_parse result = imap_parse(backend->data, backend->size, &command);
    if (result == IMAP_BAD) die("backend: a broken command came: %.*s", (int)backend->size, backend->data);
    if (result == IMAP_MORE) {
        for (; backend->continued < command.literals; backend->continued++) backend_reply(backend, "+ OK");
        return 0;
    }
    backend->continued = 0;
    execute_command(backend, &command);
    return command.size;
}

const struct backend_protocol backend_imap = {"imap", "* OK IMAP4 ready", execute};
