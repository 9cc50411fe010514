#include "registry/put.h"

#include "base/names.h"
#include "base/pool.h"
#include "base/vec.h"
#include "registry/layout.h"
#include "registry/read.h"

/* --- blobs -------------------------------------------------------------------------------------------------- */

int ra_put_has_blob(struct ra_store *s, const struct ra_digest *d, uint64_t size, uint64_t *actual,
                    struct ra_err *err)
{
    struct ra_key key;
    struct ra_stat st;
    int rc = ra_store_stat(s, ra_key_blob(&key, d), &st, err);
    if (rc == -RA_NOTFOUND) {
        ra_err_clear(err);
        return 0;
    }
    if (rc < 0)
        return rc;
    if (st.kind != RA_OBJECT)
        return ra_fail(err, RA_CORRUPT, "'%s' is no file", key.s);
    if (actual)
        *actual = st.size;
    return size == UINT64_MAX || st.size == size;
}

struct ra_put_blob {
    struct ra_store *store;
    struct ra_writer *writer;
    struct ra_hasher *hasher;
    struct ra_digest want;
    bool named, sealed;
    struct ra_blob_id id;
};

int ra_put_blob_open(struct ra_store *s, const struct ra_digest *want, uint64_t size_hint,
                     struct ra_put_blob **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) b = ra_new(struct ra_put_blob);
    int rc = s ? ra_write_open(s, NULL, RA_WRITE_NOREPLACE | RA_WRITE_DEFER, size_hint, &b->writer, err) : 0;
    if (rc < 0)
        return rc;
    b->store = s;
    b->named = want;
    if (want)
        b->want = *want;
    b->hasher = ra_hasher_new(want ? want->alg : RA_SHA256);
    *out = ra_steal_ptr(&b);
    return 0;
}

int ra_put_blob_write(struct ra_put_blob *b, const void *p, size_t n, struct ra_err *err)
{
    ra_hasher_update(b->hasher, p, n);
    b->id.size += n;
    return b->writer ? ra_write(b->writer, p, n, err) : 0;
}

int ra_put_blob_write_beside(struct ra_put_blob *b, const void *p, size_t n, struct ra_hasher *other,
                             const void *q, size_t m, struct ra_err *err)
{
    ra_hasher_update_two(b->hasher, p, n, other, q, m);
    b->id.size += n;
    return b->writer ? ra_write(b->writer, p, n, err) : 0;
}

int ra_put_blob_seal(struct ra_put_blob *b, struct ra_blob_id *out, struct ra_err *err)
{
    char want[RA_DIGEST_TEXT], got[RA_DIGEST_TEXT];
    ra_hasher_final(b->hasher, &b->id.digest);
    if (b->named && !ra_digest_eq(&b->want, &b->id.digest))
        return ra_fail(err, RA_CORRUPT, "the bytes of '%s' are those of %s", ra_digest_text(&b->want, want),
                       ra_digest_text(&b->id.digest, got));
    ra_hasher_free(ra_steal_ptr(&b->hasher));
    b->sealed = true;
    if (out)
        *out = b->id;
    return 0;
}

/* Removes what lies where a blob belongs and cannot be it. */
static int clear_damaged(struct ra_store *s, const char *key, struct ra_err *err)
{
    struct ra_removal item = {.key = key, .keep = sizeof(RA_BLOBS) - 1};
    int rc = ra_store_remove(s, &item, 1, RA_ANY_AGE, err);
    if (rc < 0 || item.status >= 0)
        return rc;
    return ra_fail_errno(err, item.sys, "cannot replace the damaged '%s'", key);
}

/* 1 when the blob is there already; a damaged one is taken out of the way. */
static int settled(struct ra_store *s, const struct ra_blob_id *id, struct ra_key *key, struct ra_err *err)
{
    uint64_t actual = UINT64_MAX;
    ra_key_blob(key, &id->digest);
    int there = ra_put_has_blob(s, &id->digest, id->size, &actual, err);
    if (there != 0 || actual == UINT64_MAX)
        return there;
    return clear_damaged(s, key->s, err);
}

static int commit_unless_there(struct ra_writer *w, const char *key, struct ra_err *err)
{
    int rc = ra_write_commit(w, key, err);
    if (rc != -RA_EXISTS)
        return rc;
    ra_err_clear(err);
    return 0;
}

int ra_put_blob_publish(struct ra_put_blob *b, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put_blob) owned = b;
    struct ra_key key;
    if (!b->sealed)
        return ra_fail(err, RA_INVALID, "a blob that is not sealed cannot be published");
    int there = b->store ? settled(b->store, &b->id, &key, err) : 1;
    if (there != 0)
        return there < 0 ? there : 0;
    return commit_unless_there(ra_steal_ptr(&b->writer), key.s, err);
}

void ra_put_blob_abort(struct ra_put_blob *b)
{
    if (!b)
        return;
    ra_write_abort(b->writer);
    ra_hasher_free(b->hasher);
    free(b);
}

