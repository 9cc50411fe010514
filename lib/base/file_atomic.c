#include "base/file.h"

#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

struct ra_atomic_file {
    char *path; /* the final name, symlinks resolved */
    char *temporary;
    int fd;
};

/* --- temporary files ---------------------------------------------------------------------------------------- */

/* ".<name>.regadm-XXXXXX": hidden, and saying whose it is. The name is cut where a file name would get too long. */
static char *temporary_beside(const char *path)
{
    enum { NAME_MOST = 230 };
    ra_auto_free char *folder = ra_path_folder(path);
    const char *slash = strrchr(path, '/');
    return ra_asprintf("%s/.%.*s.regadm-XXXXXX", folder, NAME_MOST, slash ? slash + 1 : path);
}

/* Who writes a temporary file has it locked; one that nobody has locked was left by a process that was killed. */
static void remove_if_left(int folder, const char *name)
{
    ra_auto_fd int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
}

static void remove_leftovers(const char *pattern)
{
    ra_auto_free char *path = ra_path_folder(pattern);
    const char *begin = strrchr(pattern, '/') + 1;
    size_t n = strlen(begin), fixed = n - strlen("XXXXXX");
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));)
        if (strlen(e->d_name) == n && strncmp(e->d_name, begin, fixed) == 0)
            remove_if_left(dirfd(folder), e->d_name);
    if (folder)
        closedir(folder);
}

/* Locked before anybody could take it for a leftover, or made again. */
static int make_temporary(const char *pattern, char **name)
{
    for (;;) {
        struct stat st;
        ra_auto_free char *made = ra_strdup(pattern);
        ra_auto_fd int fd = mkostemp(made, O_CLOEXEC);
        if (fd < 0)
            return -1;
        bool lost = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
        if (lost || (fstat(fd, &st) == 0 && st.st_nlink == 0))
            continue;
        *name = ra_steal_ptr(&made);
        return ra_steal_fd(&fd);
    }
}

/* --- replacing ---------------------------------------------------------------------------------------------- */

/* Mode and owner of what is replaced; a user who may not give files away keeps what he is allowed to. */
static int inherit(const struct ra_atomic_file *f, mode_t mode, struct ra_err *err)
{
    struct stat st;
    bool there = stat(f->path, &st) == 0;
    if (!there && errno != ENOENT)
        return ra_fail_sys(err, "cannot look at '%s'", f->path);
    if (!there) {
        mode_t mask = umask(0);
        umask(mask);
        st.st_mode = mode & ~mask;
    } else if (!S_ISREG(st.st_mode)) {
        return ra_fail(err, RA_INVALID, "cannot replace '%s': it is %s", f->path,
                       S_ISDIR(st.st_mode) ? "a folder: name a file in it" : "no regular file");
    } else if (fchown(f->fd, st.st_uid, st.st_gid) < 0 && errno != EPERM) {
        return ra_fail_sys(err, "cannot give '%s' its owner", f->temporary);
    }
    if (fchmod(f->fd, st.st_mode & 07777) < 0)
        return ra_fail_sys(err, "cannot give '%s' its mode", f->temporary);
    return 0;
}

int ra_atomic_open(const char *path, mode_t mode, struct ra_atomic_file **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) f = ra_new(struct ra_atomic_file);
    f->path = ra_path_follow(path);
    ra_auto_free char *pattern = temporary_beside(f->path);
    remove_leftovers(pattern);
    f->fd = make_temporary(pattern, &f->temporary);
    if (f->fd < 0)
        return errno == ENOENT ? ra_fail(err, RA_NOTFOUND, "cannot write '%s': its folder is not there", path)
                               : ra_fail_sys(err, "cannot create a file beside '%s'", path);
    int rc = inherit(f, mode, err);
    if (rc < 0)
        return rc;
    *out = ra_steal_ptr(&f);
    return 0;
}

int ra_atomic_fd(const struct ra_atomic_file *f)
{
    return f->fd;
}

static int flush_folder(const char *path, struct ra_err *err)
{
    ra_auto_free char *folder = ra_path_folder(path);
    ra_auto_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot flush a folder; the rename has happened then all the same. */
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EROFS))
        return ra_fail_sys(err, "cannot flush the folder '%s'", folder);
    return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Gives fd a time that is later than `old`, by as little as the file system can tell apart (some keep nanoseconds,
 * some two seconds). */
static void move_time_past(int fd, const struct timespec *old)
{
    struct stat st = {.st_mtim = *old};
    for (int64_t step = 1; step <= 10000000000 && !is_later(&st.st_mtim, old); step *= 10) {
        int64_t ns = old->tv_nsec + step;
        struct timespec times[2] = {
            {.tv_nsec = UTIME_OMIT},
            {.tv_sec = old->tv_sec + (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)},
        };
        if (futimens(fd, times) < 0 || fstat(fd, &st) < 0)
            return;
    }
}

int ra_atomic_commit(struct ra_atomic_file *file, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) f = file;
    struct stat old, now;
    if (stat(f->path, &old) == 0 && fstat(f->fd, &now) == 0 && same_time(&old.st_mtim, &now.st_mtim))
        move_time_past(f->fd, &old.st_mtim);
    if (fsync(f->fd) < 0 && errno != EINVAL)
        return ra_fail_sys(err, "cannot write '%s'", f->path);
    /* What closing has to say, with the lock kept until the name is gone. */
    int twin = dup(f->fd);
    if (twin < 0 || close(twin) < 0)
        return ra_fail_sys(err, "cannot write '%s'", f->path);
    if (rename(f->temporary, f->path) < 0)
        return ra_fail_sys(err, "cannot replace '%s'", f->path);
    free(ra_steal_ptr(&f->temporary));
    return flush_folder(f->path, err);
}

void ra_atomic_abort(struct ra_atomic_file *f)
{
    if (!f)
        return;
    if (f->temporary)
        unlink(f->temporary);
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->temporary);
    free(f);
}

/* --- overwriting -------------------------------------------------------------------------------------------- */

/*
 * One write, and the time moved on after it: who read between the two reads again. Nor must it be that of before, which
 * may be ahead of the kernel's, whose clock for files ticks slowly.
 */
static int overwrite(int fd, const char *path, const char *text, size_t n, size_t padded,
                     const struct timespec *old, struct ra_err *err)
{
    struct stat written;
    ssize_t done = pwrite(fd, text, padded, 0);
    if (done >= 0 && (size_t)done < padded)
        return ra_fail(err, RA_NOSPACE, "cannot write '%s': only %zd of %zu bytes fit", path, done, padded);
    if (done < 0 || ftruncate(fd, (off_t)n) < 0 || fstat(fd, &written) < 0)
        return ra_fail_sys(err, "cannot write '%s'", path);
    move_time_past(fd, is_later(old, &written.st_mtim) ? old : &written.st_mtim);
    if (fsync(fd) < 0 && errno != EINVAL)
        return ra_fail_sys(err, "cannot write '%s'", path);
    return 0;
}

int ra_file_overwrite(const char *path, const char *text, size_t n, struct ra_err *err)
{
    struct stat old;
    ra_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &old) < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    if (!S_ISREG(old.st_mode))
        return ra_fail(err, RA_INVALID, "cannot write '%s': it is no regular file", path);
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)n) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        return ra_fail_sys(err, "cannot write '%s'", path);
    size_t padded = (size_t)old.st_size > n ? (size_t)old.st_size : n;
    ra_auto_free char *bytes = ra_malloc(padded);
    memcpy(bytes, text, n);
    memset(bytes + n, '\n', padded - n);
    return overwrite(fd, path, bytes, n, padded, &old.st_mtim, err);
}
