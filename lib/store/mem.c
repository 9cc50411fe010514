#include "store/mem.h"

#include "base/clock.h"
#include "base/vec.h"
#include "store/driver.h"

/* Small, so that what is done in batches and pages is done in several even by small tests. */
#define REMOVE_MAX   7
#define PAGE_ENTRIES 5

struct content { /* shared by the object and those who read it */
    unsigned owners;
    int64_t mtime;
    size_t size;
    char data[];
};

struct object {
    char *key;
    struct content *content;
};

struct lock {
    struct ra_lock base;
    char *key, *who;
    struct lock *next;
};

struct parked {
    char *key;
    unsigned flags;
    struct ra_buf bytes;
};

struct mem {
    struct ra_store base;
    pthread_mutex_t mutex; /* guards what follows, and every content's owners */
    int64_t clock;
    RA_VEC(struct object) objects; /* sorted by key */
    struct lock *locks;            /* those in force */
    RA_VEC(struct parked) parked;
};

static struct mem *mem_of(struct ra_store *s)
{
    return (struct mem *)s;
}

/* --- objects; the mutex is held -------------------------------------------------------------- */

static void disown(struct content *c)
{
    if (c && --c->owners == 0)
        free(c);
}

/* The index of the first object whose key is not before `key`. */
static size_t position(const struct mem *m, const char *key)
{
    size_t low = 0, high = m->objects.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(m->objects.at[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct object *find(const struct mem *m, const char *key)
{
    size_t i = position(m, key);
    return i < m->objects.n && !strcmp(m->objects.at[i].key, key) ? &m->objects.at[i] : NULL;
}

static struct object *insert(struct mem *m, const char *key)
{
    size_t i = position(m, key);
    ra_vec_push(&m->objects);
    memmove(&m->objects.at[i + 1], &m->objects.at[i], (m->objects.n - 1 - i) * sizeof(struct object));
    m->objects.at[i] = (struct object){.key = ra_strdup(key)};
    return &m->objects.at[i];
}

static void delete (struct mem *m, struct object *o)
{
    size_t i = (size_t)(o - m->objects.at);
    free(o->key);
    disown(o->content);
    memmove(o, o + 1, (m->objects.n - i - 1) * sizeof(*o));
    m->objects.n--;
}

static int64_t clock_of(const struct mem *m)
{
    return m->clock == INT64_MIN ? ra_time_now() : m->clock;
}

static struct content *content_of(const struct mem *m, const struct ra_buf *bytes)
{
    struct content *c = ra_malloc(sizeof(*c) + bytes->len);
    *c = (struct content){.owners = 1, .mtime = clock_of(m), .size = bytes->len};
    if (bytes->len)
        memcpy(c->data, bytes->data, bytes->len);
    return c;
}

static void fill(const struct content *c, struct ra_stat *out)
{
    *out = (struct ra_stat){.kind = RA_OBJECT, .size = c->size, .disk = c->size, .mtime = c->mtime};
}

static int missing(const char *verb, const char *key, struct ra_err *err)
{
    return ra_fail(err, RA_NOTFOUND, "cannot %s '%s': no such object", verb, key);
}

/* --- looking --------------------------------------------------------------------------------- */

static int mem_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    const struct object *o = find(m, key);
    if (o) {
        fill(o->content, out);
        return 0;
    }
    ra_auto_free char *prefix = ra_asprintf("%s/", key);
    size_t i = position(m, prefix);
    if (i == m->objects.n || strncmp(m->objects.at[i].key, prefix, strlen(prefix)))
        return missing("look at", key, err);
    *out = (struct ra_stat){.kind = RA_PREFIX};
    return 0;
}

static int mem_now(struct ra_store *s, int64_t *out, struct ra_err *err RA_UNUSED)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    *out = clock_of(m);
    return 0;
}

/* --- listing --------------------------------------------------------------------------------- */

struct list {
    struct ra_list base;
    struct ra_list_opts opts;
    char *prefix;
    char *leaf;
    char *after;  /* where the next page begins: the first key that is not before it */
    char *before; /* where the listing ends; NULL: where the prefix does */
    RA_VEC(struct ra_entry) page;
};

static int mem_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                         struct ra_list **out, struct ra_err *err RA_UNUSED)
{
    struct list *l = ra_new(struct list);
    *l = (struct list){
        .base.store = s, .opts = *opts, .prefix = ra_strdup(prefix), .after = ra_strdup(prefix)};
    if (opts->after) {
        free(l->after);
        /* Nothing comes between a key and itself with the least byte behind. */
        l->after = ra_asprintf("%s%s\x01", prefix, opts->after);
    }
    l->before = opts->before ? ra_asprintf("%s%s", prefix, opts->before) : NULL;
    l->leaf = opts->leaf ? ra_strdup(opts->leaf) : NULL;
    *out = &l->base;
    return 0;
}

static void forget_page(struct list *l)
{
    ra_vec_each (e, &l->page)
        free((char *)e->name);
    l->page.n = 0;
}