int ra_put_bytes(struct ra_store *s, const void *p, size_t n, struct ra_blob_id *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) w = NULL;
    struct ra_key key;
    struct ra_blob_id id = {.size = n};
    ra_digest_of(RA_SHA256, p, n, &id.digest);
    if (out)
        *out = id;
    int rc = settled(s, &id, &key, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if ((rc = ra_write_open(s, NULL, RA_WRITE_NOREPLACE | RA_WRITE_DEFER, n, &w, err)) < 0 ||
        (rc = ra_write(w, p, n, err)) < 0)
        return rc;
    return commit_unless_there(ra_steal_ptr(&w), key.s, err);
}

static int put_shared(struct ra_store *s, const struct ra_reader *from, const struct ra_digest *d,
                      int (*share)(struct ra_writer *w, const struct ra_reader *from, struct ra_err *err),
                      struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) w = NULL;
    struct ra_key key;
    struct ra_stat st;
    ra_reader_stat(from, &st);
    struct ra_blob_id id = {*d, st.size};
    int rc = settled(s, &id, &key, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if ((rc = ra_write_open(s, NULL, RA_WRITE_NOREPLACE | RA_WRITE_DEFER, 0, &w, err)) < 0 ||
        (rc = share(w, from, err)) < 0)
        return rc;
    return commit_unless_there(ra_steal_ptr(&w), key.s, err);
}

int ra_put_clone(struct ra_store *s, const struct ra_reader *from, const struct ra_digest *d,
                 struct ra_err *err)
{
    return put_shared(s, from, d, ra_write_clone, err);
}

int ra_put_link(struct ra_store *s, const struct ra_reader *from, const struct ra_digest *d,
                struct ra_err *err)
{
    return put_shared(s, from, d, ra_write_link, err);
}

/* --- links and tags ----------------------------------------------------------------------------------------- */

/* The stages in the order of writing: each is durable before the next begins. */
enum stage { LAYERS, REVISIONS, HISTORY, CURRENT, STAGES };

struct link { /* names and digests by their numbers: a registry has millions of links */
    uint32_t repo, tag, digest;
};

struct ra_put {
    struct ra_store *store;
    struct ra_names names;
    const struct ra_digest_set *lent; /* or NULL: its digests have the first numbers */
    struct ra_digest_set digests;     /* all others */
    RA_VEC(struct link) links[STAGES];
    bool (*may)(void *arg, const char *repo, const char *tag, const struct ra_digest *have); /* or NULL */
    void *arg;
};

struct ra_put *ra_put_new(struct ra_store *s)
{
    struct ra_put *p = ra_new(struct ra_put);
    p->store = s;
    return p;
}

void ra_put_lend(struct ra_put *p, const struct ra_digest_set *digests)
{
    p->lent = digests;
}

static uint32_t number_of(struct ra_put *p, const struct ra_digest *d)
{
    uint32_t number = p->lent ? ra_digest_set_find(p->lent, d) : RA_NONE;
    if (number != RA_NONE)
        return number;
    return (p->lent ? p->lent->n : 0) + ra_digest_set_add(&p->digests, d, NULL);
}

static struct ra_digest digest_at(const struct ra_put *p, uint32_t number)
{
    uint32_t n = p->lent ? p->lent->n : 0;
    return number < n ? ra_digest_set_get(p->lent, number) : ra_digest_set_get(&p->digests, number - n);
}

static void clear(struct ra_put *p)
{
    ra_names_release(&p->names);
    ra_digest_set_release(&p->digests);
    for (unsigned i = 0; i < STAGES; i++)
        ra_vec_release(&p->links[i]);
}

void ra_put_free(struct ra_put *p)
{
    if (!p)
        return;
    clear(p);
    free(p);
}

static void note(struct ra_put *p, enum stage stage, const char *repo, const char *tag,
                 const struct ra_digest *d)
{
    *ra_vec_push(&p->links[stage]) = (struct link){
        .repo = ra_names_add(&p->names, repo, strlen(repo), NULL),
        .tag = tag ? ra_names_add(&p->names, tag, strlen(tag), NULL) : RA_NO_NAME,
        .digest = number_of(p, d),
    };
}

void ra_put_layer(struct ra_put *p, const char *repo, const struct ra_digest *d)
{
    note(p, LAYERS, repo, NULL, d);
}

void ra_put_revision(struct ra_put *p, const char *repo, const struct ra_digest *d)
{
    note(p, REVISIONS, repo, NULL, d);
}

void ra_put_tag_history(struct ra_put *p, const char *repo, const char *tag, const struct ra_digest *d)
{
    note(p, HISTORY, repo, tag, d);
}

void ra_put_tag(struct ra_put *p, const char *repo, const char *tag, const struct ra_digest *d)
{
    note(p, HISTORY, repo, tag, d);
    note(p, CURRENT, repo, tag, d);
}

