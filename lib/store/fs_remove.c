#include "store/fs.h"

#include <fcntl.h>

/* A folder kept open because the next key probably lies in it, or in one beside it. */
struct folder {
    char *path; /* NULL: none */
    size_t len;
    int fd;
    bool thinned; /* a folder in it was removed: it may be empty now */
    size_t keep;  /* the longest `keep` among the keys that say so */
};

/* Registry keys come as <upper>/<name>/<leaf>, with thousands of <name>: two folders spare nearly all
 * walking. */
struct remover {
    struct ra_fs *fs;
    int64_t not_after;
    struct folder upper, lower;
};

static void close_folder(const struct ra_fs *fs, struct folder *f)
{
    ra_auto_close_(&f->fd);
    if (f->path && f->thinned)
        ra_fs_prune_up(fs, f->path, f->len, f->keep);
    free(f->path);
    *f = (struct folder){.fd = -1};
}

static bool is_open(const struct folder *f, const char *path, size_t len)
{
    return f->path && f->len == len && !memcmp(f->path, path, len);
}

static int keep_open(struct folder *f, const char *path, size_t len, int fd)
{
    if (fd >= 0)
        *f = (struct folder){.path = ra_strndup(path, len), .len = len, .fd = fd};
    return fd;
}

/* What is removed in another place than its key says would be lost there. */
static int stay_in_place(struct remover *r, const char *path, size_t len, int fd)
{
    if (fd < 0 || !ra_fs_is_elsewhere(r->fs, path, len))
        return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

static int open_upper(struct remover *r, const char *path, size_t len)
{
    if (is_open(&r->upper, path, len))
        return r->upper.fd;
    close_folder(r->fs, &r->upper);
    int fd = ra_fs_resolve_folder(r->fs, path, len, O_PATH);
    return keep_open(&r->upper, path, len, stay_in_place(r, path, len, fd));
}

static const char *last_name(const char *path, size_t len)
{
    size_t upper = ra_fs_folder_len(path, len);
    return path + upper + (path[upper] == '/');
}

/* The folder of a key. One component from an open folder needs no resolver, unless it is a link. */
static int open_lower(struct remover *r, const char *key, size_t len)
{
    if (is_open(&r->lower, key, len))
        return r->lower.fd;
    close_folder(r->fs, &r->lower);
    int upper = len ? open_upper(r, key, ra_fs_folder_len(key, len)) : -1;
    if (len && upper < 0)
        return -1;
    ra_auto_free char *path = ra_strndup(key, len);
    int fd = len ? openat(upper, last_name(path, len), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 && (!len || errno == ELOOP || errno == ENOTDIR))
        fd = stay_in_place(r, path, len, ra_fs_resolve(r->fs, path, O_PATH | O_DIRECTORY));
    return keep_open(&r->lower, key, len, fd);
}

void ra_fs_prune_up(const struct ra_fs *fs, const char *path, size_t len, size_t keep)
{
    while (len > keep && len > 0) {
        size_t upper = ra_fs_folder_len(path, len);
        ra_auto_fd int fd = ra_fs_resolve_folder(fs, path, upper, O_PATH);
        ra_auto_free char *name = ra_strndup(last_name(path, len), len - upper - (upper > 0));
        if (fd < 0 || (unlinkat(fd, name, AT_REMOVEDIR) && errno != ENOENT))
            return;
        len = upper;
    }
}

/* Removes the key's folder when it is empty now; those above it are tried once, when we leave them. */
static void prune_lower(struct remover *r, const struct ra_removal *item)
{
    size_t len = r->lower.len;
    if (len == 0 || len <= item->keep)
        return;
    if (!is_open(&r->upper, item->key, ra_fs_folder_len(item->key, len))) {
        ra_fs_prune_up(r->fs, item->key, len, item->keep);
        return;
    }
    if (unlinkat(r->upper.fd, last_name(r->lower.path, len), AT_REMOVEDIR))
        return;
    close_folder(r->fs, &r->lower);
    r->upper.keep = !r->upper.thinned || item->keep > r->upper.keep ? item->keep : r->upper.keep;
    r->upper.thinned = true;
}

/* What stays although the call was to remove it; 0 when it may go. A link to a folder is a folder, and no
 * object. */
static int objection(const struct remover *r, const struct ra_fs_look *look, const struct stat *itself)
{
    if (look->kind == RA_OTHER)
        return -RA_UNSUPPORTED;
    if (ra_fs_mtime(&look->st) > r->not_after || ra_fs_mtime(itself) > r->not_after)
        return -RA_BUSY;
    return 0;
}

static int fail_item(struct ra_removal *item)
{
    item->sys = errno;
    return errno == EXDEV ? -RA_UNSUPPORTED
                          : -(int)ra_code_of_errno(errno); /* EXDEV: through a link out of the root */
}

static int remove_one(struct remover *r, struct ra_removal *item)
{
    size_t len = ra_fs_folder_len(item->key, strlen(item->key));
    const char *leaf = item->key + len + (len > 0);
    struct ra_fs_look look;
    struct stat itself;
    int dir = open_lower(r, item->key, len);
    if (dir < 0 || ra_fs_look(r->fs, dir, leaf, item->key, &look))
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_item(item);
    if (look.kind == RA_PREFIX)
        return 0;
    itself = look.st;
    if (look.link && fstatat(dir, leaf, &itself, AT_SYMLINK_NOFOLLOW))
        return fail_item(item);
    int rc = objection(r, &look, &itself);
    if (rc)
        return rc;
    if (unlinkat(dir, leaf, 0) && errno != ENOENT)
        return fail_item(item);
    item->size = (uint64_t)itself.st_size;
    ra_fs_note_dirty(r->fs, dir, itself.st_dev);
    prune_lower(r, item);
    return 0;
}

int ra_fs_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                 struct ra_err *err RA_UNUSED)
{
    struct remover r = {.fs = (struct ra_fs *)s, .not_after = not_after, .upper.fd = -1, .lower.fd = -1};
    for (size_t i = 0; i < n; i++)
        items[i].status = remove_one(&r, &items[i]);
    close_folder(r.fs, &r.lower);
    close_folder(r.fs, &r.upper);
    return 0;
}
