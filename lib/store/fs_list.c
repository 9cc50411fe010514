#include "store/fs.h"

#include <dirent.h>
#include <fcntl.h>

/* One getdents64 call takes in hundreds of registry names; more per call gained nothing measurable. */
#define DENTS_SIZE ((size_t)1 << 14)
/* Entries a page aims at. */
#define PAGE_ENTRIES 1024

struct list {
    struct ra_list base;
    struct ra_list_opts opts;
    char *leaf;
    size_t prefix_len;
    struct ra_buf
        key; /* the folder being read, seen from the root: "" or ending in '/'; names are tried behind it */
    size_t folder_len;  /* of it, that folder */
    struct ra_buf next; /* DEEP: folders to read, relative to the prefix, each followed by NUL: a stack */
    struct ra_buf path; /* room for "<name>/<leaf>" */
    int fd;
    RA_VEC(struct ra_entry) page;
    struct ra_buf
        names; /* of the page; until it is lent the entries hold offsets, for this moves while it grows */
    bool lent;
    size_t pos, end;
    _Alignas(struct dirent64) char dents[DENTS_SIZE];
};

static struct ra_fs *fs_of(const struct list *l)
{
    return (struct ra_fs *)l->base.store;
}

/* --- entries --------------------------------------------------------------------------------- */

/* The key of a name in the current folder; lent until the next call. */
static const char *key_of(struct list *l, const char *name)
{
    l->key.len = l->folder_len;
    ra_buf_adds(&l->key, name);
    return l->key.data;
}

static void add(struct list *l, const char *name, const struct ra_stat *st)
{
    struct ra_entry *e = ra_vec_push(&l->page);
    size_t relative = l->folder_len - l->prefix_len;
    e->name = (const char *)(uintptr_t)l->names.len;
    e->st = *st;
    ra_buf_add(&l->names, l->key.data + l->prefix_len, relative);
    ra_buf_add(&l->names, name, strlen(name) + 1);
}

static int lend(struct list *l, struct ra_page *page)
{
    ra_vec_each (e, &l->page)
        e->name = l->names.data + (uintptr_t)e->name;
    *page = (struct ra_page){l->page.at, l->page.n};
    l->lent = true;
    return l->page.n > 0;
}

static int fail_entry(struct list *l, const char *name, struct ra_err *err)
{
    int number = errno;
    const char *key = key_of(l, name);
    errno = number;
    return ra_fs_fail(err, "look at", key);
}

/* 1: looked; 0: it has vanished; negative: an error. */
static int look(struct list *l, const char *name, struct ra_fs_look *out, struct ra_err *err)
{
    if (!ra_fs_look(fs_of(l), l->fd, name, key_of(l, name), out))
        return 1;
    return errno == ENOENT ? 0 : fail_entry(l, name, err);
}

/* The same for an entry of a known type, for nothing where nothing more is wanted. */
static int look_if_needed(struct list *l, const struct dirent64 *d, unsigned want, struct ra_fs_look *out,
                          struct ra_err *err)
{
    bool known = d->d_type != DT_UNKNOWN && d->d_type != DT_LNK;
    if (want || !known)
        return look(l, d->d_name, out, err);
    *out = (struct ra_fs_look){.kind = d->d_type == DT_DIR   ? RA_PREFIX
                                       : d->d_type == DT_REG ? RA_OBJECT
                                                             : RA_OTHER};
    return 1;
}

/* Links to folders that a key may lead through. Without a limit a few of them, each leading to a folder with more of
 * them, make names without number. */
#define LINKS_MAX 8

/* Whether what path[0..len) names is itself a link, or the very folder `target`. */
static void look_at_way(struct list *l, size_t len, const struct stat *target, bool *link, bool *same)
{
    ra_auto_free char *path = ra_strndup(l->key.data, len);
    ra_auto_fd int named = ra_fs_resolve(fs_of(l), path, O_PATH | O_NOFOLLOW);
    ra_auto_fd int fd = ra_fs_resolve(fs_of(l), path, O_PATH);
    struct stat st;
    *link = len > 0 && named >= 0 && !fstat(named, &st) && S_ISLNK(st.st_mode);
    *same = fd >= 0 && !fstat(fd, &st) && st.st_dev == target->st_dev && st.st_ino == target->st_ino;
}

/* Whether following a link to a folder would never end, or hardly ever: we came through that folder already, or
 * through too many links. */
