#include "jobs/gc_parts.h"

#include "base/vec.h"

struct step {
    struct ra_gc *gc;
    int (*items)(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err);
    struct ra_gc_count *count;
    pthread_mutex_t mutex; /* over count */
};

struct batch { /* of one thread, for one part of a step */
    struct step *step;
    RA_VEC(struct ra_removal) list;
    struct ra_buf keys; /* the list's, one after the other; until they are sent it holds offsets */
    uint64_t removed, bytes;
};

static void report(struct ra_gc *gc, const struct ra_removal *item)
{
    /* Somebody is using it: that is what looking again is for. */
    if (item->status == -RA_BUSY)
        return;
    ra_find(gc->job->findings, RA_ERROR, "not-removed", &(struct ra_place){.path = item->key},
            "it could not be removed: %s", item->sys ? strerror(item->sys) : "it is no ordinary file");
}

static int send_batch(struct batch *b, struct ra_err *err)
{
    struct ra_gc *gc = b->step->gc;
    ra_vec_each (item, &b->list)
        item->key = b->keys.data + (uintptr_t)item->key;
    int rc = b->list.n ? ra_store_remove(gc->job->store, b->list.at, b->list.n, gc->cutoff, err) : 0;
    for (size_t i = 0; rc == 0 && i < b->list.n; i++) {
        if (b->list.at[i].status < 0) {
            report(gc, &b->list.at[i]);
            continue;
        }
        b->removed++;
        b->bytes += b->list.at[i].size;
    }
    ra_progress_add(gc->job->progress, b->list.n, 0);
    b->list.n = 0;
    ra_buf_clear(&b->keys);
    return rc;
}

static int add_item(void *arg, const struct ra_gc_item *item, struct ra_err *err)
{
    struct batch *b = arg;
    *ra_vec_push(&b->list) =
        (struct ra_removal){.key = (const char *)(uintptr_t)b->keys.len, .keep = item->keep};
    ra_buf_add(&b->keys, item->key, strlen(item->key) + 1);
    if (b->list.n < ra_store_info(b->step->gc->job->store)->remove_max)
        return 0;
    int rc = ra_check_cancelled(err);
    return rc == 0 ? send_batch(b, err) : rc;
}

static int remove_part(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct step *step = arg;
    struct batch b = {.step = step};
    int rc = step->items(step->gc, i, &(struct ra_gc_visitor){add_item, &b}, err);
    if (rc == 0)
        rc = send_batch(&b, err);
    ra_vec_release(&b.list);
    ra_buf_release(&b.keys);
    RA_LOCKED(&step->mutex);
    step->count->removed += b.removed;
    step->count->removed_bytes += b.bytes;
    return rc;
}

/* What was planned and did not happen stays with what is kept. */
static int run_step(struct step *step, size_t n, const char *phase, struct ra_err *err)
{
    struct ra_gc *gc = step->gc;
    struct ra_gc_count *count = step->count;
    struct ra_gc_count planned = *count;
    count->removed = count->removed_bytes = 0;
    ra_progress_phase(gc->job->progress, phase, planned.removed, 0);
    int rc = planned.removed ? ra_parallel(ra_job_io_threads(gc->job), n, remove_part, step, err) : 0;
    count->kept += planned.removed - count->removed;
    if (planned.removed_bytes > count->removed_bytes)
        count->kept_bytes += planned.removed_bytes - count->removed_bytes;
    return rc;
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

int ra_gc_sweep(struct ra_gc *gc, struct ra_err *err)
{
    struct ra_gc_result *r = &gc->result;
    size_t repos = gc->survey.repos.n;
    struct step history = {gc, ra_gc_history, &r->history, PTHREAD_MUTEX_INITIALIZER};
    struct step revisions = {gc, ra_gc_revisions, &r->revisions, PTHREAD_MUTEX_INITIALIZER};
    struct step layers = {gc, ra_gc_layers, &r->layer_links, PTHREAD_MUTEX_INITIALIZER};
    struct step blobs = {gc, ra_gc_blobs, &r->blobs, PTHREAD_MUTEX_INITIALIZER};
    int rc = run_step(&history, repos, "removing tag history", err);
    rc = rc ? rc : run_step(&revisions, repos, "removing revisions", err);
    rc = rc ? rc : run_step(&layers, repos, "removing layer links", err);
    /* Links must be durably gone before what they name goes. */
    rc = rc ? rc : ra_store_sync(gc->job->store, err);
    rc = rc ? rc : run_step(&blobs, RA_BLOBS_PARTS, "removing blobs", err);
    rc = rc ? rc : ra_gc_remove_uploads(gc, err);
    rc = rc ? rc : ra_gc_tidy(gc, err);
    if (rc == 0 && gc->opts.prune_repositories)
        rc = ra_gc_prune_repos(gc, err);
    return rc ? rc : ra_store_sync(gc->job->store, err);
}
