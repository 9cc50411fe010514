/*
 * How a finished file becomes an object. The order is always: the bytes on the disk, then the name, then the
 * name on the disk. A name whose bytes are not there yet would, after a power cut, pass for an object that is
 * "already there".
 *
 * One file costs one flush of its own. Many (RA_WRITE_DEFER) are parked, as open files without a name, and
 * flushed by one syncfs for all, named, and flushed by a second one for their folders. fdatasync still
 * follows the first, because kernels before 5.8 do not report through syncfs what could not be written; by
 * then it finds nothing to do.
 */
#include "store/fs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>

/* Each parked file holds one descriptor, two where it has to have a name. */
#define PARK_MAX 256
/* From so many on, two flushes of the whole file system beat two for each file. */
#define SYNCFS_FROM 4
/* A remover may take an empty folder away right after we made it. */
#define TRIES 100

/* --- folders --------------------------------------------------------------------------------- */

void ra_fs_dress(int fd, const struct stat *folder)
{
    struct stat st;
    if (fstat(fd, &st))
        return;
    bool chowned = st.st_uid == folder->st_uid && st.st_gid == folder->st_gid;
    if (!chowned)
        chowned = !fchown(fd, folder->st_uid, folder->st_gid) || !fchown(fd, (uid_t)-1, folder->st_gid);
    mode_t mode = folder->st_mode & (S_ISDIR(st.st_mode) ? 02777 : 0666);
    if (!chowned || (st.st_mode & 07777) != mode)
        fchmod(fd, mode);
}

/* Makes the folder `name` in `at` unless it is there, and opens it. */
static int make_one(int at, const char *name, const struct stat *like)
{
    bool made = !mkdirat(at, name, 0700);
    if (!made && errno != EEXIST)
        return -1;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && made)
        ra_fs_dress(fd, like);
    return fd;
}

static int make_missing(const struct ra_fs *fs, const char *key, size_t *kept)
{
    struct stat like;
    ra_auto_fd int at = ra_fs_nearest(fs, key, kept);
    if (at < 0 || fstat(at, &like))
        return -1;
    size_t end = ra_fs_folder_len(key, strlen(key));
    for (size_t from = *kept ? *kept + 1 : 0; from < end;) {
        size_t n = strcspn(key + from, "/");
        ra_auto_free char *name = ra_strndup(key + from, n);
        int fd = make_one(at, name, &like);
        if (fd < 0)
            return -1;
        close(at);
        at = fd;
        from += n + 1;
    }
    return ra_steal_fd(&at);
}

int ra_fs_make_folder(struct ra_fs *fs, const char *key, size_t *kept)
{
    size_t len = ra_fs_folder_len(key, strlen(key));
    int fd = ra_fs_resolve_folder(fs, key, len, O_RDONLY);
    *kept = len;
    for (int i = 0; fd < 0 && errno == ENOENT && i < TRIES; i++) {
        size_t before;
        fd = make_missing(fs, key, &before);
        *kept = before < *kept ? before : *kept;
        if (fd >= 0) { /* the nearest folder was opened for its path only */
            close(fd);
            fd = ra_fs_resolve_folder(fs, key, len, O_RDONLY);
        }
    }
    return fd;
}

/* Flushes the folders that hold a new name: the object's, and those above it up to the first that was there
 * before. */
static int flush_folders(const struct ra_fs *fs, const char *key, size_t kept)
{
    for (size_t len = strlen(key); len > kept;) {
        len = ra_fs_folder_len(key, len);
        ra_auto_fd int fd = ra_fs_resolve_folder(fs, key, len, O_RDONLY);
        if (fd < 0 && errno == ENOENT)
            continue; /* removed meanwhile, with what was in it */
        if (fd < 0 || (fsync(fd) && errno != EINVAL))
            return -1;
        if (len == 0)
            break;
    }
    return 0;
}

/* --- names ----------------------------------------------------------------------------------- */

