#include "registry/read.h"

#include "base/str.h"
#include "base/vec.h"
#include "registry/layout.h"

/* Naps of 1, 2, 4, ... ms between attempts to read a link that was written less than so many ns ago. */
#define LINK_ATTEMPTS 10
#define LINK_YOUNG    2000000000

bool ra_link_may_come(struct ra_store *s, const struct ra_buf *bytes, int64_t mtime, unsigned attempt)
{
    int64_t now;
    bool in_place = ra_store_info(s)->caps & RA_CAP_FD; /* on a file system, that is */
    if (!in_place || bytes->len || attempt >= LINK_ATTEMPTS || ra_store_now(s, &now, NULL) < 0 ||
        now - mtime > LINK_YOUNG)
        return false;
    struct timespec nap = {.tv_nsec = 1000000 << attempt};
    nanosleep(&nap, NULL);
    return true;
}

static int get_link(struct ra_store *s, const char *key, struct ra_buf *bytes, struct ra_stat *st,
                    struct ra_err *err)
{
    for (unsigned attempt = 0;; attempt++) {
        int rc = ra_store_get(s, key, RA_LINK_MAX, bytes, st, err);
        if (rc < 0 || !ra_link_may_come(s, bytes, st->mtime, attempt))
            return rc;
    }
}

int ra_link_read(struct ra_store *s, const char *key, struct ra_digest *out, int64_t *mtime,
                 struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    struct ra_stat st;
    int rc = get_link(s, key, &bytes, &st, err);
    if (rc == -RA_TOOBIG)
        return ra_fail(err, RA_CORRUPT, "the link '%s' holds more than a digest", key);
    if (rc < 0)
        return rc;
    if (mtime)
        *mtime = st.mtime;
    if (bytes.len == 0)
        return ra_fail(err, RA_CORRUPT, "the link '%s' is empty", key);
    if (!ra_link_parse(bytes.data, bytes.len, out))
        return ra_fail(err, RA_CORRUPT, "the link '%s' holds no digest", key);
    return 0;
}

int ra_blob_get(struct ra_store *s, const struct ra_digest *d, size_t limit, struct ra_buf *out,
                struct ra_err *err)
{
    struct ra_key key;
    return ra_store_get(s, ra_key_blob(&key, d), limit, out, NULL, err);
}

int ra_blob_size(struct ra_store *s, const struct ra_digest *d, uint64_t *size, struct ra_err *err)
{
    struct ra_key key;
    struct ra_stat st;
    int rc = ra_store_stat(s, ra_key_blob(&key, d), &st, err);
    if (rc == 0 && st.kind != RA_OBJECT)
        return ra_fail(err, RA_CORRUPT, "'%s' is no file", key.s);
    *size = rc == 0 ? st.size : 0;
    return rc;
}

int ra_manifest_load(struct ra_store *s, const struct ra_digest *d, struct ra_buf *bytes,
                     struct ra_manifest *m, struct ra_err *err)
{
    ra_buf_clear(bytes);
    int rc = ra_blob_get(s, d, RA_MANIFEST_MAX, bytes, err);
    return rc < 0 ? rc : ra_manifest_parse(m, bytes->data, bytes->len, err);
}

int ra_imageconfig_load(struct ra_store *s, const struct ra_digest *d, struct ra_buf *bytes,
                        struct ra_imageconfig *c, struct ra_err *err)
{
    ra_buf_clear(bytes);
    int rc = ra_blob_get(s, d, RA_IMAGECONFIG_MAX, bytes, err);
    return rc < 0 ? rc : ra_imageconfig_parse(c, bytes->data, bytes->len, err);
}

static bool marks_repository(const char *name)
{
    return ra_streq(name, "_manifests") || ra_streq(name, "_layers") || ra_streq(name, "_uploads");
}

/* Calls visit with the names one level below prefix; nothing when it is not there. */
static int each_name(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                     int (*visit)(void *arg, const struct ra_entry *e, struct ra_err *err), void *arg,
                     struct ra_err *err)
{
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    RA_ERR_AUTO opening = {0};
    int rc = ra_list_open(s, prefix, opts, &list, &opening);
    if (rc == -RA_NOTFOUND)
        return 0;
    if (rc < 0)
        return ra_err_move(err, &opening);
    while ((rc = ra_list_next(list, &page, err)) > 0)
        for (size_t i = 0; i < page.n; i++)
            if ((rc = visit(arg, &page.at[i], err)) < 0)
                return rc;
    return rc;
}

static int note_marker(void *arg, const struct ra_entry *e, struct ra_err *err)
{
    (void)err;
    if (marks_repository(e->name) && e->st.kind == RA_PREFIX)
        *(bool *)arg = true;
    return 0;
}

