#include "jobs/import_plan.h"

#include "base/num.h"

#define PIECE ((size_t)1 << 20)

/* --- waiting for the rest ----------------------------------------------------------------------------------- */

static int publish_parked(struct import_parked *p, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->n; i++)
        if (rc == 0)
            rc = ra_put_blob_publish(p->at[i], err);
        else
            ra_put_blob_abort(p->at[i]);
    p->n = 0;
    return rc;
}

int ra_import_park(struct ra_import *im, struct ra_put_blob *blob, struct ra_err *err)
{
    struct import_parked *p = &im->parked;
    {
        RA_LOCKED(&p->mutex);
        if (!p->spilled && p->n < IMPORT_PARKED_MAX) {
            p->at[p->n++] = blob;
            return 0;
        }
        /* More blobs than files may be open: from here on they go in as they are proved, and an archive that turns
         * out bad later leaves blobs that nothing points to. */
        p->spilled = true;
        int rc = publish_parked(p, err);
        if (rc < 0) {
            ra_put_blob_abort(blob);
            return rc;
        }
    }
    return ra_put_blob_publish(blob, err);
}

int ra_import_publish(struct ra_import *im, struct ra_err *err)
{
    RA_LOCKED(&im->parked.mutex);
    return publish_parked(&im->parked, err);
}

void ra_import_unpark(struct ra_import *im)
{
    for (size_t i = 0; i < im->parked.n; i++)
        ra_put_blob_abort(im->parked.at[i]);
    im->parked.n = 0;
}

/* --- room ---------------------------------------------------------------------------------------------------- */

int ra_import_check_room(const struct ra_import *im, uint64_t bytes, struct ra_err *err)
{
    uint64_t room = ra_store_room(im->job->store);
    char need[RA_SIZE_TEXT], have[RA_SIZE_TEXT];
    if (bytes <= room)
        return 0;
    int rc =
        ra_fail(err, RA_NOSPACE, "'%s' has no room for it: it needs %s more, and %s are free",
                ra_store_info(im->job->store)->where, ra_size_text(bytes, need), ra_size_text(room, have));
    return ra_hint(err, rc, "`regadm gc` gives back what nothing needs");
}

/* --- copying ------------------------------------------------------------------------------------------------ */

static int copy_member(struct ra_import *im, const struct ra_found *from, struct ra_put_blob *to,
                       struct ra_err *err)
{
    RA_AUTO(ra_member_reader, _release) r = {.fd = -1};
    size_t piece = from->size < PIECE ? (size_t)from->size + 1 : PIECE;
    ra_auto_free char *buffer = ra_io_buffer(piece);
    int rc = ra_member_open(im->members, from, &r, err);
    for (ssize_t n = 1; rc == 0 && n > 0;) {
        if ((rc = ra_check_cancelled(err)) < 0)
            break;
        if ((n = ra_member_read(&r, buffer, piece, err)) <= 0)
            return (int)n;
        ra_progress_add(im->job->progress, 0, (uint64_t)n);
        rc = ra_put_blob_write(to, buffer, (size_t)n, err);
    }
    return rc;
}

static int copy_made(struct ra_import *im, uint32_t made, struct ra_put_blob *to, struct ra_err *err)
{
    const struct ra_buf *bytes = &im->made.at[made];
    return ra_put_blob_write(to, bytes->data, bytes->len, err);
}

static int copy_blob(struct ra_import *im, uint32_t number, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    const struct import_blob *b = &im->blobs.at[number];
    char space[RA_MEMBER_SPACE];
    int rc = ra_put_blob_open(ra_import_target(im), RA_DIGEST_AT(im->digests, number), b->size, &to, err);
    if (rc == 0)
        rc = b->made ? copy_made(im, b->from, to, err)
                     : copy_member(im, &(struct ra_found){b->from, b->size}, to, err);
    if (rc == 0)
        rc = ra_put_blob_seal(to, NULL, err);
    if (rc < 0)
        return b->member ? ra_wrap(err, rc, "member '%s'", ra_member_name(im->members, b->from, space)) : rc;
    return ra_import_park(im, ra_steal_ptr(&to), err);
}

struct copying {
    struct ra_import *im;
    RA_VEC(uint32_t) list;
};

static int copy_one(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct copying *c = arg;
    struct ra_import *im = c->im;
    uint32_t number = c->list.at[i];
    struct import_blob *b = &im->blobs.at[number];
    int there = ra_put_has_blob(im->job->store, RA_DIGEST_AT(im->digests, number), b->size, NULL, err);
    int rc = there < 0 ? there : there ? 0 : copy_blob(im, number, err);
    ra_progress_add(im->job->progress, 1, there ? b->size : 0);
    b->present = there > 0;
    return rc;
}

static int largest_first(const void *a, const void *b, void *arg)
{
    const struct ra_import *im = arg;
    uint64_t left = im->blobs.at[*(const uint32_t *)a].size, right = im->blobs.at[*(const uint32_t *)b].size;
    return left == right ? 0 : left > right ? -1 : 1;
}

static void count(struct copying *c)
{
    ra_vec_each (number, &c->list) {
        const struct import_blob *b = &c->im->blobs.at[*number];
        c->im->counts.present += b->present;
        c->im->counts.written += !b->present;
        c->im->counts.bytes += b->present ? 0 : b->size;
    }
}

int ra_import_copy_all(struct ra_import *im, struct ra_err *err)
{
    struct copying c = {.im = im};
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < im->blobs.n; i++) {
        const struct import_blob *b = &im->blobs.at[i];
        if (b->needed && !b->missing && b->present && !b->stored)
            im->counts.present++;
        if (!b->needed || b->missing || b->present || b->stored)
            continue;
        *ra_vec_push(&c.list) = i;
        bytes += b->size;
    }
    int rc = ra_import_check_room(im, bytes, err);
    if (rc == 0 && c.list.n)
        qsort_r(c.list.at, c.list.n, sizeof(*c.list.at), largest_first, im);
    ra_progress_phase(im->job->progress, im->job->dry_run ? "verifying" : "copying", c.list.n, bytes);
    if (rc == 0)
        rc = ra_parallel(im->job->threads, c.list.n, copy_one, &c, err);
    if (rc == 0)
        count(&c);
    ra_vec_release(&c.list);
    return rc;
}
