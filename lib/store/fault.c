#include "store/fault.h"

#include "base/num.h"
#include "store/driver.h"

#include <signal.h>
#include <stdatomic.h>

struct fault {
    struct ra_store base;
    struct ra_store *inner;
    struct ra_fault_plan plan;
    atomic_uint_fast64_t calls;
};

/* A list, reader, writer or lock of the inner store in a wrapping of ours. */
struct wrapped_list {
    struct ra_list base;
    struct ra_list *inner;
    char *prefix;
    bool over;
};
struct wrapped_reader {
    struct ra_reader base;
    struct ra_reader *inner;
    char *key;
};
struct wrapped_writer {
    struct ra_writer base;
    struct ra_writer *inner;
    char *key;
};
struct wrapped_lock {
    struct ra_lock base;
    struct ra_lock *inner;
};

static const struct ra_driver driver;

static struct ra_store *inner_of(struct ra_store *s)
{
    return ((struct fault *)s)->inner;
}

/* Counts one call; whether it is to fail. */
static bool strikes(struct ra_store *s, enum ra_fault_op op)
{
    struct fault *f = (struct fault *)s;
    if (!(f->plan.ops & op))
        return false;
    uint64_t n = atomic_fetch_add(&f->calls, 1) + 1;
    if (!f->plan.at || (f->plan.mode == RA_FAULT_STOP ? n < f->plan.at : n != f->plan.at))
        return false;
    if (f->plan.mode == RA_FAULT_KILL)
        raise(SIGKILL);
    return true;
}

static int fail(struct ra_store *s, const char *verb, const char *key, struct ra_err *err)
{
    return ra_fail_errno(err, ((struct fault *)s)->plan.error, "cannot %s '%s'", verb, key);
}

/* --- looking --------------------------------------------------------------------------------- */

static int fault_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    return strikes(s, RA_FAULT_STAT) ? fail(s, "look at", key, err)
                                     : ra_store_stat(inner_of(s), key, out, err);
}

static int fault_now(struct ra_store *s, int64_t *out, struct ra_err *err)
{
    return ra_store_now(inner_of(s), out, err);
}

static int fault_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                           struct ra_list **out, struct ra_err *err)
{
    if (strikes(s, RA_FAULT_LIST))
        return fail(s, "list", prefix, err);
    struct ra_list *inner;
    int rc = ra_list_open(inner_of(s), prefix, opts, &inner, err);
    if (rc)
        return rc;
    struct wrapped_list *l = ra_new(struct wrapped_list);
    *l = (struct wrapped_list){.base.store = s, .inner = inner, .prefix = ra_strdup(prefix)};
    *out = &l->base;
    return 0;
}

/* What failed is at its end: every list has one, even when all calls fail. */
static int fault_list_next(struct ra_list *base, struct ra_page *page, struct ra_err *err)
{
    struct wrapped_list *l = (struct wrapped_list *)base;
    if (l->over)
        return 0;
    l->over = strikes(base->store, RA_FAULT_LIST);
    return l->over ? fail(base->store, "list", l->prefix, err) : ra_list_next(l->inner, page, err);
}

static void fault_list_close(struct ra_list *base)
{
    struct wrapped_list *l = (struct wrapped_list *)base;
    ra_list_close(l->inner);
    free(l->prefix);
    free(l);
}

/* --- reading --------------------------------------------------------------------------------- */

static int fault_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out,
                     struct ra_stat *st, struct ra_err *err)
{
    return strikes(s, RA_FAULT_READ) ? fail(s, "read", key, err)
                                     : ra_store_get(inner_of(s), key, limit, out, st, err);
}

static int fault_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length,
                           unsigned flags, struct ra_reader **out, struct ra_err *err)
{
    if (strikes(s, RA_FAULT_READ))
        return fail(s, "read", key, err);
    struct ra_reader *inner;
    int rc = ra_read_open(inner_of(s), key, offset, length, flags, &inner, err);
    if (rc)
        return rc;
    struct wrapped_reader *r = ra_new(struct wrapped_reader);
    *r = (struct wrapped_reader){.base.store = s, .inner = inner, .key = ra_strdup(key)};
    *out = &r->base;
    return 0;
}

static ssize_t fault_read(struct ra_reader *base, void *p, size_t n, struct ra_err *err)
{
    struct wrapped_reader *r = (struct wrapped_reader *)base;
    return strikes(base->store, RA_FAULT_READ) ? fail(base->store, "read", r->key, err)
                                               : ra_read(r->inner, p, n, err);
}

static void fault_reader_stat(const struct ra_reader *base, struct ra_stat *out)
{
    ra_reader_stat(((const struct wrapped_reader *)base)->inner, out);
}

static int fault_reader_fd(const struct ra_reader *base)
{
    return ra_reader_fd(((const struct wrapped_reader *)base)->inner);
}

