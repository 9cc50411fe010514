#include "registry/storage_s3.h"

#include "base/str.h"
#include "registry/layout.h"
#include "store/s3.h"

/* Takes the way from the root to the tree, or a part of it, off the end of the prefix; false: it is not there. */
static bool strip_tail(struct ra_s3_config *c)
{
    static const char *const tails[] = {"docker/registry/v2", "docker/registry", "docker"};
    size_t n = c->prefix ? strlen(c->prefix) : 0;
    while (n > 0 && c->prefix[n - 1] == '/')
        n--;
    for (size_t i = 0; i < RA_COUNT(tails); i++) {
        size_t m = strlen(tails[i]);
        if (n < m || memcmp(c->prefix + n - m, tails[i], m) != 0 || (n > m && c->prefix[n - m - 1] != '/'))
            continue;
        c->prefix = ra_arena_strndup(&c->arena, c->prefix, n - m);
        return true;
    }
    return false;
}

/* 1 when something lies in the tree. The first request: settings that are wrong show here, not later as objects that
 * are missing. */
static int look_for_tree(struct ra_store *store, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    int rc = ra_list_open(store, RA_V2, &opts, &l, err);
    return rc < 0 ? rc : ra_list_next(l, &page, err);
}

static int no_tree(const struct ra_storage_where *where, const struct ra_storage *storage, struct ra_err *err)
{
    int rc = ra_fail(
        err, RA_NOTFOUND, "'%s' (%s%s) holds no registry storage: nothing has a key that begins with " RA_V2,
        ra_store_info(storage->store)->where, where->root_name ? "" : "from ", storage->found_by);
    return ra_hint(err, rc,
                   "the prefix is the registry's rootdirectory; a registry makes the tree at its first push");
}

/* As a folder may be named at any level down to the tree, so may a prefix. */
static int open_above(struct ra_s3_config *c, struct ra_storage *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_store) store = NULL;
    if (!strip_tail(c))
        return 0;
    int rc = ra_s3_open(c, &store, err);
    if (rc == 0)
        rc = look_for_tree(store, err);
    if (rc <= 0)
        return rc;
    ra_store_close(out->store);
    out->store = ra_steal_ptr(&store);
    return 1;
}

static int open_bucket(const struct ra_storage_where *where, struct ra_s3_config *c, struct ra_storage *out,
                       struct ra_err *err)
{
    int rc = ra_s3_config_finish(c, where->env, err);
    if (rc == 0)
        rc = ra_s3_open(c, &out->store, err);
    if (rc == 0)
        rc = look_for_tree(out->store, err);
    if (rc == 0)
        rc = open_above(c, out, err);
    if (rc != 0 || where->create || where->pretend)
        return rc < 0 ? rc : 0;
    return no_tree(where, out, err);
}

int ra_storage_open_url(const struct ra_storage_where *where, const char *url, struct ra_storage *out,
                        struct ra_err *err)
{
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, url, err);
    if (rc < 0)
        return ra_wrap(err, rc, "cannot open the storage (from %s)", out->found_by);
    return open_bucket(where, &c, out, err);
}

int ra_bucket_open_url(const char *url, const char *const *env, struct ra_store **out, struct ra_err *err)
{
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, url, err);
    if (rc == 0)
        rc = ra_s3_config_finish(&c, env, err);
    return rc < 0 ? rc : ra_s3_open(&c, out, err);
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
