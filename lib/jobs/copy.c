/*
 * A registry may go on writing to the source meanwhile. Copied is what its tags said at first: they are read before
 * anything else, then the links are listed, and blobs last. Registries write the other way round, so whatever was found
 * leads only to what is found after it.
 */
#include "jobs/copy.h"

#include "base/arena.h"
#include "base/names.h"
#include "registry/layout.h"
#include "registry/put.h"
#include "registry/read.h"
#include "store/snapshot.h"

#include <stdatomic.h>

#define STEP ((size_t)256 << 10)

struct blob {
    struct ra_digest digest;
    uint64_t size;
    bool bad;
};

struct link {
    enum ra_key_kind kind;
    struct ra_digest digest; /* of RA_KEY_TAG_CURRENT: once it was read */
    const char *key;         /* RA_KEY_TAG_CURRENT */
    const char *repo, *tag;
    bool bad;
};

struct run {
    const struct ra_job *job;
    struct ra_store *to, *known; /* known: `to`, or a snapshot of it */
    struct ra_copy_result *out;
    struct ra_arena arena;
    const char *last_repo;     /* the one noted last: most keys of a repository come together */
    struct ra_names tags;      /* "repo:tag" of those that were found */
    struct ra_names left;      /* likewise: of those that are left out */
    RA_VEC(struct blob) blobs; /* sorted once they are copied */
    RA_VEC(struct link) links; /* first n_tags: RA_KEY_TAG_CURRENT */
    size_t n_tags;
    pthread_mutex_t mutex; /* guards the counts */
};

/* --- what there is to copy --- */

static const char *repo_of(struct run *r, const struct ra_key_parts *p)
{
    if (!r->last_repo || strlen(r->last_repo) != p->repo_len ||
        memcmp(r->last_repo, p->repo, p->repo_len) != 0)
        r->last_repo = ra_arena_strndup(&r->arena, p->repo, p->repo_len);
    return r->last_repo;
}

static void note_link(struct run *r, const struct ra_key_parts *p, const char *key)
{
    bool tag = p->kind == RA_KEY_TAG_CURRENT || p->kind == RA_KEY_TAG_HISTORY;
    *ra_vec_push(&r->links) =
        (struct link){.kind = p->kind,
                      .digest = p->digest,
                      .key = p->kind == RA_KEY_TAG_CURRENT ? ra_arena_strdup(&r->arena, key) : NULL,
                      .repo = repo_of(r, p),
                      .tag = tag ? ra_arena_strndup(&r->arena, p->name, p->name_len) : NULL};
}

static bool is_among(const struct ra_names *names, const struct ra_buf *name)
{
    return ra_names_find(names, ra_buf_str(name), name->len) != RA_NO_NAME;
}

static void tag_name(const struct ra_key_parts *p, struct ra_buf *out)
{
    ra_buf_clear(out);
    ra_buf_addf(out, "%.*s:%.*s", (int)p->repo_len, p->repo, (int)p->name_len, p->name);
}

static void note_tag(struct run *r, const char *key, const struct ra_entry *e)
{
    struct ra_key_parts p;
    RA_BUF_AUTO name = {0};
    ra_key_parse(key, &p);
    if (p.kind != RA_KEY_TAG_CURRENT || e->st.kind == RA_OTHER)
        return;
    tag_name(&p, &name);
    ra_names_add(&r->tags, ra_buf_str(&name), name.len, NULL);
    note_link(r, &p, key);
}

/* History of a tag that was not there yet would leave a folder without current link, which is no tag. */
static bool is_new_history(const struct run *r, const struct ra_key_parts *p)
{
    RA_BUF_AUTO name = {0};
    if (p->kind != RA_KEY_TAG_HISTORY)
        return false;
    tag_name(p, &name);
    return !is_among(&r->tags, &name);
}

