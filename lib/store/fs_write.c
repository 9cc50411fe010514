#include "store/fs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

/* Hints below it are not worth a call. */
#define RESERVE_FROM ((uint64_t)1 << 20)
/* Written data is handed to the disk this early, so that the flush at the end has little left to wait for. */
#define START_STEP ((uint64_t)4 << 20)

struct writer {
    struct ra_writer base;
    char *key; /* NULL: named at commit */
    unsigned flags;
    uint64_t hint, reserved, written, started;
    bool linked; /* the bytes, and the looks, are another file's */
    struct ra_fs_temp temp;
};

static void writer_free(struct writer *w)
{
    ra_fs_temp_drop(&w->temp);
    free(w->key);
    free(w);
}
RA_DEFINE_AUTO_PTR(writer, writer_free)

static const char *name_of(const struct writer *w)
{
    return w->key ? w->key : "a new object";
}

/* A disk that is too small is better known before an hour of writing. Where it cannot be done, nothing is
 * lost. */
static int reserve(struct writer *w, struct ra_err *err)
{
    if (w->hint < RESERVE_FROM || w->hint > INT64_MAX || w->reserved)
        return 0;
    if (!fallocate(w->temp.fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)w->hint))
        w->reserved = w->hint;
    else if (errno == ENOSPC || errno == EDQUOT)
        return ra_fs_fail(err, "write", name_of(w));
    w->hint = 0;
    return 0;
}

int ra_fs_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                     struct ra_writer **out, struct ra_err *err)
{
    struct ra_fs *fs = (struct ra_fs *)s;
    RA_AUTO_PTR(writer) w = ra_new(struct writer);
    *w = (struct writer){.base.store = s,
                         .key = key ? ra_strdup(key) : NULL,
                         .flags = flags,
                         .hint = size_hint,
                         .temp = {-1, -1, ""}};
    ra_fs_temp_clear_stale(fs);
    size_t len;
    ra_auto_fd int near = ra_fs_nearest(fs, key, &len);
    if (near < 0 || ra_fs_temp_open(fs, near, &w->temp))
        return ra_fs_fail(err, "write", name_of(w));
    *out = &ra_steal_ptr(&w)->base;
    return 0;
}

static void start_writeback(struct writer *w)
{
    if (w->written - w->started < START_STEP)
        return;
    sync_file_range(w->temp.fd, (off_t)w->started, (off_t)(w->written - w->started), SYNC_FILE_RANGE_WRITE);
    w->started = w->written;
}

int ra_fs_write(struct ra_writer *base, const void *p, size_t n, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    int rc = reserve(w, err);
    for (size_t done = 0; !rc && done < n;) {
        ssize_t put = write(w->temp.fd, (const char *)p + done, n - done);
        if (put < 0 && errno != EINTR)
            return ra_fs_fail(err, "write", name_of(w));
        done += put > 0 ? (size_t)put : 0;
        w->written += put > 0 ? (size_t)put : 0;
    }
    start_writeback(w);
    return rc;
}

static bool cannot_clone(int number)
{
    return number == EOPNOTSUPP || number == EXDEV || number == EINVAL || number == ENOTTY ||
           number == ENOSYS || number == ETXTBSY || number == EPERM;
}

int ra_fs_write_clone(struct ra_writer *base, const struct ra_reader *from, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    int fd = from->store->driver->reader_fd == ra_fs_reader_fd && ra_fs_reader_whole(from)
                 ? ra_fs_reader_fd(from)
                 : -1;
    if (fd < 0 || w->written)
        return ra_fail(err, RA_UNSUPPORTED, "cannot share content with '%s'", name_of(w));
    if (ioctl(w->temp.fd, FICLONE, fd)) {
        if (cannot_clone(errno))
            return ra_fail(err, RA_UNSUPPORTED, "cannot share content with '%s': %s", name_of(w),
                           "no reflinks here");
        return ra_fs_fail(err, "write", name_of(w));
    }
    struct stat st;
    if (fstat(w->temp.fd, &st))
        return ra_fs_fail(err, "write", name_of(w));
    w->written = w->started = (uint64_t)st.st_size;
    return 0;
}

/* A name in the staging folder shows whether a link is possible: the kernel may forbid it, or a count be full. */
static int try_link(struct ra_fs *fs, int fd, struct ra_fs_temp *out)
{
    size_t len;
    ra_auto_fd int near = ra_fs_nearest(fs, NULL, &len);
    *out = (struct ra_fs_temp){.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .dir = -1};
    if (near >= 0 && out->fd >= 0 && !ra_fs_temp_name(fs, out, near))
        return 0;
    ra_fs_temp_drop(out);
    return -1;
}

int ra_fs_write_link(struct ra_writer *base, const struct ra_reader *from, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    struct ra_fs_temp link;
    struct stat st;
    int fd = from->store->driver->reader_fd == ra_fs_reader_fd && ra_fs_reader_whole(from)
                 ? ra_fs_reader_fd(from)
                 : -1;
    if (fd < 0 || w->written || fstat(fd, &st) || try_link((struct ra_fs *)base->store, fd, &link))
        return ra_fail(err, RA_UNSUPPORTED, "cannot link '%s'", name_of(w));
    ra_fs_temp_drop(&w->temp);
    w->temp = link;
    w->linked = true;
    w->written = w->started = (uint64_t)st.st_size;
    return 0;
}

/* Gives back what was reserved and not used, and takes the looks of the folder the object will lie in. */
static int finish(struct ra_fs *fs, struct writer *w, const char *key, struct ra_err *err)
{
    if (w->linked)
        return 0;
    if (w->reserved > w->written && ftruncate(w->temp.fd, (off_t)w->written))
        return ra_fs_fail(err, "write", key);
    size_t len;
    struct stat folder;
    ra_auto_fd int near = ra_fs_nearest(fs, key, &len);
    if (near < 0 || fstat(near, &folder))
        return ra_fs_fail(err, "write", key);
    ra_fs_dress(w->temp.fd, &folder);
    return 0;
}

int ra_fs_write_commit(struct ra_writer *base, const char *key, struct ra_err *err)
{
    RA_AUTO_PTR(writer) w = (struct writer *)base;
    struct ra_fs *fs = (struct ra_fs *)base->store;
    key = key ? key : w->key;
    if (!key)
        return ra_fail(err, RA_INVALID, "cannot write an object without a key");
    int rc = finish(fs, w, key, err);
    if (rc)
        return rc;
    return (w->flags & RA_WRITE_DEFER ? ra_fs_park : ra_fs_publish)(fs, &w->temp, key, w->flags, err);
}

void ra_fs_write_abort(struct ra_writer *base)
{
    writer_free((struct writer *)base);
}
