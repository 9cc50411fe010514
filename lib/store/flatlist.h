/*
 * Everything below a prefix of a store with RA_CAP_LIST_FLAT, in few requests and little time: pages of a flat listing,
 * one after the other while there are few; beyond that the keys are split into ranges that are listed in parallel. The
 * ranges begin where folders do, of which a handful of one-level listings tells.
 */
#ifndef RA_STORE_FLATLIST_H
#define RA_STORE_FLATLIST_H

#include "base/progress.h"
#include "store/keylist.h"

/* Adds all objects (and RA_OTHER things), names relative to `prefix`, to `out`, which is empty. `progress`, which may
 * be NULL, counts the keys. */
int ra_flatlist(struct ra_store *s, const char *prefix, unsigned threads, struct ra_progress *progress,
                struct ra_keylist *out, struct ra_err *err);

#endif
