#include "format/spool.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/str.h"
#include "format/decompress.h"

#include <fcntl.h>
#include <sys/stat.h>

#define PIECE ((size_t)256 << 10)

struct ra_input {
    int fd;
    uint64_t limit;
    bool seekable; /* a plain regular file */
    struct ra_decoder *decoder;
    struct ra_tar_fd tar_fd;
    const char *at; /* what the decoder lent and nobody took yet */
    size_t left;
    char head[RA_TAR_BLOCK]; /* the first bytes */
    size_t head_len, head_used;
    char buffer[PIECE];
};

void ra_input_free(struct ra_input *in)
{
    if (!in)
        return;
    ra_decoder_free(in->decoder);
    if (in->fd >= 0)
        close(in->fd);
    free(in);
}

const char *ra_tmp_folder(const char *const *env)
{
    for (; env && *env; env++)
        if (ra_starts_with(*env, "TMPDIR=") && (*env)[7])
            return *env + 7;
    return "/var/tmp";
}

static ssize_t raw_next(void *arg, const void **p, struct ra_err *err)
{
    struct ra_input *in = arg;
    int rc = ra_wait_readable(in->fd, err);
    if (rc < 0)
        return rc;
    ssize_t n;
    do
        n = read(in->fd, in->buffer, PIECE);
    while (n < 0 && errno == EINTR);
    *p = in->buffer;
    return n < 0 ? ra_fail_sys(err, "cannot read the archive") : n;
}

/* Bytes of the stream behind the head. */
static ssize_t take_decoded(struct ra_input *in, void *p, size_t n, struct ra_err *err)
{
    if (in->left == 0) {
        const void *lent;
        ssize_t got = ra_decoder_next(in->decoder, &lent, err);
        if (got <= 0)
            return got;
        if (ra_decoder_total(in->decoder) > in->limit)
            return ra_fail(err, RA_TOOBIG, "unpacked, the archive has more than %llu bytes",
                           (unsigned long long)in->limit);
        in->at = lent;
        in->left = (size_t)got;
    }
    n = n < in->left ? n : in->left;
    memcpy(p, in->at, n);
    in->at += n;
    in->left -= n;
    return (ssize_t)n;
}

static ssize_t input_read(void *arg, void *p, size_t n, struct ra_err *err)
{
    struct ra_input *in = arg;
    if (in->head_used == in->head_len)
        return take_decoded(in, p, n, err);
    if (n > in->head_len - in->head_used)
        n = in->head_len - in->head_used;
    memcpy(p, in->head + in->head_used, n);
    in->head_used += n;
    return (ssize_t)n;
}

static int read_head(struct ra_input *in, struct ra_err *err)
{
    while (in->head_len < sizeof(in->head)) {
        ssize_t n = take_decoded(in, in->head + in->head_len, sizeof(in->head) - in->head_len, err);
        if (n <= 0)
            return (int)n;
        in->head_len += (size_t)n;
    }
    return 0;
}

static int begin(struct ra_input *in, struct ra_err *err)
{
    char magic[RA_ENCODING_MAGIC];
    struct stat st;
    ssize_t n = pread(in->fd, magic, sizeof(magic), 0);
    in->seekable = n >= 0 && fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode) &&
                   lseek(in->fd, 0, SEEK_CUR) == 0 && ra_encoding_detect(magic, (size_t)n) == RA_PLAIN;
    if (in->seekable) {
        n = pread(in->fd, in->head, sizeof(in->head), 0);
        in->head_len = n > 0 ? (size_t)n : 0;
        return n < 0 ? ra_fail_sys(err, "cannot read the archive") : 0;
    }
    int rc = ra_decoder_open(&(struct ra_source){raw_next, in}, &in->decoder, err);
    return rc < 0 ? rc : read_head(in, err);
}

int ra_input_open(int fd, uint64_t limit, struct ra_input **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_input) in = ra_new(struct ra_input);
    in->fd = fd;
    in->limit = limit;
    int rc = begin(in, err);
    if (rc == 0 && in->head_len == 0)
        rc = ra_fail(err, RA_UNSUPPORTED, "it is empty");
    if (rc == 0)
        *out = ra_steal_ptr(&in);
    return rc;
}

bool ra_input_starts_with(const struct ra_input *in, const char *member)
{
    return in->head_len == sizeof(in->head) && strncmp(in->head, member, 100) == 0;
}

struct ra_tar_source ra_input_source(struct ra_input *in)
{
    if (in->seekable)
        return ra_tar_fd_source(&in->tar_fd, in->fd);
    return (struct ra_tar_source){input_read, NULL, in};
}

int ra_input_fd(const struct ra_input *in)
{
    return in->seekable ? in->fd : -1;
}

/* --- spooling ----------------------------------------------------------------------------------------------- */

static bool all_zero(const char *p, size_t n)
{
    return n > 0 && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int put(int fd, const char *folder, const char *p, size_t n, struct ra_err *err)
{
    if (!all_zero(p, n))
        return ra_fd_write_all(fd, folder, p, n, err);
    return lseek(fd, (off_t)n, SEEK_CUR) < 0 ? ra_fail_sys(err, "cannot seek in '%s'", folder) : 0;
}

static int pour(struct ra_input *in, int fd, const char *folder, struct ra_progress *progress,
                struct ra_err *err)
{
    ra_auto_free char *piece = ra_io_buffer(PIECE);
    uint64_t total = 0;
    bool blank = true;
    ssize_t n;
    while ((n = input_read(in, piece, PIECE, err)) > 0) {
        int rc = ra_check_cancelled(err);
        blank = blank && all_zero(piece, (size_t)n);
        if (rc == 0 && blank && total >= RA_TAR_ZEROS_MAX)
            rc = ra_fail(err, RA_UNSUPPORTED, "it begins with a megabyte of zeros, and is no archive");
        if (rc == 0)
            rc = put(fd, folder, piece, (size_t)n, err);
        if (rc < 0)
            return rc;
        total += (uint64_t)n;
        ra_progress_add(progress, 0, (uint64_t)n);
    }
    if (n < 0)
        return (int)n;
    return ftruncate(fd, (off_t)total) < 0 ? ra_fail_sys(err, "cannot size a file in '%s'", folder) : 0;
}

int ra_input_settle(struct ra_input *in, const char *folder, struct ra_progress *progress, struct ra_err *err)
{
    if (in->seekable)
        return ra_steal_fd(&in->fd);
    ra_auto_fd int fd = ra_unnamed_file(folder);
    if (fd < 0)
        return ra_fail_sys(err, "cannot spool the archive in '%s'", folder);
    int rc = pour(in, fd, folder, progress, err);
    return rc < 0 ? rc : ra_steal_fd(&fd);
}
