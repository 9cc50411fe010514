/*
 * A registry may go on writing to the source meanwhile. Copied is what its tags said at first: they are read before
 * anything else, then the links are listed, and blobs last. Registries write the other way round, so whatever was found
 * leads only to what is found after it.
 */
#include "jobs/copy_parts.h"

#include "registry/read.h"
#include "store/snapshot.h"

#define STEP        ((size_t)256 << 10)
#define SHA256_TEXT (sizeof("sha256:") - 1 + 64)

/* --- what there is to copy --- */

static const char *repo_of(struct ra_copy *c, const struct ra_key_parts *p)
{
    if (!c->last_repo || strlen(c->last_repo) != p->repo_len ||
        memcmp(c->last_repo, p->repo, p->repo_len) != 0)
        c->last_repo = ra_arena_strndup(&c->arena, p->repo, p->repo_len);
    return c->last_repo;
}

static void note_link(struct ra_copy *c, const struct ra_key_parts *p, const char *key)
{
    bool tag = p->kind == RA_KEY_TAG_CURRENT || p->kind == RA_KEY_TAG_HISTORY;
    *ra_vec_push(&c->links) =
        (struct copy_link){.kind = p->kind,
                           .digest = p->digest,
                           .key = p->kind == RA_KEY_TAG_CURRENT ? ra_arena_strdup(&c->arena, key) : NULL,
                           .repo = repo_of(c, p),
                           .tag = tag ? ra_arena_strndup(&c->arena, p->name, p->name_len) : NULL};
}

static void tag_name(const struct ra_key_parts *p, struct ra_buf *out)
{
    ra_buf_clear(out);
    ra_buf_addf(out, "%.*s/%.*s", (int)p->repo_len, p->repo, (int)p->name_len, p->name);
}

static void note_tag(struct ra_copy *c, const char *key, const struct ra_entry *e)
{
    struct ra_key_parts p;
    RA_BUF_AUTO name = {0};
    bool fresh;
    ra_key_parse(key, &p);
    if (p.kind != RA_KEY_TAG_CURRENT || e->st.kind == RA_OTHER)
        return;
    tag_name(&p, &name);
    ra_names_add(&c->tags, ra_buf_str(&name), name.len, &fresh);
    if (fresh)
        note_link(c, &p, key);
}

/* History of a tag that was not there yet would leave a folder without current link, which is no tag. */
static bool is_new_history(const struct ra_copy *c, const struct ra_key_parts *p)
{
    RA_BUF_AUTO name = {0};
    if (p->kind != RA_KEY_TAG_HISTORY)
        return false;
    tag_name(p, &name);
    return ra_names_find(&c->tags, ra_buf_str(&name), name.len) == RA_NO_NAME;
}

static void note_rest(struct ra_copy *c, const char *key, const struct ra_entry *e)
{
    struct ra_key_parts p;
    ra_key_parse(key, &p);
    if (e->st.kind == RA_OTHER)
        ra_find(c->job->findings, RA_WARNING, "odd-file", &(struct ra_place){.path = key},
                "not copied: a device, socket, fifo, or a symbolic link that leads nowhere or out of the "
                "storage");
    if (e->st.kind == RA_OTHER || p.kind == RA_KEY_FOREIGN || p.kind == RA_KEY_UPLOAD)
        c->out.left++;
    else if (p.kind == RA_KEY_BLOB)
        *ra_vec_push(&c->blobs) = (struct copy_blob){p.digest, e->st.size, false};
    else if (p.kind != RA_KEY_TAG_CURRENT && !is_new_history(c, &p))
        note_link(c, &p, key);
}

