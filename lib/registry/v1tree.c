#include "registry/v1tree.h"

#include "base/pool.h"
#include "base/str.h"
#include "registry/storage_s3.h"

/* A tag holds 64 bytes; what was pushed with it some hundred. */
#define TAG_MAX ((size_t)1 << 20)
/* Folders within folders below repositories/: real trees have two. */
#define DEPTH_MAX 64

/* --- the storage -------------------------------------------------------------------------------------------- */

static const char *const file_names[] = {
    [RA_V1_JSON] = "json",
    [RA_V1_LAYER] = "layer",
    [RA_V1_ANCESTRY] = "ancestry",
    [RA_V1_CHECKSUM] = "_checksum",
    [RA_V1_INPROGRESS] = "_inprogress",
};

static const char *put_key(struct ra_key *k, const char *prefix, const char *id, enum ra_v1_file file)
{
    snprintf(k->s, sizeof(k->s), "%s%s/%s", prefix, id, file_names[file]);
    return k->s;
}

const char *ra_v1_image_key(struct ra_key *k, const struct ra_v1_source *s, const char *id,
                            enum ra_v1_file file)
{
    return put_key(k, s->images_at, id, file);
}

const char *ra_v1_image_path(struct ra_key *k, const char *id, enum ra_v1_file file)
{
    return put_key(k, "images/", id, file);
}

void ra_v1_close(struct ra_v1_source *s)
{
    if (s->images != s->root)
        ra_store_close(s->images);
    if (s->repositories != s->root)
        ra_store_close(s->repositories);
    ra_store_close(s->root);
    *s = (struct ra_v1_source){0};
}

enum presence { ABSENT, PRESENT, ELSEWHERE };

/* Whether there is such a folder, or a link out of the tree. A flat store has folders only as far as keys lie in
 * them. */
static int look_for(struct ra_store *s, const char *name, enum presence *out, struct ra_err *err)
{
    struct ra_stat st;
    *out = ABSENT;
    int rc = ra_store_stat(s, name, &st, err);
    if (rc == 0) {
        *out = st.kind == RA_PREFIX ? PRESENT : st.kind == RA_OTHER ? ELSEWHERE : ABSENT;
        return 0;
    }
    if (rc != -RA_NOTFOUND)
        return rc;
    ra_err_clear(err);
    if (ra_store_info(s)->caps & RA_CAP_FOLDERS)
        return 0;
    ra_auto_free char *prefix = ra_asprintf("%s/", name);
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    rc = ra_list_open(s, prefix, &opts, &list, err);
    if (rc == 0)
        rc = ra_list_next(list, &page, err);
    *out = rc > 0 && page.n ? PRESENT : ABSENT;
    return rc < 0 ? rc : 0;
}

static int not_a_tree(struct ra_store *s, struct ra_err *err)
{
    const char *where = ra_store_info(s)->where;
    struct ra_stat st;
    int rc = ra_fail(
        err, RA_NOTFOUND,
        "'%s' holds no storage of the old registry: there is no 'images' and no 'repositories' in it", where);
    if (ra_ends_with(where, "/images") || ra_ends_with(where, "/repositories"))
        return ra_hint(err, rc, "did you mean the folder above, %.*s?", (int)(strrchr(where, '/') - where),
                       where);
    if (ra_store_stat(s, "registry/images", &st, NULL) == 0)
        return ra_hint(err, rc, "did you mean %s/registry?", where);
    if (ra_store_stat(s, "docker/registry/v2", &st, NULL) == 0)
        return ra_hint(err, rc, "it holds the storage of a registry of today: there is nothing to migrate");
    return ra_hint(err, rc, "it was /tmp/registry unless the old registry's STORAGE_PATH said otherwise");
}

static int judge(struct ra_store *s, enum presence images, enum presence repositories, struct ra_err *err)
{
    if (images != ABSENT)
        return 0;
    if (repositories == ABSENT)
        return not_a_tree(s, err);
    int rc = ra_fail(err, RA_UNSUPPORTED,
                     "'%s' has 'repositories' but no 'images': the images were kept in another place "
                     "(OpenStack Glance, another bucket)",
                     ra_store_info(s)->where);
    return ra_hint(err, rc, "put the 'images' folder beside it; images in Glance cannot be migrated");
}

/* A part that is a link to another volume is opened there. */
static int open_part(struct ra_store *root, const char *name, const char *prefix, enum presence presence,
                     struct ra_store **store, const char **at, struct ra_err *err)
{
    *store = root;
    *at = prefix;
    if (presence != ELSEWHERE)
        return 0;
    ra_auto_free char *path = ra_asprintf("%s/%s", ra_store_info(root)->where, name);
    *at = "";
    return ra_fs_open(path, 0, store, err);
}

