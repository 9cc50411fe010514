#include "jobs/sure.h"

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
