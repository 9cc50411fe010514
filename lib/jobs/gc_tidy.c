#include "jobs/gc_parts.h"

#include "base/str.h"
#include "jobs/prune.h"
#include "registry/read.h"

#include <stdatomic.h>

/*
 * Clearing up: every folder that stays is looked into for what registries leave behind when they are cut off
 * ("link.<uuid>.tmp" and the like), and for signatures whose revision is gone; and folders that hold nothing go. It is
 * the only step that opens each folder, so a dry run leaves it out.
 */

struct tidy {
    struct ra_gc *gc;
    atomic_uint_fast64_t removed;
};

struct place { /* a prefix to look through */
    struct tidy *tidy;
    const char *prefix;
    size_t keep; /* length of what stays of it */
    struct ra_strlist doomed;
    struct ra_arena arena;
};

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* revisions/<alg>/<hex>/signatures/... without revisions/<alg>/<hex>/link. */
static bool is_orphan(struct place *p, const char *key)
{
    struct ra_stat st;
    const char *at = strstr(key, "/_manifests/revisions/");
    const char *signatures = at ? strstr(at, "/signatures/") : NULL;
    if (!signatures || !ra_ends_with(key, "/link"))
        return false;
    ra_auto_free char *link = ra_asprintf("%.*s/link", (int)(signatures - key), key);
    return ra_sure_stat(p->tidy->gc->job->store, link, &st, NULL) == -RA_NOTFOUND;
}

static void look_at(struct place *p, const struct ra_entry *e)
{
    ra_auto_free char *key = ra_asprintf("%s%s", p->prefix, e->name);
    if (e->st.kind == RA_OBJECT && (ra_key_is_leftover(last_name(key)) || is_orphan(p, key)))
        ra_strlist_add(&p->doomed, ra_arena_strdup(&p->arena, key));
}

static int remove_doomed(struct place *p, struct ra_err *err)
{
    struct ra_gc *gc = p->tidy->gc;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->doomed.n; i++) {
        struct ra_removal item = {.key = p->doomed.at[i], .keep = p->keep};
        rc = ra_store_remove(gc->job->store, &item, 1, gc->cutoff, err);
        if (rc == 0 && item.status == 0)
            atomic_fetch_add(&p->tidy->removed, 1);
        else if (rc == 0 && item.status != -RA_BUSY)
            ra_find(gc->job->findings, RA_WARNING, "not-removed", &(struct ra_place){.path = item.key},
                    "a leftover could not be removed: %s", strerror(item.sys));
    }
    return rc;
}

static int list_place(struct place *p, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    RA_AUTO_PTR(ra_list) list = NULL;
    struct ra_page page;
    int rc = ra_list_open(p->tidy->gc->job->store, p->prefix, &opts, &list, err);
    while (rc == 0 && (rc = ra_list_next(list, &page, err)) > 0) {
        rc = ra_check_cancelled(err);
        for (size_t i = 0; i < page.n; i++)
            look_at(p, &page.at[i]);
    }
    return rc;
}

/* Not being able to look does no harm here, and was said before where it matters. */
static int tidy_place(struct tidy *t, const char *prefix, size_t keep, struct ra_err *err)
{
    struct place p = {.tidy = t, .prefix = prefix, .keep = keep};
    RA_ERR_AUTO trouble = {0};
    int rc = list_place(&p, &trouble);
    rc = rc == -RA_CANCELLED ? ra_err_move(err, &trouble) : remove_doomed(&p, err);
    ra_strlist_release(&p.doomed);
    ra_arena_release(&p.arena);
    return rc;
}

/* --- folders that hold nothing ------------------------------------------------------------------------------ */

/* The folder around a link. */
static int prune_around(struct ra_gc *gc, const char *link, size_t keep, struct ra_err *err)
{
    ra_auto_free char *folder = ra_strndup(link, (size_t)(last_name(link) - link));
    return ra_prune(gc->job, folder, keep, gc->cutoff, err);
}

static int prune_item(void *arg, const struct ra_gc_item *item, struct ra_err *err)
{
    return prune_around(arg, item->key, item->keep, err);
}

static int prune_revisions(struct ra_gc *gc, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    struct ra_key key;
    struct ra_digest d;
    int rc = 0;
    size_t keep = strlen(ra_key_revisions(&key, repo->name));
    for (uint32_t k = 0; rc == 0 && k < repo->n_revs; k++) {
        if (!(repo->revs[k].flags & RA_REV_NO_LINK))
            continue;
        ra_blobs_digest(gc->survey.blobs, repo->revs[k].blob, &d);
        rc = ra_prune(gc->job, ra_key_revision_folder(&key, repo->name, &d), keep, gc->cutoff, err);
    }
    return rc;
}

static int prune_layers(struct ra_gc *gc, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    struct ra_key key;
    struct ra_digest d;
    int rc = 0;
    size_t keep = strlen(ra_key_layers(&key, repo->name));
    for (size_t k = mark->layers.n - mark->n_empty_layers; rc == 0 && k < mark->layers.n; k++) {
        ra_blobs_digest(gc->survey.blobs, repo->layers[mark->layers.at[k]], &d);
        rc = prune_around(gc, ra_key_layer(&key, repo->name, &d), keep, err);
    }
    return rc;
}

