/*
 * Very many sorted keys with size and time, kept small: each key stores only what it does not share with the
 * one before, sixteen to a block. A registry's keys, which are hexadecimal digests most of all, take about 85
 * bytes each.
 */
#ifndef RA_STORE_KEYLIST_H
#define RA_STORE_KEYLIST_H

#include "base/vec.h"
#include "store/store.h"

#define RA_KEYLIST_BLOCK 16

struct ra_keyblock {
    uint64_t offset; /* of its first key in `bytes` */
    uint64_t index;  /* the number of that key */
};

struct ra_keylist { /* starts zeroed; private but for n */
    uint64_t n;
    uint8_t *bytes;
    size_t len, cap;
    RA_VEC(struct ra_keyblock) blocks;
    struct ra_buf last; /* the key added last, and its time */
    int64_t last_mtime;
    unsigned in_block;
};
void ra_keylist_release(struct ra_keylist *l);
/* Adds a key, which must come after all that are there in byte order; false, and not added, when it does not. Kept are
 * whether it is RA_OTHER, the size and the mtime. */
bool ra_keylist_add(struct ra_keylist *l, const char *key, const struct ra_stat *st);
/* Moves what `from` holds, all of it after what is there, to the end; false, and nothing moved, when it is not. */
bool ra_keylist_join(struct ra_keylist *l, struct ra_keylist *from);
/* No more are to be added: gives back what was allocated ahead. */
void ra_keylist_shrink(struct ra_keylist *l);
/* Bytes that it takes. */
size_t ra_keylist_memory(const struct ra_keylist *l);

/* A place in a list that no longer changes; any number of them, on any threads. Starts zeroed. */
struct ra_keycursor {
    struct ra_buf key; /* of the key that the cursor stands on */
    struct ra_stat st;
    uint64_t index; /* its number */

    const struct ra_keylist *list; /* private from here */
    size_t block, at;
    unsigned in_block;
};
void ra_keycursor_release(struct ra_keycursor *c);
/* To the first key that is not before `key`; false: there is none. */
bool ra_keycursor_seek(struct ra_keycursor *c, const struct ra_keylist *l, const char *key);
/* To the next one; false: there is none. */
bool ra_keycursor_next(struct ra_keycursor *c);
#define RA_KEYCURSOR_AUTO RA_AUTO(ra_keycursor, _release)

#endif