static void note_rest(struct run *r, const char *key, const struct ra_entry *e)
{
    struct ra_key_parts p;
    ra_key_parse(key, &p);
    if (e->st.kind == RA_OTHER || p.kind == RA_KEY_FOREIGN || p.kind == RA_KEY_UPLOAD)
        r->out->left++;
    else if (p.kind == RA_KEY_BLOB)
        *ra_vec_push(&r->blobs) = (struct blob){p.digest, e->st.size, false};
    else if (p.kind != RA_KEY_TAG_CURRENT && !is_new_history(r, &p))
        note_link(r, &p, key);
}

static int list(struct run *r, const char *prefix,
                void (*note)(struct run *r, const char *key, const struct ra_entry *e), struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP, .want = RA_WANT_SIZE};
    RA_AUTO_PTR(ra_list) l = NULL;
    RA_BUF_AUTO key = {0};
    struct ra_page page;
    int rc = ra_list_open(r->job->store, prefix, &opts, &l, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    while (rc == 0 && (rc = ra_list_next(l, &page, err)) > 0) {
        for (size_t i = 0; i < page.n; i++) {
            ra_buf_clear(&key);
            ra_buf_addf(&key, "%s%s", prefix, page.at[i].name);
            note(r, ra_buf_str(&key), &page.at[i]);
        }
        ra_progress_add(r->job->progress, page.n, 0);
        rc = ra_check_cancelled(err);
    }
    return rc;
}

static const char *code_for(const struct ra_err *why)
{
    return why->code == RA_CORRUPT ? "corrupt-blob" : why->code == RA_NOTFOUND ? "vanished" : "unreadable";
}

static int read_tag(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct run *r = arg;
    struct link *l = &r->links.at[i];
    RA_ERR_AUTO why = {0};
    const struct ra_place at = {.path = l->key, .repository = l->repo, .tag = l->tag};
    int rc = ra_link_read(r->job->store, l->key, &l->digest, NULL, &why);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &why);
    l->bad = rc < 0;
    if (rc == -RA_CORRUPT)
        ra_find(r->job->findings, RA_ERROR, "bad-link", &at, "not copied: the link holds no digest");
    else if (rc < 0)
        ra_find(r->job->findings, RA_ERROR, code_for(&why), &at, "not copied: %s", ra_err_text(&why));
    return 0;
}

static int list_source(struct run *r, unsigned threads, struct ra_err *err)
{
    ra_progress_phase(r->job->progress, "listing", 0, 0);
    int rc = list(r, RA_REPOSITORIES, note_tag, err);
    r->n_tags = r->links.n;
    if (rc == 0)
        rc = ra_parallel(threads, r->n_tags, read_tag, r, err);
    if (rc == 0)
        rc = list(r, RA_REPOSITORIES, note_rest, err);
    return rc < 0 ? rc : list(r, RA_BLOBS, note_rest, err);
}

/* --- blobs --- */

static bool is_there(struct run *r, const char *key, uint64_t size)
{
    struct ra_stat st;
    return ra_store_stat(r->known, key, &st, NULL) == 0 && st.kind == RA_OBJECT && st.size == size;
}

/* *theirs: whether it is the source that failed, and so this one blob alone. */
static int transfer(struct run *r, const struct blob *b, const char *key, bool *theirs, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) from = NULL;
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    ra_auto_free char *bytes = ra_io_buffer(STEP);
    struct ra_blob_id id;
    ssize_t n = 1;
    int rc = ra_read_open(r->job->store, key, 0, UINT64_MAX, RA_READ_ONCE, &from, err);
    *theirs = rc < 0;
    if (rc == 0)
        rc = ra_put_blob_open(r->to, &b->digest, b->size, &to, err);
    while (rc == 0 && n > 0) {
        n = ra_read(from, bytes, STEP, err);
        *theirs = n < 0;
        rc = n < 0 ? (int)n : ra_put_blob_write(to, bytes, (size_t)n, err);
        ra_progress_add(r->job->progress, 0, n > 0 ? (uint64_t)n : 0);
        if (rc == 0)
            rc = ra_check_cancelled(err);
    }
    if (rc == 0) {
        rc = ra_put_blob_seal(to, &id, err);
        *theirs = rc == -RA_CORRUPT;
    }
    return rc < 0 ? rc : ra_put_blob_publish(ra_steal_ptr(&to), err);
}

