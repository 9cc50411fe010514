/*
 * Numbers, sizes and ages as people write them, and sums that cannot wrap.
 */
#ifndef RA_BASE_NUM_H
#define RA_BASE_NUM_H

#include "base/err.h"

/* Decimal digits only, the whole string, no sign. */
bool ra_parse_u64(const char *s, uint64_t *out);
/* "4096", "10k" "10kB" (1000): k M G T P E are decimal, Ki Mi Gi ... binary; a 'B' may follow; a
 * fraction ("1.5G") is allowed. INVALID otherwise or when it does not fit. */
int ra_parse_size(const char *s, uint64_t *bytes, struct ra_err *err);
/* "168h", "7d", "90m", "2w", "1h30m", "45s", "0"; in nanoseconds. A bare number other than 0 is INVALID:
 * which unit? */
int ra_parse_age(const char *s, int64_t *ns, struct ra_err *err);
/* "5%" or "0.5%" as a fraction above 0 and up to 1. */
int ra_parse_percent(const char *s, double *fraction, struct ra_err *err);

#define RA_SIZE_TEXT 16
/* "0 B", "999 B", "1.2 kB", "34 MB", "5.6 GB": decimal units, three digits at most. */
const char *ra_size_text(uint64_t bytes, char out[static RA_SIZE_TEXT]);
#define RA_COUNT_TEXT 32
/* "76,584" */
const char *ra_count_text(uint64_t n, char out[static RA_COUNT_TEXT]);
#define RA_COUNT_OF_TEXT 64
/* "1 blob", "76,584 blobs": `one` takes an s, and is short. */
const char *ra_count_of(uint64_t n, const char *one, char out[static RA_COUNT_OF_TEXT]);
#define RA_AGE_TEXT 32
/* "1h", "90m", "2w", "0s": in the largest unit that leaves no rest. */
const char *ra_age_text(int64_t ns, char out[static RA_AGE_TEXT]);

/* a + b, or UINT64_MAX when that wraps: sizes from outside add up to no nonsense. */
static inline uint64_t ra_add_sat(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

#endif
