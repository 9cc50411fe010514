#include "store/fs.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>

/* Against others who remove the staging folder, or take our new file for a leftover, between two of our
 * calls. */
#define TRIES 100
/* Where the file system has no locks, this old is dead, in seconds. */
#define STALE_AGE (24 * 3600)

int ra_fs_try_lock(int fd)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rc = fcntl(fd, F_OFD_SETLK, &all);
    if (rc && errno == EACCES)
        errno = EAGAIN;
    return rc;
}

static void forget(struct ra_fs_temp *t)
{
    ra_auto_close_(&t->fd);
    ra_auto_close_(&t->dir);
    t->fd = t->dir = -1;
}

void ra_fs_temp_drop(struct ra_fs_temp *t)
{
    int number = errno;
    if (t->dir >= 0)
        unlinkat(t->dir, t->name, 0);
    forget(t);
    errno = number;
}

static int new_name(struct ra_fs_temp *t)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) < 0)
        return -1;
    snprintf(t->name, sizeof(t->name), "%s.%016llx", RA_FS_STAGING, (unsigned long long)number);
    return 0;
}

/* The staging folder; it comes and goes with the regadms that use it. */
static int open_staging(struct ra_fs *fs)
{
    struct stat root;
    bool made = !mkdirat(fs->root, RA_FS_STAGING, 0700);
    if (!made && errno != EEXIST)
        return -1;
    int fd = openat(fs->root, RA_FS_STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && made && !fstat(fs->root, &root))
        ra_fs_dress(fd, &root);
    RA_LOCKED(&fs->mutex);
    fs->staged = true;
    return fd;
}

/* The lock tells the living from the dead (ra_fs_temp_clear_stale); one who was faster may have cleared it
 * already. */
static bool is_ours(int fd)
{
    struct stat st;
    return (!ra_fs_try_lock(fd) || errno != EAGAIN) && !fstat(fd, &st) && st.st_nlink > 0;
}

static int open_named_in(int dir, struct ra_fs_temp *out)
{
    for (int i = 0; i < TRIES; i++) {
        if (new_name(out))
            return -1;
        out->fd = openat(dir, out->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (out->fd < 0 && errno != EEXIST)
            return -1;
        if (out->fd >= 0 && is_ours(out->fd))
            return 0;
        ra_auto_close_(&out->fd);
        out->fd = -1;
    }
    return -1;
}

static int open_staged(struct ra_fs *fs, struct ra_fs_temp *out)
{
    for (int i = 0; i < TRIES; i++) {
        ra_auto_fd int dir = open_staging(fs);
        if (dir >= 0 && !open_named_in(dir, out)) {
            out->dir = ra_steal_fd(&dir);
            return 0;
        }
        if (errno != ENOENT)
            return -1;
    }
    return -1;
}

static int open_unnamed(const struct ra_fs *fs, int dir, struct ra_fs_temp *out)
{
    *out = (struct ra_fs_temp){.fd = -1, .dir = -1};
    if (fs->flags & RA_FS_LACK_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    out->fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return out->fd < 0 ? -1 : 0;
}

int ra_fs_temp_open_beside(struct ra_fs *fs, int dir, struct ra_fs_temp *out)
{
    if (!open_unnamed(fs, dir, out))
        return 0;
    if (!ra_lacks_unnamed_files(errno) || open_named_in(dir, out))
        return -1;
    out->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    return out->dir < 0 ? -1 : 0;
}

/* The staging folder is of no use: another file system lies there, or the root is not ours to write into. */
static bool cannot_stage(int number)
{
    return number == EXDEV || number == EACCES || number == EPERM || number == EROFS;
}

/*
 * Without unnamed files, what cannot go through the staging folder gets its name beside its place. Only there can a
 * kill leave a file that nobody clears; it stays hidden, and goes with its folder.
 */
int ra_fs_temp_open(struct ra_fs *fs, int dir, struct ra_fs_temp *out)
{
    struct stat here, root;
    if (!open_unnamed(fs, dir, out))
        return 0;
    if (!ra_lacks_unnamed_files(errno) || fstat(dir, &here) || fstat(fs->root, &root))
        return -1;
    if (here.st_dev == root.st_dev && (!open_staged(fs, out) || !cannot_stage(errno)))
        return out->fd < 0 ? -1 : 0;
    return ra_fs_temp_open_beside(fs, dir, out);
}

/* Linking by descriptor is for the privileged on older kernels; /proc is not mounted everywhere. */
int ra_fs_temp_link(const struct ra_fs_temp *t, int dir, const char *name)
{
    if (t->dir >= 0)
        return linkat(t->dir, t->name, dir, name, 0);
    if (!linkat(t->fd, "", dir, name, AT_EMPTY_PATH))
        return 0;
    if (errno != ENOENT && errno != EPERM && errno != EINVAL)
        return -1;
    char path[40];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
    return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW);
}

static int name_in(struct ra_fs_temp *t, int dir)
{
    for (int i = 0; i < TRIES; i++) {
        if (new_name(t))
            return -1;
        if (!ra_fs_temp_link(t, dir, t->name)) {
            t->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
            return t->dir < 0 ? -1 : 0;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int ra_fs_temp_name(struct ra_fs *fs, struct ra_fs_temp *t, int dir)
{
    ra_fs_try_lock(t->fd); /* before it has a name that a clearing regadm could find */
    for (int i = 0; i < TRIES; i++) {
        ra_auto_fd int staging = open_staging(fs);
        if (staging >= 0 && !name_in(t, staging))
            return 0;
        if (errno != ENOENT)
            break;
    }
    return cannot_stage(errno) ? name_in(t, dir) : -1;
}

/* --- leftovers ------------------------------------------------------------------------------- */

static bool is_dead(int fd)
{
    struct stat st;
    if (!ra_fs_try_lock(fd))
        return true;
    return errno != EAGAIN && !fstat(fd, &st) && st.st_mtime < time(NULL) - STALE_AGE;
}

static void clear_one(int dir, const char *name)
{
    ra_auto_fd int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && is_dead(fd))
        unlinkat(dir, name, 0);
}

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

static void clear_folder(int fd)
{
    __attribute__((cleanup(close_dir))) DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d));)
        if (!strncmp(e->d_name, RA_FS_STAGING, sizeof(RA_FS_STAGING) - 1))
            clear_one(dirfd(d), e->d_name);
}

void ra_fs_temp_clear_stale(struct ra_fs *fs)
{
    {
        RA_LOCKED(&fs->mutex);
        if (fs->cleared)
            return;
        fs->cleared = true;
    }
    int fd = openat(fs->root, RA_FS_STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    clear_folder(fd);
    unlinkat(fs->root, RA_FS_STAGING, AT_REMOVEDIR);
}
