/*
 * The in-memory driver's handles for tests. ra_mem_open itself is in store/store.h. A store that is not one
 * of memory is a bug of the caller's and aborts.
 */
#ifndef RA_STORE_MEM_H
#define RA_STORE_MEM_H

#include "store/store.h"

/* From now on the store's clock stands at `now`, for ra_store_now and for new objects; INT64_MIN lets it run
 * again. */
void ra_mem_set_clock(struct ra_store *s, int64_t now);
/* Gives an object another mtime; false when it is not there. */
bool ra_mem_set_mtime(struct ra_store *s, const char *key, int64_t mtime);

#endif
