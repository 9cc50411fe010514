#include "store/fs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Below this size advice costs more than the pages it saves. */
#define ADVISE_FROM ((uint64_t)1 << 20)
/* How much is read before the pages behind are given back. */
#define DROP_STEP ((uint64_t)8 << 20)

struct reader {
    struct ra_reader base;
    char *key;
    int fd;
    uint64_t pos, end;
    uint64_t dropped; /* pages before it were given back; UINT64_MAX: none are */
    bool whole;
    struct ra_fs_look look;
};

static int no_file(const struct stat *st, const char *key, struct ra_err *err)
{
    if (S_ISDIR(st->st_mode))
        return ra_fail(err, RA_NOTFOUND, "cannot read '%s': it is a folder", key);
    return ra_fail(err, RA_UNSUPPORTED, "cannot read '%s': not a regular file", key);
}

/*
 * O_NONBLOCK: a fifo with nobody at its other end must not stop us; what is no file is refused right after.
 * O_NOATIME: looking must not make the disk write, and it is faster; but it is for the owner and root only.
 */
static int open_quietly(struct ra_fs *fs, const char *key)
{
    static const int how = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    bool loud = atomic_load_explicit(&fs->loud, memory_order_relaxed);
    int fd = ra_fs_resolve(fs, key, how | (loud ? 0 : O_NOATIME));
    if (fd >= 0 || loud || errno != EPERM)
        return fd;
    atomic_store_explicit(&fs->loud, true, memory_order_relaxed);
    return ra_fs_resolve(fs, key, how);
}

static int open_file(struct ra_fs *fs, const char *key, struct stat *st, struct ra_err *err)
{
    ra_auto_fd int fd = open_quietly(fs, key);
    if (fd < 0 && (errno == ENXIO || errno == ENODEV)) {
        *st = (struct stat){.st_mode = S_IFSOCK};
        return no_file(st, key, err);
    }
    if (fd < 0 || fstat(fd, st))
        return ra_fs_fail_look(fs, err, "read", key);
    return S_ISREG(st->st_mode) ? ra_steal_fd(&fd) : no_file(st, key, err);
}

static ssize_t read_at(int fd, void *p, size_t n, uint64_t at)
{
    ssize_t got;
    do
        got = pread(fd, p, n, (off_t)at);
    while (got < 0 && errno == EINTR);
    return got;
}

static int read_whole(int fd, const char *key, size_t size, struct ra_buf *out, struct ra_err *err)
{
    size_t done = 0;
    char *to = ra_buf_reserve(out, size);
    while (done < size) {
        ssize_t n = read_at(fd, to + done, size - done, done);
        if (n < 0) {
            *to = '\0';
            return ra_fs_fail(err, "read", key);
        }
        if (n == 0)
            break;
        done += (size_t)n;
    }
    out->len += done;
    out->data[out->len] = '\0';
    return 0;
}

int ra_fs_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
              struct ra_err *err)
{
    struct ra_fs_look look = {.kind = RA_OBJECT};
    ra_auto_fd int fd = open_file((struct ra_fs *)s, key, &look.st, err);
    if (fd < 0)
        return fd;
    size_t before = out->len;
    if ((uint64_t)look.st.st_size > limit || !ra_buf_room(out, (size_t)look.st.st_size))
        return ra_fail(err, RA_TOOBIG, "cannot read '%s': longer than %zu bytes", key, limit);
    int rc = read_whole(fd, key, (size_t)look.st.st_size, out, err);
    if (!st || rc)
        return rc;
    ra_fs_fill(&look, st);
    st->size = out->len - before;
    return 0;
}

/*
 * A pass over all blobs would push everything else out of the page cache, so what we brought in we give back.
 * What was there before stays: somebody uses it. Whether a file was there is judged by its first page:
 * precise enough for files that are read whole or not at all, and it costs one call.
 */
static bool was_cached(int fd, uint64_t at)
{
    char byte;
    struct iovec v = {&byte, 1};
    return syscall(SYS_preadv2, fd, &v, 1L, (long)at, 0L, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

static void advise(struct reader *r)
{
    r->dropped = was_cached(r->fd, r->pos) ? UINT64_MAX : r->pos;
    posix_fadvise(r->fd, (off_t)r->pos, (off_t)(r->end - r->pos), POSIX_FADV_SEQUENTIAL);
}

static void drop_behind(struct reader *r, uint64_t upto)
{
    if (r->dropped >= upto)
        return;
    posix_fadvise(r->fd, (off_t)r->dropped, (off_t)(upto - r->dropped), POSIX_FADV_DONTNEED);
    r->dropped = upto;
}

int ra_fs_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                    struct ra_reader **out, struct ra_err *err)
{
    struct ra_fs_look look = {.kind = RA_OBJECT};
    int fd = open_file((struct ra_fs *)s, key, &look.st, err);
    if (fd < 0)
        return fd;
    struct reader *r = ra_new(struct reader);
    uint64_t size = (uint64_t)look.st.st_size;
    *r = (struct reader){
        .base.store = s, .key = ra_strdup(key), .fd = fd, .look = look, .dropped = UINT64_MAX};
    r->pos = offset < size ? offset : size;
    r->end = length < size - r->pos ? r->pos + length : size;
    r->whole = r->pos == 0 && r->end == size;
    if (flags & RA_READ_ONCE && r->end - r->pos >= ADVISE_FROM)
        advise(r);
    *out = &r->base;
    return 0;
}

ssize_t ra_fs_read(struct ra_reader *base, void *p, size_t n, struct ra_err *err)
{
    struct reader *r = (struct reader *)base;
    uint64_t left = r->end - r->pos;
    if (left == 0)
        return 0;
    ssize_t got = read_at(r->fd, p, n < left ? n : (size_t)left, r->pos);
    if (got < 0)
        return ra_fs_fail(err, "read", r->key);
    r->pos += (uint64_t)got;
    if (r->dropped != UINT64_MAX && r->pos - r->dropped >= DROP_STEP)
        drop_behind(r, r->pos);
    return got;
}

void ra_fs_reader_stat(const struct ra_reader *base, struct ra_stat *out)
{
    ra_fs_fill(&((const struct reader *)base)->look, out);
}

int ra_fs_reader_fd(const struct ra_reader *base)
{
    return ((const struct reader *)base)->fd;
}

bool ra_fs_reader_whole(const struct ra_reader *base)
{
    return ((const struct reader *)base)->whole;
}

void ra_fs_read_close(struct ra_reader *base)
{
    struct reader *r = (struct reader *)base;
    drop_behind(r, r->end); /* what was read ahead goes too */
    close(r->fd);
    free(r->key);
    free(r);
}
