/*
 * The lock is a file with a write lock of its open file description: it ends with the process, however that
 * ends, and keeps two stores of one process apart too. The file says who holds it and is removed at the end;
 * so whoever gets the lock checks that the file is still the one at that name.
 *
 * A folder is locked beside it: that takes no room, and a full disk must not keep away what frees it. By itself it does
 * not do: it is not there in a new storage, and NFS locks no folders.
 */
#include "store/fs.h"

#include <fcntl.h>
#include <sys/file.h>

#define TRIES   100
#define WHO_MAX 256

struct lock {
    struct ra_lock base;
    char *key;
    size_t kept; /* length of the folder that was there before us */
    int fd;      /* or -1: the disk is full */
    int beside;  /* or -1: there is none, or it cannot be locked */
};

static int fail_lock(const struct ra_fs *fs, const char *key, struct ra_err *err)
{
    int number = errno;
    int rc = ra_fail_errno(err, number, "cannot lock the storage with '%s/%s'", fs->where, key);
    if (rc == -RA_DENIED)
        return ra_hint(err, rc, "%s",
                       number == EROFS
                           ? "the storage is read-only: mount it writable, or make a dry run"
                           : "run as root or as the user that owns the storage, or make a dry run");
    if (rc == -RA_NOSPACE)
        return ra_hint(err, rc, "free a few kilobytes on this disk first");
    if (number == ENOLCK)
        return ra_hint(err, rc, "this file system has no locks: is it NFS without a lock server?");
    return rc;
}

static int busy(int fd, struct ra_err *err)
{
    char who[WHO_MAX];
    ssize_t n = fd < 0 ? 0 : pread(fd, who, sizeof(who) - 1, 0);
    who[n > 0 ? n : 0] = '\0';
    who[strcspn(who, "\n")] = '\0';
    return ra_hint(err, ra_fail(err, RA_BUSY, "the storage is locked by %s", *who ? who : "another regadm"),
                   "wait for its end; what only looks, and a dry run, need not wait");
}

static int open_file(struct ra_fs *fs, const char *key, int *dir, size_t *kept)
{
    size_t len = ra_fs_folder_len(key, strlen(key));
    const char *leaf = key + len + (len > 0);
    struct stat folder;
    *dir = ra_fs_make_folder(fs, key, kept);
    if (*dir < 0 || fstat(*dir, &folder))
        return -1;
    int fd = openat(*dir, leaf, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0)
        ra_fs_dress(fd, &folder);
    return fd;
}

static bool still_there(int dir, const char *key, int fd)
{
    size_t len = ra_fs_folder_len(key, strlen(key));
    struct stat named, open;
    return !fstatat(dir, key + len + (len > 0), &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) &&
           named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* Cut short by a full disk, it still is a name for busy() to show. */
static int sign(int fd, const char *who)
{
    char line[WHO_MAX];
    int n = snprintf(line, sizeof(line), "%.200s\n", who);
    return ftruncate(fd, 0) || pwrite(fd, line, (size_t)n, 0) < 0 ? -1 : 0;
}

/* -1 when others have it, with EWOULDBLOCK, or when it cannot be. */
static int lock_beside(const struct ra_fs *fs, const char *folder)
{
    ra_auto_fd int fd =
        folder ? ra_fs_resolve_folder(fs, folder, ra_fs_folder_len(folder, strlen(folder)), O_RDONLY) : -1;
    return fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) ? ra_steal_fd(&fd) : -1;
}

static struct ra_lock *make_lock(struct ra_fs *fs, const char *key, size_t kept, int beside, int fd)
{
    struct lock *l = ra_new(struct lock);
    *l = (struct lock){
        .base.store = &fs->base, .key = ra_strdup(key), .kept = kept, .fd = fd, .beside = beside};
    return &l->base;
}

int ra_fs_lock(struct ra_store *s, const char *key, const char *beside, const char *who, struct ra_lock **out,
               struct ra_err *err)
{
    struct ra_fs *fs = (struct ra_fs *)s;
    size_t kept = SIZE_MAX;
    ra_auto_fd int aside = lock_beside(fs, beside);
    if (beside && aside < 0 && errno == EWOULDBLOCK) {
        ra_auto_fd int fd = ra_fs_resolve(fs, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        return busy(fd, err);
    }
    for (int i = 0; i < TRIES; i++) {
        size_t before;
        ra_auto_fd int dir = -1;
        ra_auto_fd int fd = open_file(fs, key, &dir, &before);
        kept = before < kept ? before : kept;
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0 && ra_code_of_errno(errno) == RA_NOSPACE && aside >= 0) {
            *out = make_lock(fs, key, kept, ra_steal_fd(&aside), -1);
            return 0;
        }
        if (fd < 0)
            return fail_lock(fs, key, err);
        if (ra_fs_try_lock(fd))
            return errno == EAGAIN ? busy(fd, err) : fail_lock(fs, key, err);
        if (!still_there(dir, key, fd))
            continue;
        if (sign(fd, who) && ra_code_of_errno(errno) != RA_NOSPACE)
            return fail_lock(fs, key, err);
        *out = make_lock(fs, key, kept, ra_steal_fd(&aside), ra_steal_fd(&fd));
        return 0;
    }
    return ra_fail(err, RA_BUSY, "cannot lock the storage with '%s': others take and leave it all the time",
                   key);
}

void ra_fs_unlock(struct ra_lock *base)
{
    struct lock *l = (struct lock *)base;
    struct ra_fs *fs = (struct ra_fs *)base->store;
    size_t len = ra_fs_folder_len(l->key, strlen(l->key));
    ra_auto_fd int dir = ra_fs_resolve_folder(fs, l->key, len, O_PATH);
    if (dir >= 0 && still_there(dir, l->key, l->fd))
        unlinkat(dir, l->key + len + (len > 0), 0);
    ra_fs_prune_up(fs, l->key, len, l->kept);
    ra_auto_close_(&l->fd);
    ra_auto_close_(&l->beside);
    free(l->key);
    free(l);
}
