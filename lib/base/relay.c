#include "base/relay.h"

#include "base/mem.h"
#include "base/pool.h"

enum state { WAITING, AT_WORK, DONE };

struct slot {
    enum state state;
    int rc;
    struct ra_err err;
};

struct helper {
    struct ra_relay *relay;
    unsigned number;
    pthread_t thread;
};

struct ra_relay {
    int (*work)(void *arg, size_t slot, unsigned worker, struct ra_err *err);
    int (*take)(void *arg, size_t slot, struct ra_err *err);
    void *arg;
    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t some_waiting, some_done;
    bool stop;
    size_t first, n; /* the oldest piece that was not taken, and how many there are from it on */
    size_t waiting;  /* the last so many of them have not been begun */
    size_t n_slots;
    struct slot *slots;
    unsigned n_helpers, max_helpers;
    struct helper *helpers;
};

struct ra_relay *ra_relay_new(unsigned threads, size_t slots,
                              int (*work)(void *arg, size_t slot, unsigned worker, struct ra_err *err),
                              int (*take)(void *arg, size_t slot, struct ra_err *err), void *arg)
{
    struct ra_relay *r = ra_new(struct ra_relay);
    *r = (struct ra_relay){.work = work, .take = take, .arg = arg, .n_slots = slots};
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->some_waiting, NULL);
    pthread_cond_init(&r->some_done, NULL);
    r->slots = ra_calloc(slots, sizeof(*r->slots));
    r->max_helpers = threads ? threads - 1 : 0;
    r->helpers = ra_calloc(r->max_helpers, sizeof(*r->helpers));
    return r;
}

static void stop_helpers(struct ra_relay *r)
{
    {
        RA_LOCKED(&r->mutex);
        r->stop = true;
        pthread_cond_broadcast(&r->some_waiting);
    }
    for (unsigned i = 0; i < r->n_helpers; i++)
        pthread_join(r->helpers[i].thread, NULL);
}

void ra_relay_free(struct ra_relay *r)
{
    if (!r)
        return;
    stop_helpers(r);
    for (size_t i = 0; i < r->n_slots; i++)
        ra_err_release(&r->slots[i].err);
    pthread_cond_destroy(&r->some_done);
    pthread_cond_destroy(&r->some_waiting);
    pthread_mutex_destroy(&r->mutex);
    free(r->slots);
    free(r->helpers);
    free(r);
}

/* The caller holds the mutex, and something is waiting. */
static void work_on_oldest(struct ra_relay *r, unsigned worker)
{
    size_t i = (r->first + r->n - r->waiting--) % r->n_slots;
    struct slot *s = &r->slots[i];
    s->state = AT_WORK;
    pthread_mutex_unlock(&r->mutex);
    int rc = r->work(r->arg, i, worker, &s->err);
    pthread_mutex_lock(&r->mutex);
    s->rc = rc;
    s->state = DONE;
    pthread_cond_signal(&r->some_done);
}

static void *help(void *arg)
{
    const struct helper *h = arg;
    struct ra_relay *r = h->relay;
    RA_LOCKED(&r->mutex);
    while (!r->stop)
        if (r->waiting)
            work_on_oldest(r, h->number);
        else
            pthread_cond_wait(&r->some_waiting, &r->mutex);
    return NULL;
}

/* Fewer threads than wished for are slower, not wrong. */
static void start_helper(struct ra_relay *r)
{
    struct helper *h = &r->helpers[r->n_helpers];
    *h = (struct helper){.relay = r, .number = r->n_helpers + 1};
    if (ra_thread_start(&h->thread, help, h) == 0)
        r->n_helpers++;
    else
        r->max_helpers = r->n_helpers;
}

static void finish_first(struct ra_relay *r)
{
    RA_LOCKED(&r->mutex);
    while (r->slots[r->first].state != DONE)
        if (r->waiting)
            work_on_oldest(r, 0);
        else
            pthread_cond_wait(&r->some_done, &r->mutex);
}

static int take_first(struct ra_relay *r, struct ra_err *err)
{
    struct slot *s = &r->slots[r->first];
    finish_first(r);
    if (s->rc < 0) {
        ra_err_move(err, &s->err);
        return s->rc;
    }
    int rc = r->take(r->arg, r->first, err);
    RA_LOCKED(&r->mutex);
    r->first = (r->first + 1) % r->n_slots;
    r->n--;
    return rc;
}

static bool first_is_done(struct ra_relay *r)
{
    RA_LOCKED(&r->mutex);
    return r->n && r->slots[r->first].state == DONE;
}

size_t ra_relay_slot(const struct ra_relay *r)
{
    return (r->first + r->n) % r->n_slots;
}

int ra_relay_push(struct ra_relay *r, struct ra_err *err)
{
    {
        RA_LOCKED(&r->mutex);
        r->slots[(r->first + r->n++) % r->n_slots].state = WAITING;
        r->waiting++;
        pthread_cond_signal(&r->some_waiting);
    }
    if (r->n_helpers < r->max_helpers)
        start_helper(r);
    int rc = 0;
    while (rc == 0 && (r->n == r->n_slots || first_is_done(r)))
        rc = take_first(r, err);
    return rc;
}

int ra_relay_drain(struct ra_relay *r, struct ra_err *err)
{
    int rc = 0;
    while (rc == 0 && r->n)
        rc = take_first(r, err);
    return rc;
}