static int rename_new(const struct ra_fs_temp *t, int dir, const char *leaf)
{
    if (!syscall(SYS_renameat2, t->dir, t->name, dir, leaf, RENAME_NOREPLACE))
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return linkat(t->dir, t->name, dir, leaf, 0) || unlinkat(t->dir, t->name, 0) ? -1 : 0;
}

static int give_name(struct ra_fs *fs, struct ra_fs_temp *t, int dir, const char *leaf, unsigned flags)
{
    bool replace = !(flags & RA_WRITE_NOREPLACE);
    if (t->dir < 0) {
        if (!ra_fs_temp_link(t, dir, leaf))
            return 0;
        if (errno != EEXIST || !replace || ra_fs_temp_name(fs, t, dir))
            return -1;
    }
    if (replace ? renameat(t->dir, t->name, dir, leaf) : rename_new(t, dir, leaf))
        return -1;
    ra_auto_close_(&t->dir);
    t->dir = -1;
    return 0;
}

static int copy(int from, int to)
{
    ssize_t n;
    loff_t in = 0, out = 0;
    do
        n = copy_file_range(from, &in, to, &out, (size_t)1 << 30, 0);
    while (n > 0);
    if (n == 0 || (errno != EXDEV && errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP))
        return n == 0 ? 0 : -1;
    char block[1 << 16];
    for (off_t at = out; (n = pread(from, block, sizeof(block), at)) > 0; at += n)
        if (pwrite(to, block, (size_t)n, at) != n)
            return -1;
    return n < 0 ? -1 : 0;
}

/* The folder is a mount of its own, which was not known when the file was begun without a key: move the bytes
 * there. */
static int restage(struct ra_fs *fs, struct ra_fs_temp *t, int dir)
{
    struct ra_fs_temp there;
    struct stat st;
    if (fstat(dir, &st) || ra_fs_temp_open_beside(fs, dir, &there))
        return -1;
    ra_fs_dress(there.fd, &st);
    if (copy(t->fd, there.fd) || fsync(there.fd)) {
        ra_fs_temp_drop(&there);
        return -1;
    }
    ra_fs_temp_drop(t);
    *t = there;
    return 0;
}

/* Makes the (durable) bytes visible. *kept: length of the path to the first folder that was there before. */
static int publish(struct ra_fs *fs, struct ra_fs_temp *t, const char *key, unsigned flags, size_t *kept)
{
    size_t len = ra_fs_folder_len(key, strlen(key));
    const char *leaf = key + len + (len ? 1 : 0);
    bool moved = false;
    *kept = SIZE_MAX;
    for (int i = 0; i < TRIES; i++) {
        size_t before;
        ra_auto_fd int dir = ra_fs_make_folder(fs, key, &before);
        *kept = before < *kept ? before : *kept;
        if (dir < 0)
            return -1;
        if (!give_name(fs, t, dir, leaf, flags))
            return 0;
        if (errno == EXDEV && !moved)
            moved = true;
        else if (errno != ENOENT)
            return -1;
        if (moved && restage(fs, t, dir))
            return -1;
    }
    return -1;
}

int ra_fs_publish(struct ra_fs *fs, struct ra_fs_temp *t, const char *key, unsigned flags, struct ra_err *err)
{
    size_t kept;
    int rc = fsync(t->fd) || publish(fs, t, key, flags, &kept) || flush_folders(fs, key, kept);
    if (rc)
        rc = ra_fs_fail(err, "write", key);
    ra_fs_temp_drop(t);
    return rc;
}

/* --- later ----------------------------------------------------------------------------------- */

int ra_fs_park(struct ra_fs *fs, struct ra_fs_temp *t, const char *key, unsigned flags, struct ra_err *err)
{
    struct ra_fs_look look;
    if (flags & RA_WRITE_NOREPLACE && !ra_fs_look_key(fs, key, &look)) {
        ra_fs_temp_drop(t);
        return ra_fail(err, RA_EXISTS, "cannot write '%s': it is there already", key);
    }
    size_t n;
    {
        RA_LOCKED(&fs->mutex);
        *ra_vec_push(&fs->parked) = (struct ra_fs_parked){.temp = *t, .key = ra_strdup(key), .flags = flags};
        n = fs->parked.n;
    }
    *t = (struct ra_fs_temp){.fd = -1, .dir = -1};
    return n < PARK_MAX ? 0 : ra_fs_sync(&fs->base, err);
}

