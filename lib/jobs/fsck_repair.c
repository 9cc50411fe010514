/*
 * Mending, in the order that may be cut anywhere: blobs first, links after them, tags last. Nothing is deleted: a
 * corrupt blob moves to the quarantine, and only once its copy there is durable.
 */
#include "jobs/fsck_parts.h"

#include "base/str.h"
#include "registry/layout.h"
#include "registry/put.h"
#include "registry/read.h"

#define BUFFER ((size_t)1 << 20)

struct repair {
    struct ra_fsck *f;
    const struct ra_fsck_source *from; /* or NULL */
    char *buffer;
};

static void not_repaired(struct repair *r, const struct ra_fix *fix, const struct ra_err *why)
{
    struct ra_key key;
    struct ra_place at = {.repository = fix->repository, .tag = fix->tag, .digest = &fix->digest};
    if (!fix->repository)
        at.path = ra_key_blob(&key, &fix->digest);
    ra_find(r->f->job->findings, RA_ERROR, "not-repaired", &at, "%s", ra_err_text(why));
}

/* --- blobs ----------------------------------------------------------- */

static int copy_bytes(struct repair *r, struct ra_reader *from, struct ra_writer *to, struct ra_err *err)
{
    for (;;) {
        ssize_t n = ra_read(from, r->buffer, BUFFER, err);
        if (n <= 0)
            return (int)n;
        int rc = ra_write(to, r->buffer, (size_t)n, err);
        ra_progress_add(r->f->job->progress, 0, (uint64_t)n);
        if (rc == 0)
            rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
    }
}

static int copy_object(struct repair *r, const char *from, const char *to, struct ra_err *err)
{
    struct ra_store *store = r->f->job->store;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    RA_AUTO_PTR(ra_writer) writer = NULL;
    int rc = ra_read_open(store, from, 0, UINT64_MAX, RA_READ_ONCE, &reader, err);
    if (rc == 0)
        rc = ra_write_open(store, to, RA_WRITE_REPLACE, 0, &writer, err);
    if (rc < 0)
        return rc;
    rc = ra_write_clone(writer, reader, NULL);
    if (rc < 0)
        rc = copy_bytes(r, reader, writer, err);
    if (rc < 0)
        return rc;
    rc = ra_write_commit(ra_steal_ptr(&writer), NULL, err);
    return rc < 0 ? rc : ra_store_sync(store, err);
}

static int move_aside(struct repair *r, const struct ra_digest *d, struct ra_err *err)
{
    struct ra_key key, aside;
    int rc = copy_object(r, ra_key_blob(&key, d), ra_key_quarantine(&aside, d), err);
    if (rc < 0)
        return ra_wrap(err, rc, "cannot move the corrupt blob aside");
    struct ra_removal removal = {.key = key.s, .keep = strlen(RA_BLOBS)};
    rc = ra_store_remove(r->f->job->store, &removal, 1, RA_ANY_AGE, err);
    if (rc == 0 && removal.status < 0)
        rc = ra_fail_errno(err, removal.sys ? removal.sys : EIO, "cannot remove '%s'", key.s);
    return rc;
}

/* Fetches and verifies; nothing is visible yet. UNSUPPORTED without a source. */
static int fetch(struct repair *r, const struct ra_digest *d, struct ra_put_blob **out, struct ra_err *err)
{
    struct ra_blob_id id;
    RA_AUTO_PTR(ra_source_blob) source = NULL;
    RA_AUTO_PTR(ra_put_blob) blob = NULL;
    if (!r->from)
        return ra_fail(err, RA_UNSUPPORTED, "there is no source to refill it from (see --from)");
    int rc = ra_source_blob_open(r->from, d, &source, err);
    if (rc == 0)
        rc = ra_put_blob_open(r->f->job->store, d, 0, &blob, err);
    while (rc == 0) {
        ssize_t n = ra_source_blob_read(source, r->buffer, BUFFER, err);
        if (n <= 0) {
            rc = (int)n;
            break;
        }
        rc = ra_put_blob_write(blob, r->buffer, (size_t)n, err);
        ra_progress_add(r->f->job->progress, 0, (uint64_t)n);
    }
    if (rc == 0)
        rc = ra_put_blob_seal(blob, &id, err);
    if (rc == 0)
        *out = ra_steal_ptr(&blob);
    return rc;
}

