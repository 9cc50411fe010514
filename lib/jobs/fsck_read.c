/*
 * Reading every blob against its digest: as fast as the disk or SHA-256 allows, without pushing everything else out of
 * the page cache. Small blobs, of which there are many, are waited for: many threads ask for them. Large ones are
 * hashed: each thread reads two at a time.
 */
#include "jobs/fsck_parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "registry/layout.h"
#include "registry/read.h"

#include <stdatomic.h>
#include <sys/random.h>

/* What was read is still in the processor's own cache when it is hashed. */
#define BUFFER ((size_t)128 << 10)
/* Two blobs are hashed in little more time than one. From a bucket, one: who waits for a second connection while
 * holding the first may wait for ever. */
#define SIDE_BY_SIDE 2

/* Up to this size a blob takes longer to be found than to be read. */
#define SMALL ((uint64_t)64 << 10)

/* A large blob being read. */
struct lane {
    uint32_t id;
    struct ra_digest want;
    struct ra_reader *reader; /* NULL: none */
    struct ra_hasher *hasher; /* one of these */
    struct ra_hasher *hashers[RA_ALG_COUNT];
    char *buffer;
    const char *at; /* what of it is to be hashed yet */
    size_t left;
};

struct reading {
    struct ra_fsck *f;
    RA_VEC(uint32_t)
    ids; /* small ones and then large ones, each by algorithm and digest; turned, see rotate() */
    double started;
    atomic_uint_fast64_t bytes;
    atomic_size_t done; /* blobs [0, done) of ids were handed out, in order */
    size_t upto;        /* the end of the stretch that is handed out now */
    atomic_bool late;
    struct ra_buf *texts; /* a small blob for each worker */
};

/* --- which blobs, and where the last run stopped ----------------------------------------------------------- */

static bool is_small(const struct reading *r, uint32_t id)
{
    return ra_blobs_size(r->f->survey.blobs, id) <= SMALL;
}

static void collect(struct reading *r, bool small)
{
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(r->f->survey.blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++)
            if (is_small(r, ids[i]) == small)
                *ra_vec_push(&r->ids) = ids[i];
    }
}

/* Every k-th, from a place that chance picks: each run another part, each part of the right size. */
static void take_sample(struct reading *r)
{
    double fraction = r->f->opts.sample;
    uint32_t chance = 0;
    if (fraction <= 0 || fraction >= 1 || r->ids.n == 0)
        return;
    if (getrandom(&chance, sizeof(chance), 0) < 0)
        chance = (uint32_t)ra_time_now();
    size_t n = (size_t)((double)r->ids.n * fraction + 0.5);
    if (n == 0)
        n = 1;
    double step = (double)r->ids.n / (double)n, at = step * (chance / 4294967296.0);
    size_t kept = 0;
    for (size_t i = 0; i < n && (size_t)at < r->ids.n; i++, at += step)
        r->ids.at[kept++] = r->ids.at[(size_t)at];
    r->ids.n = kept;
}

static const char state_head[] = "regadm fsck state 1\nchecked all up to the ";

/* The last blob that was read. */
struct stop {
    bool small;
    struct ra_digest digest;
};

static const char *size_class(bool small)
{
    return small ? "small " : "large ";
}

static bool parse_state(const char *text, struct stop *out)
{
    if (!ra_starts_with(text, state_head))
        return false;
    text += strlen(state_head);
    out->small = ra_starts_with(text, size_class(true));
    if (!out->small && !ra_starts_with(text, size_class(false)))
        return false;
    text += strlen(size_class(out->small));
    return ra_digest_parse(text, strcspn(text, "\n"), &out->digest);
}

static int load_state(const struct reading *r, struct stop *out, bool *found, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    RA_ERR_AUTO reading = {0};
    *found = false;
    int rc = ra_file_read(r->f->opts.state, 4096, &text, &reading);
    if (rc == -RA_NOTFOUND)
        return 0;
    if (rc < 0)
        return ra_err_move(err, &reading);
    *found = parse_state(ra_buf_str(&text), out);
    if (*found || text.len == 0)
        return 0;
    rc = ra_fail(err, RA_CORRUPT, "'%s' is no state of fsck", r->f->opts.state);
    return ra_hint(err, rc, "name another file, or remove it to begin anew");
}

