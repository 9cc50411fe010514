#include "jobs/export_plan.h"

#include "base/file.h"
#include "format/decompress.h"
#include "format/gzip.h"
#include "format/tar.h"
#include "format/zstd.h"
#include "jobs/export_copy.h"

#include <fcntl.h>
#include <sys/stat.h>

/* --- one after the other, into a pipe or a compressor ------------------------------------------------------- */

/* What an unprivileged process may have. */
#define PIPE_SIZE (1 << 20)

struct stream {
    struct ra_export_plan *p;
    int fd;
    const char *name;
    struct ra_gzip *gzip;
    struct ra_zstd *zstd;
    uint64_t at;
    struct ra_buf scratch;
};

static int to_fd(void *arg, const void *data, size_t n, struct ra_err *err)
{
    struct stream *s = arg;
    return ra_fd_write_all(s->fd, s->name, data, n, err);
}

static int put(void *arg, const void *data, size_t n, struct ra_err *err)
{
    struct stream *s = arg;
    s->at += n;
    return s->gzip   ? ra_gzip_write(s->gzip, data, n, err)
           : s->zstd ? ra_zstd_write(s->zstd, data, n, err)
                     : to_fd(s, data, n, err);
}

static int put_scratch(struct stream *s, struct ra_err *err)
{
    int rc = put(s, ra_buf_str(&s->scratch), s->scratch.len, err);
    ra_buf_clear(&s->scratch);
    return rc;
}

static int pad(struct stream *s, uint64_t size, struct ra_err *err)
{
    static const char zeros[RA_TAR_BLOCK];
    return put(s, zeros, ra_tar_padding(size), err);
}

static int put_member(struct stream *s, const struct export_member *m, struct ra_err *err)
{
    struct ra_sink sink = {put, s};
    ra_tar_put_header(&s->scratch, m->name, m->size, m->position, 0);
    int rc = put_scratch(s, err);
    uint64_t start = s->at;
    if (rc == 0 && m->catalog)
        rc = ra_backup_write_catalog(&s->p->state, sink, err);
    else if (rc == 0 && m->unpack != RA_NONE)
        rc = ra_export_unpack(s->p, m->unpack, sink, err);
    else if (rc == 0)
        rc = put(s, ra_buf_str(&m->bytes), m->bytes.len, err);
    if (rc == 0 && s->at - start != m->size)
        return ra_fail(err, RA_CORRUPT, "member '%s' changed while it was written", m->name);
    return rc < 0 ? rc : pad(s, m->size, err);
}

static int put_blob(struct stream *s, size_t i, struct ra_err *err)
{
    uint32_t number = s->p->order.at[i];
    ra_export_put_blob_header(s->p, i, ra_export_blob_position(s->p, i), &s->scratch);
    int rc = put_scratch(s, err);
    if (rc == 0)
        rc = ra_export_copy(s->p, number, (struct ra_sink){put, s}, err);
    return rc < 0 ? rc : pad(s, s->p->state.blobs.at[number].size, err);
}

static int put_all(struct stream *s, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < s->p->meta.n && rc == 0; i++)
        rc = put_member(s, &s->p->meta.at[i], err);
    for (size_t i = 0; i < s->p->order.n && rc == 0; i++)
        if ((rc = ra_check_cancelled(err)) == 0)
            rc = put_blob(s, i, err);
    if (rc == 0 && s->p->end.size)
        rc = put_member(s, &s->p->end, err);
    ra_tar_put_end(&s->scratch);
    return rc < 0 ? rc : put_scratch(s, err);
}

static int finish(struct stream *s, struct ra_err *err)
{
    return s->gzip ? ra_gzip_finish(s->gzip, err) : s->zstd ? ra_zstd_finish(s->zstd, err) : 0;
}

static void stream_release(struct stream *s)
{
    ra_gzip_free(s->gzip);
    ra_zstd_free(s->zstd);
    ra_buf_release(&s->scratch);
}

static int write_stream(struct ra_export_plan *p, int fd, const char *name, struct ra_err *err)
{
    __attribute__((cleanup(stream_release))) struct stream s = {.p = p, .fd = fd, .name = name};
    struct ra_sink sink = {to_fd, &s};
    int rc = 0;
    fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* of no account elsewhere, and a wish only: who reads can keep up */
    if (p->opts->compress == RA_COMPRESS_GZIP)
        s.gzip = ra_gzip_new(RA_GZIP_BEST, p->job->threads, sink);
    else if (p->opts->compress == RA_COMPRESS_ZSTD)
        rc = ra_zstd_new(1, p->job->threads, sink, &s.zstd, err);
    if (rc == 0)
        rc = put_all(&s, err);
    return rc < 0 ? rc : finish(&s, err);
}

/* --- in parallel, into a file ------------------------------------------------------------------------------- */

static int write_file(struct ra_export_plan *p, struct ra_atomic_file *file, struct ra_err *err)
{
    __attribute__((cleanup(stream_release))) struct stream s = {
        .p = p, .fd = ra_atomic_fd(file), .name = p->opts->output};
    int rc = 0;
    for (size_t i = 0; i < p->meta.n && rc == 0; i++)
        rc = put_member(&s, &p->meta.at[i], err);
    if (rc < 0)
        return rc;
    /* What is not written below is padding, and reads as zeros. */
    if (ftruncate(s.fd, (off_t)p->size) < 0)
        return ra_fail_sys(err, "cannot size '%s'", s.name);
    if ((rc = ra_export_copy_to_file(p, s.fd, err)) < 0 || !p->end.size)
        return rc;
    if (lseek(s.fd, (off_t)p->end.position, SEEK_SET) < 0)
        return ra_fail_sys(err, "cannot seek in '%s'", s.name);
    return put_member(&s, &p->end, err);
}

static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode));
}

bool ra_export_is_stream(const struct ra_export_plan *p)
{
    return ra_streq(p->opts->output, "-") || is_special(p->opts->output);
}

/* /dev/null, a tape, a fifo: there is nothing to replace. */
static int write_special(struct ra_export_plan *p, const char *path, struct ra_err *err)
{
    ra_auto_fd int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? ra_fail_sys(err, "cannot open '%s'", path) : write_stream(p, fd, path, err);
}

int ra_export_write(struct ra_export_plan *p, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) file = NULL;
    struct ra_backup_totals totals;
    ra_backup_totals(&p->state, &totals);
    ra_progress_phase(p->job->progress, "writing", p->order.n, totals.bytes);
    if (ra_streq(p->opts->output, "-"))
        return write_stream(p, STDOUT_FILENO, "standard output", err);
    if (ra_export_is_stream(p))
        return write_special(p, p->opts->output, err);
    int rc = ra_atomic_open(p->opts->output, 0666, &file, err);
    if (rc < 0)
        return rc;
    rc = p->opts->compress ? write_stream(p, ra_atomic_fd(file), p->opts->output, err)
                           : write_file(p, file, err);
    if (rc == 0 && p->spoilt)
        rc = ra_fail(err, RA_CORRUPT, "some blobs are damaged");
    return rc < 0 ? rc : ra_atomic_commit(ra_steal_ptr(&file), err);
}
