/*
 * A set of strings in which each gets a number, 0, 1, 2, ... in the order of adding: the owner keeps what it
 * knows of each in arrays of its own, by that number. Starts zeroed. Hashing is keyed, so that names from
 * outside cannot be chosen to collide. Not thread-safe: one writer, or many readers. At most UINT32_MAX - 1
 * strings.
 */
#ifndef RA_BASE_NAMES_H
#define RA_BASE_NAMES_H

#include "base/arena.h"

#define RA_NO_NAME UINT32_MAX

struct ra_names {
    const char **at; /* by number; owned */
    uint32_t n;
    size_t cap;
    uint32_t *slots;
    uint32_t n_slots; /* a power of two, or 0 */
    uint64_t key;
    struct ra_arena arena;
};

void ra_names_release(struct ra_names *t);
/* The number of s[0..n), added when it was not there (*fresh, which may be NULL, tells). */
uint32_t ra_names_add(struct ra_names *t, const char *s, size_t n, bool *fresh);
/* The number of s[0..n), or RA_NO_NAME. */
uint32_t ra_names_find(const struct ra_names *t, const char *s, size_t n);

#define RA_NAMES_AUTO RA_AUTO(ra_names, _release)

#endif
