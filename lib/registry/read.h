/*
 * Reading one thing of the tree: a link, a blob, a manifest, a config; and whether a repository is there.
 */
#ifndef RA_REGISTRY_READ_H
#define RA_REGISTRY_READ_H

#include "registry/imageconfig.h"
#include "registry/manifest.h"
#include "registry/reference.h"
#include "store/store.h"

/* The digest a link holds, and when it was written (mtime may be NULL). NOTFOUND; CORRUPT when it holds
 * anything but a digest, and does not come to hold one. */
int ra_link_read(struct ra_store *s, const char *key, struct ra_digest *out, int64_t *mtime,
                 struct ra_err *err);

/* Registries before 3.1 write links where they lie, so that for a moment one is empty. Whether a link of these bytes,
 * written at `mtime`, may be such: then a little time has passed, more with each attempt (0, 1, ...), and it should be
 * read again. */
bool ra_link_may_come(struct ra_store *s, const struct ra_buf *bytes, int64_t mtime, unsigned attempt);

/* The bytes of a small blob, appended to out. NOTFOUND, TOOBIG (over limit), ... */
int ra_blob_get(struct ra_store *s, const struct ra_digest *d, size_t limit, struct ra_buf *out,
                struct ra_err *err);
/* Its size; NOTFOUND. */
int ra_blob_size(struct ra_store *s, const struct ra_digest *d, uint64_t *size, struct ra_err *err);

/* Reads and parses; the bytes go to `bytes` (cleared first). */
int ra_manifest_load(struct ra_store *s, const struct ra_digest *d, struct ra_buf *bytes,
                     struct ra_manifest *m, struct ra_err *err);
int ra_imageconfig_load(struct ra_store *s, const struct ra_digest *d, struct ra_buf *bytes,
                        struct ra_imageconfig *c, struct ra_err *err);

/* 1 when the storage has a repository of that name (its _manifests, _layers or _uploads), 0 when not. */
int ra_repo_exists(struct ra_store *s, const char *name, struct ra_err *err);
/* The name under which a repository is there: `name` itself, or without its "host[:port]/" (*stripped tells).
 * Lent from name. NOTFOUND, with the hint to look at `regadm ls`, when neither is. */
int ra_repo_resolve(struct ra_store *s, const char *name, const char **actual, bool *stripped,
                    struct ra_err *err);

/* The same for an operand of ra_repo_matches, which may name the folder above repositories too. A pattern, and what is
 * not there either way, is left as it is. */
int ra_repo_resolve_below(struct ra_store *s, const char *operand, const char **actual, bool *stripped,
                          struct ra_err *err);

/* Calls visit with every tag folder's name of a repository, in byte order, until it returns negative. A
 * repository without tags has none. */
int ra_tags_each(struct ra_store *s, const char *repo,
                 int (*visit)(void *arg, const char *tag, struct ra_err *err), void *arg, struct ra_err *err);
/* Calls visit with every digest that has a revision folder in a repository, sorted. */
int ra_revisions_each(struct ra_store *s, const char *repo,
                      int (*visit)(void *arg, const struct ra_digest *d, struct ra_err *err), void *arg,
                      struct ra_err *err);

#endif
