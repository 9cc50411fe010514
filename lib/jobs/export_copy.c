#include "jobs/export_copy.h"

#include "format/decompress.h"
#include "format/tar.h"
#include "registry/layout.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#define PIECE ((size_t)1 << 20)
/* Up to this size header and bytes are written in one go. */
#define SMALL ((size_t)64 << 10)

/* --- reading, and making sure ------------------------------------------------------------------------------- */

static int damaged(struct ra_export_plan *p, uint32_t number, const char *what, struct ra_err *err)
{
    char text[RA_DIGEST_TEXT];
    const struct ra_digest *d = RA_DIGEST_AT(&p->state.digests, number);
    struct ra_key key;
    struct ra_place at = {.path = ra_key_blob(&key, d), .digest = d};
    ra_find(p->job->findings, p->opts->skip_damaged ? RA_WARNING : RA_ERROR, "damaged-blob", &at, "%s", what);
    p->spoilt = true;
    RA_LOCKED(&p->mutex);
    ra_digest_set_add(&p->bad, d, NULL);
    int rc = ra_fail(err, RA_CORRUPT, "blob %s is damaged: %s", ra_digest_text(d, text), what);
    return ra_hint(err, rc, "--skip-damaged leaves out the images that need it; regadm fsck tells which");
}

static int open_blob(struct ra_export_plan *p, uint32_t number, struct ra_reader **out, struct ra_err *err)
{
    struct ra_key key;
    struct ra_stat st;
    int rc = ra_read_open(p->job->store, ra_key_blob(&key, RA_DIGEST_AT(&p->state.digests, number)), 0,
                          UINT64_MAX, 0, out, err);
    if (rc == -RA_NOTFOUND)
        p->vanished = true;
    if (rc < 0)
        return rc;
    ra_reader_stat(*out, &st);
    return st.size == p->state.blobs.at[number].size ? 0 : damaged(p, number, "its size changed", err);
}

static int check(struct ra_export_plan *p, uint32_t number, struct ra_hasher *h, uint64_t size,
                 struct ra_err *err)
{
    struct ra_digest got;
    if (size != p->state.blobs.at[number].size)
        return damaged(p, number, "it ended early", err);
    if (p->opts->no_verify)
        return 0;
    ra_hasher_final(h, &got);
    return ra_digest_eq(&got, RA_DIGEST_AT(&p->state.digests, number))
               ? 0
               : damaged(p, number, "its bytes are not what its digest says", err);
}

/* From an open blob; `to.write` NULL: only to make sure. */
static int pump(struct ra_export_plan *p, uint32_t number, struct ra_reader *from, struct ra_sink to,
                struct ra_err *err)
{
    uint64_t size = p->state.blobs.at[number].size, total = 0;
    size_t piece = size < PIECE ? (size_t)size + 1 : PIECE;
    ra_auto_free char *buffer = ra_io_buffer(piece);
    RA_AUTO_PTR(ra_hasher)
    h = p->opts->no_verify ? NULL : ra_hasher_new(RA_DIGEST_AT(&p->state.digests, number)->alg);
    ssize_t n;
    while ((n = ra_read(from, buffer, piece, err)) > 0) {
        total += (uint64_t)n;
        if (total > size)
            return damaged(p, number, "it grew", err);
        if (h)
            ra_hasher_update(h, buffer, (size_t)n);
        int rc = to.write ? to.write(to.arg, buffer, (size_t)n, err) : 0;
        if (rc == 0)
            rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
        ra_progress_add(p->job->progress, 0, (uint64_t)n);
    }
    return n < 0 ? (int)n : check(p, number, h, total, err);
}

int ra_export_copy(struct ra_export_plan *p, uint32_t number, struct ra_sink to, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) from = NULL;
    int rc = open_blob(p, number, &from, err);
    if (rc == 0)
        rc = pump(p, number, from, to, err);
    ra_progress_add(p->job->progress, 1, 0);
    return rc;
}

/* --- unpacking ---------------------------------------------------------------------------------------------- */

struct feed {
    struct ra_reader *from;
    struct ra_hasher *hasher;
    char buffer[65536];
    uint64_t total;
};

static ssize_t feed_next(void *arg, const void **out, struct ra_err *err)
{
    struct feed *f = arg;
    ssize_t n = ra_read(f->from, f->buffer, sizeof(f->buffer), err);
    *out = f->buffer;
    if (n > 0) {
        ra_hasher_update(f->hasher, f->buffer, (size_t)n);
        f->total += (uint64_t)n;
    }
    return n;
}

static int unpack(struct feed *f, struct ra_sink to, struct ra_err *err)
{
    RA_AUTO_PTR(ra_decoder) d = NULL;
    const void *data;
    ssize_t n;
    int rc = ra_decoder_open(&(struct ra_source){feed_next, f}, &d, err);
    if (rc < 0)
        return rc;
    while ((n = ra_decoder_next(d, &data, err)) > 0)
        if ((rc = to.write(to.arg, data, (size_t)n, err)) < 0 || (rc = ra_check_cancelled(err)) < 0)
            return rc;
    return (int)n;
}

