#include "jobs/import_backup.h"

#define PIECE ((size_t)1 << 20)

/* --- copying ------------------------------------------------------------------------------------------------ */

static int settle_blob(struct ra_import *im, struct ra_put_blob *to, struct ra_err *err)
{
    int rc = ra_put_blob_seal(to, NULL, err);
    if (rc < 0) {
        ra_put_blob_abort(to);
        return rc;
    }
    return ra_import_park(im, to, err);
}

static void count(struct ra_import *im, uint64_t size, bool present)
{
    __atomic_add_fetch(present ? &im->counts.present : &im->counts.written, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&im->counts.bytes, present ? 0 : size, __ATOMIC_RELAXED);
    ra_progress_add(im->job->progress, 1, present ? size : 0);
}

static int open_blob(struct ra_import *im, uint32_t number, struct ra_put_blob **out, struct ra_err *err)
{
    const struct ra_backup *s = &im->backup->state;
    const struct ra_digest *d = RA_DIGEST_AT(&s->digests, number);
    int there = ra_put_has_blob(im->job->store, d, s->blobs.at[number].size, NULL, err);
    if (there != 0) {
        if (there > 0)
            count(im, s->blobs.at[number].size, true);
        return there;
    }
    return ra_put_blob_open(ra_import_target(im), d, s->blobs.at[number].size, out, err);
}

/* From the stream: whatever comes. */
static int copy_from_stream(struct ra_import *im, uint32_t number, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    ra_auto_free char *piece = ra_io_buffer(PIECE);
    int rc = open_blob(im, number, &to, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    ssize_t n;
    while ((n = ra_tar_read(im->backup->tar, piece, PIECE, err)) > 0) {
        ra_progress_add(im->job->progress, 0, (uint64_t)n);
        if ((rc = ra_put_blob_write(to, piece, (size_t)n, err)) < 0)
            return rc;
    }
    if (n < 0)
        return (int)n;
    count(im, im->backup->state.blobs.at[number].size, false);
    return settle_blob(im, ra_steal_ptr(&to), err);
}

static int copy_from_file(struct ra_import *im, uint32_t number, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    const struct ra_backup_blob *blob = &im->backup->state.blobs.at[number];
    struct ra_member_reader from = {ra_input_fd(im->backup->input), false, im->backup->data_at[number],
                                    blob->size, "blob"};
    int rc = open_blob(im, number, &to, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    size_t size = blob->size < PIECE ? (size_t)blob->size + 1 : PIECE;
    ra_auto_free char *piece = ra_io_buffer(size);
    ssize_t n;
    while ((n = ra_member_read(&from, piece, size, err)) > 0) {
        ra_progress_add(im->job->progress, 0, (uint64_t)n);
        if ((rc = ra_put_blob_write(to, piece, (size_t)n, err)) < 0 || (rc = ra_check_cancelled(err)) < 0)
            return rc;
    }
    if (n < 0)
        return (int)n;
    count(im, blob->size, false);
    return settle_blob(im, ra_steal_ptr(&to), err);
}

struct copying {
    struct ra_import *im;
    RA_VEC(uint32_t) list;
};

static int copy_one(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct copying *c = arg;
    return copy_from_file(c->im, c->list.at[i], err);
}

static int by_place(const void *x, const void *y, void *arg)
{
    const struct import_backup *b = arg;
    uint64_t l = b->data_at[*(const uint32_t *)x], r = b->data_at[*(const uint32_t *)y];
    return l == r ? 0 : l < r ? -1 : 1;
}

/* In the order of the file: a disk reads it so, and manifests, which are small, come first. */
static int copy_scanned(struct ra_import *im, struct ra_err *err)
{
    struct copying c = {.im = im};
    const struct ra_backup *s = &im->backup->state;
    for (uint32_t i = 0; i < s->blobs.n; i++)
        if (s->blobs.at[i].in)
            *ra_vec_push(&c.list) = i;
    if (c.list.n)
        qsort_r(c.list.at, c.list.n, sizeof(*c.list.at), by_place, im->backup);
    int rc = ra_parallel(im->job->threads, c.list.n, copy_one, &c, err);
    ra_vec_release(&c.list);
    return rc;
}

static int copy_blobs(struct ra_import *im, struct ra_err *err)
{
    struct ra_backup_totals totals;
    ra_backup_totals(&im->backup->state, &totals);
    ra_progress_phase(im->job->progress, im->job->dry_run ? "verifying" : "copying", totals.carried,
                      totals.bytes);
    if (im->backup->scanned)
        return copy_scanned(im, err);
    int rc = ra_import_each_member(im, copy_from_stream, err);
    return rc < 0 ? rc : ra_import_check_end(im->backup, err);
}

/* --- links -------------------------------------------------------------------------------------------------- */

static void note_tags(struct ra_import *im, struct ra_put *put)
{
    const struct import_backup *b = im->backup;
    const struct ra_backup *s = &b->state;
    ra_vec_each (t, &s->history)
        ra_put_tag_history(put, b->repos[t->repo], s->names.at[t->name],
                           RA_DIGEST_AT(&s->digests, t->digest));
    ra_vec_each (image, &im->images)
        if (image->pub.status != RA_IMPORT_SKIPPED)
            ra_put_tag(put, image->pub.repo, image->pub.tag, &image->pub.digest);
}

static int write_links(struct ra_import *im, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put) put = ra_put_new(im->job->store);
    const struct import_backup *b = im->backup;
    const struct ra_backup *s = &b->state;
    ra_put_lend(put, &s->digests);
    ra_vec_each (l, &s->layers)
        if (!b->absent[l->digest])
            ra_put_layer(put, b->repos[l->repo], RA_DIGEST_AT(&s->digests, l->digest));
    ra_vec_each (r, &s->revs)
        if (!b->absent[r->digest])
            ra_put_revision(put, b->repos[r->repo], RA_DIGEST_AT(&s->digests, r->digest));
    note_tags(im, put);
    ra_import_guard_tags(im, put);
    ra_progress_phase(im->job->progress, "linking", 0, 0);
    return ra_put_finish(put, ra_job_io_threads(im->job), NULL, err);
}

int ra_import_backup_run(struct ra_import *im, struct ra_err *err)
{
    int rc = copy_blobs(im, err);
    if (rc == 0)
        rc = ra_import_publish(im, err);
    if (rc < 0 || im->job->dry_run)
        return rc;
    rc = write_links(im, err);
    return rc < 0 || !im->opts.mirror ? rc : ra_import_mirror(im, err);
}
