#include "store/walk.h"

#include "base/pool.h"
#include "base/vec.h"

struct ra_walk {
    struct ra_store *store;
    const struct ra_walk_visitor *visitor;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    RA_VEC(struct ra_walk_item) waiting; /* a stack, so that a deep search holds few; prefixes are ours */
    size_t busy;                         /* items being listed, each of which may still push others */
    bool ended;
};

void ra_walk_push(struct ra_walk *w, const struct ra_walk_item *item)
{
    RA_LOCKED(&w->mutex);
    struct ra_walk_item *slot = ra_vec_push(&w->waiting);
    *slot = *item;
    slot->prefix = ra_strdup(item->prefix);
    pthread_cond_signal(&w->changed);
}

/* Waits for an item; false when there is none left and none can come. */
static bool pop(struct ra_walk *w, struct ra_walk_item *out)
{
    RA_LOCKED(&w->mutex);
    while (!w->ended && !w->waiting.n && w->busy)
        pthread_cond_wait(&w->changed, &w->mutex);
    if (w->ended || !w->waiting.n)
        return false;
    *out = w->waiting.at[--w->waiting.n];
    w->busy++;
    return true;
}

/* An item is finished: with an error nobody is to begin another, with the last of all nobody can. */
static void finish(struct ra_walk *w, int rc)
{
    RA_LOCKED(&w->mutex);
    w->busy--;
    w->ended = w->ended || rc < 0;
    if (w->ended || !w->busy)
        pthread_cond_broadcast(&w->changed);
}

static int report(struct ra_walk *w, const struct ra_walk_item *item, struct ra_err *why, unsigned worker,
                  struct ra_err *err)
{
    if (!w->visitor->failed || why->code == RA_CANCELLED)
        return ra_err_move(err, why);
    return w->visitor->failed(w->visitor->ctx, w, item, why, worker, err);
}

static int list_pages(struct ra_walk *w, const struct ra_walk_item *item, struct ra_list *l, unsigned worker,
                      struct ra_err *err)
{
    struct ra_page page;
    for (;;) {
        RA_ERR_AUTO why = {0};
        int rc = ra_check_cancelled(err);
        if (rc)
            return rc;
        int got = ra_list_next(l, &page, &why);
        if (got == 0)
            return 0;
        rc = got > 0 ? w->visitor->page(w->visitor->ctx, w, item, &page, worker, err)
                     : report(w, item, &why, worker, err);
        if (rc < 0)
            return rc;
    }
}

static int list_item(struct ra_walk *w, const struct ra_walk_item *item, unsigned worker, struct ra_err *err)
{
    RA_AUTO_PTR(ra_list) l = NULL;
    RA_ERR_AUTO why = {0};
    int rc = ra_list_open(w->store, item->prefix, item->opts, &l, &why) ? report(w, item, &why, worker, err)
                                                                        : list_pages(w, item, l, worker, err);
    if (rc < 0 || !w->visitor->done)
        return rc < 0 ? rc : 0;
    return w->visitor->done(w->visitor->ctx, w, item, worker, err);
}

static int work(void *arg, size_t i RA_UNUSED, unsigned worker, struct ra_err *err)
{
    struct ra_walk *w = arg;
    struct ra_walk_item item;
    int rc = 0;
    while (rc >= 0 && pop(w, &item)) {
        rc = list_item(w, &item, worker, err);
        free((char *)item.prefix);
        finish(w, rc);
    }
    return rc < 0 ? rc : 0;
}

int ra_walk(struct ra_store *s, const struct ra_walk_item *items, size_t n, unsigned threads,
            const struct ra_walk_visitor *visitor, struct ra_err *err)
{
    struct ra_walk w = {.store = s, .visitor = visitor};
    pthread_mutex_init(&w.mutex, NULL);
    pthread_cond_init(&w.changed, NULL);
    for (size_t i = n; i-- > 0;) /* the stack's top is the first */
        ra_walk_push(&w, &items[i]);
    int rc = ra_parallel(threads ? threads : 1, threads ? threads : 1, work, &w, err);
    ra_vec_each (item, &w.waiting)
        free((char *)item->prefix);
    ra_vec_release(&w.waiting);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.mutex);
    return rc;
}