static int save_state(const struct reading *r, struct ra_atomic_file **file, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    size_t done = atomic_load(&r->done);
    char digest[RA_DIGEST_TEXT];
    struct ra_digest last;
    /* All of it was checked: the next run begins anew. */
    if (done > 0 && r->f->result.stopped_early) {
        uint32_t id = r->ids.at[done - 1];
        ra_fsck_digest(r->f, id, &last);
        ra_buf_addf(&text, "%s%s%s\n", state_head, size_class(is_small(r, id)),
                    ra_digest_text(&last, digest));
    }
    int rc = ra_fd_write_all(ra_atomic_fd(*file), r->f->opts.state, text.data, text.len, err);
    return rc < 0 ? rc : ra_atomic_commit(ra_steal_ptr(file), err);
}

static bool is_behind(const struct reading *r, uint32_t id, const struct stop *last)
{
    struct ra_digest here;
    if (is_small(r, id) != last->small)
        return last->small;
    ra_fsck_digest(r->f, id, &here);
    return ra_digest_cmp(&here, &last->digest) > 0;
}

/* Begins behind the last one, and comes round to the ones before it. */
static int rotate(struct reading *r, struct ra_err *err)
{
    struct stop last;
    bool found;
    int rc = load_state(r, &last, &found, err);
    if (rc < 0 || !found || r->ids.n == 0)
        return rc;
    size_t first = 0;
    while (first < r->ids.n && !is_behind(r, r->ids.at[first], &last))
        first++;
    ra_auto_free uint32_t *turned = ra_calloc(r->ids.n, sizeof(*turned));
    for (size_t i = 0; i < r->ids.n; i++)
        turned[i] = r->ids.at[(first + i) % r->ids.n];
    memcpy(r->ids.at, turned, r->ids.n * sizeof(*turned));
    return 0;
}

/* --- reading ----------------------------------------------------------- */

/* Waits in small steps: a signal reaches one of the threads, and the others sleep on. */
static int hold_rate(struct reading *r, struct ra_err *err)
{
    static const struct timespec step = {.tv_nsec = 50 * 1000 * 1000};
    uint64_t limit = r->f->opts.bytes_per_second;
    double due = limit ? (double)atomic_load(&r->bytes) / (double)limit : 0;
    for (;;) {
        int rc = ra_check_cancelled(err);
        if (rc < 0 || ra_time_monotonic() - r->started >= due)
            return rc;
        nanosleep(&step, NULL);
    }
}

static bool time_is_up(struct reading *r)
{
    double limit = r->f->opts.seconds;
    if (limit > 0 && ra_time_monotonic() - r->started >= limit)
        atomic_store(&r->late, true);
    return atomic_load(&r->late);
}

/* The number of the next blob; false when there is none, or no time for it. There is always time for the first: however
 * slow the machine, a run that goes on where the last one stopped gets somewhere. */
static bool hand_out(struct reading *r, uint32_t *id)
{
    size_t next = atomic_load(&r->done);
    do
        if (next >= r->upto || (next > 0 && time_is_up(r)))
            return false;
    while (!atomic_compare_exchange_weak(&r->done, &next, next + 1));
    *id = r->ids.at[next];
    return true;
}

/* A blob that cannot be read is a finding; negative: we are to stop. */
static int complain(struct reading *r, const struct ra_digest *d, struct ra_err *why, struct ra_err *err)
{
    struct ra_key key;
    struct ra_place at = {.path = ra_key_blob(&key, d), .digest = d};
    if (why->code != RA_NOTFOUND)
        return ra_find_or_stop(r->f->job->findings, &at, why, err);
    ra_find(r->f->job->findings, RA_ERROR, "vanished", &at, "%s", ra_err_text(why));
    return 0;
}

static void judge(struct reading *r, uint32_t id, const struct ra_digest *want, const struct ra_digest *got)
{
    if (!ra_digest_eq(got, want))
        ra_blobs_set(r->f->survey.blobs, id, RA_FSCK_CORRUPT | RA_FSCK_BAD);
}

static int account(struct reading *r, size_t n, struct ra_err *err)
{
    ra_progress_add(r->f->job->progress, 0, n);
    atomic_fetch_add(&r->bytes, n);
    return hold_rate(r, err);
}

