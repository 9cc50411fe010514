#include "store/store.h"

#include "base/clock.h"
#include "base/vec.h"
#include "store/driver.h"

#define READ_STEP ((size_t)1 << 16)

/* --- arguments ------------------------------------------------------------------------------- */

static bool component_valid(const char *p, size_t n)
{
    return n > 0 && !(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.');
}

bool ra_key_valid(const char *key, bool prefix)
{
    if (!*key)
        return prefix;
    for (;;) {
        size_t n = strcspn(key, "/");
        if (!component_valid(key, n))
            return false;
        key += n;
        if (!*key)
            return !prefix;
        if (!*++key)
            return prefix;
    }
}

static int check_key(const char *key, struct ra_err *err)
{
    if (ra_key_valid(key, false))
        return 0;
    return ra_fail(err, RA_INVALID, "'%s' is no valid key", key);
}

static int check_prefix(const char *prefix, struct ra_err *err)
{
    if (ra_key_valid(prefix, true))
        return 0;
    return ra_fail(err, RA_INVALID, "'%s' is no valid prefix", prefix);
}

/* --- looking --------------------------------------------------------------------------------- */

void ra_store_close(struct ra_store *s)
{
    if (s)
        s->driver->close(s);
}

const struct ra_store_info *ra_store_info(const struct ra_store *s)
{
    return &s->info;
}

int ra_store_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    int rc = check_key(key, err);
    return rc ? rc : s->driver->stat(s, key, out, err);
}

int ra_store_now(struct ra_store *s, int64_t *out, struct ra_err *err)
{
    if (s->driver->now)
        return s->driver->now(s, out, err);
    *out = ra_time_now();
    return 0;
}

int ra_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                 struct ra_list **out, struct ra_err *err)
{
    *out = NULL;
    int rc = check_prefix(prefix, err);
    if ((opts->after || opts->before) && (opts->mode != RA_LIST_DEEP || !(s->info.caps & RA_CAP_LIST_FLAT)))
        rc = ra_fail(err, RA_INVALID, "only a flat listing of '%s' can be a part of it", prefix);
    if (!rc && opts->mode == RA_LIST_LEAF)
        rc = opts->leaf ? check_key(opts->leaf, err)
                        : ra_fail(err, RA_INVALID, "a leaf listing of '%s' names no leaf", prefix);
    return rc ? rc : s->driver->list_open(s, prefix, opts, out, err);
}

int ra_list_next(struct ra_list *l, struct ra_page *page, struct ra_err *err)
{
    *page = (struct ra_page){0};
    return l->store->driver->list_next(l, page, err);
}

void ra_list_close(struct ra_list *l)
{
    if (l)
        l->store->driver->list_close(l);
}

/* --- reading --------------------------------------------------------------------------------- */

static int too_big(const char *key, size_t limit, struct ra_err *err)
{
    return ra_fail(err, RA_TOOBIG, "cannot read '%s': longer than %zu bytes", key, limit);
}

/* No more room than the size that was seen asks for, and a byte in which the end shows: most keys hold little. */
static size_t step_towards(uint64_t size, size_t got)
{
    return got <= size && size - got < READ_STEP ? (size_t)(size - got) + 1 : READ_STEP;
}

static int read_all(struct ra_reader *r, const char *key, uint64_t size, size_t limit, struct ra_buf *out,
                    struct ra_err *err)
{
    size_t start = out->len;
    for (;;) {
        size_t step = step_towards(size, out->len - start);
        step = ra_buf_room(out, step) ? step : 1;
        if (out->len - start > limit || !ra_buf_room(out, step)) {
            out->len = start;
            return too_big(key, limit, err);
        }
        ssize_t n = ra_read(r, ra_buf_reserve(out, step), step, err);
        if (n <= 0) {
            out->len = n < 0 ? start : out->len;
            ra_buf_reserve(out, 0);
            return (int)n;
        }
        out->len += (size_t)n;
    }
}

static int get_by_reading(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out,
                          struct ra_stat *st, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) r = NULL;
    int rc = ra_read_open(s, key, 0, UINT64_MAX, 0, &r, err);
    if (rc)
        return rc;
    struct ra_stat seen;
    ra_reader_stat(r, &seen);
    if (seen.size > limit)
        return too_big(key, limit, err);
    size_t start = out->len;
    rc = read_all(r, key, seen.size, limit, out, err);
    seen.size = out->len - start;
    if (st)
        *st = seen;
    return rc;
}

