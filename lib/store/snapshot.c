/*
 * The keys lie in one sorted list that never changes. Two things are laid over it: a bit for each key that was removed
 * through us, and a short list of keys and prefixes about which nothing is known any more; where the list of those gets
 * long, nothing is known of anything, and all goes to the store beneath.
 */
#include "store/snapshot.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/driver.h"

#include <stdatomic.h>

#define PAGE_ENTRIES 100
#define STEPS        4
#define DOUBTS_MAX   256

struct snapshot {
    struct ra_store base;
    struct ra_store *inner;
    char *prefix;
    struct ra_keylist keys; /* relative to prefix */
    pthread_rwlock_t lock;  /* guards what follows */
    uint8_t *gone;          /* a bit a key; NULL: none was removed */
    struct ra_arena arena;
    struct ra_strings doubts; /* keys, and prefixes with their '/', relative to prefix */
};

static struct snapshot *snapshot_of(struct ra_store *s)
{
    return (struct snapshot *)s;
}

/* What is below the prefix, without it; NULL: it is elsewhere. */
static const char *relative(const struct snapshot *s, const char *key)
{
    return ra_starts_with(key, s->prefix) ? key + strlen(s->prefix) : NULL;
}

/* --- what is no longer known --- */

static void doubt(struct snapshot *s, const char *key)
{
    const char *name = relative(s, key);
    if (!name && !ra_starts_with(s->prefix, key))
        return;
    pthread_rwlock_wrlock(&s->lock);
    if (s->doubts.n == DOUBTS_MAX)
        s->doubts.n = 0, name = "";
    *ra_arena_push(&s->arena, &s->doubts) = ra_arena_strdup(&s->arena, name ? name : "");
    pthread_rwlock_unlock(&s->lock);
}

static bool is_prefix(const char *s)
{
    return !*s || ra_ends_with(s, "/");
}

/* Whether a listing of, or a look at, `name` could touch something doubtful. The lock is held. */
static bool doubtful(const struct snapshot *s, const char *name)
{
    for (size_t i = 0; i < s->doubts.n; i++) {
        const char *d = s->doubts.at[i];
        if (ra_streq(d, name) || (is_prefix(d) && ra_starts_with(name, d)) ||
            (is_prefix(name) && ra_starts_with(d, name)))
            return true;
    }
    return false;
}

static bool known(struct snapshot *s, const char *name)
{
    pthread_rwlock_rdlock(&s->lock);
    bool yes = !doubtful(s, name);
    pthread_rwlock_unlock(&s->lock);
    return yes;
}

static bool is_gone(const struct snapshot *s, uint64_t index)
{
    return s->gone && s->gone[index / 8] >> index % 8 & 1;
}

static void forget(struct snapshot *s, const char *key)
{
    const char *name = relative(s, key);
    RA_KEYCURSOR_AUTO c = {0};
    if (!name || !ra_keycursor_seek(&c, &s->keys, name) || !ra_streq(ra_buf_str(&c.key), name))
        return;
    pthread_rwlock_wrlock(&s->lock);
    if (!s->gone)
        s->gone = ra_calloc(s->keys.n / 8 + 1, 1);
    s->gone[c.index / 8] |= (uint8_t)(1 << c.index % 8);
    pthread_rwlock_unlock(&s->lock);
}

/* To the first key from here on that is still there and begins with `start`. The lock is held. */
static bool settle(const struct snapshot *s, struct ra_keycursor *c, bool found, const char *start)
{
    while (found && is_gone(s, c->index))
        found = ra_keycursor_next(c);
    return found && ra_starts_with(ra_buf_str(&c->key), start);
}

/* --- looking --- */