static void fault_read_close(struct ra_reader *base)
{
    struct wrapped_reader *r = (struct wrapped_reader *)base;
    ra_read_close(r->inner);
    free(r->key);
    free(r);
}

/* --- writing --------------------------------------------------------------------------------- */

static int fault_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                            struct ra_writer **out, struct ra_err *err)
{
    if (strikes(s, RA_FAULT_WRITE))
        return fail(s, "write", key ? key : "a new object", err);
    struct ra_writer *inner;
    int rc = ra_write_open(inner_of(s), key, flags, size_hint, &inner, err);
    if (rc)
        return rc;
    struct wrapped_writer *w = ra_new(struct wrapped_writer);
    *w = (struct wrapped_writer){
        .base.store = s, .inner = inner, .key = ra_strdup(key ? key : "a new object")};
    *out = &w->base;
    return 0;
}

static int fault_write(struct ra_writer *base, const void *p, size_t n, struct ra_err *err)
{
    struct wrapped_writer *w = (struct wrapped_writer *)base;
    return strikes(base->store, RA_FAULT_WRITE) ? fail(base->store, "write", w->key, err)
                                                : ra_write(w->inner, p, n, err);
}

static int fault_write_clone(struct ra_writer *base, const struct ra_reader *from, struct ra_err *err)
{
    struct wrapped_writer *w = (struct wrapped_writer *)base;
    if (strikes(base->store, RA_FAULT_WRITE))
        return fail(base->store, "write", w->key, err);
    if (from->store->driver == &driver)
        from = ((const struct wrapped_reader *)from)->inner;
    return ra_write_clone(w->inner, from, err);
}

static int fault_write_link(struct ra_writer *base, const struct ra_reader *from, struct ra_err *err)
{
    struct wrapped_writer *w = (struct wrapped_writer *)base;
    if (strikes(base->store, RA_FAULT_WRITE))
        return fail(base->store, "write", w->key, err);
    if (from->store->driver == &driver)
        from = ((const struct wrapped_reader *)from)->inner;
    return ra_write_link(w->inner, from, err);
}

static void fault_write_abort(struct ra_writer *base)
{
    struct wrapped_writer *w = (struct wrapped_writer *)base;
    ra_write_abort(w->inner);
    free(w->key);
    free(w);
}

static int fault_write_commit(struct ra_writer *base, const char *key, struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) gone RA_UNUSED = base;
    struct wrapped_writer *w = (struct wrapped_writer *)base;
    if (strikes(base->store, RA_FAULT_WRITE))
        return fail(base->store, "write", key ? key : w->key, err);
    return ra_write_commit(ra_steal_ptr(&w->inner), key, err);
}

static int fault_sync(struct ra_store *s, struct ra_err *err)
{
    return strikes(s, RA_FAULT_WRITE) ? fail(s, "sync", s->info.where, err) : ra_store_sync(inner_of(s), err);
}

/* --- removing -------------------------------------------------------------------------------- */

static int remove_one(struct ra_store *s, struct ra_removal *item, int64_t not_after, struct ra_err *err)
{
    if (!strikes(s, RA_FAULT_REMOVE))
        return ra_store_remove(inner_of(s), item, 1, not_after, err);
    item->sys = ((struct fault *)s)->plan.error;
    item->status = -(int)ra_code_of_errno(item->sys);
    return 0;
}

/* One by one, so that a plan can cut a batch anywhere. */
static int fault_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                        struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = remove_one(s, &items[i], not_after, err);
    return rc;
}

static int fault_prune(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                       struct ra_err *err)
{
    return strikes(s, RA_FAULT_REMOVE) ? fail(s, "prune", prefix, err)
                                       : ra_store_prune(inner_of(s), prefix, keep, not_after, err);
}

static int fault_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                               uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    return strikes(s, RA_FAULT_REMOVE)
               ? fail(s, "remove", prefix, err)
               : ra_store_remove_prefix(inner_of(s), prefix, keep, not_after, removed, bytes, err);
}

/* --- keeping others out ---------------------------------------------------------------------- */

static int fault_lock(struct ra_store *s, const char *key, const char *beside, const char *who,
                      struct ra_lock **out, struct ra_err *err)
{
    if (strikes(s, RA_FAULT_LOCK))
        return fail(s, "lock", key, err);
    struct ra_lock *inner;
    int rc = ra_store_lock(inner_of(s), key, beside, who, &inner, err);
    if (rc || !inner)
        return rc;
    struct wrapped_lock *l = ra_new(struct wrapped_lock);
    *l = (struct wrapped_lock){.base.store = s, .inner = inner};
    *out = &l->base;
    return 0;
}

static void fault_unlock(struct ra_lock *base)
{
    ra_store_unlock(((struct wrapped_lock *)base)->inner);
    free(base);
}

