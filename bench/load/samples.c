#include "samples.h"

#include <stddef.h>
#include <stdlib.h>

static uint32_t samples[1 << 22];
static size_t kept;

void samples_add(uint64_t ns) {
    if (kept == sizeof samples / sizeof samples[0]) return;
    samples[kept++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

double samples_us(unsigned percent) {
    if (kept == 0) return 0;
    qsort(samples, kept, sizeof samples[0], compare);
    return samples[(kept - 1) * percent / 100] / 1e3;
}
