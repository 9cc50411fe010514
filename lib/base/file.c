#include "base/file.h"

#include "base/pool.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

int ra_fd_read_all(int fd, const char *name, size_t limit, struct ra_buf *out, struct ra_err *err)
{
    size_t start = out->len;
    for (;;) {
        size_t room = limit - (out->len - start);
        size_t want = room < 65536 ? room + 1 : 65536;
        ssize_t n = read(fd, ra_buf_reserve(out, want), want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ra_fail_sys(err, "cannot read '%s'", name);
        if (n == 0) {
            ra_buf_reserve(out, 0);
            return 0;
        }
        if ((size_t)n > room)
            return ra_fail(err, RA_TOOBIG, "cannot read '%s': it is larger than %zu bytes", name, limit);
        out->len += (size_t)n;
    }
}

int ra_file_read(const char *path, size_t limit, struct ra_buf *out, struct ra_err *err)
{
    ra_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ra_fail_sys(err, "cannot open '%s'", path);
    return ra_fd_read_all(fd, path, limit, out, err);
}

int ra_fd_write_all(int fd, const char *name, const void *p, size_t n, struct ra_err *err)
{
    const char *from = p;
    while (n > 0) {
        ssize_t done = write(fd, from, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ra_fail_sys(err, "cannot write '%s'", name);
        from += done;
        n -= (size_t)done;
    }
    return 0;
}

struct ra_atomic_file {
    char *path; /* the final name, symlinks resolved */
    char *temporary;
    int fd;
};

char *ra_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ra_strdup(".");
    return ra_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Where the link leads, or NULL when there is no link. */
static char *follow_once(const char *path)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    ra_auto_free char *folder = ra_path_folder(path);
    return target[0] == '/' ? ra_strdup(target) : ra_asprintf("%s/%s", folder, target);
}

char *ra_path_follow(const char *path)
{
    enum { MOST_LINKS = 40 }; /* as the kernel */
    char *at = ra_strdup(path);
    for (int i = 0; i < MOST_LINKS; i++) {
        char *next = follow_once(at);
        if (!next)
            break;
        free(at);
        at = next;
    }
    return at;
}

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
        return ra_fail(err, RA_INVALID, "cannot replace '%s': it is no regular file", f->path);
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
    f->temporary = ra_asprintf("%s.XXXXXX", f->path);
    f->fd = mkostemp(f->temporary, O_CLOEXEC);
    if (f->fd < 0) {
        f->temporary[0] = '\0';
        return ra_fail_sys(err, "cannot create a file beside '%s'", path);
    }
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

/* Moves the time of fd on until it is not `old`, by as little as the file system can tell apart (some keep
 * nanoseconds, some two seconds). */
static void move_time_on(int fd, const struct timespec *old)
{
    struct stat st;
    for (int64_t step = 1; step <= 10000000000 && fstat(fd, &st) == 0 && same_time(&st.st_mtim, old);
         step *= 10) {
        int64_t ns = old->tv_nsec + step;
        struct timespec times[2] = {
            {.tv_nsec = UTIME_OMIT},
            {.tv_sec = old->tv_sec + (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)},
        };
        if (futimens(fd, times) < 0)
            return;
    }
}

int ra_atomic_commit(struct ra_atomic_file *file, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) f = file;
    struct stat old;
    if (stat(f->path, &old) == 0)
        move_time_on(f->fd, &old.st_mtim);
    if (fsync(f->fd) < 0 && errno != EINVAL)
        return ra_fail_sys(err, "cannot write '%s'", f->path);
    int fd = ra_steal_fd(&f->fd);
    if (close(fd) < 0)
        return ra_fail_sys(err, "cannot write '%s'", f->path);
    if (rename(f->temporary, f->path) < 0)
        return ra_fail_sys(err, "cannot replace '%s'", f->path);
    f->temporary[0] = '\0';
    return flush_folder(f->path, err);
}

void ra_atomic_abort(struct ra_atomic_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->temporary[0])
        unlink(f->temporary);
    free(f->path);
    free(f->temporary);
    free(f);
}

/* One write, and the time moved on after it: who read between the two reads again. */
static int overwrite(int fd, const char *path, const char *text, size_t n, size_t padded, struct ra_err *err)
{
    struct stat written;
    ssize_t done = pwrite(fd, text, padded, 0);
    if (done >= 0 && (size_t)done < padded)
        return ra_fail(err, RA_NOSPACE, "cannot write '%s': only %zd of %zu bytes fit", path, done, padded);
    if (done < 0 || ftruncate(fd, (off_t)n) < 0 || fstat(fd, &written) < 0)
        return ra_fail_sys(err, "cannot write '%s'", path);
    move_time_on(fd, &written.st_mtim);
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
    return overwrite(fd, path, bytes, n, padded, err);
}

static int wait_for(int fd, const char *path, unsigned seconds, struct ra_err *err)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        if (errno != EWOULDBLOCK)
            return ra_fail_sys(err, "cannot lock '%s'", path);
        if (tries >= seconds * 100)
            return ra_fail(err, RA_BUSY, "cannot lock '%s': somebody else has held it for %u seconds", path,
                           seconds);
        int rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
        nanosleep(&pause, NULL);
    }
    return 0;
}

int ra_file_lock(const char *path, unsigned seconds, struct ra_file_lock *out, struct ra_err *err)
{
    RA_FILE_LOCK_AUTO lock = RA_FILE_LOCK_INIT;
    ra_auto_free char *real = ra_path_follow(path);
    ra_auto_free char *folder = ra_path_folder(real);
    lock.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock.folder < 0)
        return ra_fail_sys(err, "cannot open the folder '%s'", folder);
    int rc = wait_for(lock.folder, folder, seconds, err);
    if (rc < 0)
        return rc;
    /* Who writes through a mount of the file has another folder, but the same file. */
    lock.file = open(real, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (lock.file < 0 && errno != ENOENT)
        return ra_fail_sys(err, "cannot open '%s'", path);
    rc = lock.file < 0 ? 0 : wait_for(lock.file, path, seconds, err);
    if (rc < 0)
        return rc;
    *out = lock;
    lock = (struct ra_file_lock)RA_FILE_LOCK_INIT;
    return 0;
}

void ra_file_lock_release(struct ra_file_lock *lock)
{
    ra_auto_close_(&lock->file);
    ra_auto_close_(&lock->folder);
    *lock = (struct ra_file_lock)RA_FILE_LOCK_INIT;
}
