/*
 * Removing a thousand keys a request. S3 cannot say "remove if not younger than", so the ages are looked at
 * right before: where the keys stand close together one page of a listing tells hundreds of them, else each
 * is asked for.
 */
#include "store/s3_http.h"

#include "base/clock.h"
#include "base/pool.h"
#include "base/str.h"

#include <openssl/evp.h>

/* With more keys in between for each that is wanted, a listing costs more than asking one by one. */
#define SPARSE 16

struct batch {
    struct ra_s3 *s;
    struct ra_removal **at; /* sorted by key; those to be removed come to stand first */
    size_t n;
    int64_t not_after;
};

static int by_key(const void *a, const void *b)
{
    return strcmp((*(struct ra_removal *const *)a)->key, (*(struct ra_removal *const *)b)->key);
}

/* --- how old they are now --- */

enum { GONE = 1, GOES = 2 }; /* in status, until the batch is sent */

static void judge_age(const struct batch *b, struct ra_removal *item, const struct ra_stat *st)
{
    item->size = st->size;
    item->status = st->mtime > b->not_after ? -RA_BUSY : GOES;
}

/* A key just before this one, to start a listing behind: with its last byte one less, or without it. */
static char *just_before(const char *key)
{
    char *s = ra_strdup(key);
    size_t n = strlen(s);
    if ((unsigned char)s[n - 1] > ' ' && (unsigned char)s[n - 1] < 0x7f)
        s[n - 1]--;
    else
        s[n - 1] = '\0';
    return s;
}

static char *common_prefix(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return ra_strndup(a, n);
}

static void judge_by_entry(struct batch *b, size_t *next, const struct ra_entry *e)
{
    while (*next < b->n && strcmp(b->at[*next]->key, e->name) < 0)
        b->at[(*next)++]->status = GONE;
    while (*next < b->n && ra_streq(b->at[*next]->key, e->name))
        judge_age(b, b->at[(*next)++], &e->st);
}

/* Judges the items from *next on that this page tells about: those up to its last key, or all when it is the
 * last. */
static void judge_by_page(struct batch *b, size_t *next, struct ra_s3_page *page)
{
    while (*next < b->n && ra_s3_page_unpack(page))
        ra_vec_each (e, &page->entries)
            judge_by_entry(b, next, e);
    while (!page->next && *next < b->n)
        b->at[(*next)++]->status = GONE;
}

static int judge_by_listing(struct batch *b, size_t *next, struct ra_err *err)
{
    bool dense = true;
    while (dense && *next < b->n) {
        size_t first = *next;
        ra_auto_free char *after = just_before(b->at[first]->key);
        ra_auto_free char *prefix = common_prefix(b->at[first]->key, b->at[b->n - 1]->key);
        struct ra_s3_page_query q = {.prefix = prefix, .after = after};
        RA_S3_PAGE_AUTO page = {0};
        int rc = ra_s3_page_fetch(b->s, &q, &page, err);
        if (rc < 0)
            return rc;
        judge_by_page(b, next, &page);
        dense = page.n <= SPARSE * (*next - first);
    }
    return 0;
}

struct asking {
    struct batch *batch;
    size_t first;
};

/* For those who tell people why. */
static int errno_of(enum ra_code code)
{
    switch (code) {
    case RA_DENIED:
        return EACCES;
    case RA_UNSUPPORTED:
        return ENOTSUP;
    case RA_NOSPACE:
        return ENOSPC;
    default:
        return EIO;
    }
}

static void fail_item(struct ra_removal *item, enum ra_code code)
{
    item->status = -(int)code;
    item->sys = errno_of(code);
}

static int judge_by_head(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct asking *a = arg;
    struct ra_removal *item = a->batch->at[a->first + i];
    struct ra_stat st;
    RA_S3_ANSWER_AUTO answer = {0};
    (void)worker;
    int rc = ra_s3_head(a->batch->s, item->key, &st, &answer, err);
    if (rc == 0) {
        judge_age(a->batch, item, &st);
    } else if (rc == -RA_NOTFOUND) {
        item->status = GONE;
    } else if (rc != -RA_CANCELLED) {
        fail_item(item, (enum ra_code) - rc);
    }
    if (rc == -RA_CANCELLED)
        return rc;
    ra_err_clear(err);
    return 0;
}

