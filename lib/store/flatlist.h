/*
 * Everything below a prefix of a store with RA_CAP_LIST_FLAT, in few requests and little time: pages of a flat listing,
 * one after the other while there are few; beyond that the keys are split into ranges that are listed in parallel. The
 * ranges begin where folders do, of which a handful of one-level listings tells.
 */
#ifndef RA_STORE_FLATLIST_H
#define RA_STORE_FLATLIST_H

#include "base/progress.h"
#include "store/keylist.h"

struct ra_flatlist_opts {
    const char *prefix;
    unsigned threads;
    struct ra_progress *progress; /* counts the keys; may be NULL */
    /* Whether a key, named relative to `prefix`, is worth its memory; NULL: all are. `before` is the name that came
     * before it, kept or not, or "" when nobody knows. Called from any thread, for each key at least once. */
    bool (*keep)(void *arg, const char *before, const struct ra_entry *e);
    void *arg;
};

/* Adds all objects (and RA_OTHER things) that are to be kept, names relative to the prefix, to `out`, which is
 * empty. */
int ra_flatlist(struct ra_store *s, const struct ra_flatlist_opts *opts, struct ra_keylist *out,
                struct ra_err *err);

#endif