static int list(struct ra_copy *c, const char *prefix,
                void (*note)(struct ra_copy *c, const char *key, const struct ra_entry *e),
                struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP, .want = RA_WANT_SIZE};
    RA_AUTO_PTR(ra_list) l = NULL;
    RA_BUF_AUTO key = {0};
    struct ra_page page;
    int rc = ra_list_open(c->job->store, prefix, &opts, &l, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    while (rc == 0 && (rc = ra_list_next(l, &page, err)) > 0) {
        for (size_t i = 0; i < page.n; i++) {
            ra_buf_clear(&key);
            ra_buf_addf(&key, "%s%s", prefix, page.at[i].name);
            note(c, ra_buf_str(&key), &page.at[i]);
        }
        ra_progress_add(c->job->progress, page.n, 0);
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
    struct ra_copy *c = arg;
    struct copy_link *l = &c->links.at[i];
    RA_ERR_AUTO why = {0};
    const struct ra_place at = {.path = l->key, .repository = l->repo, .tag = l->tag};
    int rc = ra_link_read(c->job->store, l->key, &l->digest, NULL, &why);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &why);
    l->bad = rc < 0;
    if (rc == -RA_CORRUPT)
        ra_find(c->job->findings, RA_ERROR, "bad-link", &at, "not copied: the link holds no digest");
    else if (rc < 0)
        ra_find(c->job->findings, RA_ERROR, code_for(&why), &at, "not copied: %s", ra_err_text(&why));
    return 0;
}

static int compare_blobs(const void *a, const void *b)
{
    return ra_digest_cmp(&((const struct copy_blob *)a)->digest, &((const struct copy_blob *)b)->digest);
}

const struct copy_blob *ra_copy_find_blob(const struct ra_copy *c, const struct ra_digest *digest)
{
    struct copy_blob wanted = {.digest = *digest};
    return c->blobs.n ? bsearch(&wanted, c->blobs.at, c->blobs.n, sizeof(wanted), compare_blobs) : NULL;
}

static int list_source(struct ra_copy *c, unsigned threads, struct ra_err *err)
{
    ra_progress_phase(c->job->progress, "listing", 0, 0);
    int rc = list(c, RA_REPOSITORIES, note_tag, err);
    c->n_tags = c->links.n;
    if (rc == 0)
        rc = ra_parallel(threads, c->n_tags, read_tag, c, err);
    if (rc == 0)
        rc = list(c, RA_REPOSITORIES, note_rest, err);
    if (rc == 0)
        rc = list(c, RA_BLOBS, note_rest, err);
    if (c->blobs.n)
        qsort(c->blobs.at, c->blobs.n, sizeof(*c->blobs.at), compare_blobs);
    return rc;
}

/* --- blobs --- */

static bool is_there(struct ra_copy *c, const char *key, uint64_t size)
{
    struct ra_stat st;
    return ra_store_stat(c->known, key, &st, NULL) == 0 && st.kind == RA_OBJECT && st.size == size;
}

/* *theirs: whether it is the source that failed, and so this one blob alone. */
static int transfer(struct ra_copy *c, const struct copy_blob *b, const char *key, bool *theirs,
                    struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) from = NULL;
    RA_AUTO_PTR(ra_put_blob) to = NULL;
    ra_auto_free char *bytes = ra_io_buffer(STEP);
    struct ra_blob_id id;
    ssize_t n = 1;
    int rc = ra_read_open(c->job->store, key, 0, UINT64_MAX, RA_READ_ONCE, &from, err);
    *theirs = rc < 0;
    if (rc == 0)
        rc = ra_put_blob_open(c->to, &b->digest, b->size, &to, err);
    while (rc == 0 && n > 0) {
        n = ra_read(from, bytes, STEP, err);
        *theirs = n < 0;
        rc = n < 0 ? (int)n : ra_put_blob_write(to, bytes, (size_t)n, err);
        ra_progress_add(c->job->progress, 0, n > 0 ? (uint64_t)n : 0);
        if (rc == 0)
            rc = ra_check_cancelled(err);
    }
    if (rc == 0) {
        rc = ra_put_blob_seal(to, &id, err);
        *theirs = rc == -RA_CORRUPT;
    }
    return rc < 0 ? rc : ra_put_blob_publish(ra_steal_ptr(&to), err);
}

