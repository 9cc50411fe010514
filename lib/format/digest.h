/*
 * Digests as the registry spells them: `alg:hex`, sha256, sha384 or sha512 with 64, 96 or 128 lower-case hex
 * digits (distribution's digest grammar; upper case and any other algorithm are rejected). Hashing is
 * OpenSSL's, but for what format/sha256.h can do on the processor at hand. A struct ra_digest is a plain value:
 * copied by assignment, compared with ra_digest_cmp.
 */
#ifndef RA_FORMAT_DIGEST_H
#define RA_FORMAT_DIGEST_H

#include "base/err.h"

enum ra_alg { RA_SHA256 = 0, RA_SHA384, RA_SHA512, RA_ALG_COUNT };

#define RA_DIGEST_BYTES 64
/* "sha512:" + 128 digits + NUL */
#define RA_DIGEST_TEXT 136

struct ra_digest {
    uint8_t alg;                    /* enum ra_alg */
    uint8_t bytes[RA_DIGEST_BYTES]; /* the unused tail is zero */
};

/* "sha256", ... */
const char *ra_alg_name(enum ra_alg alg);
/* Bytes of a digest: 32, 48 or 64. */
size_t ra_alg_size(enum ra_alg alg);
/* The algorithm called name[0..n), or -1. */
int ra_alg_find(const char *name, size_t n);

/* Parses exactly s[0..n) (no white space, no newline); false and *out untouched when it is no digest. */
bool ra_digest_parse(const char *s, size_t n, struct ra_digest *out);
/* Like it from an algorithm and hex digits of the right number. */
bool ra_digest_parse_hex(enum ra_alg alg, const char *hex, size_t n, struct ra_digest *out);
/* Writes `alg:hex` and returns `text`. */
const char *ra_digest_text(const struct ra_digest *d, char text[static RA_DIGEST_TEXT]);
/* The hex part alone, into the same sort of space. */
const char *ra_digest_hex(const struct ra_digest *d, char hex[static RA_DIGEST_TEXT]);
int ra_digest_cmp(const struct ra_digest *a, const struct ra_digest *b);
static inline bool ra_digest_eq(const struct ra_digest *a, const struct ra_digest *b)
{
    return ra_digest_cmp(a, b) == 0;
}

/* The digest of n bytes. */
void ra_digest_of(enum ra_alg alg, const void *p, size_t n, struct ra_digest *out);

/* Streaming. One hasher belongs to one thread at a time; it can be used again after _final + _reset. */
struct ra_hasher;
struct ra_hasher *ra_hasher_new(enum ra_alg alg);
void ra_hasher_reset(struct ra_hasher *h);
void ra_hasher_update(struct ra_hasher *h, const void *p, size_t n);
/* The same as an update of each. Of two SHA-256, what is as long in both is nearly twice as fast, on processors that
 * have instructions for it. */
void ra_hasher_update_two(struct ra_hasher *a, const void *p, size_t n, struct ra_hasher *b, const void *q,
                          size_t m);
void ra_hasher_final(struct ra_hasher *h, struct ra_digest *out);
void ra_hasher_free(struct ra_hasher *h);
RA_DEFINE_AUTO_PTR(ra_hasher, ra_hasher_free)

/*
 * A set of digests in which each gets a number, 0, 1, 2, ... in the order of adding: the owner keeps what it
 * knows of each in arrays of its own, by that number. Starts zeroed. 32 bytes and a slot each, for sha256.
 * Not thread-safe: one writer, or many readers. At most UINT32_MAX - 1 digests.
 */
#define RA_NONE UINT32_MAX
struct ra_digest_set {
    uint8_t (*heads)[32]; /* by number: all of a sha256, the first bytes of a longer one */
    uint32_t n, cap;
    uint32_t *slots;
    uint32_t n_slots;             /* a power of two, or 0 */
    struct ra_long_digest *longs; /* those that are no sha256, by number */
    uint32_t n_longs, cap_longs;
};
void ra_digest_set_release(struct ra_digest_set *s);
/* The number of d, added when it was not there (*fresh, which may be NULL, tells). */
uint32_t ra_digest_set_add(struct ra_digest_set *s, const struct ra_digest *d, bool *fresh);
/* The number of d, or RA_NONE. */
uint32_t ra_digest_set_find(const struct ra_digest_set *s, const struct ra_digest *d);
/* The digest of a number that was given. */
struct ra_digest ra_digest_set_get(const struct ra_digest_set *s, uint32_t number);
/* A pointer to it, valid until the end of the block. */
#define RA_DIGEST_AT(s, number) ((const struct ra_digest[]){ra_digest_set_get((s), (number))})
/* ra_digest_cmp of two of them. */
int ra_digest_set_cmp(const struct ra_digest_set *s, uint32_t x, uint32_t y);

#endif
