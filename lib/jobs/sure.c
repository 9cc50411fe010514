#include "jobs/sure.h"

#include "registry/layout.h"
#include "registry/read.h"

int ra_sure_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    int rc = ra_store_stat(s, key, out, err);
    if (rc != -RA_NOTFOUND)
        return rc;
    ra_err_clear(err);
    return ra_store_stat(s, key, out, err);
}

int ra_sure_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
                struct ra_err *err)
{
    struct ra_stat look;
    ra_buf_clear(out);
    int rc = ra_store_get(s, key, limit, out, st, err);
    if (rc != -RA_NOTFOUND)
        return rc;
    ra_err_clear(err);
    rc = ra_store_stat(s, key, &look, err);
    if (rc < 0)
        return rc;
    ra_buf_clear(out);
    return ra_store_get(s, key, limit, out, st, err);
}

int ra_sure_link(struct ra_store *s, const char *key, struct ra_buf *out, struct ra_stat *st,
                 struct ra_err *err)
{
    for (unsigned attempt = 0;; attempt++) {
        int rc = ra_sure_get(s, key, RA_LINK_MAX, out, st, err);
        if (rc < 0 || !ra_link_may_come(s, out, st->mtime, attempt))
            return rc;
    }
}

static bool may_hold_any(struct ra_store *s, const char *prefix)
{
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    int rc = ra_list_open(s, prefix, &opts, &list, NULL);
    if (rc == 0)
        rc = ra_list_next(list, &page, NULL);
    return rc != 0 && rc != -RA_NOTFOUND;
}

bool ra_sure_any_blob(struct ra_store *s)
{
    for (int alg = 0; alg < RA_ALG_COUNT; alg++) {
        ra_auto_free char *prefix = ra_asprintf(RA_BLOBS "%s/", ra_alg_name((enum ra_alg)alg));
        if (may_hold_any(s, prefix))
            return true;
    }
    return false;
}

void ra_sure_find_no_blobs(const struct ra_job *job)
{
    if (!ra_sure_any_blob(job->store))
        ra_find(job->findings, RA_ERROR, "no-blobs", &(struct ra_place){.path = RA_BLOBS},
                "there are images, but no blobs");
}