static void leave_out(struct run *r, struct blob *b, const char *key, struct ra_err *why)
{
    ra_find(r->job->findings, RA_ERROR, code_for(why), &(struct ra_place){.path = key, .digest = &b->digest},
            "not copied: %s", ra_err_text(why));
    b->bad = true;
    RA_LOCKED(&r->mutex);
    r->out->skipped++;
}

static void count_blob(struct run *r, const struct blob *b, bool copied)
{
    RA_LOCKED(&r->mutex);
    struct ra_copy_count *count = &r->out->blobs;
    *(copied ? &count->copied : &count->present) += 1;
    count->bytes += copied ? b->size : 0;
}

static int copy_blob(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct run *r = arg;
    struct blob *b = &r->blobs.at[i];
    struct ra_key key;
    RA_ERR_AUTO why = {0};
    ra_key_blob(&key, &b->digest);
    bool there = is_there(r, key.s, b->size), theirs = false;
    int rc = there || r->job->dry_run ? 0 : transfer(r, b, key.s, &theirs, &why);
    ra_progress_add(r->job->progress, 1, 0);
    if (rc == 0)
        count_blob(r, b, !there);
    else if (theirs && rc != -RA_CANCELLED)
        leave_out(r, b, key.s, &why);
    else
        return ra_err_move(err, &why);
    return 0;
}

/* --- links --- */

static int compare_blobs(const void *a, const void *b)
{
    return ra_digest_cmp(&((const struct blob *)a)->digest, &((const struct blob *)b)->digest);
}

static const struct blob *find_blob(const struct run *r, const struct ra_digest *digest)
{
    struct blob wanted = {.digest = *digest};
    return r->blobs.n ? bsearch(&wanted, r->blobs.at, r->blobs.n, sizeof(wanted), compare_blobs) : NULL;
}

static void name_of_tag(const struct link *l, struct ra_buf *out)
{
    ra_buf_addf(out, "%s:%s", l->repo, l->tag);
}

/* History may lead to what is long gone; but a tag that is left out leaves its own behind too. */
static bool is_left_out(const struct run *r, const struct link *l)
{
    RA_BUF_AUTO name = {0};
    const struct blob *blob = l->bad ? NULL : find_blob(r, &l->digest);
    if (l->bad || (blob && blob->bad) || (!blob && l->kind != RA_KEY_TAG_HISTORY))
        return true;
    if (l->kind != RA_KEY_TAG_HISTORY || r->left.n == 0)
        return false;
    name_of_tag(l, &name);
    return is_among(&r->left, &name);
}

static void leave_out_tags(struct run *r)
{
    for (size_t i = 0; i < r->n_tags; i++) {
        const struct link *l = &r->links.at[i];
        const struct ra_place at = {
            .path = l->key, .repository = l->repo, .tag = l->tag, .digest = &l->digest};
        if (!is_left_out(r, l))
            continue;
        RA_BUF_AUTO name = {0};
        name_of_tag(l, &name);
        ra_names_add(&r->left, ra_buf_str(&name), name.len, NULL);
        if (l->bad)
            continue; /* there is a finding */
        if (find_blob(r, &l->digest))
            ra_find(r->job->findings, RA_ERROR, "damaged-image", &at,
                    "not copied: its manifest is damaged or unreadable");
        else
            ra_find(r->job->findings, RA_ERROR, "dangling-tag", &at, "not copied: its manifest is not there");
    }
}

static bool link_is_there(struct run *r, const struct link *l)
{
    struct ra_key key;
    char text[RA_DIGEST_TEXT];
    if (l->kind == RA_KEY_TAG_CURRENT)
        return false; /* what it says has to be read, which registry/put.h does */
    if (l->kind == RA_KEY_LAYER)
        ra_key_layer(&key, l->repo, &l->digest);
    else if (l->kind == RA_KEY_REVISION)
        ra_key_revision(&key, l->repo, &l->digest);
    else
        ra_key_tag_history(&key, l->repo, l->tag, &l->digest);
    return is_there(r, key.s, strlen(ra_digest_text(&l->digest, text)));
}