/* What cannot be unpacked is damaged, or was stored so: its digest tells. */
static int tell_why(struct ra_export_plan *p, uint32_t number, int rc, struct ra_err *err)
{
    RA_ERR_AUTO damage = {0};
    if (p->bad.n && ra_digest_set_find(&p->bad, RA_DIGEST_AT(&p->state.digests, number)) != RA_NONE)
        return rc;
    return ra_export_copy(p, number, (struct ra_sink){0}, &damage) == -RA_CORRUPT ? ra_err_move(err, &damage)
                                                                                  : rc;
}

int ra_export_unpack(struct ra_export_plan *p, uint32_t number, struct ra_sink to, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) from = NULL;
    RA_AUTO_PTR(ra_hasher) hasher = ra_hasher_new(RA_DIGEST_AT(&p->state.digests, number)->alg);
    ra_auto_free struct feed *f = ra_new(struct feed);
    f->hasher = hasher;
    int rc = open_blob(p, number, &from, err);
    f->from = from;
    if (rc == 0)
        rc = unpack(f, to, err);
    if (rc == -RA_CORRUPT)
        return tell_why(p, number, rc, err);
    return rc < 0 ? rc : check(p, number, hasher, f->total, err);
}

/* --- into a file -------------------------------------------------------------------------------------------- */

struct place {
    int fd;
    const char *name;
    uint64_t at;
};

static int put_at(void *arg, const void *data, size_t n, struct ra_err *err)
{
    struct place *to = arg;
    const char *from = data;
    while (n > 0) {
        ssize_t done = pwrite(to->fd, from, n, (off_t)to->at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ra_fail_sys(err, "cannot write '%s'", to->name);
        from += done;
        n -= (size_t)done;
        to->at += (uint64_t)done;
    }
    return 0;
}

static int put_buffer(void *arg, const void *data, size_t n, struct ra_err *err)
{
    (void)err;
    ra_buf_add(arg, data, n);
    return 0;
}

struct filling {
    struct ra_export_plan *p;
    int fd;
    _Atomic bool no_sharing; /* the file system cannot */
};

/* Shares the whole blocks; the caller copies what is left. Bytes that are shared now, or 0. */
static uint64_t share(struct filling *f, const struct ra_reader *from, uint64_t at, uint64_t size)
{
    struct file_clone_range range = {
        .src_fd = ra_reader_fd(from), .src_length = size - size % RA_BACKUP_ALIGN, .dest_offset = at};
    if (f->no_sharing || range.src_fd < 0 || at % RA_BACKUP_ALIGN || size < RA_BACKUP_ALIGN_FROM)
        return 0;
    if (ioctl(f->fd, FICLONERANGE, &range) == 0)
        return range.src_length;
    f->no_sharing = true;
    return 0;
}

/* Passes over what is shared already. */
struct tail {
    struct place to;
    uint64_t skip;
};

static int put_tail(void *arg, const void *data, size_t n, struct ra_err *err)
{
    struct tail *t = arg;
    size_t drop = n < t->skip ? n : (size_t)t->skip;
    t->skip -= drop;
    return put_at(&t->to, (const char *)data + drop, n - drop, err);
}

static int fill_large(struct filling *f, uint32_t number, uint64_t at, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) from = NULL;
    int rc = open_blob(f->p, number, &from, err);
    if (rc < 0)
        return rc;
    uint64_t shared = share(f, from, at, f->p->state.blobs.at[number].size);
    struct tail tail = {{f->fd, f->p->opts->output, at + shared}, shared};
    return pump(f->p, number, from, (struct ra_sink){put_tail, &tail}, err);
}

static int fill(struct filling *f, size_t i, struct ra_err *err)
{
    RA_BUF_AUTO head = {0};
    struct place to = {f->fd, f->p->opts->output, ra_export_blob_position(f->p, i)};
    uint32_t number = f->p->order.at[i];
    ra_export_put_blob_header(f->p, i, to.at, &head);
    if (f->p->state.blobs.at[number].size > SMALL) {
        uint64_t data = to.at + head.len;
        int rc = put_at(&to, head.data, head.len, err);
        if (rc == 0)
            rc = fill_large(f, number, data, err);
        ra_progress_add(f->p->job->progress, 1, 0);
        return rc;
    }
    int rc = ra_export_copy(f->p, number, (struct ra_sink){put_buffer, &head}, err);
    return rc < 0 ? rc : put_at(&to, head.data, head.len, err);
}

static int fill_one(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct filling *f = arg;
    int rc = fill(f, i, err);
    if (rc != -RA_CORRUPT || !f->p->opts->skip_damaged)
        return rc;
    ra_err_clear(err);
    return 0;
}

int ra_export_copy_to_file(struct ra_export_plan *p, int fd, struct ra_err *err)
{
    struct filling f = {.p = p, .fd = fd};
    return ra_parallel(p->job->threads, p->order.n, fill_one, &f, err);
}

static int check_one(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct ra_export_plan *p = arg;
    int rc = ra_export_copy(p, p->order.at[i], (struct ra_sink){0}, err);
    if (rc == -RA_CORRUPT)
        return ra_err_clear(err), 0;
    return rc;
}

int ra_export_check_blobs(struct ra_export_plan *p, struct ra_err *err)
{
    ra_progress_phase(p->job->progress, "verifying", p->order.n, 0);
    int rc = ra_parallel(p->job->threads, p->order.n, check_one, p, err);
    if (rc == 0 && p->spoilt)
        return ra_fail(err, RA_CORRUPT, "some blobs are damaged");
    return rc;
}
