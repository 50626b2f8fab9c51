/* The one initial response of SASL PLAIN that client and backend both know. */
#include "sasl-plain.h"

#include <stdio.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(char *out, const unsigned char *data, size_t size) {
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned group = (unsigned)data[i] << 16;
        if (left > 1) group |= (unsigned)data[i + 1] << 8;
        if (left > 2) group |= data[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[group & 63] : '=';
    }
    *out = '\0';
}

void sasl_plain(char *out, const char *user) {
    char message[133];
    int size = snprintf(message, sizeof message, "%c%.63s%cpw-%.63s", 0, user, 0, user);
    base64(out, (unsigned char *)message, (size_t)size);
}
