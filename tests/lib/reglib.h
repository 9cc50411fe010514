/*
 * Small registries for tests, in any store: pushes that leave what a registry would leave. Everything that is written
 * gets the store's time; with a store in memory ra_mem_set_clock makes it old.
 */
#ifndef RA_TESTS_REGLIB_H
#define RA_TESTS_REGLIB_H

#include "lib/testlib.h"

#include "format/digest.h"
#include "store/store.h"

/* 2020-01-01, for things that are old enough. */
#define T_OLD ((int64_t)1577836800 * 1000000000)

/* A new store in memory whose clock stands at T_OLD: one that calls itself a disk, and one that is like a bucket. */
struct ra_store *t_reg_new(void);
struct ra_store *t_reg_new_flat(void);

/* An object, and a link that holds a digest. */
void t_reg_put(struct ra_store *s, const char *key, const char *text);
void t_reg_link(struct ra_store *s, const char *key, const struct ra_digest *d);
/* A blob of these bytes. */
struct ra_digest t_reg_blob(struct ra_store *s, const char *text);
/* A blob and its layer link. */
struct ra_digest t_reg_layer(struct ra_store *s, const char *repo, const char *seed);

/* A manifest: its blob and its revision link. */
struct ra_digest t_reg_manifest(struct ra_store *s, const char *repo, const char *json);
/* An image of a config and one layer of its own, and `shared`, which may be NULL; with `subject` a referrer of it. */
struct ra_digest t_reg_image(struct ra_store *s, const char *repo, const char *seed,
                             const struct ra_digest *shared, const struct ra_digest *subject);
struct ra_digest t_reg_index(struct ra_store *s, const char *repo, const struct ra_digest *children,
                             size_t n);
/* The repository "strong", in which an image, tagged "v1", knows its layer by sha512. */
void t_reg_alias(struct ra_store *s);
/* History and current link. */
void t_reg_tag(struct ra_store *s, const char *repo, const char *tag, const struct ra_digest *d);

/* "repo@sha256:..."; lives as long as the program. */
const char *t_reg_at(const char *repo, const struct ra_digest *d);

bool t_reg_has(struct ra_store *s, const char *key);
bool t_reg_has_blob(struct ra_store *s, const struct ra_digest *d);
bool t_reg_has_revision(struct ra_store *s, const char *repo, const struct ra_digest *d);
bool t_reg_has_layer(struct ra_store *s, const char *repo, const struct ra_digest *d);
bool t_reg_has_tag(struct ra_store *s, const char *repo, const char *tag);
void t_reg_remove(struct ra_store *s, const char *key);

/* Every key with the digest of its bytes, one a line, sorted; lives as long as the program. */
const char *t_reg_listing(struct ra_store *s);

#endif
