#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdint.h>

/* Times in ns of which the middle and the tail are wanted. What comes after 4 million is not kept. */
void samples_add(uint64_t ns);
/* The time, in us, that `percent` of the samples stay within; sorts them, so nothing may be added afterwards. */
double samples_us(unsigned percent);

#endif