/* --- small blobs ----------------------------------------------------------- */

/* One that is larger than it was when it was listed. */
static int hash_grown(struct reading *r, const struct ra_digest *want, struct ra_buf *text,
                      struct ra_digest *got, struct ra_err *err)
{
    struct ra_key key;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    RA_AUTO_PTR(ra_hasher) hasher = ra_hasher_new((enum ra_alg)want->alg);
    char *buffer = ra_buf_reserve(text, SMALL);
    ssize_t n =
        ra_read_open(r->f->job->store, ra_key_blob(&key, want), 0, UINT64_MAX, RA_READ_ONCE, &reader, err);
    while (n >= 0 && (n = ra_read(reader, buffer, SMALL, err)) > 0)
        ra_hasher_update(hasher, buffer, (size_t)n);
    if (n == 0)
        ra_hasher_final(hasher, got);
    return (int)n;
}

static int read_small(void *arg, size_t i RA_UNUSED, unsigned worker, struct ra_err *err)
{
    struct reading *r = arg;
    struct ra_buf *text = &r->texts[worker];
    struct ra_digest want, got;
    RA_ERR_AUTO trouble = {0};
    uint32_t id;
    if (!hand_out(r, &id))
        return 0;
    ra_fsck_digest(r->f, id, &want);
    ra_buf_clear(text);
    int rc = ra_blob_get(r->f->job->store, &want, SMALL, text, &trouble);
    if (rc == 0)
        ra_digest_of((enum ra_alg)want.alg, text->data, text->len, &got);
    else if (rc == -RA_TOOBIG)
        rc = hash_grown(r, &want, text, &got, &trouble);
    ra_progress_add(r->f->job->progress, 1, 0);
    if (rc < 0)
        return complain(r, &want, &trouble, err);
    judge(r, id, &want, &got);
    return account(r, text->len, err);
}

/* --- large blobs ----------------------------------------------------------- */

static void end_blob(struct reading *r, struct lane *lane)
{
    ra_read_close(ra_steal_ptr(&lane->reader));
    ra_progress_add(r->f->job->progress, 1, 0);
}

/* 1: a blob is open; 0: there is none left. */
static int begin_blob(struct reading *r, struct lane *lane, struct ra_err *err)
{
    struct ra_key key;
    int rc = 0;
    while (rc == 0 && hand_out(r, &lane->id)) {
        RA_ERR_AUTO trouble = {0};
        ra_fsck_digest(r->f, lane->id, &lane->want);
        if (ra_read_open(r->f->job->store, ra_key_blob(&key, &lane->want), 0, UINT64_MAX, RA_READ_ONCE,
                         &lane->reader, &trouble) == 0)
            break;
        rc = complain(r, &lane->want, &trouble, err);
        end_blob(r, lane);
    }
    if (!lane->reader)
        return rc;
    struct ra_hasher **hasher = &lane->hashers[lane->want.alg];
    if (!*hasher)
        *hasher = ra_hasher_new((enum ra_alg)lane->want.alg);
    lane->hasher = *hasher;
    ra_hasher_reset(lane->hasher);
    return 1;
}

static void judge_blob(struct reading *r, struct lane *lane)
{
    struct ra_digest got;
    ra_hasher_final(lane->hasher, &got);
    judge(r, lane->id, &lane->want, &got);
    end_blob(r, lane);
}

static int read_more(struct reading *r, struct lane *lane, struct ra_err *err)
{
    RA_ERR_AUTO trouble = {0};
    ssize_t n = ra_read(lane->reader, lane->buffer, BUFFER, &trouble);
    if (n < 0) {
        end_blob(r, lane);
        return complain(r, &lane->want, &trouble, err);
    }
    if (n == 0) {
        judge_blob(r, lane);
        return 0;
    }
    lane->at = lane->buffer;
    lane->left = (size_t)n;
    return account(r, (size_t)n, err);
}

/* Until there is something to hash, or nothing left to read. */
static int fill(struct reading *r, struct lane *lane, struct ra_err *err)
{
    int rc = 1;
    while (rc >= 0 && !lane->left) {
        if (!lane->reader && (rc = begin_blob(r, lane, err)) <= 0)
            return rc;
        rc = read_more(r, lane, err);
    }
    return rc;
}

