/*
 * A store as it was a moment ago: all keys below a prefix are listed once, flat and in parallel, and from then
 * on listings and looks below it are answered from memory, at no request each. Jobs that ask for one folder
 * after the other cost an object store next to nothing so. For stores with RA_CAP_LIST_FLAT; on others it would
 * be a waste.
 *
 * Everything else goes to the store beneath. What is written or removed through the snapshot, and what a read finds
 * gone, is remembered: from then on the folders it lies in are asked for beneath again. What others change meanwhile is
 * not seen, which is why whoever removes looks again right before, as ra_store_remove does.
 *
 * Memory: about 40 bytes a key (store/keylist.h).
 */
#ifndef RA_STORE_SNAPSHOT_H
#define RA_STORE_SNAPSHOT_H

#include "store/flatlist.h"

/* `inner` is lent, and must live longer. The snapshot has all of its abilities but RA_CAP_LIST_FLAT. Keys that are not
 * kept are to it as if they were not there, until what they lie in is forgotten. */
int ra_snapshot_open(struct ra_store *inner, const struct ra_flatlist_opts *opts, struct ra_store **out,
                     struct ra_err *err);

/* Gives back the memory of what lies below `prefix`, which the store beneath answers for from now on. While nobody else
 * uses the snapshot. */
void ra_snapshot_forget(struct ra_store *snapshot, const char *prefix);

#endif
