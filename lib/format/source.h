/*
 * Where bytes come from and where they go, for codecs that sit between the two. A source lends what it has,
 * so that nothing is copied on the way: a decoder is a source that pulls from another.
 */
#ifndef RA_FORMAT_SOURCE_H
#define RA_FORMAT_SOURCE_H

#include "base/err.h"

#include <sys/types.h>

struct ra_source {
    /* Lends the next bytes in *p until the next call: how many (at least 1), 0 at the end, negative on error. */
    ssize_t (*next)(void *arg, const void **p, struct ra_err *err);
    void *arg;
};

struct ra_sink {
    /* Takes all n bytes: 0, or negative on error, which ends the work of whoever calls. */
    int (*write)(void *arg, const void *p, size_t n, struct ra_err *err);
    void *arg;
};

#endif
