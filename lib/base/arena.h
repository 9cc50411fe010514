/*
 * Memory that is given back all at once: small things that live as long as their owner. Starts zeroed ({0}).
 * The ceiling on what outside data can make it hold is its caller's: sizes follow from input that is limited.
 */
#ifndef RA_BASE_ARENA_H
#define RA_BASE_ARENA_H

#include "base/mem.h"

struct ra_arena {
    struct ra_arena_chunk *chunks;
    size_t used; /* of the newest chunk */
};

void ra_arena_release(struct ra_arena *a);
/* Zeroed, aligned for anything; never NULL. */
void *ra_arena_alloc(struct ra_arena *a, size_t size) __attribute__((returns_nonnull));
/* A copy of s[0..n) with a NUL behind it. */
char *ra_arena_strndup(struct ra_arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *ra_arena_strdup(struct ra_arena *a, const char *s) __attribute__((returns_nonnull));
#define ra_arena_new(a, type) ((type *)ra_arena_alloc(a, sizeof(type)))

/* A pointer to a new, zeroed last element of an array {at, n, cap} that lives in the arena; valid until the
 * next. */
#define ra_arena_push(a, v)                                                      \
    __extension__({                                                              \
        if ((v)->n == (v)->cap)                                                  \
            (v)->at = ra_arena_grow_((a), (v)->at, &(v)->cap, sizeof(*(v)->at)); \
        memset(&(v)->at[(v)->n], 0, sizeof(*(v)->at));                           \
        &(v)->at[(v)->n++];                                                      \
    })
void *ra_arena_grow_(struct ra_arena *a, const void *at, size_t *cap, size_t size);

/* A list of strings in an arena. */
struct ra_strings {
    const char **at;
    size_t n, cap;
};

#endif