int ra_v1_open_store(struct ra_store *store, struct ra_v1_source *out, struct ra_err *err)
{
    enum presence images = ABSENT, repositories = ABSENT;
    *out = (struct ra_v1_source){.root = store, .images = store, .repositories = store};
    int rc = look_for(store, "images", &images, err);
    if (rc == 0)
        rc = look_for(store, "repositories", &repositories, err);
    if (rc == 0)
        rc = judge(store, images, repositories, err);
    if (rc == 0)
        rc = open_part(store, "images", "images/", images, &out->images, &out->images_at, err);
    if (rc == 0)
        rc = open_part(store, "repositories", "repositories/", repositories, &out->repositories,
                       &out->repositories_at, err);
    if (rc < 0)
        ra_v1_close(out);
    return rc;
}

int ra_v1_open(const char *path, bool follow, const char *const *env, struct ra_v1_source *out,
               struct ra_err *err)
{
    struct ra_store *store;
    int rc = ra_starts_with(path, "s3://") ? ra_bucket_open_url(path, env, &store, err)
                                           : ra_fs_open(path, follow ? RA_FS_FOLLOW_OUT : 0, &store, err);
    return rc < 0 ? rc : ra_v1_open_store(store, out, err);
}

/* --- what is in it ------------------------------------------------------------------------------------------ */

struct scan {
    const struct ra_v1_source *source;
    struct ra_v1_tree *tree;
    /* Below repositories/, still to be looked into; each with a '/' behind it, or "". */
    RA_VEC(char *) folders;
};

static void scan_release(struct scan *s)
{
    ra_vec_each (folder, &s->folders)
        free(*folder);
    ra_vec_release(&s->folders);
}

static const char *keep(struct ra_v1_tree *t, const char *fmt, ...) RA_PRINTF(2, 3);
static const char *keep(struct ra_v1_tree *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ra_auto_free char *text = ra_vasprintf(fmt, args);
    va_end(args);
    return ra_arena_strdup(&t->arena, text);
}

static void trouble(struct ra_v1_tree *t, const char *path, const char *why)
{
    *ra_vec_push(&t->troubles) = (struct ra_v1_trouble){keep(t, "%s", path), keep(t, "%s", why)};
}

static void trouble_below(struct ra_v1_tree *t, const char *folder, const char *name, const char *why)
{
    ra_auto_free char *path = ra_asprintf("repositories/%s%s", folder, name);
    trouble(t, path, why);
}

static void read_tag(struct scan *s, const char *folder, const char *file, struct ra_v1_tag *tag)
{
    static const char metadata_end[] = "_json";
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO content = {0};
    struct ra_stat st = {.mtime = 0};
    ra_auto_free char *key = ra_asprintf("%s%s%s", s->source->repositories_at, folder, file);
    ra_auto_free char *name = ra_v1_decode(file + 4, strlen(file + 4));
    tag->name = ra_arena_strdup(&s->tree->arena, name);
    tag->path = keep(s->tree, "repositories/%s%s", folder, file);
    if (ra_store_get(s->source->repositories, key, TAG_MAX, &content, &st, &err) < 0) {
        tag->state = RA_V1_TAG_UNREADABLE;
        tag->why = keep(s->tree, "%s", ra_err_text(&err));
        return;
    }
    tag->mtime = st.mtime;
    if (ra_v1_tag_parse(ra_buf_str(&content), content.len, tag->id))
        tag->state = RA_V1_TAG_FINE;
    else if (ra_ends_with(name, metadata_end) && ra_v1_is_metadata(ra_buf_str(&content), content.len))
        tag->state = RA_V1_TAG_METADATA;
    else
        tag->state = RA_V1_TAG_NO_ID;
}

static bool marks_repository(const char *name)
{
    return ra_starts_with(name, "tag_") || ra_streq(name, "_index_images") ||
           ra_streq(name, "_images_list") || ra_streq(name, "_private");
}

static unsigned depth_of(const char *folder)
{
    unsigned depth = 0;
    for (; *folder; folder++)
        depth += *folder == '/';
    return depth;
}

static void push_folder(struct scan *s, const char *folder, const char *name)
{
    if (ra_streq(name, "lost+found"))
        return;
    if (depth_of(folder) >= DEPTH_MAX)
        trouble_below(s->tree, folder, name, "folders are nested too deeply here");
    else
        *ra_vec_push(&s->folders) = ra_asprintf("%s%s/", folder, name);
}

