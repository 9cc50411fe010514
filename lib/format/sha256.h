/*
 * SHA-256 with the instructions that x86-64 processors have for it (SHA-NI). Each waits for the one before, so that one
 * stream keeps such a processor half busy: two of them side by side take little longer than one, which OpenSSL does not
 * offer. Only to be used where ra_sha256_fast() says so; format/digest.h has the hashes for everybody.
 */
#ifndef RA_FORMAT_SHA256_H
#define RA_FORMAT_SHA256_H

#include "base/prelude.h"

#define RA_SHA256_BLOCK 64

/* Whether this processor has them. */
bool ra_sha256_fast(void);

struct ra_sha256 {
    uint32_t state[8]; /* FIPS 180-4's H0 to H7 */
    uint64_t length;
    uint8_t rest[RA_SHA256_BLOCK]; /* the length's last bytes that fill no block */
};

void ra_sha256_reset(struct ra_sha256 *h);
/* p may be NULL when n is 0. */
void ra_sha256_update(struct ra_sha256 *h, const uint8_t *p, size_t n);
/* Both at once: n bytes for the one, m for the other, neither of them 0. */
void ra_sha256_update_two(struct ra_sha256 *a, const uint8_t *p, size_t n, struct ra_sha256 *b,
                          const uint8_t *q, size_t m);
void ra_sha256_final(struct ra_sha256 *h, uint8_t out[32]);

#endif
