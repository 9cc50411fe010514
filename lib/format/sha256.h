/*
 * SHA-256 with the instructions that x86-64 processors have for it (SHA-NI). Each waits for the one before, so that one
 * stream keeps such a processor half busy: two of them side by side take little longer than one. No padding here:
 * format/digest.h has the hashes. Only to be called where ra_sha256_fast() says so.
 */
#ifndef RA_FORMAT_SHA256_H
#define RA_FORMAT_SHA256_H

#include "base/prelude.h"

#define RA_SHA256_BLOCK 64

/* Whether this processor has them. */
bool ra_sha256_fast(void);

/* Takes n blocks into a state: FIPS 180-4's H0 to H7. */
void ra_sha256_blocks(uint32_t state[8], const uint8_t *p, size_t n);
/* The same for two states, and n blocks for each. */
void ra_sha256_two(uint32_t state[8], const uint8_t *p, uint32_t other[8], const uint8_t *q, size_t n);

#endif
