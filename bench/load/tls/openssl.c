/* TLS by OpenSSL 1.1.1 or 3: one context, and one session that may be resumed again and again. */
#include "../tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    SSL *ssl;
    int progress; /* something was read since tls_more() was asked */
};

static SSL_CTX *context;
static SSL_SESSION *kept;
static int resume;

static void fail(const char *what) __attribute__((noreturn));
static void fail(const char *what) {
    unsigned long code = ERR_peek_last_error();
    die("%s: %s", what, code != 0 ? ERR_reason_error_string(code) : strerror(errno));
}

/* Once it is kept, caching ends: OpenSSL would spoil a session of TLS 1.3 for a second use. Returns whether it is. */
static int keep_first(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    if (kept != NULL) return 0;
    kept = session;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return 1;
}

/*
 * One cipher, so that both proxies do the same work whatever they prefer. Read ahead: several records in one
 * system call; the buffers are given back while a session is idle.
 */
static void open_context(const struct options *options) {
    int version = options->tls == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || !SSL_CTX_set_min_proto_version(context, version) ||
        !SSL_CTX_set_max_proto_version(context, version) ||
        !SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384") ||
        !SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384")) {
        fail("OpenSSL");
    }
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, 64 * 1024);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_first);
    resume = options->resume;
}

struct tls *tls_open(int fd, const struct options *options) {
    if (context == NULL) open_context(options);
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) die("out of memory");
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL || !SSL_set_fd(tls->ssl, fd)) fail("OpenSSL");
    if (resume && kept != NULL && !SSL_set_session(tls->ssl, kept)) fail("SSL_set_session");
    SSL_set_connect_state(tls->ssl);
    return tls;
}

enum tls_step tls_handshake(struct tls *tls) {
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) return TLS_DONE;
    int error = SSL_get_error(tls->ssl, result);
    if (error == SSL_ERROR_WANT_READ) return TLS_READ;
    if (error == SSL_ERROR_WANT_WRITE) return TLS_WRITE;
    fail("TLS handshake");
}

/* What recv and send would have returned for a call that moved nothing. */
static ssize_t nothing(struct tls *tls, int result, const char *what) {
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        return errno == 0 ? 0 : -1;
    default:
        fail(what);
    }
}

ssize_t tls_recv(struct tls *tls, void *data, size_t size) {
    static char thrown[16 * 1024];
    size_t total = 0;
    while (total < size) {
        size_t room = size - total;
        if (data == NULL && room > sizeof thrown) room = sizeof thrown;
        ERR_clear_error();
        errno = 0;
        int result = SSL_read(tls->ssl, data == NULL ? thrown : (char *)data + total, (int)room);
        if (result <= 0) {
            if (total == 0) return nothing(tls, result, "SSL_read");
            break; /* whatever it is, the next call meets it again */
        }
        total += (size_t)result;
        tls->progress = 1;
    }
    return (ssize_t)total;
}

ssize_t tls_send(struct tls *tls, const void *data, size_t size) {
    size_t total = 0;
    while (total < size) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_write(tls->ssl, (const char *)data + total, (int)(size - total));
        if (result <= 0) {
            if (total == 0) return nothing(tls, result, "SSL_write");
            break;
        }
        total += (size_t)result;
    }
    return (ssize_t)total;
}

int tls_more(struct tls *tls) {
    int more = tls->progress && SSL_has_pending(tls->ssl);
    tls->progress = 0;
    return more;
}

void tls_shut(struct tls *tls) {
    ERR_clear_error();
    if (SSL_shutdown(tls->ssl) < 0) fail("SSL_shutdown");
}

/* OpenSSL never resumes a session whose connection ended without close_notify: these all count as ended well. */
void tls_close(struct tls *tls) {
    SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    free(tls);
}

int tls_resumed(const struct tls *tls) { return SSL_session_reused(tls->ssl); }

int tls_kept(void) { return kept != NULL; }
