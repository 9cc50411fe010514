#include "base/file.h"

#include <fcntl.h>
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

static char *resolve(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        char *real = realpath(path, NULL);
        if (real)
            return real;
    }
    return ra_strdup(path);
}

/* Mode and owner of what is replaced; a user who may not give files away keeps what he is allowed to. */
static int inherit(int fd, const char *path, mode_t mode)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        mode_t mask = umask(0);
        umask(mask);
        return fchmod(fd, mode & ~mask);
    }
    if (fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
        return -1;
    return fchmod(fd, st.st_mode & 07777);
}

int ra_atomic_open(const char *path, mode_t mode, struct ra_atomic_file **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) f = ra_new(struct ra_atomic_file);
    f->path = resolve(path);
    f->temporary = ra_asprintf("%s.XXXXXX", f->path);
    f->fd = mkostemp(f->temporary, O_CLOEXEC);
    if (f->fd < 0) {
        f->temporary[0] = '\0';
        return ra_fail_sys(err, "cannot create a file beside '%s'", path);
    }
    if (inherit(f->fd, f->path, mode) < 0)
        return ra_fail_sys(err, "cannot give '%s' its owner and mode", f->temporary);
    *out = ra_steal_ptr(&f);
    return 0;
}

int ra_atomic_fd(const struct ra_atomic_file *f)
{
    return f->fd;
}

static int flush_folder(const char *path, struct ra_err *err)
{
    const char *slash = strrchr(path, '/');
    ra_auto_free char *folder = !slash          ? ra_strdup(".")
                                : slash == path ? ra_strdup("/")
                                                : ra_strndup(path, (size_t)(slash - path));
    ra_auto_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot flush a folder; the rename has happened then all the same. */
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EROFS))
        return ra_fail_sys(err, "cannot flush the folder '%s'", folder);
    return 0;
}

int ra_atomic_commit(struct ra_atomic_file *file, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) f = file;
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
