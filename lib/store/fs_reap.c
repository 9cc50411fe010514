/*
 * Taking whole prefixes down: prune (empty folders only) and remove_prefix (what is in them too), from the
 * leaves up. Folders wait on a stack of paths, not of descriptors, so that no depth is too deep. Each is met
 * twice: on the way down it is emptied and its folders are put on top of it, on the way up it is removed if
 * nothing is left. Its age is taken on the way down, for removing what it holds makes it new.
 */
#include "store/fs.h"

#include <dirent.h>
#include <fcntl.h>

#define DENTS_SIZE ((size_t)1 << 15)

struct todo {
    char *path; /* seen from the root, no slash at the end */
    int64_t mtime;
    bool entered;
};

struct reaper {
    struct ra_fs *fs;
    bool objects; /* remove them too */
    size_t keep;
    int64_t not_after;
    RA_VEC(struct todo) stack;
    uint64_t removed, bytes;
    struct ra_err *err;
    int rc; /* the first failure */
    _Alignas(struct dirent64) char dents[DENTS_SIZE];
};

static void note_failure(struct reaper *r, const char *verb, const char *folder, const char *name)
{
    int number = errno;
    if (r->rc || number == ENOENT)
        return;
    ra_auto_free char *key = ra_asprintf("%s%s%s", folder, *folder && *name ? "/" : "", name);
    errno = number;
    r->rc = ra_fs_fail(r->err, verb, key);
}

static void push(struct reaper *r, const char *folder, const char *name)
{
    ra_vec_push(&r->stack)->path = ra_asprintf("%s%s%s", folder, *folder && *name ? "/" : "", name);
}

static void remove_entry(struct reaper *r, int dir, const char *folder, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
        note_failure(r, "look at", folder, name);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        push(r, folder, name);
        return;
    }
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        errno = EOPNOTSUPP;
    else if (ra_fs_mtime(&st) > r->not_after)
        return;
    else if (!unlinkat(dir, name, 0)) {
        r->removed++;
        r->bytes += (uint64_t)st.st_size;
        ra_fs_note_dirty(r->fs, dir, st.st_dev);
        return;
    }
    note_failure(r, "remove", folder, name);
}

static bool is_folder(int dir, const struct dirent64 *d)
{
    struct stat st;
    if (d->d_type != DT_UNKNOWN)
        return d->d_type == DT_DIR;
    return !fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static void meet(struct reaper *r, int dir, const char *folder, const struct dirent64 *d)
{
    if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
        return;
    if (!*folder && !strcmp(d->d_name, RA_FS_STAGING))
        return;
    if (is_folder(dir, d))
        push(r, folder, d->d_name);
    else if (r->objects)
        remove_entry(r, dir, folder, d->d_name);
}

static void empty_folder(struct reaper *r, int dir, const char *folder)
{
    ssize_t n;
    while ((n = getdents64(dir, (void *)r->dents, sizeof(r->dents))) > 0)
        for (ssize_t pos = 0; pos < n;) {
            const struct dirent64 *d = (const struct dirent64 *)(r->dents + pos);
            pos += d->d_reclen;
            meet(r, dir, folder, d);
        }
    if (n < 0)
        note_failure(r, "read the folder", folder, "");
}

/* Folders below the prefix were seen as folders in their own; a link in their place now is not followed. */
static void enter(struct reaper *r, size_t i)
{
    ra_auto_free char *path = ra_strdup(r->stack.at[i].path); /* the stack moves */
    struct stat st;
    ra_auto_fd int dir = ra_fs_resolve(r->fs, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (dir < 0 || fstat(dir, &st)) {
        note_failure(r, "read the folder", path, "");
        r->stack.at[i].mtime = INT64_MAX;
        return;
    }
    r->stack.at[i].mtime = ra_fs_mtime(&st);
    empty_folder(r, dir, path);
}

static void leave(struct reaper *r, const struct todo *t)
{
    size_t len = strlen(t->path);
    if (len <= r->keep || t->mtime > r->not_after)
        return;
    size_t upper = ra_fs_folder_len(t->path, len);
    ra_auto_fd int dir = ra_fs_resolve_folder(r->fs, t->path, upper, O_PATH);
    if (dir < 0)
        return;
    if (unlinkat(dir, t->path + upper + (upper > 0), AT_REMOVEDIR) && errno != ENOTEMPTY && errno != EEXIST)
        note_failure(r, "remove the folder", t->path, "");
}

static void reap(struct reaper *r, const char *prefix)
{
    size_t len = strlen(prefix);
    ra_auto_free char *folder = ra_strndup(prefix, len ? len - 1 : 0);
    push(r, folder, "");
    while (r->stack.n) {
        size_t top = r->stack.n - 1;
        if (!r->stack.at[top].entered) {
            r->stack.at[top].entered = true;
            enter(r, top);
            continue;
        }
        leave(r, &r->stack.at[top]);
        free(r->stack.at[top].path);
        r->stack.n = top;
    }
    ra_vec_release(&r->stack);
}

/* Whether a link on the way to a prefix leads to another place of the guarded tree. */
static bool is_elsewhere(struct ra_store *s, const char *prefix)
{
    size_t len = strlen(prefix);
    return len && ra_fs_is_elsewhere((struct ra_fs *)s, prefix, ra_fs_folder_len(prefix, len - 1));
}

int ra_fs_prune(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after, struct ra_err *err)
{
    if (is_elsewhere(s, prefix))
        return 0;
    ra_auto_free struct reaper *r = ra_malloc(sizeof(*r));
    memset(r, 0, offsetof(struct reaper, dents));
    r->fs = (struct ra_fs *)s;
    r->keep = keep;
    r->not_after = not_after;
    r->err = err;
    reap(r, prefix);
    return r->rc;
}

/* A prefix that is a link itself: the link may go, what it leads to may not. */
static int remove_link(struct reaper *r, const char *prefix)
{
    size_t len = strlen(prefix) - 1, upper = ra_fs_folder_len(prefix, len);
    ra_auto_free char *key = ra_strndup(prefix, len);
    if (len <= r->keep)
        return ra_fail(r->err, RA_UNSUPPORTED, "cannot empty '%s': it is a symbolic link", key);
    ra_auto_fd int dir = ra_fs_resolve_folder(r->fs, key, upper, O_PATH);
    if (dir < 0)
        return ra_fs_fail(r->err, "remove", key);
    remove_entry(r, dir, upper ? key : "", key + upper + (upper > 0));
    return r->rc;
}

static bool is_link(const struct ra_fs *fs, const char *prefix)
{
    size_t len = strlen(prefix);
    ra_auto_free char *key = ra_strndup(prefix, len ? len - 1 : 0);
    struct ra_fs_look look;
    return len && !ra_fs_look_key(fs, key, &look) && look.link;
}

int ra_fs_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                        uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    ra_auto_free struct reaper *r = ra_malloc(sizeof(*r));
    memset(r, 0, offsetof(struct reaper, dents));
    r->fs = (struct ra_fs *)s;
    r->objects = true;
    r->keep = keep;
    r->not_after = not_after;
    r->err = err;
    int rc = 0;
    if (is_elsewhere(s, prefix))
        rc = ra_fail(err, RA_UNSUPPORTED,
                     "cannot empty '%s': a symbolic link on its way leads to another place of the storage",
                     prefix);
    else if (is_link(r->fs, prefix))
        rc = remove_link(r, prefix);
    else
        reap(r, prefix);
    *removed += r->removed;
    *bytes += r->bytes;
    return rc ? rc : r->rc;
}
