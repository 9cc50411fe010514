#include "jobs/survey_parts.h"

#include "base/clock.h"
#include "base/str.h"
#include "registry/reference.h"

struct repo {
    struct ra_survey_run *run;
    struct ra_survey_worker *w;
    struct ra_survey_repo *out;
    enum ra_alg alg;         /* whose folder is being listed */
    bool has_tags, has_revs; /* what _manifests holds */
    bool algs[RA_ALG_COUNT]; /* what the folder above holds */
    bool whole_links;        /* an entry's size tells whether its link is worth reading */
    struct ra_survey_upload *upload;
    bool unread;  /* what is behind an entry of the folder is not read in any case */
    bool linked;  /* it is behind a symbolic link */
    bool foreign; /* and there is something in it that is not an upload's */
};

struct lists {
    struct ra_survey_run *run;
    const uint32_t *which;
};

/* --- trouble ------------------------------------------------------------------------------------------------ */

/* A folder that was listed in its parent and is not there: the repository has to be read again. */
static int cannot_list(struct repo *r, const char *path, unsigned flags, struct ra_err *from,
                       struct ra_err *err)
{
    if (from->code == RA_NOTFOUND) {
        r->out->flags |= RA_REPO_AGAIN;
        ra_err_clear(from);
        return 0;
    }
    r->out->flags |= flags;
    struct ra_place at = {.path = path, .repository = r->out->name};
    return ra_find_or_stop(r->run->job->findings, &at, from, err);
}

static bool is_linked(struct repo *r, const char *prefix)
{
    struct ra_stat st;
    ra_auto_free char *key = ra_strndup(prefix, strlen(prefix) - 1);
    if (!ra_survey_has_folders(r->run) || ra_store_stat(r->run->job->store, key, &st, NULL) < 0 || !st.link)
        return false;
    ra_survey_spare_linked(r->run, r->w, r->out, key);
    return true;
}

/* An entry that may only be a folder, in the folder whose key w->key holds. A link that is not followed is left to who
 * reads what is behind it. */
static void look_at_folder(struct repo *r, const struct ra_entry *e, bool folder)
{
    bool link = ra_survey_is_link(r->run, e);
    ra_auto_free char *path = NULL;
    if (!ra_survey_has_folders(r->run) || (folder && !link) || (!folder && link))
        return;
    path = ra_asprintf("%s%s", r->w->key.s, e->name);
    if (folder)
        ra_survey_spare_linked(r->run, r->w, r->out, path);
    else
        ra_survey_find_odd(r->run, r->out, path, false);
}

static bool may_be_folder(const struct repo *r, const struct ra_entry *e)
{
    return e->st.kind == RA_PREFIX || (e->st.kind == RA_OTHER && ra_survey_is_link(r->run, e));
}

static int list_part(struct repo *r, const char *prefix, enum ra_list_mode mode, const char *leaf,
                     unsigned want, int (*fn)(void *, const struct ra_entry *, struct ra_err *),
                     struct ra_err *err)
{
    RA_ERR_AUTO trouble = {0};
    int rc = ra_survey_each(r->run, prefix, mode, leaf, want, fn, r, &trouble);
    return rc < 0 ? cannot_list(r, prefix, RA_REPO_PROTECT | RA_REPO_UNLISTED, &trouble, err) : 0;
}

/* --- digests: revisions and layer links --------------------------------------------------------------------- */

static int take_alg(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    int alg = ra_alg_find(e->name, strlen(e->name));
    bool folder = e->st.kind == RA_PREFIX;
    if (alg >= 0 || folder)
        look_at_folder(r, e, folder);
    if (!may_be_folder(r, e))
        return 0;
    if (alg >= 0)
        r->algs[alg] = true;
    else if (ra_starts_with(e->name,
                            "tarsum")) /* names of old, whose links alone know which blobs they mean */
        r->out->flags |= RA_REPO_PROTECT;
    return 0;
}

static int take_digest(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    struct ra_digest d;
    if (!ra_digest_parse_hex(r->alg, e->name, strlen(e->name), &d))
        return 0;
    look_at_folder(r, e, e->st.kind != RA_OTHER);
    if (e->st.kind == RA_OTHER && r->unread && may_be_folder(r, e)) {
        ra_auto_free char *path = ra_asprintf("%s%s", r->w->key.s, e->name);
        ra_survey_find_odd(r->run, r->out, path, true);
    }
    if (e->st.kind != RA_OTHER || may_be_folder(r, e))
        *ra_vec_push(&r->w->digests) = d;
    return 0;
}