static void take_entry(struct scan *s, const char *folder, const struct ra_entry *e, struct ra_v1_repo *repo,
                       bool *is_repo)
{
    if (e->st.kind == RA_PREFIX) {
        push_folder(s, folder, e->name);
        return;
    }
    bool marks = marks_repository(e->name);
    *is_repo = *is_repo || marks;
    if (ra_streq(e->name, "_private"))
        repo->is_private = true;
    else if (ra_starts_with(e->name, "tag_") && e->name[4])
        read_tag(s, folder, e->name, ra_vec_push(&repo->tags));
    else if (e->st.kind == RA_OTHER && !marks)
        trouble_below(s->tree, folder, e->name,
                      "it is a link that leads out of the tree or nowhere, or no file");
}

static int tag_order(const void *a, const void *b)
{
    return strcmp(((const struct ra_v1_tag *)a)->name, ((const struct ra_v1_tag *)b)->name);
}

static void name_repo(struct scan *s, const char *folder, struct ra_v1_repo *repo)
{
    size_t n = strlen(folder) - 1;
    ra_auto_free char *name = ra_v1_decode(folder, n);
    repo->name = ra_arena_strdup(&s->tree->arena, name);
    repo->path = keep(s->tree, "repositories/%.*s", (int)n, folder);
    repo->encoded = ra_v1_encoded(folder, n);
    if (repo->tags.n)
        qsort(repo->tags.at, repo->tags.n, sizeof(*repo->tags.at), tag_order);
}

static int list_folder(struct scan *s, const char *folder, struct ra_v1_repo *repo, bool *is_repo,
                       struct ra_err *err)
{
    ra_auto_free char *prefix = ra_asprintf("%s%s", s->source->repositories_at, folder);
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    int rc = ra_list_open(s->source->repositories, prefix, &opts, &list, err);
    if (rc < 0)
        return rc;
    while ((rc = ra_list_next(list, &page, err)) > 0)
        for (size_t i = 0; i < page.n; i++)
            take_entry(s, folder, &page.at[i], repo, is_repo);
    return rc;
}

static void scan_folder(struct scan *s, const char *folder)
{
    RA_ERR_AUTO err = {0};
    struct ra_v1_repo repo = {0};
    bool is_repo = false;
    if (list_folder(s, folder, &repo, &is_repo, &err) < 0 && (*folder || err.code != RA_NOTFOUND))
        trouble_below(s->tree, folder, "", ra_err_text(&err));
    if (!is_repo || !*folder) {
        ra_vec_release(&repo.tags);
        return;
    }
    name_repo(s, folder, &repo);
    *ra_vec_push(&s->tree->repos) = repo;
}

static void scan_images(struct scan *s)
{
    RA_ERR_AUTO err = {0};
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    int rc = ra_list_open(s->source->images, s->source->images_at, &opts, &list, &err);
    while (rc >= 0 && (rc = ra_list_next(list, &page, &err)) > 0)
        for (size_t i = 0; i < page.n; i++)
            if (ra_v1_id_valid(page.at[i].name, strlen(page.at[i].name)))
                ra_names_add(&s->tree->images, page.at[i].name, strlen(page.at[i].name), NULL);
    if (rc < 0)
        trouble(s->tree, "images", ra_err_text(&err));
}

static int repo_order(const void *a, const void *b)
{
    const struct ra_v1_repo *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order == 0)
        order = (x->encoded < y->encoded) - (x->encoded > y->encoded);
    return order ? order : strcmp(x->path, y->path);
}

int ra_v1_scan(const struct ra_v1_source *source, struct ra_v1_tree *out, struct ra_err *err)
{
    RA_AUTO(scan, _release) s = {.source = source, .tree = out};
    *ra_vec_push(&s.folders) = ra_strdup("");
    for (size_t i = 0; i < s.folders.n; i++) {
        int rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
        scan_folder(&s, s.folders.at[i]);
    }
    if (out->repos.n)
        qsort(out->repos.at, out->repos.n, sizeof(*out->repos.at), repo_order);
    scan_images(&s);
    return 0;
}

void ra_v1_tree_release(struct ra_v1_tree *t)
{
    ra_vec_each (repo, &t->repos)
        ra_vec_release(&repo->tags);
    ra_vec_release(&t->repos);
    ra_vec_release(&t->troubles);
    ra_names_release(&t->images);
    ra_arena_release(&t->arena);
}