static void leave_out(struct ra_copy *c, struct copy_blob *b, const char *key, struct ra_err *why)
{
    ra_find(c->job->findings, RA_ERROR, code_for(why), &(struct ra_place){.path = key, .digest = &b->digest},
            "not copied: %s", ra_err_text(why));
    b->bad = true;
    RA_LOCKED(&c->mutex);
    c->out.skipped++;
}

static void count_blob(struct ra_copy *c, const struct copy_blob *b, bool copied)
{
    RA_LOCKED(&c->mutex);
    struct ra_copy_count *count = &c->out.blobs;
    *(copied ? &count->copied : &count->present) += 1;
    count->bytes += copied ? b->size : 0;
}

static int copy_blob(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct ra_copy *c = arg;
    struct copy_blob *b = &c->blobs.at[i];
    struct ra_key key;
    RA_ERR_AUTO why = {0};
    ra_key_blob(&key, &b->digest);
    bool there = is_there(c, key.s, b->size), theirs = false;
    int rc = there || c->job->dry_run ? 0 : transfer(c, b, key.s, &theirs, &why);
    ra_progress_add(c->job->progress, 1, 0);
    if (rc == 0)
        count_blob(c, b, !there);
    else if (theirs && rc != -RA_CANCELLED)
        leave_out(c, b, key.s, &why);
    else
        return ra_err_move(err, &why);
    return 0;
}

/* --- links --- */

/* History may lead to what is long gone; but a tag that is left out leaves its own behind too. */
static bool is_left_out(const struct ra_copy *c, const struct copy_link *l)
{
    const struct copy_blob *blob = l->bad ? NULL : ra_copy_find_blob(c, &l->digest);
    if (l->kind == RA_KEY_TAG_HISTORY)
        return (blob && blob->bad) || ra_copy_tag_of(c, l)->fate == COPY_LEFT_OUT;
    return !blob || blob->bad;
}

static void leave_out_tags(struct ra_copy *c)
{
    for (size_t i = 0; i < c->n_tags; i++) {
        struct copy_link *l = &c->links.at[i];
        const struct ra_place at = {
            .path = l->key, .repository = l->repo, .tag = l->tag, .digest = &l->digest};
        if (!is_left_out(c, l))
            continue;
        l->fate = COPY_LEFT_OUT;
        if (l->bad)
            continue; /* there is a finding */
        if (ra_copy_find_blob(c, &l->digest))
            ra_find(c->job->findings, RA_ERROR, "damaged-image", &at,
                    "not copied: its manifest is damaged or unreadable");
        else
            ra_find(c->job->findings, RA_ERROR, "dangling-tag", &at, "not copied: its manifest is not there");
    }
}

/* A registry's own layer link below another algorithm may name the sha256 of the same bytes. */
static bool layer_is_there(struct ra_copy *c, const struct copy_link *l, uint64_t size)
{
    struct ra_key key;
    ra_key_layer(&key, l->repo, &l->digest);
    return is_there(c, key.s, size) || (l->digest.alg != RA_SHA256 && is_there(c, key.s, SHA256_TEXT));
}

/* Whether it is there already, or may not be: the history of a tag that stays is its own. */
static bool is_settled(struct ra_copy *c, const struct copy_link *l)
{
    struct ra_key key;
    char text[RA_DIGEST_TEXT];
    size_t size = strlen(ra_digest_text(&l->digest, text));
    switch (l->kind) {
    case RA_KEY_TAG_CURRENT:
        return l->fate == COPY_SAME || l->fate == COPY_KEPT;
    case RA_KEY_LAYER:
        return layer_is_there(c, l, size);
    case RA_KEY_REVISION:
        return is_there(c, ra_key_revision(&key, l->repo, &l->digest), size);
    default:
        return ra_copy_tag_of(c, l)->fate == COPY_KEPT ||
               is_there(c, ra_key_tag_history(&key, l->repo, l->tag, &l->digest), size);
    }
}