void ra_fs_note_dirty(struct ra_fs *fs, int fd, dev_t dev)
{
    RA_LOCKED(&fs->mutex);
    ra_vec_each (d, &fs->dirty)
        if (d->dev == dev)
            return;
    int copy = fcntl(fd, F_GETFL) & O_PATH ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                           : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        *ra_vec_push(&fs->dirty) = (struct ra_fs_dirty){dev, copy};
}

struct flush { /* the first failure of many */
    struct ra_err *err;
    int rc;
};

static void note_failure(struct flush *f, const char *key)
{
    if (!f->rc)
        f->rc = ra_fs_fail(f->err, "write", key);
}

/* Flushes every file system that parked files lie on; the descriptors of the files themselves serve. */
static void flush_systems_of(const struct ra_fs_parked *at, size_t n)
{
    dev_t last = 0;
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        if (fstat(at[i].temp.fd, &st) || (i > 0 && st.st_dev == last))
            continue;
        last = st.st_dev;
        syncfs(at[i].temp.fd); /* a failure is found by fdatasync, and with the name of the file */
    }
}

static int publish_parked(struct ra_fs *fs, struct ra_fs_parked *p, bool many)
{
    size_t kept;
    struct stat st;
    if (many ? fdatasync(p->temp.fd) : fsync(p->temp.fd))
        return -1;
    if (many && !fstat(p->temp.fd, &st))
        ra_fs_note_dirty(fs, p->temp.fd, st.st_dev);
    if (publish(fs, &p->temp, p->key, p->flags, &kept))
        return errno == EEXIST && p->flags & RA_WRITE_NOREPLACE ? 0 : -1;
    return many ? 0 : flush_folders(fs, p->key, kept);
}

static void publish_all(struct ra_fs *fs, struct flush *f, struct ra_fs_parked *at, size_t n)
{
    bool many = n >= SYNCFS_FROM;
    if (many)
        flush_systems_of(at, n);
    for (size_t i = 0; i < n; i++) {
        if (publish_parked(fs, &at[i], many))
            note_failure(f, at[i].key);
        ra_fs_temp_drop(&at[i].temp);
        free(at[i].key);
    }
}

static void flush_dirty(struct flush *f, const struct ra_fs_dirty *d, const char *where)
{
    if (syncfs(d->fd))
        note_failure(f, where);
    close(d->fd);
}

int ra_fs_sync(struct ra_store *s, struct ra_err *err)
{
    struct ra_fs *fs = (struct ra_fs *)s;
    struct flush f = {.err = err};
    RA_LOCKED(&fs->syncing);
    pthread_mutex_lock(&fs->mutex);
    __typeof__(fs->parked) parked = fs->parked;
    memset(&fs->parked, 0, sizeof(fs->parked));
    pthread_mutex_unlock(&fs->mutex);
    publish_all(fs, &f, parked.at, parked.n);
    ra_vec_release(&parked);

    pthread_mutex_lock(&fs->mutex);
    __typeof__(fs->dirty) dirty = fs->dirty;
    memset(&fs->dirty, 0, sizeof(fs->dirty));
    pthread_mutex_unlock(&fs->mutex);
    ra_vec_each (d, &dirty)
        flush_dirty(&f, d, fs->where);
    ra_vec_release(&dirty);
    return f.rc;
}

void ra_fs_drop_parked(struct ra_fs *fs)
{
    ra_vec_each (p, &fs->parked) {
        ra_fs_temp_drop(&p->temp);
        free(p->key);
    }
    ra_vec_release(&fs->parked);
    ra_vec_each (d, &fs->dirty)
        close(d->fd);
    ra_vec_release(&fs->dirty);
}