int ra_repo_exists(struct ra_store *s, const char *name, struct ra_err *err)
{
    static const struct ra_list_opts level = {.mode = RA_LIST_LEVEL};
    struct ra_key key;
    bool found = false;
    if (strlen(name) > RA_REPO_NAME_MAX || !*name || *name == '/' || ra_ends_with(name, "/") ||
        strstr(name, "//"))
        return 0;
    RA_ERR_AUTO looked = {0};
    int rc = each_name(s, ra_key_repo(&key, name), &level, note_marker, &found, &looked);
    if (rc == -RA_INVALID)
        return 0;
    return rc < 0 ? ra_err_move(err, &looked) : found;
}

static bool is_folder(struct ra_store *s, const char *name)
{
    struct ra_stat st;
    ra_auto_free char *key = ra_asprintf(RA_REPOSITORIES "%s", name);
    return ra_repo_name_valid(name, strlen(name)) && ra_store_stat(s, key, &st, NULL) == 0 &&
           st.kind == RA_PREFIX;
}

int ra_repo_resolve(struct ra_store *s, const char *name, const char **actual, bool *stripped,
                    struct ra_err *err)
{
    const char *bare = ra_reference_strip_host(name);
    *stripped = false;
    *actual = name;
    int found = ra_repo_exists(s, name, err);
    if (found)
        return found < 0 ? found : 0;
    if (bare && (found = ra_repo_exists(s, bare, err)) != 0) {
        *stripped = true;
        *actual = bare;
        return found < 0 ? found : 0;
    }
    int rc = ra_fail(err, RA_NOTFOUND, "there is no repository '%s' in this storage", name);
    return is_folder(s, name) ? ra_hint(err, rc, "`regadm ls %s` lists those below it", name)
                              : ra_hint(err, rc, "`regadm ls` lists what there is");
}

static int is_repo_or_folder(struct ra_store *s, const char *name, struct ra_err *err)
{
    int found = ra_repo_exists(s, name, err);
    return found ? found : is_folder(s, name);
}

int ra_repo_resolve_below(struct ra_store *s, const char *operand, const char **actual, bool *stripped,
                          struct ra_err *err)
{
    const char *bare = ra_has_glob(operand) ? NULL : ra_reference_strip_host(operand);
    *actual = operand;
    *stripped = false;
    int found = bare ? is_repo_or_folder(s, operand, err) : 1;
    if (found == 0 && (found = is_repo_or_folder(s, bare, err)) > 0) {
        *stripped = true;
        *actual = bare;
    }
    return found < 0 ? found : 0;
}

struct names {
    RA_VEC(char *) list;
    bool links; /* entries tell what is one: if it is not followed, it may be a folder all the same */
};

static int collect_folder(void *arg, const struct ra_entry *e, struct ra_err *err)
{
    struct names *names = arg;
    (void)err;
    if (e->st.kind == RA_PREFIX || e->st.kind == RA_OBJECT || (names->links && e->st.link))
        *ra_vec_push(&names->list) = ra_strdup(e->name);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_release(struct names *names)
{
    ra_vec_each (name, &names->list)
        free(*name);
    ra_vec_release(&names->list);
}

static int sorted_names(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                        struct names *out, struct ra_err *err)
{
    out->links = ra_store_info(s)->caps & RA_CAP_OWNER;
    int rc = each_name(s, prefix, opts, collect_folder, out, err);
    if (out->list.n)
        qsort(out->list.at, out->list.n, sizeof(*out->list.at), compare_names);
    return rc;
}

int ra_tags_each(struct ra_store *s, const char *repo,
                 int (*visit)(void *arg, const char *tag, struct ra_err *err), void *arg, struct ra_err *err)
{
    static const struct ra_list_opts leaf = {.mode = RA_LIST_LEAF, .leaf = "current/link"};
    __attribute__((cleanup(names_release))) struct names names = {0};
    struct ra_key key;
    int rc = sorted_names(s, ra_key_tags(&key, repo), &leaf, &names, err);
    for (size_t i = 0; rc >= 0 && i < names.list.n; i++)
        rc = visit(arg, names.list.at[i], err);
    return rc < 0 ? rc : 0;
}

int ra_revisions_each(struct ra_store *s, const char *repo,
                      int (*visit)(void *arg, const struct ra_digest *d, struct ra_err *err), void *arg,
                      struct ra_err *err)
{
    static const struct ra_list_opts leaf = {.mode = RA_LIST_LEAF, .leaf = "link"};
    for (enum ra_alg alg = 0; alg < RA_ALG_COUNT; alg++) {
        __attribute__((cleanup(names_release))) struct names names = {0};
        struct ra_key key;
        struct ra_digest d;
        int rc = sorted_names(s, ra_key_revisions_of(&key, repo, alg), &leaf, &names, err);
        for (size_t i = 0; rc >= 0 && i < names.list.n; i++)
            if (ra_digest_parse_hex(alg, names.list.at[i], strlen(names.list.at[i]), &d))
                rc = visit(arg, &d, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