void ra_put_ask(struct ra_put *p,
                bool (*may)(void *arg, const char *repo, const char *tag, const struct ra_digest *have),
                void *arg)
{
    p->may = may;
    p->arg = arg;
}

static int by_place(const struct link *a, const struct link *b, bool with_digest)
{
    if (a->repo != b->repo)
        return a->repo < b->repo ? -1 : 1;
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    return !with_digest || a->digest == b->digest ? 0 : a->digest < b->digest ? -1 : 1;
}

static int by_all(const void *a, const void *b)
{
    return by_place(a, b, true);
}

/* Twins would race with each other on different threads. */
static void drop_twins(struct link *at, size_t *n)
{
    size_t kept = 0;
    if (*n)
        qsort(at, *n, sizeof(*at), by_all);
    for (size_t i = 0; i < *n; i++)
        if (i == 0 || by_all(&at[i], &at[kept - 1]) != 0)
            at[kept++] = at[i];
    *n = kept;
}

/* Of a tag's current digests the last one given counts: later elements overwrite earlier ones of the same
 * tag. */
static void keep_last(struct link *at, size_t *n)
{
    RA_AUTO(ra_names, _release) places = {0};
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "%u/%u", at[i].repo, at[i].tag);
        uint32_t place = ra_names_add(&places, name, (size_t)len, NULL);
        at[place] = at[i];
        kept = places.n;
    }
    *n = kept;
}

struct writing {
    struct ra_put *put;
    enum stage stage;
    uint64_t *written;
};

static const char *key_of(const struct ra_put *p, enum stage stage, const struct link *l, struct ra_key *key)
{
    const char *repo = p->names.at[l->repo];
    struct ra_digest d = digest_at(p, l->digest);
    switch (stage) {
    case LAYERS:
        return ra_key_layer(key, repo, &d);
    case REVISIONS:
        return ra_key_revision(key, repo, &d);
    case HISTORY:
        return ra_key_tag_history(key, repo, p->names.at[l->tag], &d);
    default:
        return ra_key_tag_current(key, repo, p->names.at[l->tag]);
    }
}

/* Whether the link is to stay as it is, for being right or for being asked to. One below an algorithm other than sha256
 * may name the sha256 of the same bytes: so the registry writes it itself. */
static int stays(const struct ra_put *p, enum stage stage, const struct link *l, const char *key,
                 struct ra_err *err)
{
    struct ra_digest want = digest_at(p, l->digest), have;
    int rc = ra_link_read(p->store, key, &have, NULL, err);
    if (rc == -RA_NOTFOUND || rc == -RA_CORRUPT) {
        ra_err_clear(err);
        return 0;
    }
    if (rc < 0)
        return rc;
    bool right =
        ra_digest_eq(&have, &want) || (stage == LAYERS && want.alg != RA_SHA256 && have.alg == RA_SHA256);
    bool asks = stage == CURRENT && p->may;
    return right || (asks && !p->may(p->arg, p->names.at[l->repo], p->names.at[l->tag], &have));
}

static int write_link(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    struct writing *w = arg;
    const struct link *l = &w->put->links[w->stage].at[i];
    struct ra_digest d = digest_at(w->put, l->digest);
    struct ra_key key;
    char text[RA_DIGEST_TEXT];
    int rc = stays(w->put, w->stage, l, key_of(w->put, w->stage, l, &key), err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    ra_digest_text(&d, text);
    __atomic_add_fetch(w->written, 1, __ATOMIC_RELAXED);
    return ra_store_put(w->put->store, key.s, text, strlen(text), RA_WRITE_REPLACE | RA_WRITE_DEFER, err);
}

static int write_stage(struct ra_put *p, enum stage stage, unsigned threads, uint64_t *written,
                       struct ra_err *err)
{
    struct writing w = {p, stage, written};
    size_t *n = &p->links[stage].n;
    if (stage == CURRENT)
        keep_last(p->links[stage].at, n);
    else
        drop_twins(p->links[stage].at, n);
    if (!*n)
        return 0;
    int rc = ra_parallel(threads, *n, write_link, &w, err);
    return rc < 0 ? rc : ra_store_sync(p->store, err);
}

int ra_put_finish(struct ra_put *p, unsigned threads, struct ra_put_counts *counts, struct ra_err *err)
{
    uint64_t written[STAGES] = {0};
    int rc = ra_store_sync(p->store, err);
    for (unsigned stage = 0; rc == 0 && stage < STAGES; stage++)
        rc = write_stage(p, stage, threads, &written[stage], err);
    if (counts) {
        counts->layer_links += written[LAYERS];
        counts->revision_links += written[REVISIONS];
        counts->tags += written[CURRENT];
    }
    if (rc == 0)
        clear(p);
    return rc < 0 ? ra_wrap(err, rc, "cannot write the links") : 0;
}
