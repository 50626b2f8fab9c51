/* In the place of openssl.c where nothing of a run needs TLS. */
#include "../tls.h"

struct tls *tls_open(int fd, const struct options *options) {
    die("this load generator was built without TLS (socket %d, version %u)", fd, options->tls);
}

static void impossible(void) __attribute__((noreturn));
static void impossible(void) { die("TLS without OpenSSL"); }

enum tls_step tls_handshake(struct tls *tls) {
    (void)tls;
    impossible();
}

ssize_t tls_recv(struct tls *tls, void *data, size_t size) {
    (void)tls, (void)data, (void)size;
    impossible();
}

ssize_t tls_send(struct tls *tls, const void *data, size_t size) {
    (void)tls, (void)data, (void)size;
    impossible();
}

int tls_more(struct tls *tls) {
    (void)tls;
    impossible();
}

void tls_shut(struct tls *tls) {
    (void)tls;
    impossible();
}

void tls_close(struct tls *tls) {
    (void)tls;
    impossible();
}

int tls_resumed(const struct tls *tls) {
    (void)tls;
    impossible();
}

int tls_kept(void) { impossible(); }