/* The objects from i on that share the first `len` bytes of their key and a '/' behind. */
static size_t group_end(const struct mem *m, size_t i, size_t len)
{
    const char *key = m->objects.at[i].key;
    while (i < m->objects.n && !strncmp(m->objects.at[i].key, key, len + 1))
        i++;
    return i;
}

/* Adds the entry that object i stands for (alone, or with others of its folder); returns the first after it. */
static size_t take(struct mem *m, struct list *l, size_t i)
{
    const char *key = m->objects.at[i].key, *name = key + strlen(l->prefix);
    size_t n = strcspn(name, "/"), len = strlen(l->prefix) + n;
    struct ra_entry *e = ra_vec_push(&l->page);
    if (l->opts.mode == RA_LIST_DEEP || !name[n]) {
        e->name = ra_strdup(name);
        fill(m->objects.at[i].content, &e->st);
        e->st.kind = l->opts.mode == RA_LIST_LEAF ? RA_OTHER : RA_OBJECT;
        return i + 1;
    }
    e->name = ra_strndup(name, n);
    e->st.kind = RA_PREFIX;
    ra_auto_free char *leaf = l->leaf ? ra_asprintf("%.*s/%s", (int)len, key, l->leaf) : NULL;
    const struct object *o = leaf ? find(m, leaf) : NULL;
    if (o)
        fill(o->content, &e->st);
    return group_end(m, i, len);
}

static bool in_listing(const struct list *l, const char *key)
{
    return !strncmp(key, l->prefix, strlen(l->prefix)) && (!l->before || strcmp(key, l->before) < 0);
}

static int mem_list_next(struct ra_list *base, struct ra_page *page, struct ra_err *err RA_UNUSED)
{
    struct list *l = (struct list *)base;
    struct mem *m = mem_of(base->store);
    RA_LOCKED(&m->mutex);
    forget_page(l);
    if (!l->after)
        return 0;
    size_t i = position(m, l->after);
    while (i < m->objects.n && l->page.n < PAGE_ENTRIES && in_listing(l, m->objects.at[i].key))
        i = take(m, l, i);
    free(l->after);
    l->after = i < m->objects.n ? ra_strdup(m->objects.at[i].key) : NULL;
    *page = (struct ra_page){l->page.at, l->page.n};
    return l->page.n > 0;
}

static void mem_list_close(struct ra_list *base)
{
    struct list *l = (struct list *)base;
    forget_page(l);
    ra_vec_release(&l->page);
    free(l->prefix);
    free(l->leaf);
    free(l->before);
    free(l->after);
    free(l);
}

/* --- reading --------------------------------------------------------------------------------- */

struct reader {
    struct ra_reader base;
    struct content *content;
    size_t pos, end;
};

static int mem_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length,
                         unsigned flags RA_UNUSED, struct ra_reader **out, struct ra_err *err)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    const struct object *o = find(m, key);
    if (!o)
        return missing("read", key, err);
    struct reader *r = ra_new(struct reader);
    size_t size = o->content->size;
    *r =
        (struct reader){.base.store = s, .content = o->content, .pos = offset < size ? (size_t)offset : size};
    r->end = length < size - r->pos ? r->pos + (size_t)length : size;
    o->content->owners++;
    *out = &r->base;
    return 0;
}

static ssize_t mem_read(struct ra_reader *base, void *p, size_t n, struct ra_err *err RA_UNUSED)
{
    struct reader *r = (struct reader *)base;
    n = n < r->end - r->pos ? n : r->end - r->pos;
    if (n)
        memcpy(p, r->content->data + r->pos, n);
    r->pos += n;
    return (ssize_t)n;
}

static void mem_reader_stat(const struct ra_reader *base, struct ra_stat *out)
{
    fill(((const struct reader *)base)->content, out);
}

static void mem_read_close(struct ra_reader *base)
{
    struct mem *m = mem_of(base->store);
    RA_LOCKED(&m->mutex);
    disown(((struct reader *)base)->content);
    free(base);
}

/* --- writing --------------------------------------------------------------------------------- */

struct writer {
    struct ra_writer base;
    struct parked object;
};

static int mem_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint RA_UNUSED,
                          struct ra_writer **out, struct ra_err *err RA_UNUSED)
{
    struct writer *w = ra_new(struct writer);
    *w = (struct writer){.base.store = s, .object = {.key = key ? ra_strdup(key) : NULL, .flags = flags}};
    *out = &w->base;
    return 0;
}

static int mem_write(struct ra_writer *base, const void *p, size_t n, struct ra_err *err)
{
    struct writer *w = (struct writer *)base;
    if (!ra_buf_room(&w->object.bytes, n))
        return ra_fail(err, RA_NOSPACE, "cannot write '%s': too big for memory",
                       w->object.key ? w->object.key : "");
    ra_buf_add(&w->object.bytes, p, n);
    return 0;
}

static void parked_release(struct parked *p)
{
    free(p->key);
    ra_buf_release(&p->bytes);
}

static void mem_write_abort(struct ra_writer *base)
{
    parked_release(&((struct writer *)base)->object);
    free(base);
}

