/*
 * The parts of the conformance suite, and what they share. Each test gets a new, empty store as its state.
 */
#ifndef RA_TESTS_SUITE_H
#define RA_TESTS_SUITE_H

#include "driver/conformance.h"

#define T_LEVEL(w)      (&(struct ra_list_opts){.mode = RA_LIST_LEVEL, .want = (w)})
#define T_LEAF(name, w) (&(struct ra_list_opts){.mode = RA_LIST_LEAF, .leaf = (name), .want = (w)})

/* Each ends with {0}. */
extern const struct CMUnitTest t_look_tests[], t_write_tests[], t_rest_tests[];

bool t_can(struct ra_store *s, enum ra_cap cap);
bool t_is_there(struct ra_store *s, const char *key);
int64_t t_mtime(struct ra_store *s, const char *key);
void t_put_deferred(struct ra_store *s, const char *key, const char *text, unsigned flags);
/* Objects of many shapes below "p/", and two beside it. */
void t_small_tree(struct ra_store *s);

#endif
