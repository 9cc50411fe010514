/*
 * What a driver implements: one struct ra_driver of functions, and structs that begin with the bases below. store.c
 * checks keys and arguments before a driver sees them, and makes the optional operations up where they are NULL.
 * Contracts are those of store/store.h. To add one: write store/<name>.c, declare its opener in store.h (or a header
 * of its own), add it to the conformance suite in tests/driver.
 */
#ifndef RA_STORE_DRIVER_H
#define RA_STORE_DRIVER_H

#include "store/store.h"

struct ra_store {
    const struct ra_driver *driver;
    struct ra_store_info info;
};
struct ra_list {
    struct ra_store *store;
};
struct ra_reader {
    struct ra_store *store;
};
struct ra_writer {
    struct ra_store *store;
};
struct ra_lock {
    struct ra_store *store;
};

struct ra_driver {
    void (*close)(struct ra_store *s);
    int (*stat)(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err);
    int (*now)(struct ra_store *s, int64_t *out, struct ra_err *err); /* NULL: this machine's clock */
    int (*list_open)(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                     struct ra_list **out, struct ra_err *err);
    int (*list_next)(struct ra_list *l, struct ra_page *page, struct ra_err *err);
    void (*list_close)(struct ra_list *l);
    int (*get)(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
               struct ra_err *err); /* NULL: made of read_* */
    int (*read_open)(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                     struct ra_reader **out, struct ra_err *err);
    ssize_t (*read)(struct ra_reader *r, void *p, size_t n, struct ra_err *err);
    void (*reader_stat)(const struct ra_reader *r, struct ra_stat *out);
    int (*reader_fd)(const struct ra_reader *r); /* NULL: -1 */
    void (*read_close)(struct ra_reader *r);
    int (*write_open)(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                      struct ra_writer **out, struct ra_err *err);
    int (*write)(struct ra_writer *w, const void *p, size_t n, struct ra_err *err);
    int (*write_clone)(struct ra_writer *w, const struct ra_reader *from,
                       struct ra_err *err); /* NULL: UNSUPPORTED */
    int (*write_link)(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err); /* as above */
    int (*write_commit)(struct ra_writer *w, const char *key, struct ra_err *err);
    void (*write_abort)(struct ra_writer *w);
    int (*sync)(struct ra_store *s, struct ra_err *err); /* NULL: nothing to do */
    int (*remove)(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                  struct ra_err *err);
    void (*guard)(struct ra_store *s, const char *tree);     /* NULL: no links */
    char *(*elsewhere)(struct ra_store *s, const char *key); /* NULL: likewise */
    int (*prune)(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                 struct ra_err *err); /* NULL */
    int (*remove_prefix)(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                         uint64_t *removed, uint64_t *bytes,
                         struct ra_err *err); /* NULL: list deep, remove, prune */
    int (*abandoned)(struct ra_store *s, const char *prefix, const struct ra_abandoned_opts *opts,
                     struct ra_err *err);                                    /* NULL: none */
    int (*keeps_removed)(struct ra_store *s, bool *out, struct ra_err *err); /* NULL: false */
    uint64_t (*room)(struct ra_store *s);                                    /* NULL: UINT64_MAX */
    void (*traffic)(struct ra_store *s, struct ra_traffic *out);             /* NULL: zeroes */
    int (*lock)(struct ra_store *s, const char *key, const char *beside, const char *who,
                struct ra_lock **out, struct ra_err *err);
    void (*unlock)(struct ra_lock *l);
};

/* Whether key (or, with prefix == true, prefix) has the form that store.h asks for. */
bool ra_key_valid(const char *key, bool prefix);

#endif
