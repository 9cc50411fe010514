#include "registry/storage_s3.h"

#include "base/str.h"
#include "registry/layout.h"
#include "store/s3.h"

/* What a prefix may end in, when the whole path down to the tree was given. */
static void strip_tree(struct ra_s3_config *c)
{
    static const char *const tails[] = {"docker/registry/v2/", "docker/registry/v2"};
    for (size_t i = 0; c->prefix && i < RA_COUNT(tails); i++) {
        size_t n = strlen(c->prefix), m = strlen(tails[i]);
        if (ra_ends_with(c->prefix, tails[i]) && (n == m || c->prefix[n - m - 1] == '/'))
            c->prefix = ra_arena_strndup(&c->arena, c->prefix, n - m);
    }
}

/* The first request: settings that are wrong show here, not later as objects that are missing. */
static int check_tree(const struct ra_storage_where *where, struct ra_storage *out, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    int rc = ra_list_open(out->store, RA_V2, &opts, &l, err);
    if (rc == 0)
        rc = ra_list_next(l, &page, err);
    if (rc != 0 || where->create || where->pretend)
        return rc < 0 ? rc : 0;
    rc = ra_fail(err, RA_NOTFOUND,
                 "'%s' (from %s) holds no registry storage: nothing has a key that begins with " RA_V2,
                 ra_store_info(out->store)->where, out->found_by);
    return ra_hint(err, rc,
                   "the prefix is the registry's rootdirectory; a registry makes the tree at its first push");
}

static int open_bucket(const struct ra_storage_where *where, struct ra_s3_config *c, struct ra_storage *out,
                       struct ra_err *err)
{
    int rc = ra_s3_config_finish(c, where->env, err);
    if (rc == 0)
        rc = ra_s3_open(c, &out->store, err);
    return rc < 0 ? rc : check_tree(where, out, err);
}

int ra_storage_open_url(const struct ra_storage_where *where, const char *url, struct ra_storage *out,
                        struct ra_err *err)
{
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, url, err);
    if (rc < 0)
        return ra_wrap(err, rc, "cannot open the storage (from %s)", out->found_by);
    strip_tree(&c);
    return open_bucket(where, &c, out, err);
}

int ra_storage_open_configured_s3(const struct ra_storage_where *where, struct ra_storage *out,
                                  struct ra_err *err)
{
    RA_S3_CONFIG_AUTO c = {0};
    for (size_t i = 0; i < out->config.n_params; i++) {
        const struct ra_param *p = &out->config.params[i];
        int rc = ra_s3_config_set(&c, p->key, p->value, err);
        if (rc == -RA_NOTFOUND) /* what only the registry cares about, like the size of its copies */
            ra_err_clear(err);
        else if (rc < 0)
            return ra_wrap(err, rc, "in the configuration (%s)", out->found_by);
    }
    return open_bucket(where, &c, out, err);
}