int ra_store_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
                 struct ra_err *err)
{
    int rc = check_key(key, err);
    if (rc)
        return rc;
    return (s->driver->get ? s->driver->get : get_by_reading)(s, key, limit, out, st, err);
}

int ra_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                 struct ra_reader **out, struct ra_err *err)
{
    *out = NULL;
    int rc = check_key(key, err);
    return rc ? rc : s->driver->read_open(s, key, offset, length, flags, out, err);
}

ssize_t ra_read(struct ra_reader *r, void *p, size_t n, struct ra_err *err)
{
    return r->store->driver->read(r, p, n, err);
}

void ra_reader_stat(const struct ra_reader *r, struct ra_stat *out)
{
    r->store->driver->reader_stat(r, out);
}

int ra_reader_fd(const struct ra_reader *r)
{
    return r->store->driver->reader_fd ? r->store->driver->reader_fd(r) : -1;
}

void ra_read_close(struct ra_reader *r)
{
    if (r)
        r->store->driver->read_close(r);
}

/* --- writing --------------------------------------------------------------------------------- */

int ra_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                  struct ra_writer **out, struct ra_err *err)
{
    *out = NULL;
    int rc = key ? check_key(key, err) : 0;
    return rc ? rc : s->driver->write_open(s, key, flags, size_hint, out, err);
}

int ra_write(struct ra_writer *w, const void *p, size_t n, struct ra_err *err)
{
    return w->store->driver->write(w, p, n, err);
}

int ra_write_clone(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err)
{
    if (!w->store->driver->write_clone)
        return ra_fail(err, RA_UNSUPPORTED, "this storage cannot share content");
    return w->store->driver->write_clone(w, from, err);
}

int ra_write_link(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err)
{
    if (!w->store->driver->write_link)
        return ra_fail(err, RA_UNSUPPORTED, "this storage has no links");
    return w->store->driver->write_link(w, from, err);
}

int ra_write_commit(struct ra_writer *w, const char *key, struct ra_err *err)
{
    int rc = key ? check_key(key, err) : 0;
    if (rc) {
        ra_write_abort(w);
        return rc;
    }
    return w->store->driver->write_commit(w, key, err);
}

void ra_write_abort(struct ra_writer *w)
{
    if (w)
        w->store->driver->write_abort(w);
}

int ra_store_put(struct ra_store *s, const char *key, const void *p, size_t n, unsigned flags,
                 struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) w = NULL;
    int rc = ra_write_open(s, key, flags, n, &w, err);
    if (!rc)
        rc = ra_write(w, p, n, err);
    return rc ? rc : ra_write_commit(ra_steal_ptr(&w), NULL, err);
}

int ra_store_sync(struct ra_store *s, struct ra_err *err)
{
    return s->driver->sync ? s->driver->sync(s, err) : 0;
}

/* --- removing -------------------------------------------------------------------------------- */

static void refuse_all(struct ra_removal *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        items[i].status = -RA_CANCELLED;
}

int ra_store_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                    struct ra_err *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = check_key(items[i].key, err);
        if (rc) {
            refuse_all(items, n);
            return rc;
        }
        items[i].status = items[i].sys = 0;
        items[i].size = 0;
    }
    return n ? s->driver->remove(s, items, n, not_after, err) : 0;
}

int ra_store_prune(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after, struct ra_err *err)
{
    int rc = check_prefix(prefix, err);
    return rc || !s->driver->prune ? rc : s->driver->prune(s, prefix, keep, not_after, err);
}

struct sweep { /* keys of a listing on their way to ra_store_remove */
    struct ra_store *store;
    int64_t not_after;
    RA_VEC(struct ra_removal) batch;
    uint64_t removed, bytes;
    struct ra_err *first;
    int rc;
};

static void note_first(struct sweep *w, struct ra_err *why)
{
    if (!w->rc)
        w->rc = ra_err_move(w->first, why);
}