static int mend_blob(struct repair *r, struct ra_fix *fix, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) blob = NULL;
    RA_ERR_AUTO fetching = {0};
    int fetched = fetch(r, &fix->digest, &blob, &fetching);
    int rc = fix->kind == RA_FIX_QUARANTINE ? move_aside(r, &fix->digest, err) : 0;
    if (rc < 0)
        return rc;
    if (fix->kind == RA_FIX_QUARANTINE)
        fix->action = "moved aside";
    if (fetched < 0)
        return fix->kind == RA_FIX_QUARANTINE
                   ? ra_wrap(err, ra_err_move(err, &fetching), "the corrupt blob is out of the way")
                   : ra_err_move(err, &fetching);
    rc = ra_put_blob_publish(ra_steal_ptr(&blob), err);
    if (rc == 0)
        fix->action = "mended";
    return rc;
}

/* Without a source a corrupt blob is out of the way, and its place is empty: better than wrong bytes, and said. */
static int mend_blobs(struct repair *r, struct ra_err *err)
{
    ra_vec_each (fix, &r->f->fixes) {
        RA_ERR_AUTO mending = {0};
        if (fix->kind != RA_FIX_QUARANTINE && (fix->kind != RA_FIX_REFILL || !r->from))
            continue;
        int rc = mend_blob(r, fix, &mending);
        if (rc == -RA_CANCELLED)
            return ra_err_move(err, &mending);
        if (rc < 0)
            not_repaired(r, fix, &mending);
        else
            r->f->result.repaired++;
        ra_progress_add(r->f->job->progress, 1, 0);
    }
    return ra_store_sync(r->f->job->store, err);
}

/* --- links ----------------------------------------------------------- */

static bool is_intact(struct repair *r, const struct ra_digest *d)
{
    struct ra_key key;
    struct ra_digest got;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    RA_AUTO_PTR(ra_hasher) hasher = ra_hasher_new((enum ra_alg)d->alg);
    ssize_t n = -1;
    if (ra_read_open(r->f->job->store, ra_key_blob(&key, d), 0, UINT64_MAX, RA_READ_ONCE, &reader, NULL) < 0)
        return false;
    while ((n = ra_read(reader, r->buffer, BUFFER, NULL)) > 0)
        ra_hasher_update(hasher, r->buffer, (size_t)n);
    ra_hasher_final(hasher, &got);
    return n == 0 && ra_digest_eq(&got, d);
}

/* A link that was mended meanwhile is left alone. One that leads to no manifest is wrong only if these are the bytes
 * that it means: else they are what was damaged. */
static bool tag_wants(struct repair *r, const struct ra_fix *fix)
{
    struct ra_key key;
    struct ra_digest held;
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    int rc = ra_link_read(r->f->job->store, ra_key_tag_current(&key, fix->repository, fix->tag), &held, NULL,
                          NULL);
    if (!fix->misled || rc < 0)
        return !fix->misled && rc < 0;
    if (!ra_digest_eq(&held, &fix->was))
        return false;
    bool manifest =
        ra_manifest_load(r->f->job->store, &held, &bytes, &m, NULL) == 0 && !(m.odd & RA_ODD_NO_MANIFEST);
    return !manifest && is_intact(r, &held);
}

/* Of another algorithm, its bytes may lie below the sha256 that its layer link holds. */
static int find_bytes(struct repair *r, const char *repository, const struct ra_digest *d, struct ra_err *err)
{
    struct ra_store *store = r->f->job->store;
    struct ra_digest held;
    struct ra_key key;
    uint64_t size;
    int rc = ra_blob_size(store, d, &size, err);
    if (rc != -RA_NOTFOUND || d->alg == RA_SHA256 ||
        ra_link_read(store, ra_key_layer(&key, repository, d), &held, NULL, NULL) < 0)
        return rc;
    ra_err_clear(err);
    return ra_blob_size(store, &held, &size, err);
}