static int judge_ages(struct batch *b, struct ra_err *err)
{
    size_t next = 0;
    if (b->not_after == RA_ANY_AGE) {
        for (; next < b->n; next++)
            b->at[next]->status = GOES;
        return 0;
    }
    int rc = b->n > 2 ? judge_by_listing(b, &next, err) : 0;
    struct asking a = {b, next};
    return rc < 0 ? rc : ra_parallel((unsigned)b->s->config.connections, b->n - next, judge_by_head, &a, err);
}

/* --- DeleteObjects --- */

static bool content_md5(const struct ra_buf *body, char out[static 25])
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(body->data, body->len, md5, &len, EVP_md5(), NULL) != 1 || len != 16)
        return false;
    return EVP_EncodeBlock((unsigned char *)out, md5, 16) == 24;
}

static void delete_body(const struct batch *b, struct ra_buf *out)
{
    ra_buf_adds(out, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
    for (size_t i = 0; i < b->n; i++) {
        if (b->at[i]->status != GOES)
            continue;
        ra_buf_adds(out, "<Object><Key>");
        ra_xml_escape(out, b->s->root);
        ra_xml_escape(out, b->at[i]->key);
        ra_buf_adds(out, "</Key></Object>");
    }
    ra_buf_adds(out, "</Delete>");
}

struct outcome {
    struct batch *batch;
    const struct ra_s3_request *request;
    struct ra_arena arena;
    struct ra_strings keys, codes; /* of the <Error>s */
};

/* Gathers the <Error>s. They count only once the whole answer has been read: a cut one is asked for again. */
static int parse_outcome(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    struct outcome *o = arg;
    struct ra_xml x;
    int rc;
    bool whole = false;
    o->keys.n = o->codes.n = 0;
    ra_xml_init(&x, ra_buf_str(&a->body), a->body.len);
    while ((rc = ra_xml_next(&x, err)) > 0) {
        if (ra_streq(x.path, "DeleteResult/Error/Key"))
            *ra_arena_push(&o->arena, &o->keys) = ra_arena_strdup(&o->arena, x.text);
        else if (ra_streq(x.path, "DeleteResult/Error/Code"))
            *ra_arena_push(&o->arena, &o->codes) = ra_arena_strdup(&o->arena, x.text);
        whole |= ra_streq(x.path, "DeleteResult");
    }
    ra_xml_release(&x);
    if (rc < 0 || (whole && o->keys.n == o->codes.n))
        return rc;
    if (a->body.len && !ra_s3_transient(a))
        return ra_s3_refusal(o->batch->s, o->request, a, err);
    return ra_fail(err, RA_CORRUPT, "the server does not say what it removed");
}

static void take_error(struct batch *b, const char *key, const char *code)
{
    size_t root = strlen(b->s->root);
    struct ra_removal wanted = {.key = strncmp(key, b->s->root, root) == 0 ? key + root : key}, *p = &wanted;
    struct ra_removal **hit = bsearch(&p, b->at, b->n, sizeof(p), by_key);
    if (!hit || (*hit)->status != GOES || ra_s3_code(code) == RA_NOTFOUND)
        return;
    fail_item(*hit, ra_s3_code(code));
    if (ra_s3_transient_code(code))
        (*hit)->sys = EAGAIN;
}

static int send_batch(struct batch *b, struct ra_err *err)
{
    RA_BUF_AUTO body = {.limit = RA_S3_XML_LIMIT};
    char md5[25];
    delete_body(b, &body);
    struct ra_s3_request r = {.method = "POST", .verb = "remove objects from", .subject = b->s->where};
    struct outcome o = {.batch = b, .request = &r};
    r.body = body.data;
    r.body_len = body.len;
    r.parse = parse_outcome;
    r.arg = &o;
    ra_s3_param(&r, "delete", "");
    ra_s3_header(&r, "content-md5", content_md5(&body, md5) ? md5 : NULL);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(b->s, &r, &a, err);
    for (size_t i = 0; rc == 0 && i < o.keys.n; i++)
        take_error(b, o.keys.at[i], o.codes.at[i]);
    ra_arena_release(&o.arena);
    return rc;
}

/* Those that the server was too busy for get another chance; the rest have their say. */
static size_t settle(struct batch *b, bool last)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct ra_removal *item = b->at[i];
        if (item->status == GOES || item->status == GONE) {
            item->status = 0;
        } else if (item->status < 0 && item->sys == EAGAIN && !last) {
            item->status = GOES;
            item->sys = 0;
            b->at[n++] = item;
        }
    }
    return n;
}

