/*
 * Listing many prefixes on several threads over any driver. Each prefix is listed by one thread from its first page to
 * its last; which one, and in what order, is not promised. Visitors may push further prefixes while it goes on, which
 * is how a tree of unknown shape is searched.
 */
#ifndef RA_STORE_WALK_H
#define RA_STORE_WALK_H

#include "store/store.h"

struct ra_walk;

struct ra_walk_item {
    const char *prefix;
    const struct ra_list_opts *opts; /* must live as long as the walk */
    void *tag;                       /* the caller's */
};

/*
 * Called on the walking threads, several at a time, with `worker` below the number of threads (for scratch space of a
 * thread's own). The item is lent for the call. What returns negative ends the whole walk with that error.
 */
struct ra_walk_visitor {
    void *ctx;
    int (*page)(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_page *page,
                unsigned worker, struct ra_err *err);
    /* A prefix, or a part of it, could not be listed: `why`, lent. Return 0 to go on with what is left of it (page and
     * failed may be called again). NULL: the first such error ends the walk. */
    int (*failed)(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_err *why,
                  unsigned worker, struct ra_err *err);
    /* A prefix is at its end, whether or not it failed. May be NULL. */
    int (*done)(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, unsigned worker,
                struct ra_err *err);
};

/* Lists all items[0..n) and what is pushed, on up to `threads` threads (at least 1). Ends early with the first error of
 * a visitor, or RA_CANCELLED when ra_cancelled(). */
int ra_walk(struct ra_store *s, const struct ra_walk_item *items, size_t n, unsigned threads,
            const struct ra_walk_visitor *visitor, struct ra_err *err);

/* Adds an item, whose prefix is copied, to the walk at hand. For visitors only. */
void ra_walk_push(struct ra_walk *w, const struct ra_walk_item *item);

#endif