static void put_link(struct ra_copy *c, struct ra_put *put, const struct copy_link *l)
{
    if (is_left_out(c, l))
        c->out.skipped++;
    else if (is_settled(c, l))
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

static void count_plan(struct ra_copy *c)
{
    ra_vec_each (l, &c->links) {
        if (is_left_out(c, l) || is_settled(c, l))
            continue;
        c->out.layer_links += l->kind == RA_KEY_LAYER;
        c->out.revision_links += l->kind == RA_KEY_REVISION;
        c->out.tags += l->kind == RA_KEY_TAG_CURRENT;
    }
}

static int copy_links(struct ra_copy *c, unsigned threads, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put) put = ra_put_new(c->to);
    struct ra_put_counts counts = {0};
    ra_progress_phase(c->job->progress, "copying links", c->links.n, 0);
    leave_out_tags(c);
    if (c->job->dry_run) {
        count_plan(c);
        return 0;
    }
    ra_vec_each (l, &c->links)
        put_link(c, put, l);
    ra_copy_guard_tags(c, put);
    int rc = ra_put_finish(put, threads, &counts, err);
    c->out.layer_links = counts.layer_links;
    c->out.revision_links = counts.revision_links;
    c->out.tags = counts.tags;
    return rc;
}

/* --- all of it --- */

static bool flat(const struct ra_store *s)
{
    return ra_store_info(s)->caps & RA_CAP_LIST_FLAT;
}

/* As many at once as the slower of the two needs to be busy. */
static unsigned width(const struct ra_copy *c)
{
    struct ra_job other = *c->job;
    other.store = c->to;
    unsigned a = ra_job_io_threads(c->job), b = ra_job_io_threads(&other);
    return a > b ? a : b;
}

static uint64_t total_bytes(const struct ra_copy *c)
{
    uint64_t n = 0;
    ra_vec_each (b, &c->blobs)
        n += b->size;
    return n;
}

static int look(struct ra_copy *c, struct ra_err *err)
{
    unsigned threads = width(c);
    const struct ra_flatlist_opts there = {.prefix = RA_V2, .threads = threads, .progress = c->job->progress};
    int rc = list_source(c, threads, err);
    if (rc == 0 && flat(c->to))
        rc = ra_snapshot_open(c->to, &there, &c->snapshot, err);
    c->known = c->snapshot ? c->snapshot : c->to;
    return rc < 0 ? rc : ra_copy_look_at_tags(c, threads, err);
}

int ra_copy_open(const struct ra_job *job, struct ra_store *to, bool replace, struct ra_copy **out,
                 struct ra_err *err)
{
    RA_AUTO_PTR(ra_copy) c = ra_new(struct ra_copy);
    c->job = job;
    c->to = to;
    c->replace = replace;
    pthread_mutex_init(&c->mutex, NULL);
    int rc = look(c, err);
    if (rc == 0)
        *out = ra_steal_ptr(&c);
    return rc;
}

int ra_copy_run(struct ra_copy *c, struct ra_err *err)
{
    unsigned threads = width(c);
    ra_progress_phase(c->job->progress, "copying blobs", c->blobs.n, total_bytes(c));
    int rc = ra_parallel(threads, c->blobs.n, copy_blob, c, err);
    rc = rc < 0 ? rc : copy_links(c, threads, err);
    ra_copy_settle_moves(c);
    return rc;
}

void ra_copy_free(struct ra_copy *c)
{
    if (!c)
        return;
    ra_store_close(c->snapshot);
    ra_vec_release(&c->blobs);
    ra_vec_release(&c->links);
    ra_vec_release(&c->moves);
    ra_names_release(&c->tags);
    ra_arena_release(&c->arena);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

size_t ra_copy_moving(const struct ra_copy *c)
{
    return c->moves.n;
}

const struct ra_copy_moved *ra_copy_moved(const struct ra_copy *c, size_t i)
{
    return i < c->moves.n ? &c->moves.at[i].pub : NULL;
}

const struct ra_copy_result *ra_copy_result(const struct ra_copy *c)
{
    return &c->out;
}