static bool any_goes(const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->at[i]->status == GOES)
            return true;
    return false;
}

static int remove_batch(struct batch *b, struct ra_err *err)
{
    int rc = judge_ages(b, err);
    for (unsigned n = 0; rc == 0 && any_goes(b); n++) {
        rc = send_batch(b, err);
        if (rc < 0)
            return rc;
        b->n = settle(b, n + 1 >= b->s->config.attempts);
        if (b->n > 0)
            rc = ra_s3_pause(b->s, n, err);
    }
    settle(b, true);
    return rc;
}

/* A batch that failed as a whole: no item may be left with one of our own marks, or look removed. */
static void fail_rest(struct ra_removal *items, size_t n, int rc)
{
    for (size_t i = 0; i < n; i++)
        items[i].status = rc;
}

int ra_s3_remove(struct ra_store *store, struct ra_removal *items, size_t n, int64_t not_after,
                 struct ra_err *err)
{
    struct ra_removal *sorted[RA_S3_PAGE_MAX];
    for (size_t first = 0; first < n; first += RA_S3_PAGE_MAX) {
        struct batch b = {ra_s3_of(store), sorted, n - first, not_after};
        if (b.n > RA_S3_PAGE_MAX)
            b.n = RA_S3_PAGE_MAX;
        for (size_t i = 0; i < b.n; i++)
            (sorted[i] = &items[first + i])->sys = 0;
        qsort(sorted, b.n, sizeof(sorted[0]), by_key);
        int rc = remove_batch(&b, err);
        if (rc < 0) {
            fail_rest(items + first, n - first, rc);
            return rc;
        }
    }
    return 0;
}

/* --- everything below a prefix --- */

struct sweep {
    struct ra_s3 *s;
    int64_t not_after;
    uint64_t removed, bytes;
    int rc; /* the first failure */
    struct ra_err *err;
};

static void count_removed(struct sweep *w, const struct ra_removal *item)
{
    if (item->status == 0) {
        w->removed++;
        w->bytes += item->size;
    } else if (w->rc == 0) {
        w->rc = ra_fail(w->err, (enum ra_code) - item->status, "cannot remove '%s': %s", item->key,
                        strerror(item->sys));
    }
}

/* The page has just told the ages: no second look is needed. */
static int sweep_page(struct sweep *w, struct ra_s3_page *page, struct ra_err *err)
{
    RA_VEC(struct ra_removal) items = {0};
    struct ra_arena keys = {0};
    while (ra_s3_page_unpack(page))
        ra_vec_each (e, &page->entries) {
            if (e->st.mtime <= w->not_after)
                *ra_vec_push(&items) =
                    (struct ra_removal){.key = ra_arena_strdup(&keys, e->name), .size = e->st.size};
        }
    int rc = items.n ? ra_s3_remove(&w->s->base, items.at, items.n, RA_ANY_AGE, err) : 0;
    for (size_t i = 0; rc == 0 && i < items.n; i++)
        count_removed(w, &items.at[i]);
    ra_vec_release(&items);
    ra_arena_release(&keys);
    return rc;
}

int ra_s3_remove_prefix(struct ra_store *store, const char *prefix, size_t keep, int64_t not_after,
                        uint64_t *removed, uint64_t *bytes, struct ra_err *err)
{
    (void)keep;
    struct sweep w = {.s = ra_s3_of(store), .not_after = not_after, .err = err};
    ra_auto_free char *token = NULL;
    int rc = 0;
    do {
        struct ra_s3_page_query q = {.prefix = prefix, .token = token};
        RA_S3_PAGE_AUTO page = {0};
        RA_ERR_AUTO failure = {0};
        rc = ra_s3_page_fetch(w.s, &q, &page, &failure);
        if (rc == 0)
            rc = sweep_page(&w, &page, &failure);
        if (rc < 0 && w.rc == 0 && err)
            ra_err_move(err, &failure);
        free(token);
        token = ra_steal_ptr(&page.next);
    } while (rc == 0 && token);
    if (removed)
        *removed += w.removed;
    if (bytes)
        *bytes += w.bytes;
    return w.rc < 0 ? w.rc : rc;
}