/* All digests that are folders in a folder of algorithms: into w->digests, sorted. */
static int list_digests(struct repo *r, const char *(*folder)(struct ra_key *, const char *),
                        const char *(*folder_of)(struct ra_key *, const char *, enum ra_alg),
                        struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    w->digests.n = 0;
    memset(r->algs, 0, sizeof(r->algs));
    int rc = list_part(r, folder(&w->key, r->out->name), RA_LIST_LEVEL, NULL, 0, take_alg, err);
    for (int alg = 0; rc == 0 && alg < RA_ALG_COUNT; alg++) {
        r->alg = (enum ra_alg)alg;
        if (r->algs[alg])
            rc = list_part(r, folder_of(&w->key, r->out->name, r->alg), RA_LIST_LEAF, "link", 0, take_digest,
                           err);
    }
    ra_survey_sort_digests(w);
    return rc;
}

static int list_revisions(struct repo *r, struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    int rc = list_digests(r, ra_key_revisions, ra_key_revisions_of, err);
    r->out->n_revs = (uint32_t)w->digests.n;
    r->out->revs = ra_arena_alloc(w->arena, w->digests.n * sizeof(*r->out->revs));
    for (size_t i = 0; i < w->digests.n; i++)
        r->out->revs[i] = (struct ra_survey_rev){.blob = ra_blobs_add(r->run->out->blobs, &w->digests.at[i]),
                                                 .other = RA_NONE};
    return rc;
}

static int list_layers(struct repo *r, struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    r->unread = true;
    int rc = list_digests(r, ra_key_layers, ra_key_layers_of, err);
    ra_survey_add_passed(r->run, w, r->out->name);
    r->out->n_layers = (uint32_t)w->digests.n;
    r->out->layers = ra_arena_alloc(w->arena, w->digests.n * sizeof(*r->out->layers));
    for (size_t i = 0; i < w->digests.n; i++)
        r->out->layers[i] = ra_blobs_add(r->run->out->blobs, &w->digests.at[i]);
    return rc;
}

/* --- names: tags and uploads -------------------------------------------------------------------------------- */

static void push_name(struct repo *r, const char *name)
{
    if (strlen(name) <= RA_NAME_MAX) /* no file system has longer ones */
        *ra_vec_push(&r->w->names) = ra_arena_strdup(r->w->arena, name);
}

/* Files are nobody's, unless a tag could be called so. */
static int take_tag(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    bool folder = e->st.kind == RA_PREFIX;
    if (folder || ra_tag_valid(e->name, strlen(e->name)))
        look_at_folder(r, e, folder);
    if (may_be_folder(r, e))
        push_name(r, e->name);
    return 0;
}

