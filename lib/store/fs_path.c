#include "store/fs.h"

#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>

/* A path may be rewritten this often by symlinks and "..": more than the kernel's 40 links with a few ".."
 * each. */
#define REWRITES 256
#define AGAIN    (-2)

/* --- the slow way: component by component ---------------------------------------------------- */

static int respell(char **path, size_t from, size_t to, const char *middle)
{
    char *whole = ra_asprintf("%.*s%s%s", (int)from, *path, middle, *path + to);
    free(*path);
    *path = whole;
    return AGAIN;
}

/* Takes the last folder of path[0..from) away, and the ".." that stands at [from, next). */
static int step_up(char **path, size_t from, size_t next)
{
    while (from > 0 && (*path)[from - 1] == '/')
        from--;
    if (from > 0) {
        size_t up = ra_fs_folder_len(*path, from);
        return respell(path, up ? up + 1 : 0, next, "");
    }
    errno = EXDEV;
    return -1;
}

/* An absolute link that names something below the root is as good as a relative one. */
static const char *below_root(const struct ra_fs *fs, const char *target)
{
    size_t n = fs->real ? strlen(fs->real) : 0;
    if (!n || strncmp(target, fs->real, n) || (target[n] && target[n] != '/'))
        return NULL;
    return target + n + strspn(target + n, "/");
}

static int follow(const struct ra_fs *fs, char **path, size_t from, size_t n, const char *target)
{
    if (*target != '/')
        return respell(path, from, from + n, target);
    target = below_root(fs, target);
    if (target)
        return respell(path, 0, from + n, target);
    errno = EXDEV;
    return -1;
}

struct step { /* one component of a walk */
    size_t from, n, next;
    bool last;
    char name[NAME_MAX + 1];
};

/* Finds the component that begins at `from`; what stands for "here" is taken out of the text. */
static int step_at(char *path, size_t from, struct step *step)
{
    for (;;) {
        size_t n = strcspn(path + from, "/"), next = from + n + strspn(path + from + n, "/");
        bool here = n == 0 || (n == 1 && path[from] == '.');
        *step = (struct step){.from = from, .n = n, .next = next, .last = !path[next], .name = "."};
        if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (!here)
            memcpy(step->name, path + from, n);
        if (!here || step->last)
            return 0;
        memmove(path + from, path + next, strlen(path + next) + 1);
    }
}

/* Deals with a step that is a link or "..": rewrites the path (AGAIN) or fails (-1). 0: it is neither. */
static int rewrite(const struct ra_fs *fs, int at, char **path, const struct step *step, int oflags)
{
    char target[PATH_MAX];
    if (!strcmp(step->name, ".."))
        return step_up(path, step->from, step->next);
    if (step->last && oflags & O_NOFOLLOW)
        return 0;
    ssize_t len = readlinkat(at, step->name, target, sizeof(target) - 1);
    if (len < 0)
        return 0;
    target[len] = '\0';
    return follow(fs, path, step->from, step->n, target);
}

/*
 * Walks *path as far as it consists of real folders. Either it arrives, or it meets a link or "..", rewrites
 * *path without it and says AGAIN. Beginning at the root each time keeps every component behind us known to
 * be a real folder, so that ".." is a matter of text and cannot be raced out of the root.
 */
static int walk_once(const struct ra_fs *fs, char **path, int oflags)
{
    ra_auto_fd int held = -1;
    bool trusting = fs->flags & RA_FS_FOLLOW_OUT;
    struct step step;
    for (size_t from = 0;; from = step.next) {
        if (step_at(*path, from, &step))
            return -1;
        int at = held >= 0 ? held : fs->root;
        int rc = trusting ? 0 : rewrite(fs, at, path, &step, oflags);
        if (rc)
            return rc;
        int how = (step.last ? oflags : O_PATH | O_DIRECTORY) | (trusting ? 0 : O_NOFOLLOW) | O_CLOEXEC;
        int fd = openat(at, step.name, how);
        if (step.last || fd < 0)
            return fd;
        ra_auto_close_(&held);
        held = fd;
    }
}