/* Blobs were refilled before this. */
static int find_parts(struct repair *r, const struct ra_fix *fix, struct ra_err *err)
{
    const struct ra_survey *survey = &r->f->survey;
    uint32_t blob = ra_blobs_find(survey->blobs, &fix->digest);
    const struct ra_survey_manifest *m = blob == RA_NONE ? NULL : ra_survey_manifest(survey, blob);
    for (size_t k = 0; m && k < RA_FSCK_HELD; k++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, ra_fsck_held[k], &n);
        for (size_t i = 0; i < n; i++) {
            struct ra_digest d;
            ra_fsck_digest(r->f, refs[i], &d);
            int rc = find_bytes(r, fix->repository, &d, err);
            if (rc < 0)
                return ra_wrap(err, rc, "it was deleted, or a blob that it needs was lost");
        }
    }
    return 0;
}

static void plan_link(struct repair *r, struct ra_fix *fix)
{
    RA_ERR_AUTO err = {0};
    uint64_t size;
    if (fix->kind == RA_FIX_TAG_LINK && !tag_wants(r, fix))
        return;
    int rc = ra_blob_size(r->f->job->store, &fix->digest, &size, &err);
    if (rc == 0 && fix->child)
        rc = find_parts(r, fix, &err);
    if (rc < 0)
        not_repaired(r, fix, &err);
    else
        fix->action = "mended";
}

static void put_link(struct ra_put *put, const struct ra_fix *fix)
{
    if (fix->kind == RA_FIX_LAYER_LINK)
        ra_put_layer(put, fix->repository, &fix->digest);
    else if (fix->kind == RA_FIX_REVISION_LINK)
        ra_put_revision(put, fix->repository, &fix->digest);
    else
        ra_put_tag(put, fix->repository, fix->tag, &fix->digest);
}

static bool is_planned(const struct ra_fix *fix)
{
    return fix->repository && fix->action;
}

static int write_links(struct repair *r, const struct ra_fix *fixes, size_t n, struct ra_put_counts *counts,
                       struct ra_err *err)
{
    RA_AUTO_PTR(ra_put) put = ra_put_new(r->f->job->store);
    for (size_t i = 0; i < n; i++)
        if (is_planned(&fixes[i]))
            put_link(put, &fixes[i]);
    return ra_put_finish(put, r->f->job->threads, counts, err);
}

/* Slower by a flush a link, but one that cannot be written keeps no other from it. What was written before the failure
 * of all at once is there already, and mended like the rest. */
static int write_one_by_one(struct repair *r, struct ra_err *err)
{
    ra_vec_each (fix, &r->f->fixes) {
        RA_ERR_AUTO writing = {0};
        struct ra_put_counts counts = {0};
        if (!is_planned(fix))
            continue;
        int rc = write_links(r, fix, 1, &counts, &writing);
        if (rc == -RA_CANCELLED)
            return ra_err_move(err, &writing);
        if (rc == 0) {
            r->f->result.repaired++;
            continue;
        }
        fix->action = NULL;
        not_repaired(r, fix, &writing);
    }
    return 0;
}

static int mend_links(struct repair *r, struct ra_err *err)
{
    ra_vec_each (fix, &r->f->fixes)
        if (fix->repository)
            plan_link(r, fix);
    struct ra_put_counts counts = {0};
    int rc = write_links(r, r->f->fixes.at, r->f->fixes.n, &counts, err);
    if (rc == 0)
        r->f->result.repaired += counts.layer_links + counts.revision_links + counts.tags;
    if (rc == 0 || rc == -RA_CANCELLED)
        return rc;
    ra_err_clear(err);
    return write_one_by_one(r, err);
}

int ra_fsck_repair(struct ra_fsck *f, const struct ra_fsck_source *from, struct ra_err *err)
{
    ra_auto_free char *buffer = ra_io_buffer(BUFFER);
    struct repair r = {.f = f, .from = from, .buffer = buffer};
    ra_progress_phase(f->job->progress, "repairing", f->fixes.n, 0);
    int rc = mend_blobs(&r, err);
    if (rc == 0)
        rc = mend_links(&r, err);
    if (rc == 0)
        ra_fsck_mark_mended(f);
    return rc;
}