static bool leads_astray(struct list *l, const struct ra_fs_look *seen)
{
    if (seen->kind != RA_PREFIX || !seen->link)
        return false;
    unsigned links = 0;
    for (size_t len = l->folder_len;; len = ra_fs_folder_len(l->key.data, len)) {
        bool link, same;
        size_t bare = len && l->key.data[len - 1] == '/' ? len - 1 : len;
        look_at_way(l, bare, &seen->st, &link, &same);
        links += link;
        if (same || links >= LINKS_MAX)
            return true;
        if (bare == 0)
            return false;
        len = bare;
    }
}

static int take_level(struct list *l, const struct dirent64 *d, struct ra_err *err)
{
    struct ra_fs_look seen;
    struct ra_stat st;
    int rc = look_if_needed(l, d, l->opts.want, &seen, err);
    if (rc <= 0)
        return rc;
    if (leads_astray(l, &seen))
        seen.kind = RA_OTHER;
    ra_fs_fill(&seen, &st);
    add(l, d->d_name, &st);
    return 0;
}

/* --- leaves ---------------------------------------------------------------------------------- */

/*
 * Looks at <name>/<leaf> from the folder at hand. Every component is looked at without following links:
 * stepping over one could lead out of the root, so that case goes through the resolver.
 */
static int look_leaf(struct list *l, char *path, size_t name_len, struct ra_fs_look *out)
{
    for (char *slash = path + name_len; slash; slash = strchr(slash + 1, '/')) {
        char *end = strchrnul(slash + 1, '/');
        char after = *end;
        *end = '\0';
        int rc = fstatat(l->fd, path, &out->st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
        *end = after;
        if (rc)
            return -1;
        if (S_ISLNK(out->st.st_mode))
            return ra_fs_look_key(fs_of(l), key_of(l, path), out);
    }
    out->link = false;
    out->kind = S_ISREG(out->st.st_mode) ? RA_OBJECT : S_ISDIR(out->st.st_mode) ? RA_PREFIX : RA_OTHER;
    return 0;
}

static int look_leaf_of(struct list *l, const char *name, bool link, struct ra_fs_look *out,
                        struct ra_err *err)
{
    ra_buf_clear(&l->path);
    ra_buf_adds(&l->path, name);
    ra_buf_addc(&l->path, '/');
    ra_buf_adds(&l->path, l->leaf);
    int rc = link ? ra_fs_look_key(fs_of(l), key_of(l, l->path.data), out)
                  : look_leaf(l, l->path.data, strlen(name), out);
    if (!rc)
        return 0;
    if (errno != ENOENT && errno != ENOTDIR && errno != EXDEV && errno != ELOOP)
        return fail_entry(l, l->path.data, err);
    out->kind = errno == EXDEV || errno == ELOOP ? RA_OTHER : RA_PREFIX;
    return 0;
}

static int take_leaf(struct list *l, const struct dirent64 *d, struct ra_err *err)
{
    struct ra_fs_look seen;
    struct ra_stat st;
    int rc = look_if_needed(l, d, 0, &seen, err);
    if (rc <= 0)
        return rc;
    if (seen.kind != RA_PREFIX)
        seen.kind = RA_OTHER;
    else if (!l->opts.want)
        seen.kind = RA_OBJECT;
    else if ((rc = look_leaf_of(l, d->d_name, seen.link, &seen, err)) < 0)
        return rc;
    ra_fs_fill(&seen, &st);
    add(l, d->d_name, &st);
    return 0;
}

/* --- deep ------------------------------------------------------------------------------------ */

static void push_folder(struct list *l, const char *name)
{
    ra_buf_add(&l->next, l->key.data + l->prefix_len, l->folder_len - l->prefix_len);
    ra_buf_add(&l->next, name, strlen(name) + 1);
}

static int take_deep(struct list *l, const struct dirent64 *d, struct ra_err *err)
{
    struct ra_fs_look seen;
    struct ra_stat st;
    int rc = look_if_needed(l, d, d->d_type == DT_DIR ? 0 : l->opts.want, &seen, err);
    if (rc <= 0)
        return rc;
    if (leads_astray(l, &seen))
        seen.kind = RA_OTHER;
    if (seen.kind == RA_PREFIX) {
        push_folder(l, d->d_name);
        return 0;
    }
    ra_fs_fill(&seen, &st);
    add(l, d->d_name, &st);
    return 0;
}

/* --- folders --------------------------------------------------------------------------------- */

static int open_folder(struct list *l)
{
    ra_auto_close_(&l->fd);
    l->pos = l->end = 0;
    l->fd = ra_fs_resolve_folder(fs_of(l), ra_buf_str(&l->key), l->folder_len, O_RDONLY);
    return l->fd < 0 ? -1 : 0;
}

static int pop_folder(struct list *l, struct ra_err *err)
{
    const char *end = memrchr(l->next.data, '\0', l->next.len - 1);
    size_t start = end ? (size_t)(end - l->next.data) + 1 : 0;
    l->key.len = l->prefix_len;
    ra_buf_adds(&l->key, l->next.data + start);
    ra_buf_addc(&l->key, '/');
    l->folder_len = l->key.len;
    l->next.len = start;
    if (!open_folder(l))
        return 0;
    if (errno == ENOENT ||
        errno == ENOTDIR) /* gone, or something else by now: both are younger than the listing */
        return 0;
    return ra_fs_fail(err, "read the folder", l->key.data);
}

/* 1: more of the current folder is in dents; 0: it is at its end; negative: an error, and its end. */
static int fill(struct list *l, struct ra_err *err)
{
    if (l->fd < 0)
        return 0;
    ssize_t n = getdents64(l->fd, (void *)l->dents, sizeof(l->dents));
    l->pos = 0;
    l->end = n > 0 ? (size_t)n : 0;
    if (n > 0)
        return 1;
    int number = errno;
    ra_auto_close_(&l->fd);
    l->fd = -1;
    if (n == 0 || number == ENOENT) /* a folder removed while it is read */
        return 0;
    errno = number;
    return ra_fs_fail(err, "read the folder", key_of(l, ""));
}

static bool hidden(const char *name)
{
    if (name[0] != '.')
        return false;
    return !strcmp(name, ".") || !strcmp(name, "..") ||
           !strncmp(name, RA_FS_STAGING, sizeof(RA_FS_STAGING) - 1);
}

static int take(struct list *l, struct ra_err *err)
{
    const struct dirent64 *d = (const struct dirent64 *)(l->dents + l->pos);
    l->pos += d->d_reclen;
    if (hidden(d->d_name))
        return 0;
    return l->opts.mode == RA_LIST_LEVEL  ? take_level(l, d, err)
           : l->opts.mode == RA_LIST_LEAF ? take_leaf(l, d, err)
                                          : take_deep(l, d, err);
}

/* Takes one entry, or gets the next ones in. 1: go on; 0: nothing is left; negative: an error, but go on. */
static int advance(struct list *l, struct ra_err *err)
{
    if (l->pos < l->end) {
        int rc = take(l, err);
        return rc < 0 ? rc : 1;
    }
    int rc = fill(l, err);
    if (rc)
        return rc;
    if (!l->next.len)
        return 0;
    rc = pop_folder(l, err);
    return rc < 0 ? rc : 1;
}

int ra_fs_list_next(struct ra_list *base, struct ra_page *page, struct ra_err *err)
{
    struct list *l = (struct list *)base;
    if (l->lent) {
        l->page.n = 0;
        ra_buf_clear(&l->names);
        l->lent = false;
    }
    while (l->page.n < PAGE_ENTRIES) {
        int rc = advance(l, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
    }
    return lend(l, page);
}

void ra_fs_list_close(struct ra_list *base)
{
    struct list *l = (struct list *)base;
    ra_auto_close_(&l->fd);
    ra_vec_release(&l->page);
    ra_buf_release(&l->names);
    ra_buf_release(&l->next);
    ra_buf_release(&l->path);
    ra_buf_release(&l->key);
    free(l->leaf);
    free(l);
}

int ra_fs_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                    struct ra_list **out, struct ra_err *err)
{
    struct list *l = ra_malloc(sizeof(*l));
    memset(l, 0, offsetof(struct list, dents)); /* the rest is big, and written before it is read */
    l->base.store = s;
    l->opts = *opts;
    l->leaf = opts->leaf ? ra_strdup(opts->leaf) : NULL;
    l->fd = -1;
    ra_buf_adds(&l->key, prefix);
    l->prefix_len = l->folder_len = l->key.len;
    if (open_folder(l)) {
        int rc = ra_fs_fail_look(fs_of(l), err, "list", prefix);
        ra_fs_list_close(&l->base);
        return rc;
    }
    *out = &l->base;
    return 0;
}
