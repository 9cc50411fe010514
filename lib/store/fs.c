#include "store/fs.h"

#include <fcntl.h>
#include <sys/statvfs.h>

/* Few enough that the answers of one call come back soon, many enough that opening folders is shared. */
#define REMOVE_MAX 1000

static void fs_close(struct ra_store *s)
{
    struct ra_fs *fs = (struct ra_fs *)s;
    ra_fs_drop_parked(fs);
    if (fs->staged)
        unlinkat(fs->root, RA_FS_STAGING, AT_REMOVEDIR);
    if (fs->root >= 0)
        close(fs->root);
    if (fs->made && fs->real)
        rmdir(fs->real);
    pthread_mutex_destroy(&fs->mutex);
    pthread_mutex_destroy(&fs->syncing);
    free(fs->where);
    free(fs->real);
    free(fs->tree);
    free(fs);
}

static int fs_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    struct ra_fs_look look;
    if (ra_fs_look_key((struct ra_fs *)s, key, &look))
        return ra_fs_fail_look((struct ra_fs *)s, err, "look at", key);
    ra_fs_fill(&look, out);
    return 0;
}

static void fs_guard(struct ra_store *s, const char *tree)
{
    struct ra_fs *fs = (struct ra_fs *)s;
    free(fs->tree);
    fs->tree = ra_strdup(tree);
}

static uint64_t fs_room(struct ra_store *s)
{
    const struct ra_fs *fs = (const struct ra_fs *)s;
    struct statvfs st;
    if (fstatvfs(fs->root, &st) < 0 || st.f_blocks == 0)
        return UINT64_MAX;
    return (uint64_t)(geteuid() == 0 ? st.f_bfree : st.f_bavail) * st.f_frsize;
}

static const struct ra_driver driver = {
    .close = fs_close,
    .stat = fs_stat,
    .list_open = ra_fs_list_open,
    .list_next = ra_fs_list_next,
    .list_close = ra_fs_list_close,
    .get = ra_fs_get,
    .read_open = ra_fs_read_open,
    .read = ra_fs_read,
    .reader_stat = ra_fs_reader_stat,
    .reader_fd = ra_fs_reader_fd,
    .read_close = ra_fs_read_close,
    .write_open = ra_fs_write_open,
    .write = ra_fs_write,
    .write_clone = ra_fs_write_clone,
    .write_link = ra_fs_write_link,
    .write_commit = ra_fs_write_commit,
    .write_abort = ra_fs_write_abort,
    .sync = ra_fs_sync,
    .remove = ra_fs_remove,
    .guard = fs_guard,
    .elsewhere = ra_fs_elsewhere,
    .prune = ra_fs_prune,
    .remove_prefix = ra_fs_remove_prefix,
    .room = fs_room,
    .lock = ra_fs_lock,
    .unlock = ra_fs_unlock,
};

static int fail_open(const char *path, struct ra_err *err)
{
    int number = errno;
    if (number == ENOTDIR)
        return ra_fail(err, RA_INVALID, "cannot open the storage '%s': not a folder", path);
    int rc = ra_fail_errno(err, number, "cannot open the storage '%s'", path);
    if (number == ENOENT)
        return ra_hint(err, rc, "check the path, and that the disk it lies on is mounted");
    if (number == EACCES || number == EPERM)
        return ra_hint(err, rc, "run as root or as the user that owns '%s'", path);
    return rc;
}

static int open_root(const char *path, unsigned flags, bool *made)
{
    *made = flags & RA_FS_CREATE && mkdir(path, 0777) == 0;
    if (flags & RA_FS_CREATE && !*made && errno != EEXIST)
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Old kernels do not know openat2, and old container runtimes forbid what they do not know. */
static void probe(struct ra_fs *fs)
{
    int fd = ra_fs_resolve(fs, "", O_PATH);
    if (fd >= 0)
        close(fd);
    else if (errno == ENOSYS || errno == EPERM)
        fs->flags |= RA_FS_LACK_OPENAT2;
}

int ra_fs_open(const char *path, unsigned flags, struct ra_store **out, struct ra_err *err)
{
    *out = NULL;
    bool made;
    int root = open_root(path, flags, &made);
    if (root < 0)
        return fail_open(path, err);
    struct ra_fs *fs = ra_new(struct ra_fs);
    *fs = (struct ra_fs){
        .where = ra_strdup(path), .real = realpath(path, NULL), .root = root, .flags = flags, .made = made};
    pthread_mutex_init(&fs->mutex, NULL);
    pthread_mutex_init(&fs->syncing, NULL);
    fs->base.driver = &driver;
    fs->base.info = (struct ra_store_info){
        .driver = "filesystem",
        .where = fs->where,
        .caps = RA_CAP_NOREPLACE | RA_CAP_LOCK | RA_CAP_FD | RA_CAP_OWNER | RA_CAP_FOLDERS,
        .io_width = 32,
        .remove_max = REMOVE_MAX,
    };
    probe(fs);
    *out = &fs->base;
    return 0;
}
