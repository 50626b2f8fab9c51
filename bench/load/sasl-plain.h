#ifndef SASL_PLAIN_H
#define SASL_PLAIN_H

#include <stddef.h>

/*
 * The base64 of NUL user NUL "pw-user" (RFC 4616), ended by a zero. `user` has at most 63 bytes; `out` takes
 * SASL_PLAIN_SIZE.
 */
enum { SASL_PLAIN_SIZE = 180 };
void sasl_plain(char *out, const char *user);

#endif