static int publish(struct mem *m, const struct parked *p, struct ra_err *err)
{
    struct object *o = find(m, p->key);
    if (o && p->flags & RA_WRITE_NOREPLACE)
        return ra_fail(err, RA_EXISTS, "cannot write '%s': it is there already", p->key);
    o = o ? o : insert(m, p->key);
    disown(o->content);
    o->content = content_of(m, &p->bytes);
    return 0;
}

static int mem_write_commit(struct ra_writer *base, const char *key, struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) done RA_UNUSED = base;
    struct writer *w = (struct writer *)base;
    struct mem *m = mem_of(base->store);
    RA_LOCKED(&m->mutex);
    if (key) {
        free(w->object.key);
        w->object.key = ra_strdup(key);
    }
    if (!w->object.key)
        return ra_fail(err, RA_INVALID, "cannot write an object without a key");
    if (!(w->object.flags & RA_WRITE_DEFER) ||
        (w->object.flags & RA_WRITE_NOREPLACE && find(m, w->object.key)))
        return publish(m, &w->object, err);
    *ra_vec_push(&m->parked) = w->object;
    w->object = (struct parked){0};
    return 0;
}

static int mem_sync(struct ra_store *s, struct ra_err *err RA_UNUSED)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    ra_vec_each (p, &m->parked) {
        publish(m, p, NULL); /* fails only where the object is there already, which is as good */
        parked_release(p);
    }
    m->parked.n = 0;
    return 0;
}

/* --- removing -------------------------------------------------------------------------------- */

static void remove_one(struct mem *m, struct ra_removal *item, int64_t not_after)
{
    struct object *o = find(m, item->key);
    if (!o)
        return;
    if (o->content->mtime > not_after) {
        item->status = -RA_BUSY;
        return;
    }
    item->size = o->content->size;
    delete (m, o);
}

static int mem_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                      struct ra_err *err RA_UNUSED)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    for (size_t i = 0; i < n; i++)
        remove_one(m, &items[i], not_after);
    return 0;
}

/* --- keeping others out ---------------------------------------------------------------------- */

static int mem_lock(struct ra_store *s, const char *key, const char *beside RA_UNUSED, const char *who,
                    struct ra_lock **out, struct ra_err *err)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    for (const struct lock *l = m->locks; l; l = l->next)
        if (!strcmp(l->key, key))
            return ra_fail(err, RA_BUSY, "the storage is locked by %s", l->who);
    struct lock *l = ra_new(struct lock);
    *l = (struct lock){.base.store = s, .key = ra_strdup(key), .who = ra_strdup(who), .next = m->locks};
    m->locks = l;
    *out = &l->base;
    return 0;
}

static void mem_unlock(struct ra_lock *base)
{
    struct lock *l = (struct lock *)base;
    struct mem *m = mem_of(base->store);
    RA_LOCKED(&m->mutex);
    struct lock **at = &m->locks;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free(l->key);
    free(l->who);
    free(l);
}

/* --- the store ------------------------------------------------------------------------------- */

static void mem_close(struct ra_store *s)
{
    struct mem *m = mem_of(s);
    while (m->objects.n)
        delete (m, &m->objects.at[m->objects.n - 1]);
    ra_vec_each (p, &m->parked)
        parked_release(p);
    ra_vec_release(&m->objects);
    ra_vec_release(&m->parked);
    pthread_mutex_destroy(&m->mutex);
    free(m);
}

static const struct ra_driver driver = {
    .close = mem_close,
    .stat = mem_stat,
    .now = mem_now,
    .list_open = mem_list_open,
    .list_next = mem_list_next,
    .list_close = mem_list_close,
    .read_open = mem_read_open,
    .read = mem_read,
    .reader_stat = mem_reader_stat,
    .read_close = mem_read_close,
    .write_open = mem_write_open,
    .write = mem_write,
    .write_commit = mem_write_commit,
    .write_abort = mem_write_abort,
    .sync = mem_sync,
    .remove = mem_remove,
    .lock = mem_lock,
    .unlock = mem_unlock,
};

struct ra_store *ra_mem_open(void)
{
    struct mem *m = ra_new(struct mem);
    m->base.driver = &driver;
    m->base.info =
        (struct ra_store_info){.driver = "memory",
                               .where = "memory",
                               .caps = RA_CAP_LIST_SIZE | RA_CAP_LIST_FLAT | RA_CAP_NOREPLACE | RA_CAP_LOCK,
                               .io_width = 1,
                               .remove_max = REMOVE_MAX,
                               .list_max = PAGE_ENTRIES};
    m->clock = INT64_MIN;
    pthread_mutex_init(&m->mutex, NULL);
    return &m->base;
}

void ra_mem_set_clock(struct ra_store *s, int64_t now)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    m->clock = now;
}

bool ra_mem_set_mtime(struct ra_store *s, const char *key, int64_t mtime)
{
    struct mem *m = mem_of(s);
    RA_LOCKED(&m->mutex);
    struct object *o = find(m, key);
    if (o)
        o->content->mtime = mtime;
    return o;
}