/* What is no folder is no upload, and in no image's way. */
static int take_upload(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    if (e->st.kind == RA_PREFIX) {
        look_at_folder(r, e, true);
        push_name(r, e->name);
    } else if (e->st.kind == RA_OTHER && ra_survey_has_folders(r->run)) {
        ra_auto_free char *path = ra_asprintf("%s%s", r->w->key.s, e->name);
        struct ra_place at = {.path = path, .repository = r->out->name};
        ra_find(r->run->job->findings, RA_WARNING, "odd-file", &at,
                "no upload that can be looked into: it is left alone");
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_tags(struct repo *r, struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    w->names.n = 0;
    int rc = list_part(r, ra_key_tags(&w->key, r->out->name), RA_LIST_LEVEL, NULL, 0, take_tag, err);
    if (w->names.n)
        qsort(w->names.at, w->names.n, sizeof(*w->names.at), compare_names);
    r->out->n_tags = (uint32_t)w->names.n;
    r->out->tags = ra_arena_alloc(w->arena, w->names.n * sizeof(*r->out->tags));
    for (size_t i = 0; i < w->names.n; i++) {
        const char *name = w->names.at[i];
        bool legal = ra_tag_valid(name, strlen(name));
        r->out->tags[i] = (struct ra_survey_tag){
            .name = name, .mtime = RA_TIME_NONE, .target = RA_NONE, .flags = legal ? 0 : RA_TAG_ILLEGAL};
    }
    return rc;
}

static bool is_of_upload(const char *name)
{
    const char *slash = strrchr(name, '/');
    return ra_streq(name, "data") || ra_streq(name, "startedat") || ra_starts_with(name, "hashstates/") ||
           ra_key_is_leftover(slash ? slash + 1 : name);
}

static int take_upload_file(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    struct ra_survey_upload *u = r->upload;
    u->touched = e->st.mtime > u->touched ? e->st.mtime : u->touched;
    u->bytes += e->st.kind == RA_OBJECT ? e->st.size : 0;
    r->foreign |= !is_of_upload(e->name);
    return 0;
}

static int read_upload(struct repo *r, struct ra_survey_upload *u, struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    const char *repo = r->out->name;
    struct ra_stat folder;
    r->upload = u;
    r->foreign = false;
    RA_ERR_AUTO trouble = {0};
    int rc = ra_survey_each(r->run, ra_key_upload(&w->key, repo, u->id), RA_LIST_DEEP, NULL,
                            RA_WANT_SIZE | RA_WANT_MTIME, take_upload_file, r, &trouble);
    if (rc < 0) {
        u->touched = INT64_MAX; /* as good as young: nobody knows what is going on in it */
        return cannot_list(r, w->key.s, 0, &trouble, err);
    }
    w->key.s[strlen(w->key.s) - 1] = '\0';
    if (u->touched == RA_TIME_NONE && ra_store_stat(r->run->job->store, w->key.s, &folder, NULL) == 0)
        u->touched = folder.mtime;
    rc = ra_sure_get(r->run->job->store, ra_key_upload_startedat(&w->key, repo, u->id), RA_LINK_MAX, &w->buf,
                     NULL, NULL);
    if (r->foreign || r->linked)
        u->touched = INT64_MAX; /* nobody's to remove */
    if (rc == 0 && !ra_time_parse(ra_buf_str(&w->buf), w->buf.len, &u->started))
        u->started = RA_TIME_NONE;
    return rc == -RA_CANCELLED ? ra_check_cancelled(err) : 0;
}

static int list_uploads(struct repo *r, struct ra_err *err)
{
    struct ra_survey_worker *w = r->w;
    RA_ERR_AUTO trouble = {0};
    const char *prefix = ra_key_uploads(&w->key, r->out->name);
    w->names.n = 0;
    r->linked = is_linked(r, prefix);
    int rc = ra_survey_each(r->run, prefix, RA_LIST_LEVEL, NULL, 0, take_upload, r, &trouble);
    if (rc < 0)
        return cannot_list(r, prefix, 0, &trouble, err);
    if (w->names.n)
        qsort(w->names.at, w->names.n, sizeof(*w->names.at), compare_names);
    r->out->n_uploads = (uint32_t)w->names.n;
    r->out->uploads = ra_arena_alloc(w->arena, w->names.n * sizeof(*r->out->uploads));
    for (size_t i = 0; rc == 0 && i < w->names.n; i++) {
        r->out->uploads[i] =
            (struct ra_survey_upload){.id = w->names.at[i], .started = RA_TIME_NONE, .touched = RA_TIME_NONE};
        rc = read_upload(r, &r->out->uploads[i], err);
    }
    return rc;
}

/* --- a repository ------------------------------------------------------------------------------------------- */

static int take_manifests_part(void *arg, const struct ra_entry *e, struct ra_err *err RA_UNUSED)
{
    struct repo *r = arg;
    bool tags = strcmp(e->name, "tags") == 0, revs = strcmp(e->name, "revisions") == 0;
    bool folder = e->st.kind == RA_PREFIX;
    if (tags || revs || folder)
        look_at_folder(r, e, folder);
    r->has_tags |= tags && may_be_folder(r, e);
    r->has_revs |= revs && may_be_folder(r, e);
    return 0;
}

static int list_manifests(struct repo *r, struct ra_err *err)
{
    int rc = list_part(r, ra_key_manifests(&r->w->key, r->out->name), RA_LIST_LEVEL, NULL, 0,
                       take_manifests_part, err);
    if (rc == 0 && r->has_tags)
        rc = list_tags(r, err);
    if (rc == 0 && r->has_revs && ra_survey_wants(r->run, RA_SURVEY_REVISIONS))
        rc = list_revisions(r, err);
    return rc;
}

static int list_repo(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct lists *lists = arg;
    struct ra_survey_run *run = lists->run;
    struct ra_survey_repo *out = &run->out->repos.at[lists->which[i]];
    struct repo r = {.run = run, .w = &run->workers[worker], .out = out};
    out->n_tags = out->n_revs = out->n_layers = out->n_uploads = 0;
    int rc = 0;
    if (out->flags & RA_REPO_MANIFESTS)
        is_linked(&r, ra_key_manifests(&r.w->key, out->name));
    if (out->flags & RA_REPO_LAYERS)
        is_linked(&r, ra_key_layers(&r.w->key, out->name));
    if (out->flags & RA_REPO_MANIFESTS)
        rc = list_manifests(&r, err);
    if (rc == 0 && out->flags & RA_REPO_LAYERS && ra_survey_wants(run, RA_SURVEY_LAYERS))
        rc = list_layers(&r, err);
    if (rc == 0 && out->flags & RA_REPO_UPLOADS && ra_survey_wants(run, RA_SURVEY_UPLOADS))
        rc = list_uploads(&r, err);
    ra_progress_add(run->job->progress, 1, 0);
    return rc;
}

int ra_survey_list(struct ra_survey_run *run, const uint32_t *which, size_t n, struct ra_err *err)
{
    struct lists lists = {run, which};
    ra_progress_phase(run->job->progress, "listing repositories", n, 0);
    return ra_parallel_io(run->threads, n, list_repo, &lists, err);
}
