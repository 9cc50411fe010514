/*
 * Looking for what may just have vanished. One ENOENT taken for granted is how collectors lose images: what is not
 * there is looked for a second time, in another way, and NOTFOUND is certain.
 */
#ifndef RA_JOBS_SURE_H
#define RA_JOBS_SURE_H

#include "jobs/job.h"

/* Like ra_store_stat. */
int ra_sure_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err);
/* Like ra_store_get, but replaces what `out` holds. */
int ra_sure_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
                struct ra_err *err);

/* The same for a link, of at most RA_LINK_MAX bytes; one that is just being written is waited for. */
int ra_sure_link(struct ra_store *s, const char *key, struct ra_buf *out, struct ra_stat *st,
                 struct ra_err *err);

/* Whether there is anything at all where blobs are kept, as far as that can be seen. */
bool ra_sure_any_blob(struct ra_store *s);
/* For who has looked for the manifests of some images and found none: a finding, no-blobs, unless there are others. */
void ra_sure_find_no_blobs(const struct ra_job *job);

#endif