static int walk(const struct ra_fs *fs, const char *path, int oflags)
{
    ra_auto_free char *rest = ra_strdup(path);
    for (int i = 0; i < REWRITES; i++) {
        int fd = walk_once(fs, &rest, oflags);
        if (fd != AGAIN)
            return fd;
    }
    errno = ELOOP;
    return -1;
}

/* --- the fast way ---------------------------------------------------------------------------- */

static int open_beneath(const struct ra_fs *fs, int at, const char *path, int oflags)
{
    bool trusting = fs->flags & RA_FS_FOLLOW_OUT;
    return ra_openat2(at, path, oflags, RESOLVE_NO_MAGICLINKS | (trusting ? 0 : RESOLVE_BENEATH));
}

/* A path may be longer than the kernel takes at once; what stays beneath a part of it stays beneath the root. */
static int open_in_parts(const struct ra_fs *fs, const char *path, int oflags)
{
    ra_auto_fd int held = -1;
    int at = fs->root;
    while (strlen(path) >= PATH_MAX) {
        const char *cut = memrchr(path, '/', PATH_MAX - 1);
        if (!cut)
            break;
        ra_auto_free char *part = ra_strndup(path, (size_t)(cut - path));
        int fd = open_beneath(fs, at, part, O_PATH | O_DIRECTORY);
        if (fd < 0)
            return -1;
        ra_auto_close_(&held);
        at = held = fd;
        path = cut + 1;
    }
    return open_beneath(fs, at, *path ? path : ".", oflags);
}

int ra_fs_resolve(const struct ra_fs *fs, const char *path, int oflags)
{
    path = *path ? path : ".";
    if (fs->flags & RA_FS_LACK_OPENAT2)
        return walk(fs, path, oflags);
    int fd = open_beneath(fs, fs->root, path, oflags);
    if (fd < 0 && errno == ENAMETOOLONG)
        fd = open_in_parts(fs, path, oflags);
    if (fd < 0 && errno == EXDEV)
        fd = walk(fs, path, oflags); /* it knows absolute links, and those out of a part, that stay inside */
    return fd;
}

int ra_fs_resolve_folder(const struct ra_fs *fs, const char *path, size_t len, int oflags)
{
    ra_auto_free char *folder = ra_strndup(path, len);
    return ra_fs_resolve(fs, folder, oflags | O_DIRECTORY);
}

size_t ra_fs_folder_len(const char *key, size_t len)
{
    const char *slash = memrchr(key, '/', len);
    return slash ? (size_t)(slash - key) : 0;
}

int ra_fs_nearest(const struct ra_fs *fs, const char *key, size_t *len)
{
    *len = key ? ra_fs_folder_len(key, strlen(key)) : 0;
    for (;; *len = ra_fs_folder_len(key, *len)) {
        int fd = ra_fs_resolve_folder(fs, key ? key : "", *len, O_PATH);
        if (fd >= 0 || *len == 0 || (errno != ENOENT && errno != ENOTDIR))
            return fd;
    }
}

/* --- other places of the tree ----------------------------------------------------------------- */

/* Where there is no link at all, one call tells. */
static bool has_link(const struct ra_fs *fs, const char *key)
{
    if (fs->flags & RA_FS_LACK_OPENAT2)
        return true;
    int fd = ra_openat2(fs->root, key, O_PATH, RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == ELOOP || errno == ENAMETOOLONG);
}

