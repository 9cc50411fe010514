#include "base/file.h"

#include "base/pool.h"
#include "base/str.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int read_all(int fd, const char *name, size_t limit, struct ra_buf *out, struct ra_err *err)
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
    return read_all(fd, path, limit, out, err);
}

/* Component by component, for kernels without openat2. */
static int open_unlinked(int folder, const char *path, int flags)
{
    ra_auto_fd int held = -1;
    for (;;) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(path, "/");
        bool up = n == 2 && memcmp(path, "..", 2) == 0;
        errno = n > NAME_MAX ? ENAMETOOLONG : up ? EXDEV : ENOENT;
        if (n > NAME_MAX || n == 0 || up)
            return -1;
        memcpy(name, path, n);
        name[n] = '\0';
        bool last = !path[n];
        int fd = openat(held >= 0 ? held : folder, name,
                        (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
        if (last || fd < 0)
            return fd;
        ra_auto_close_(&held);
        held = fd;
        path += n + 1;
    }
}

int ra_openat2(int folder, const char *path, int flags, uint64_t resolve)
{
    enum { TRIES = 32 };
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = resolve};
    for (int i = 1;; i++) {
        int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
        bool unsure =
            fd < 0 && (errno == EAGAIN || errno == EINTR); /* EAGAIN: something was renamed meanwhile */
        if (!unsure || i == TRIES)
            return fd;
    }
}

int ra_open_beneath(int folder, const char *path, int flags)
{
    int fd = ra_openat2(folder, path, flags, RESOLVE_BENEATH);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_unlinked(folder, path, flags) : fd;
}

/* EISDIR and EINVAL are what kernels and file systems from before O_TMPFILE say. */
bool ra_lacks_unnamed_files(int number)
{
    return number == EOPNOTSUPP || number == EISDIR || number == EINVAL || number == ENOSYS;
}

int ra_unnamed_file(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || !ra_lacks_unnamed_files(errno))
        return fd;
    ra_auto_free char *name = ra_asprintf("%s/regadm-XXXXXX", folder);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

int ra_fd_write_all(int fd, const char *name, const void *p, size_t n, struct ra_err *err)
{
    const char *from = p;
    struct stat st;
    bool may_block = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    while (n > 0) {
        int rc = may_block ? ra_wait_writable(fd, err) : 0;
        if (rc < 0)
            return rc;
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