static void count(struct sweep *w, const struct ra_removal *item)
{
    RA_ERR_AUTO why = {0};
    if (!item->status) {
        w->removed++;
        w->bytes += item->size;
    } else if (item->status != -RA_BUSY) {
        ra_fail(&why, (enum ra_code)(-item->status), "cannot remove '%s'", item->key);
        why.sys = item->sys;
        note_first(w, &why);
    }
}

static void flush(struct sweep *w)
{
    RA_ERR_AUTO why = {0};
    if (ra_store_remove(w->store, w->batch.at, w->batch.n, w->not_after, &why) < 0)
        note_first(w, &why);
    else
        ra_vec_each (item, &w->batch)
            count(w, item);
    ra_vec_each (item, &w->batch)
        free((char *)item->key);
    w->batch.n = 0;
}

static void gather(struct sweep *w, const char *prefix, size_t keep, const struct ra_page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        struct ra_removal *item = ra_vec_push(&w->batch);
        item->key = ra_asprintf("%s%s", prefix, page->at[i].name);
        item->keep = keep;
        if (w->batch.n >= w->store->info.remove_max)
            flush(w);
    }
}

static void sweep_prefix(struct sweep *w, const char *prefix, size_t keep)
{
    RA_AUTO_PTR(ra_list) l = NULL;
    RA_ERR_AUTO why = {0};
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    struct ra_page page;
    int rc = ra_list_open(w->store, prefix, &opts, &l, &why);
    while (rc == 0 && (rc = ra_list_next(l, &page, &why)) > 0) {
        gather(w, prefix, keep, &page);
        rc = 0;
    }
    if (rc < 0 && rc != -RA_NOTFOUND)
        note_first(w, &why);
    if (w->batch.n)
        flush(w);
}

static int remove_prefix_by_listing(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                                    uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    struct sweep w = {.store = s, .not_after = not_after, .first = err};
    sweep_prefix(&w, prefix, keep);
    ra_vec_release(&w.batch);
    *removed += w.removed;
    *bytes += w.bytes;
    int rc = ra_store_prune(s, prefix, keep, not_after, w.rc ? NULL : err);
    return w.rc ? w.rc : rc;
}

int ra_store_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                           uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    uint64_t nowhere[2] = {0};
    int rc = check_prefix(prefix, err);
    if (rc)
        return rc;
    removed = removed ? removed : &nowhere[0];
    bytes = bytes ? bytes : &nowhere[1];
    return (s->driver->remove_prefix ? s->driver->remove_prefix : remove_prefix_by_listing)(
        s, prefix, keep, not_after, removed, bytes, err);
}

/* --- what only some stores have -------------------------------------------------------------- */

int ra_store_abandoned(struct ra_store *s, const char *prefix, const struct ra_abandoned_opts *opts,
                       struct ra_err *err)
{
    int rc = check_prefix(prefix, err);
    return rc || !s->driver->abandoned ? rc : s->driver->abandoned(s, prefix, opts, err);
}

void ra_store_guard(struct ra_store *s, const char *tree)
{
    if (s->driver->guard)
        s->driver->guard(s, tree);
}

char *ra_store_elsewhere(struct ra_store *s, const char *key)
{
    return s->driver->elsewhere ? s->driver->elsewhere(s, key) : NULL;
}

int ra_store_keeps_removed(struct ra_store *s, bool *out, struct ra_err *err)
{
    *out = false;
    return s->driver->keeps_removed ? s->driver->keeps_removed(s, out, err) : 0;
}

uint64_t ra_store_room(struct ra_store *s)
{
    return s->driver->room ? s->driver->room(s) : UINT64_MAX;
}

void ra_store_traffic(struct ra_store *s, struct ra_traffic *out)
{
    *out = (struct ra_traffic){0};
    if (s->driver->traffic)
        s->driver->traffic(s, out);
}

/* --- keeping others out ---------------------------------------------------------------------- */

int ra_store_lock(struct ra_store *s, const char *key, const char *beside, const char *who,
                  struct ra_lock **out, struct ra_err *err)
{
    *out = NULL;
    int rc = check_key(key, err);
    return rc || !s->driver->lock ? rc : s->driver->lock(s, key, beside, who, out, err);
}

void ra_store_unlock(struct ra_lock *l)
{
    if (l)
        l->store->driver->unlock(l);
}
