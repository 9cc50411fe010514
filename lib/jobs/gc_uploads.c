#include "jobs/gc_parts.h"

/* --- those that have a folder --- */

struct upload_sweep {
    struct ra_gc *gc;
    uint64_t removed, bytes;
};

static int remove_upload(void *arg, const struct ra_gc_item *item, struct ra_err *err)
{
    struct upload_sweep *sweep = arg;
    struct ra_gc *gc = sweep->gc;
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_remove_prefix(gc->job->store, item->key, item->keep, gc->uploads_cutoff, NULL,
                                    &sweep->bytes, &trouble);
    sweep->removed += rc == 0;
    if (trouble.code == RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (rc < 0)
        ra_find(gc->job->findings, RA_ERROR, "not-removed", &(struct ra_place){.path = item->key},
                "it could not be removed: %s", ra_err_text(&trouble));
    return 0;
}

static int remove_folders(struct ra_gc *gc, struct ra_err *err)
{
    struct upload_sweep sweep = {.gc = gc};
    struct ra_gc_count *count = &gc->result.uploads;
    int rc = 0;
    ra_progress_phase(gc->job->progress, "removing uploads", count->removed, 0);
    for (size_t i = 0; rc == 0 && count->removed && i < gc->survey.repos.n; i++)
        rc = ra_gc_uploads(gc, i, &(struct ra_gc_visitor){remove_upload, &sweep}, err);
    count->kept += count->removed - sweep.removed;
    count->removed = sweep.removed;
    count->removed_bytes = sweep.bytes;
    return rc;
}

/* --- those in parts, of which only a bucket knows --- */

static void count_part(void *arg, const struct ra_abandoned *a)
{
    struct ra_gc *gc = arg;
    if (a->started > gc->uploads_cutoff) {
        gc->result.parts.kept++;
        return;
    }
    gc->result.parts.removed++;
    *ra_arena_push(&gc->arena, &gc->parts) = ra_arena_strdup(&gc->arena, a->key);
}

/* That there may be some is no reason to do nothing at all where nobody may ask. */
int ra_gc_find_parts(struct ra_gc *gc, struct ra_err *err)
{
    struct ra_abandoned_opts opts = {.not_after = RA_ANY_AGE, .found = count_part, .arg = gc};
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_abandoned(gc->job->store, RA_V2, &opts, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (rc < 0)
        ra_find(gc->job->findings, RA_NOTE, "uploads-unknown", &(struct ra_place){0},
                "uploads in parts that were cut off are not known: %s", ra_err_text(&trouble));
    return 0;
}

struct aborting {
    struct ra_gc *gc;
    uint64_t n;
};

static void take_abort(void *arg, const struct ra_abandoned *a)
{
    struct aborting *aborting = arg;
    aborting->n += a->status == 0;
    if (a->status < 0)
        ra_find(aborting->gc->job->findings, RA_ERROR, "not-removed", &(struct ra_place){.path = a->key},
                "the upload in parts could not be aborted%s",
                a->status == -RA_DENIED ? ": access denied (it takes s3:AbortMultipartUpload)" : "");
}

static int abort_parts(struct ra_gc *gc, struct ra_err *err)
{
    struct aborting aborting = {.gc = gc};
    struct ra_abandoned_opts opts = {
        .not_after = gc->uploads_cutoff, .abort = true, .found = take_abort, .arg = &aborting};
    struct ra_gc_count *count = &gc->result.parts;
    int rc = count->removed ? ra_store_abandoned(gc->job->store, RA_V2, &opts, err) : 0;
    if (count->removed > aborting.n)
        count->kept += count->removed - aborting.n;
    count->removed = aborting.n;
    return rc;
}

int ra_gc_remove_uploads(struct ra_gc *gc, struct ra_err *err)
{
    int rc = remove_folders(gc, err);
    return rc ? rc : abort_parts(gc, err);
}
