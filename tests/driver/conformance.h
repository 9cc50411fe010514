/*
 * The contract of store/store.h as tests: every driver, and every wrapper around one, has to pass all of them.
 */
#ifndef RA_TESTS_CONFORMANCE_H
#define RA_TESTS_CONFORMANCE_H

#include "lib/testlib.h"
#include "store/store.h"

struct t_driver {
    const char *name;
    struct ra_store *(*open)(void); /* a new, empty store each time */
};

/* Runs the suite; returns how many tests failed. */
int t_conformance(const struct t_driver *driver);

/* The store's whole content below prefix, one "name size" a line, sorted; "" when there is none. */
const char *t_keys(struct ra_store *s, const char *prefix);
/* The entries of a listing: "name kind[ size]" with kind in {object, prefix, other}, sorted. */
const char *t_list(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts);
/* put that must work; get that must work. */
void t_put(struct ra_store *s, const char *key, const char *text);
const char *t_get(struct ra_store *s, const char *key);

#endif