static void hash(struct lane *lane, size_t n)
{
    ra_hasher_update(lane->hasher, lane->at, n);
    lane->at += n;
    lane->left -= n;
}

static void hash_both(struct lane *a, struct lane *b)
{
    size_t n = a->left < b->left ? a->left : b->left;
    if (n == 0) {
        hash(a->left ? a : b, a->left + b->left);
        return;
    }
    ra_hasher_update_two(a->hasher, a->at, n, b->hasher, b->at, n);
    a->at += n, b->at += n;
    a->left -= n, b->left -= n;
}

static int read_blobs(struct reading *r, struct lane *lanes, unsigned n, struct ra_err *err)
{
    for (;;) {
        int rc = 0;
        for (unsigned i = 0; rc >= 0 && i < n; i++)
            rc = fill(r, &lanes[i], err);
        if (rc < 0)
            return rc;
        if (!lanes[0].left && !lanes[1].left)
            return 0;
        hash_both(&lanes[0], &lanes[1]);
    }
}

static int read_on_thread(void *arg, size_t i RA_UNUSED, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct reading *r = arg;
    struct lane lanes[SIDE_BY_SIDE] = {0};
    bool local = ra_store_info(r->f->job->store)->caps & RA_CAP_FD;
    for (unsigned k = 0; k < SIDE_BY_SIDE; k++)
        lanes[k].buffer = ra_io_buffer(BUFFER);
    int rc = read_blobs(r, lanes, local ? SIDE_BY_SIDE : 1, err);
    for (unsigned k = 0; k < SIDE_BY_SIDE; k++) {
        ra_read_close(lanes[k].reader);
        free(lanes[k].buffer);
        for (int alg = 0; alg < RA_ALG_COUNT; alg++)
            ra_hasher_free(lanes[k].hashers[alg]);
    }
    return rc;
}

static uint64_t total_bytes(const struct reading *r)
{
    uint64_t sum = 0;
    ra_vec_each (id, &r->ids)
        sum += ra_blobs_size(r->f->survey.blobs, *id);
    return sum;
}

/* The next ones of one size class. */
static int read_stretch(struct reading *r, struct ra_err *err)
{
    unsigned threads = r->f->job->threads;
    size_t begin = atomic_load(&r->done);
    bool small = is_small(r, r->ids.at[begin]);
    for (r->upto = begin; r->upto < r->ids.n && is_small(r, r->ids.at[r->upto]) == small; r->upto++)
        ;
    return small ? ra_parallel_io(ra_job_cold_threads(r->f->job), r->upto - begin, read_small, r, err)
                 : ra_parallel(threads, threads, read_on_thread, r, err);
}

static int read_all(struct reading *r, struct ra_err *err)
{
    int rc = 0;
    r->started = ra_time_monotonic();
    ra_progress_phase(r->f->job->progress, "reading blobs", r->ids.n, total_bytes(r));
    while (rc == 0 && !atomic_load(&r->late) && atomic_load(&r->done) < r->ids.n)
        rc = read_stretch(r, err);
    r->f->result.blobs_checked = atomic_load(&r->done);
    r->f->result.bytes_checked = atomic_load(&r->bytes);
    r->f->result.stopped_early = atomic_load(&r->late) && atomic_load(&r->done) < r->ids.n;
    return rc;
}

int ra_fsck_read(struct ra_fsck *f, struct ra_err *err)
{
    unsigned workers = ra_job_cold_threads(f->job);
    struct reading r = {.f = f, .texts = ra_calloc(workers, sizeof(*r.texts))};
    RA_AUTO_PTR(ra_atomic_file) state = NULL;
    collect(&r, true);
    collect(&r, false);
    take_sample(&r);
    int rc = f->opts.state ? rotate(&r, err) : 0;
    /* Hours of reading should not end with a bad path. */
    if (rc == 0 && f->opts.state)
        rc = ra_atomic_open(f->opts.state, 0644, &state, err);
    if (rc == 0)
        rc = read_all(&r, err);
    if (rc == 0 && f->opts.state)
        rc = save_state(&r, &state, err);
    for (unsigned i = 0; i < workers; i++)
        ra_buf_release(&r.texts[i]);
    free(r.texts);
    ra_vec_release(&r.ids);
    return rc;
}