/* What a stat of `name` gives: the object, or a folder when something lies below. */
static bool look(struct snapshot *s, const char *name, struct ra_stat *out)
{
    RA_KEYCURSOR_AUTO c = {0};
    ra_auto_free char *folder = ra_asprintf("%s/", name);
    pthread_rwlock_rdlock(&s->lock);
    bool found =
        settle(s, &c, ra_keycursor_seek(&c, &s->keys, name), name) && ra_streq(ra_buf_str(&c.key), name);
    *out = c.st;
    if (!found) {
        found = settle(s, &c, ra_keycursor_seek(&c, &s->keys, folder), folder);
        *out = (struct ra_stat){.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    }
    pthread_rwlock_unlock(&s->lock);
    return found;
}

static int snapshot_stat(struct ra_store *store, const char *key, struct ra_stat *out, struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    const char *name = relative(s, key);
    if (!name || !known(s, name))
        return ra_store_stat(s->inner, key, out, err);
    if (look(s, name, out))
        return 0;
    return ra_fail(err, RA_NOTFOUND, "cannot look at '%s': no such object", key);
}

static int snapshot_now(struct ra_store *store, int64_t *out, struct ra_err *err)
{
    return ra_store_now(snapshot_of(store)->inner, out, err);
}

/* --- listing --- */

struct list {
    struct ra_list base;
    struct ra_list *inner; /* when the answer is not known here */
    enum ra_list_mode mode;
    char *start; /* what the names begin with, relative to the snapshot's prefix */
    char *leaf;
    struct ra_keycursor at;
    bool more; /* `at` stands on the next key */
    struct ra_arena names;
    RA_VEC(struct ra_entry) page;
};

static int snapshot_list_open(struct ra_store *store, const char *prefix, const struct ra_list_opts *opts,
                              struct ra_list **out, struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    const char *start = relative(s, prefix);
    struct list *l = ra_new(struct list);
    *l = (struct list){.base.store = store, .mode = opts->mode};
    int rc = 0;
    if (!start || !known(s, start)) {
        rc = ra_list_open(s->inner, prefix, opts, &l->inner, err);
    } else {
        l->start = ra_strdup(start);
        l->leaf = opts->leaf ? ra_strdup(opts->leaf) : NULL;
        l->more = ra_keycursor_seek(&l->at, &s->keys, start);
    }
    if (rc < 0)
        free(l);
    else
        *out = &l->base;
    return rc;
}

static void add(struct list *l, const char *name, size_t n, const struct ra_stat *st)
{
    *ra_vec_push(&l->page) = (struct ra_entry){ra_arena_strndup(&l->names, name, n), *st};
}

/* Moves behind all keys of the folder, of n bytes with its '/'; most hold so few that a step or two are less than to
 * search. '0' is the byte that follows '/'. */
static void skip_folder(struct snapshot *s, struct list *l, char *folder, size_t n)
{
    for (int i = 0; i < STEPS; i++) {
        l->more = ra_keycursor_next(&l->at);
        if (!l->more || strncmp(ra_buf_str(&l->at.key), folder, n) != 0)
            return;
    }
    folder[n - 1] = '0';
    l->more = ra_keycursor_seek(&l->at, &s->keys, folder);
}

/* Sets *st when an object lies at `name`; often it is the key at hand. */
static void find_leaf(const struct snapshot *s, const struct list *l, const char *name, struct ra_stat *st)
{
    RA_KEYCURSOR_AUTO c = {0};
    if (ra_streq(ra_buf_str(&l->at.key), name))
        *st = l->at.st;
    else if (settle(s, &c, ra_keycursor_seek(&c, &s->keys, name), name) && ra_streq(ra_buf_str(&c.key), name))
        *st = c.st;
}

/* The entry for the folder that the key at hand is in: one level, or its leaf. */
static void add_folder(struct snapshot *s, struct list *l, const char *name, size_t n)
{
    struct ra_stat st = {.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    ra_auto_free char *folder = ra_asprintf("%s%.*s/", l->start, (int)n, name);
    ra_auto_free char *wanted = l->leaf ? ra_asprintf("%s%s", folder, l->leaf) : NULL;
    if (wanted)
        find_leaf(s, l, wanted, &st);
    add(l, name, n, &st);
    skip_folder(s, l, folder, strlen(folder));
}

static void add_next(struct snapshot *s, struct list *l)
{
    const char *name = ra_buf_str(&l->at.key) + strlen(l->start);
    size_t n = strcspn(name, "/");
    if (l->mode != RA_LIST_DEEP && name[n]) {
        add_folder(s, l, name, n);
        return;
    }
    struct ra_stat st = l->at.st;
    if (l->mode == RA_LIST_LEAF)
        st.kind = RA_OTHER;
    add(l, name, strlen(name), &st);
    l->more = ra_keycursor_next(&l->at);
}

static int snapshot_list_next(struct ra_list *base, struct ra_page *page, struct ra_err *err)
{
    struct list *l = (struct list *)base;
    struct snapshot *s = snapshot_of(base->store);
    if (l->inner)
        return ra_list_next(l->inner, page, err);
    ra_arena_release(&l->names);
    l->page.n = 0;
    pthread_rwlock_rdlock(&s->lock);
    while (l->page.n < PAGE_ENTRIES && (l->more = settle(s, &l->at, l->more, l->start)))
        add_next(s, l);
    pthread_rwlock_unlock(&s->lock);
    *page = (struct ra_page){l->page.at, l->page.n};
    return l->page.n > 0;
}

static void snapshot_list_close(struct ra_list *base)
{
    struct list *l = (struct list *)base;
    ra_list_close(l->inner);
    ra_keycursor_release(&l->at);
    ra_arena_release(&l->names);
    ra_vec_release(&l->page);
    free(l->start);
    free(l->leaf);
    free(l);
}

/* --- reading: what is not there any more was removed by somebody else --- */

static int note_missing(struct snapshot *s, const char *key, int rc)
{
    if (rc == -RA_NOTFOUND)
        doubt(s, key);
    return rc;
}

static int snapshot_get(struct ra_store *store, const char *key, size_t limit, struct ra_buf *out,
                        struct ra_stat *st, struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    return note_missing(s, key, ra_store_get(s->inner, key, limit, out, st, err));
}

static int snapshot_read_open(struct ra_store *store, const char *key, uint64_t offset, uint64_t length,
                              unsigned flags, struct ra_reader **out, struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    return note_missing(s, key, ra_read_open(s->inner, key, offset, length, flags, out, err));
}

/* --- writing --- */

struct writer {
    struct ra_writer base;
    struct ra_writer *inner;
    char *key; /* given at open, or NULL */
};

static int snapshot_write_open(struct ra_store *store, const char *key, unsigned flags, uint64_t size_hint,
                               struct ra_writer **out, struct ra_err *err)
{
    struct writer *w = ra_new(struct writer);
    w->base.store = store;
    int rc = ra_write_open(snapshot_of(store)->inner, key, flags, size_hint, &w->inner, err);
    if (rc < 0) {
        free(w);
        return rc;
    }
    w->key = key ? ra_strdup(key) : NULL;
    *out = &w->base;
    return 0;
}

static int snapshot_write(struct ra_writer *base, const void *p, size_t n, struct ra_err *err)
{
    return ra_write(((struct writer *)base)->inner, p, n, err);
}

static int snapshot_write_clone(struct ra_writer *base, const struct ra_reader *from, struct ra_err *err)
{
    return ra_write_clone(((struct writer *)base)->inner, from, err);
}

static void writer_free(struct writer *w)
{
    free(w->key);
    free(w);
}

static int snapshot_write_commit(struct ra_writer *base, const char *key, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    int rc = ra_write_commit(w->inner, key, err);
    if (key || w->key)
        doubt(snapshot_of(base->store), key ? key : w->key);
    writer_free(w);
    return rc;
}

static void snapshot_write_abort(struct ra_writer *base)
{
    struct writer *w = (struct writer *)base;
    ra_write_abort(w->inner);
    writer_free(w);
}

static int snapshot_sync(struct ra_store *store, struct ra_err *err)
{
    return ra_store_sync(snapshot_of(store)->inner, err);
}

/* --- removing --- */

static int snapshot_remove(struct ra_store *store, struct ra_removal *items, size_t n, int64_t not_after,
                           struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    int rc = ra_store_remove(s->inner, items, n, not_after, err);
    for (size_t i = 0; i < n; i++) {
        if (items[i].status == 0)
            forget(s, items[i].key);
        else if (items[i].status != -RA_BUSY)
            doubt(s, items[i].key);
    }
    return rc;
}

static int snapshot_prune(struct ra_store *store, const char *prefix, size_t keep, int64_t not_after,
                          struct ra_err *err)
{
    return ra_store_prune(snapshot_of(store)->inner, prefix, keep, not_after, err);
}

static int snapshot_remove_prefix(struct ra_store *store, const char *prefix, size_t keep, int64_t not_after,
                                  uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    struct snapshot *s = snapshot_of(store);
    int rc = ra_store_remove_prefix(s->inner, prefix, keep, not_after, removed, bytes, err);
    doubt(s, prefix);
    return rc;
}

/* --- the rest --- */

static int snapshot_abandoned(struct ra_store *store, const char *prefix,
                              const struct ra_abandoned_opts *opts, struct ra_err *err)
{
    return ra_store_abandoned(snapshot_of(store)->inner, prefix, opts, err);
}

static uint64_t snapshot_room(struct ra_store *store)
{
    return ra_store_room(snapshot_of(store)->inner);
}

static int snapshot_keeps_removed(struct ra_store *store, bool *out, struct ra_err *err)
{
    return ra_store_keeps_removed(snapshot_of(store)->inner, out, err);
}

static void snapshot_traffic(struct ra_store *store, struct ra_traffic *out)
{
    ra_store_traffic(snapshot_of(store)->inner, out);
}

static int snapshot_lock(struct ra_store *store, const char *key, const char *beside, const char *who,
                         struct ra_lock **out, struct ra_err *err)
{
    return ra_store_lock(snapshot_of(store)->inner, key, beside, who, out, err);
}

static void snapshot_close(struct ra_store *store)
{
    struct snapshot *s = snapshot_of(store);
    ra_keylist_release(&s->keys);
    ra_arena_release(&s->arena);
    pthread_rwlock_destroy(&s->lock);
    free(s->gone);
    free(s->prefix);
    free(s);
}

static const struct ra_driver snapshot_driver = {
    .close = snapshot_close,
    .stat = snapshot_stat,
    .now = snapshot_now,
    .list_open = snapshot_list_open,
    .list_next = snapshot_list_next,
    .list_close = snapshot_list_close,
    .get = snapshot_get,
    .read_open = snapshot_read_open,
    .write_open = snapshot_write_open,
    .write = snapshot_write,
    .write_clone = snapshot_write_clone,
    .write_commit = snapshot_write_commit,
    .write_abort = snapshot_write_abort,
    .sync = snapshot_sync,
    .remove = snapshot_remove,
    .prune = snapshot_prune,
    .remove_prefix = snapshot_remove_prefix,
    .abandoned = snapshot_abandoned,
    .keeps_removed = snapshot_keeps_removed,
    .room = snapshot_room,
    .traffic = snapshot_traffic,
    .lock = snapshot_lock,
};

int ra_snapshot_open(struct ra_store *inner, const struct ra_flatlist_opts *opts, struct ra_store **out,
                     struct ra_err *err)
{
    struct snapshot *s = ra_new(struct snapshot);
    s->base.driver = &snapshot_driver;
    s->base.info = *ra_store_info(inner);
    s->base.info.caps &= ~(unsigned)RA_CAP_LIST_FLAT;
    s->inner = inner;
    s->prefix = ra_strdup(opts->prefix);
    pthread_rwlock_init(&s->lock, NULL);
    int rc = ra_flatlist(inner, opts, &s->keys, err);
    if (rc < 0) {
        snapshot_close(&s->base);
        return rc;
    }
    ra_keylist_shrink(&s->keys);
    *out = &s->base;
    return 0;
}

void ra_snapshot_forget(struct ra_store *snapshot, const char *prefix)
{
    struct snapshot *s = snapshot_of(snapshot);
    const char *name = relative(s, prefix);
    doubt(s, prefix);
    if (name || ra_starts_with(s->prefix, prefix))
        ra_keylist_forget(&s->keys, name ? name : "");
    ra_give_back_memory();
}