static void put_link(struct run *r, struct ra_put *put, const struct link *l)
{
    if (is_left_out(r, l))
        r->out->skipped++;
    else if (link_is_there(r, l))
        return;
    else if (l->kind == RA_KEY_LAYER)
        ra_put_layer(put, l->repo, &l->digest);
    else if (l->kind == RA_KEY_REVISION)
        ra_put_revision(put, l->repo, &l->digest);
    else if (l->kind == RA_KEY_TAG_HISTORY)
        ra_put_tag_history(put, l->repo, l->tag, &l->digest);
    else
        ra_put_tag(put, l->repo, l->tag, &l->digest);
}

static void count_plan(struct run *r)
{
    ra_vec_each (l, &r->links) {
        if (is_left_out(r, l) || link_is_there(r, l))
            continue;
        r->out->layer_links += l->kind == RA_KEY_LAYER;
        r->out->revision_links += l->kind == RA_KEY_REVISION;
        r->out->tags += l->kind == RA_KEY_TAG_CURRENT;
    }
}

static int copy_links(struct run *r, unsigned threads, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put) put = ra_put_new(r->to);
    struct ra_put_counts counts = {0};
    ra_progress_phase(r->job->progress, "copying links", r->links.n, 0);
    if (r->blobs.n)
        qsort(r->blobs.at, r->blobs.n, sizeof(*r->blobs.at), compare_blobs);
    leave_out_tags(r);
    if (r->job->dry_run) {
        count_plan(r);
        return 0;
    }
    ra_vec_each (l, &r->links)
        put_link(r, put, l);
    int rc = ra_put_finish(put, threads, &counts, err);
    r->out->layer_links = counts.layer_links;
    r->out->revision_links = counts.revision_links;
    r->out->tags = counts.tags;
    return rc;
}

/* --- all of it --- */

static bool flat(const struct ra_store *s)
{
    return ra_store_info(s)->caps & RA_CAP_LIST_FLAT;
}

/* As many at once as the slower of the two needs to be busy. */
static unsigned width(const struct run *r)
{
    struct ra_job other = *r->job;
    other.store = r->to;
    unsigned a = ra_job_io_threads(r->job), b = ra_job_io_threads(&other);
    return a > b ? a : b;
}

static uint64_t total_bytes(const struct run *r)
{
    uint64_t n = 0;
    ra_vec_each (b, &r->blobs)
        n += b->size;
    return n;
}

static int copy_all(struct run *r, struct ra_err *err)
{
    unsigned threads = width(r);
    RA_AUTO_PTR(ra_store) snapshot = NULL;
    struct ra_flatlist_opts there = {.prefix = RA_V2, .threads = threads, .progress = r->job->progress};
    int rc = list_source(r, threads, err);
    if (rc == 0 && flat(r->to))
        rc = ra_snapshot_open(r->to, &there, &snapshot, err);
    if (rc < 0)
        return rc;
    r->known = snapshot ? snapshot : r->to;
    ra_progress_phase(r->job->progress, "copying blobs", r->blobs.n, total_bytes(r));
    rc = ra_parallel(threads, r->blobs.n, copy_blob, r, err);
    return rc < 0 ? rc : copy_links(r, threads, err);
}

int ra_copy(const struct ra_job *job, struct ra_store *to, struct ra_copy_result *out, struct ra_err *err)
{
    struct run r = {.job = job, .to = to, .out = out, .mutex = PTHREAD_MUTEX_INITIALIZER};
    *out = (struct ra_copy_result){0};
    int rc = copy_all(&r, err);
    ra_vec_release(&r.blobs);
    ra_vec_release(&r.links);
    ra_names_release(&r.tags);
    ra_names_release(&r.left);
    ra_arena_release(&r.arena);
    pthread_mutex_destroy(&r.mutex);
    return rc;
}
