#include "format/tar.h"

#include "base/pool.h"

#include <sys/stat.h>

static ssize_t fd_read(void *arg, void *p, size_t n, struct ra_err *err)
{
    struct ra_tar_fd *f = arg;
    int rc = ra_wait_readable(f->fd, err);
    if (rc < 0)
        return rc;
    ssize_t got;
    do
        got = read(f->fd, p, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return ra_fail_sys(err, "cannot read the archive");
    f->at += (uint64_t)got;
    return got;
}

static int fd_skip(void *arg, uint64_t n, struct ra_err *err)
{
    struct ra_tar_fd *f = arg;
    if (f->at > f->size || n > f->size - f->at)
        return ra_fail(err, RA_CORRUPT, "the archive is cut");
    if (lseek(f->fd, (off_t)n, SEEK_CUR) < 0)
        return ra_fail_sys(err, "cannot seek in the archive");
    f->at += n;
    return 0;
}

struct ra_tar_source ra_tar_fd_source(struct ra_tar_fd *from, int fd)
{
    struct stat st;
    off_t at = lseek(fd, 0, SEEK_CUR);
    bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && at >= 0;
    *from = (struct ra_tar_fd){fd, file ? (uint64_t)at : 0, file ? (uint64_t)st.st_size : 0, file};
    return (struct ra_tar_source){fd_read, file ? fd_skip : NULL, from};
}
