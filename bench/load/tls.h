#ifndef TLS_H
#define TLS_H

#include "load.h"

#include <sys/types.h>

/*
 * The client's side of TLS over a socket. tls/openssl.c has it; tls/absent.c stands in its place in a program that
 * is linked without OpenSSL. Certificates are not checked: that is the client's work, and costs the proxy nothing.
 */
struct tls;

enum tls_step { TLS_DONE, TLS_READ, TLS_WRITE };

struct tls *tls_open(int fd, const struct options *options);
/* Goes on with the handshake; what it waits for, or that it is done. */
enum tls_step tls_handshake(struct tls *tls);
/* As recv(2) and send(2), EAGAIN included. Without `data` what comes is thrown away. */
ssize_t tls_recv(struct tls *tls, void *data, size_t size);
ssize_t tls_send(struct tls *tls, const void *data, size_t size);
/* Whether the last call of the handler left something that no event of the socket will announce. */
int tls_more(struct tls *tls);
/* Says that nothing more will be sent (close_notify). */
void tls_shut(struct tls *tls);
void tls_close(struct tls *tls);
/* Whether this handshake resumed a session, and whether a session to resume has been kept (the first one is). */
int tls_resumed(const struct tls *tls);
int tls_kept(void);

#endif
