/*
 * Very many sorted keys with size and time, kept small: each key stores only what it does not share with the
 * one before, hexadecimal digits at half their length, sixteen to a block. A registry's keys, which are digests most of
 * all, take about 40 bytes each.
 */
#ifndef RA_STORE_KEYLIST_H
#define RA_STORE_KEYLIST_H

#include "base/vec.h"
#include "store/store.h"

#define RA_KEYLIST_BLOCK 16

struct ra_keyblock {
    uint8_t *bytes; /* how many keys, and they */
    uint64_t index; /* the number of the first */
};

struct ra_keylist { /* starts zeroed; private but for n */
    uint64_t n;
    RA_VEC(struct ra_keyblock) blocks;
    size_t len, cap;    /* of the last block, while it is being filled; cap 0: it is full */
    size_t held;        /* bytes in all others */
    struct ra_buf last; /* the key added or passed last, and its time */
    int64_t last_mtime;
};
void ra_keylist_release(struct ra_keylist *l);
/* Adds a key, which must come after all that are there in byte order; false, and not added, when it does not. Kept are
 * whether it is RA_OTHER, the size and the mtime. */
bool ra_keylist_add(struct ra_keylist *l, const char *key, const struct ra_stat *st);
/* A key that counts for the order alone, as ra_keylist_add. */
bool ra_keylist_pass(struct ra_keylist *l, const char *key);
/* Moves what `from` holds, all of it after what is there, to the end; false, and nothing moved, when it is not. */
bool ra_keylist_join(struct ra_keylist *l, struct ra_keylist *from);
/* No more are to be added: gives back what was allocated ahead. */
void ra_keylist_shrink(struct ra_keylist *l);
/* Gives back the memory of the keys that begin with `prefix`, but for a few at either end: the others keep their
 * numbers. No cursor may be in the list. */
void ra_keylist_forget(struct ra_keylist *l, const char *prefix);
/* Bytes that it takes. */
size_t ra_keylist_memory(const struct ra_keylist *l);

/* A place in a list that no longer changes; any number of them, on any threads. Starts zeroed. */
struct ra_keycursor {
    struct ra_buf key; /* of the key that the cursor stands on */
    struct ra_stat st;
    uint64_t index; /* its number */

    const struct ra_keylist *list; /* private from here */
    const uint8_t *at;
    size_t block;
    unsigned left; /* in the block */
};
void ra_keycursor_release(struct ra_keycursor *c);
/* To the first key that is not before `key`; false: there is none. */
bool ra_keycursor_seek(struct ra_keycursor *c, const struct ra_keylist *l, const char *key);
/* To the next one; false: there is none. */
bool ra_keycursor_next(struct ra_keycursor *c);
#define RA_KEYCURSOR_AUTO RA_AUTO(ra_keycursor, _release)

#endif
