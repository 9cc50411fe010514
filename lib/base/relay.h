/*
 * Pieces of one stream, worked on by several threads and handed on in the order in which they came: what happens to
 * a piece must not depend on the others. The caller owns the buffers, one for each slot.
 *
 *     struct ra_relay *r = ra_relay_new(threads, slots, &work, &take, arg);
 *     ... fill the buffer ra_relay_slot(r), then ra_relay_push(r, err); again and again
 *     ra_relay_drain(r, err);
 *     ra_relay_free(r);
 *
 * `work` runs on any thread (worker: 0 .. threads - 1, for scratch space of a thread's own), `take` on the caller's
 * alone, piece after piece. While all slots are full the caller works too, so that with one thread, or when no others
 * can be started, the same calls happen in order.
 */
#ifndef RA_BASE_RELAY_H
#define RA_BASE_RELAY_H

#include "base/err.h"

struct ra_relay;
/* Threads are started as pieces come. `slots` at least 1; twice as many as threads keep all of them busy. */
struct ra_relay *ra_relay_new(unsigned threads, size_t slots,
                              int (*work)(void *arg, size_t slot, unsigned worker, struct ra_err *err),
                              int (*take)(void *arg, size_t slot, struct ra_err *err), void *arg);
/* Waits for the threads; pieces that nobody took are dropped. NULL is fine. */
void ra_relay_free(struct ra_relay *r);
RA_DEFINE_AUTO_PTR(ra_relay, ra_relay_free)

/* The slot to fill next; nobody else uses its buffers. */
size_t ra_relay_slot(const struct ra_relay *r);
/* Hands that slot over, takes what is done, and sees to it that another slot is free. Fails as `work` or `take` did, of
 * the first piece of which one did; only ra_relay_free may follow. */
int ra_relay_push(struct ra_relay *r, struct ra_err *err);
/* Takes all that was pushed. */
int ra_relay_drain(struct ra_relay *r, struct ra_err *err);

#endif