/* --- repositories ------------------------------------------------------------------------------------------- */

static int tidy_repo(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct tidy *t = arg;
    struct ra_gc *gc = t->gc;
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    struct ra_key key;
    int rc = 0;
    if (repo->flags & (RA_REPO_PROTECT | RA_REPO_ALIAS))
        return 0;
    if (repo->flags & RA_REPO_LAYERS) {
        size_t keep = strlen(ra_key_layers(&key, repo->name));
        rc = tidy_place(t, key.s, keep, err);
    }
    if (rc == 0 && repo->flags & RA_REPO_MANIFESTS) {
        ra_auto_free char *prefix = ra_strdup(ra_key_manifests(&key, repo->name));
        rc = tidy_place(t, prefix, strlen(prefix) + strlen("revisions/"), err);
    }
    if (rc == 0)
        rc = prune_revisions(gc, i, err);
    if (rc == 0)
        rc = prune_layers(gc, i, err);
    if (rc == 0)
        rc = ra_gc_history(gc, i, &(struct ra_gc_visitor){prune_item, gc}, err);
    ra_progress_add(gc->job->progress, 1, 0);
    return rc;
}

/* --- blobs -------------------------------------------------------------------------------------------------- */

static int prune_hollow(struct ra_gc *gc, unsigned part, struct ra_err *err)
{
    struct ra_key key;
    struct ra_digest d;
    size_t n;
    int rc = 0;
    ra_auto_free uint32_t *ids = ra_blobs_part(gc->survey.blobs, part, RA_MARK_HOLLOW, 0, &n);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        ra_blobs_digest(gc->survey.blobs, ids[i], &d);
        rc = ra_prune(gc->job, ra_key_blob_folder(&key, &d), strlen(RA_BLOBS), gc->cutoff, err);
    }
    return rc;
}

static bool is_empty(struct ra_gc *gc, unsigned part)
{
    size_t n;
    free(ra_blobs_part(gc->survey.blobs, part, RA_BLOB_PRESENT, RA_MARK_DOOMED | RA_MARK_HOLLOW, &n));
    return n == 0;
}

/* Part p is the shards p of every algorithm; the last one nothing but hollow folders. A shard with nothing in it goes
 * in one step with the hollow folders it has: taking those away first would make it look young. */
static int tidy_blobs(void *arg, size_t part, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct tidy *t = arg;
    struct ra_key key;
    int rc = 0;
    for (int alg = 0; rc == 0 && part < 256 && alg < RA_ALG_COUNT; alg++) {
        const char *shard = ra_key_blob_shard(&key, (enum ra_alg)alg, (unsigned)part);
        if (!t->gc->survey.algs[alg])
            continue;
        rc = tidy_place(t, shard, strlen(RA_BLOBS), err);
        if (rc == 0 && (alg != RA_SHA256 || is_empty(t->gc, (unsigned)part)))
            rc = ra_prune(t->gc->job, shard, strlen(RA_BLOBS), t->gc->cutoff, err);
    }
    ra_progress_add(t->gc->job->progress, 1, 0);
    return rc ? rc : prune_hollow(t->gc, (unsigned)part, err);
}

int ra_gc_tidy(struct ra_gc *gc, struct ra_err *err)
{
    struct tidy t = {.gc = gc};
    unsigned threads = ra_job_io_threads(gc->job);
    ra_progress_phase(gc->job->progress, "clearing up", gc->survey.repos.n + RA_BLOBS_PARTS, 0);
    int rc = ra_parallel(threads, gc->survey.repos.n, tidy_repo, &t, err);
    if (rc == 0 && !gc->survey.no_blobs && !gc->survey.no_repositories)
        rc = ra_parallel(threads, RA_BLOBS_PARTS, tidy_blobs, &t, err);
    gc->result.leftovers = t.removed;
    return rc;
}

/* --- whole repositories ------------------------------------------------------------------------------------- */

static bool stays(const void *arg, size_t repo)
{
    const struct ra_gc *gc = arg;
    return !gc->pruned[repo];
}

/* Something foreign may hold one up: then it stays, and stays in the catalogue. */
int ra_gc_prune_repos(struct ra_gc *gc, struct ra_err *err)
{
    struct ra_gc_count *count = &gc->result.repositories;
    int rc = 0;
    ra_progress_phase(gc->job->progress, "removing repositories", count->removed, 0);
    for (size_t i = gc->survey.repos.n; rc == 0 && i-- > 0;) {
        if (!gc->pruned[i])
            continue;
        const char *name = gc->survey.repos.at[i].name;
        rc = ra_prune_repo(gc->job, &gc->survey, name, stays, gc, err);
        bool held_up = rc == 0 && ra_repo_exists(gc->job->store, name, NULL) != 0;
        count->removed -= held_up;
        count->kept += held_up;
    }
    return rc;
}