/* --- the store ------------------------------------------------------------------------------- */

static void fault_close(struct ra_store *s)
{
    ra_store_close(inner_of(s));
    free(s);
}

static uint64_t fault_room(struct ra_store *s)
{
    return ra_store_room(inner_of(s));
}

static const struct ra_driver driver = {
    .close = fault_close,
    .stat = fault_stat,
    .now = fault_now,
    .list_open = fault_list_open,
    .list_next = fault_list_next,
    .list_close = fault_list_close,
    .get = fault_get,
    .read_open = fault_read_open,
    .read = fault_read,
    .reader_stat = fault_reader_stat,
    .reader_fd = fault_reader_fd,
    .read_close = fault_read_close,
    .write_open = fault_write_open,
    .write = fault_write,
    .write_clone = fault_write_clone,
    .write_link = fault_write_link,
    .write_commit = fault_write_commit,
    .write_abort = fault_write_abort,
    .sync = fault_sync,
    .remove = fault_remove,
    .prune = fault_prune,
    .remove_prefix = fault_remove_prefix,
    .room = fault_room,
    .lock = fault_lock,
    .unlock = fault_unlock,
};

struct ra_store *ra_fault_wrap(struct ra_store *inner, const struct ra_fault_plan *plan)
{
    struct fault *f = ra_new(struct fault);
    f->base = (struct ra_store){&driver, inner->info};
    f->inner = inner;
    f->plan = *plan;
    return &f->base;
}

uint64_t ra_fault_calls(const struct ra_store *s)
{
    return atomic_load(&((const struct fault *)s)->calls);
}

/* --- plans as text --------------------------------------------------------------------------- */

struct word {
    const char *name;
    int value;
};

static const struct word ops[] = {
    {"stat", RA_FAULT_STAT},     {"list", RA_FAULT_LIST}, {"read", RA_FAULT_READ}, {"write", RA_FAULT_WRITE},
    {"remove", RA_FAULT_REMOVE}, {"lock", RA_FAULT_LOCK}, {"all", RA_FAULT_ALL},   {0},
};
static const struct word modes[] = {
    {"once", RA_FAULT_ONCE}, {"stop", RA_FAULT_STOP}, {"kill", RA_FAULT_KILL}, {0}};
static const struct word errors[] = {
    {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EPERM", EPERM},
    {"ENOENT", ENOENT}, {"EROFS", EROFS},   {"EINTR", EINTR},   {"EMFILE", EMFILE},
    {"EEXIST", EEXIST}, {"EDQUOT", EDQUOT}, {"ESTALE", ESTALE}, {0},
};

static int lookup(const struct word *table, const char *text, int *out, struct ra_err *err)
{
    for (const struct word *w = table; w->name; w++)
        if (!strcmp(w->name, text)) {
            *out = w->value;
            return 0;
        }
    return ra_fail(err, RA_INVALID, "'%s' is nothing that a fault plan knows", text);
}

static int parse_ops(char *text, unsigned *out, struct ra_err *err)
{
    int rc = 0;
    *out = 0;
    for (char *one; !rc && (one = strsep(&text, "+"));) {
        int op = 0;
        rc = lookup(ops, one, &op, err);
        *out |= (unsigned)op;
    }
    return rc;
}

static int parse_setting(char *text, struct ra_fault_plan *out, struct ra_err *err)
{
    char *name = strsep(&text, "=");
    int value = 0, rc;
    if (!text)
        return ra_fail(err, RA_INVALID, "'%s' has no value", name);
    if (!strcmp(name, "at"))
        return ra_parse_u64(text, &out->at) ? 0
                                            : ra_fail(err, RA_INVALID, "'%s' is no number of a call", text);
    if (!strcmp(name, "ops"))
        return parse_ops(text, &out->ops, err);
    if (!strcmp(name, "mode")) {
        rc = lookup(modes, text, &value, err);
        out->mode = (enum ra_fault_mode)value;
        return rc;
    }
    if (!strcmp(name, "error"))
        return lookup(errors, text, &out->error, err);
    return ra_fail(err, RA_INVALID, "'%s' is no setting of a fault plan", name);
}

int ra_fault_plan_parse(const char *text, struct ra_fault_plan *out, struct ra_err *err)
{
    struct ra_fault_plan plan = {.ops = RA_FAULT_ALL, .mode = RA_FAULT_ONCE, .error = EIO};
    ra_auto_free char *copy = ra_strdup(text);
    char *rest = copy;
    for (char *one; (one = strsep(&rest, ","));) {
        int rc = parse_setting(one, &plan, err);
        if (rc)
            return ra_wrap(err, rc, "cannot read the fault plan '%s'", text);
    }
    *out = plan;
    return 0;
}
