/* Bytes of a client's session, in clear text or through TLS. */
#include "session.h"
#include "tls.h"

#include <string.h>
#include <sys/socket.h>

/* MSG_TRUNC throws the bytes away in the kernel. */
ssize_t session_recv(struct session *session, void *data, size_t size) {
    if (session->tls != NULL) return tls_recv(session->tls, data, size);
    return recv(session->source.fd, data, size, data == NULL ? MSG_TRUNC : 0);
}

ssize_t session_send(struct session *session, const void *data, size_t size) {
    if (session->tls != NULL) return tls_send(session->tls, data, size);
    return send(session->source.fd, data, size, MSG_NOSIGNAL);
}

void session_say(struct session *session, const char *line) {
    size_t size = strlen(line);
    if (session->tls == NULL) net_send(session->source.fd, line, size);
    else if (tls_send(session->tls, line, size) != (ssize_t)size) session_fail(session, "a line was not sent");
}