char *ra_fs_elsewhere(struct ra_store *s, const char *key)
{
    const struct ra_fs *fs = (const struct ra_fs *)s;
    size_t top = fs->tree ? strlen(fs->tree) : 0, len = strlen(key);
    if (top == 0 || !fs->real || len <= top || strncmp(key, fs->tree, top) != 0 || !has_link(fs, key))
        return NULL;
    ra_auto_free char *tree = ra_asprintf("%s/%s", fs->real, fs->tree);
    ra_auto_free char *path = ra_asprintf("%s/%s", fs->real, key);
    ra_auto_free char *real_tree = realpath(tree, NULL);
    ra_auto_free char *real = realpath(path, NULL);
    size_t n = real_tree ? strlen(real_tree) : 0;
    if (!real || !real_tree || strncmp(real, real_tree, n) != 0 || (real[n] && real[n] != '/'))
        return NULL;
    const char *rest = real + n + (real[n] == '/');
    size_t bare = len - top - (key[len - 1] == '/');
    bool same = strlen(rest) == bare && memcmp(rest, key + top, bare) == 0;
    return same ? NULL : ra_asprintf("%s%s", fs->tree, rest);
}

bool ra_fs_is_elsewhere(struct ra_fs *fs, const char *path, size_t len)
{
    ra_auto_free char *folder = ra_strndup(path, len);
    ra_auto_free char *where = ra_fs_elsewhere(&fs->base, folder);
    return where != NULL;
}

/* --- what is there --------------------------------------------------------------------------- */

int64_t ra_fs_mtime(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static enum ra_kind kind_of(mode_t mode)
{
    return S_ISREG(mode) ? RA_OBJECT : S_ISDIR(mode) ? RA_PREFIX : RA_OTHER;
}

static int look_behind_link(const struct ra_fs *fs, const char *key, struct ra_fs_look *out)
{
    ra_auto_fd int fd = ra_fs_resolve(fs, key, O_PATH);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EXDEV || errno == ELOOP ? 0 : -1;
    if (fstat(fd, &out->st))
        return -1;
    out->kind = kind_of(out->st.st_mode);
    return 0;
}

int ra_fs_look(const struct ra_fs *fs, int dir, const char *name, const char *key, struct ra_fs_look *out)
{
    if (fstatat(dir, name, &out->st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH)))
        return -1;
    out->kind = kind_of(out->st.st_mode);
    out->link = S_ISLNK(out->st.st_mode);
    return out->link ? look_behind_link(fs, key, out) : 0;
}

int ra_fs_look_key(const struct ra_fs *fs, const char *key, struct ra_fs_look *out)
{
    ra_auto_fd int fd = ra_fs_resolve(fs, key, O_PATH | O_NOFOLLOW);
    return fd < 0 ? -1 : ra_fs_look(fs, fd, "", key, out);
}

void ra_fs_fill(const struct ra_fs_look *look, struct ra_stat *out)
{
    const struct stat *st = &look->st;
    *out = (struct ra_stat){
        .kind = look->kind,
        .size = (uint64_t)st->st_size,
        .disk = (uint64_t)st->st_blocks * 512,
        .mtime = ra_fs_mtime(st),
        .mode = st->st_mode & 07777,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .link = look->link,
    };
}

static bool is_behind_broken_link(const struct ra_fs *fs, const char *key)
{
    size_t len = strlen(key);
    for (len -= len && key[len - 1] == '/'; len > 0; len = ra_fs_folder_len(key, len)) {
        ra_auto_free char *path = ra_strndup(key, len);
        struct ra_fs_look look;
        if (!ra_fs_look_key(fs, path, &look))
            return look.link && look.kind == RA_OTHER;
        if (errno != ENOENT && errno != ENOTDIR)
            return false;
    }
    return false;
}

/* What a mount brings back, or what another root has, is not missing. */
int ra_fs_fail_look(const struct ra_fs *fs, struct ra_err *err, const char *verb, const char *key)
{
    int number = errno;
    if (number == ENOENT && is_behind_broken_link(fs, key))
        return ra_fail(err, RA_UNSUPPORTED, "cannot %s '%s': a symbolic link leads nowhere", verb, key);
    errno = number;
    return ra_fs_fail(err, verb, key);
}

int ra_fs_fail(struct ra_err *err, const char *verb, const char *key)
{
    int number = errno;
    if (number == EXDEV)
        return ra_fail(err, RA_UNSUPPORTED, "cannot %s '%s': a symbolic link leads out of the storage", verb,
                       key);
    return ra_fail_errno(err, number, "cannot %s '%s'", verb, key);
}
