/*
 * Reading every blob against its digest: as fast as the disk or SHA-256 allows, on all threads, each with one large
 * buffer; without pushing everything else out of the page cache.
 */
#include "jobs/fsck_parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "registry/layout.h"

#include <stdatomic.h>
#include <sys/random.h>

/* What was read is still in the processor's own cache when it is hashed. */
#define BUFFER ((size_t)256 << 10)

struct reading {
    struct ra_fsck *f;
    RA_VEC(uint32_t) ids; /* by algorithm and digest */
    struct lane {
        char *buffer;
        struct ra_hasher *hashers[RA_ALG_COUNT];
    } * lanes;
    double started;
    atomic_uint_fast64_t bytes;
    atomic_size_t done; /* blobs [0, done) of ids were handed out, in order */
    atomic_bool late;
};

/* --- which blobs, and where the last run stopped ----------------------------------------------------------- */

static void collect(struct reading *r)
{
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(r->f->survey.blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++)
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

static const char state_head[] = "regadm fsck state 1\nchecked up to ";

static int load_state(const struct reading *r, struct ra_digest *out, bool *found, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    RA_ERR_AUTO reading = {0};
    *found = false;
    int rc = ra_file_read(r->f->opts.state, 4096, &text, &reading);
    if (rc == -RA_NOTFOUND)
        return 0;
    if (rc < 0)
        return ra_err_move(err, &reading);
    const char *digest = ra_buf_str(&text) + strlen(state_head);
    *found =
        ra_starts_with(ra_buf_str(&text), state_head) && ra_digest_parse(digest, strcspn(digest, "\n"), out);
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
        ra_fsck_digest(r->f, r->ids.at[done - 1], &last);
        ra_buf_addf(&text, "%s%s\n", state_head, ra_digest_text(&last, digest));
    }
    int rc = ra_fd_write_all(ra_atomic_fd(*file), r->f->opts.state, text.data, text.len, err);
    return rc < 0 ? rc : ra_atomic_commit(ra_steal_ptr(file), err);
}

/* Begins behind the last one, and comes round to the ones before it. */
static int rotate(struct reading *r, struct ra_err *err)
{
    struct ra_digest last, here;
    bool found;
    int rc = load_state(r, &last, &found, err);
    if (rc < 0 || !found || r->ids.n == 0)
        return rc;
    size_t first = 0;
    for (; first < r->ids.n; first++) {
        ra_fsck_digest(r->f, r->ids.at[first], &here);
        if (ra_digest_cmp(&here, &last) > 0)
            break;
    }
    ra_auto_free uint32_t *turned = ra_calloc(r->ids.n, sizeof(*turned));
    for (size_t i = 0; i < r->ids.n; i++)
        turned[i] = r->ids.at[(first + i) % r->ids.n];
    memcpy(r->ids.at, turned, r->ids.n * sizeof(*turned));
    return 0;
}

/* --- reading ----------------------------------------------------------- */

static void hold_rate(struct reading *r)
{
    uint64_t limit = r->f->opts.bytes_per_second;
    if (!limit)
        return;
    double due = (double)atomic_load(&r->bytes) / (double)limit, passed = ra_time_monotonic() - r->started;
    if (due <= passed)
        return;
    struct timespec pause = {.tv_sec = (time_t)(due - passed),
                             .tv_nsec = (long)((due - passed - (double)(time_t)(due - passed)) * 1e9)};
    nanosleep(&pause, NULL);
}

/* 1: the bytes are what the digest says; 0: they are not. */
static int read_blob(struct reading *r, struct lane *lane, const struct ra_digest *want, struct ra_err *err)
{
    struct ra_key key;
    struct ra_digest got;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    int rc =
        ra_read_open(r->f->job->store, ra_key_blob(&key, want), 0, UINT64_MAX, RA_READ_ONCE, &reader, err);
    if (rc < 0)
        return rc;
    struct ra_hasher **hasher = &lane->hashers[want->alg];
    if (!*hasher)
        *hasher = ra_hasher_new((enum ra_alg)want->alg);
    ra_hasher_reset(*hasher);
    for (;;) {
        ssize_t n = ra_read(reader, lane->buffer, BUFFER, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        ra_hasher_update(*hasher, lane->buffer, (size_t)n);
        ra_progress_add(r->f->job->progress, 0, (uint64_t)n);
        atomic_fetch_add(&r->bytes, (uint64_t)n);
        hold_rate(r);
        rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
    }
    ra_hasher_final(*hasher, &got);
    return ra_digest_eq(&got, want);
}

static bool time_is_up(struct reading *r)
{
    double limit = r->f->opts.seconds;
    if (limit > 0 && ra_time_monotonic() - r->started >= limit)
        atomic_store(&r->late, true);
    return atomic_load(&r->late);
}

static int check_blob(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct reading *r = arg;
    struct lane *lane = &r->lanes[worker];
    struct ra_digest want;
    RA_ERR_AUTO reading = {0};
    struct ra_key key;
    if (time_is_up(r))
        return 0;
    atomic_fetch_add(&r->done, 1);
    if (!lane->buffer)
        lane->buffer = ra_io_buffer(BUFFER);
    ra_fsck_digest(r->f, r->ids.at[i], &want);
    int rc = read_blob(r, lane, &want, &reading);
    ra_progress_add(r->f->job->progress, 1, 0);
    if (rc == 0)
        ra_blobs_set(r->f->survey.blobs, r->ids.at[i], RA_FSCK_CORRUPT | RA_FSCK_BAD);
    if (rc >= 0)
        return 0;
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &reading);
    struct ra_place at = {.path = ra_key_blob(&key, &want), .digest = &want};
    if (rc == -RA_NOTFOUND)
        ra_find(r->f->job->findings, RA_ERROR, "vanished", &at, "%s", ra_err_text(&reading));
    else
        ra_find_unreadable(r->f->job->findings, &at, &reading);
    return 0;
}

static uint64_t total_bytes(const struct reading *r)
{
    uint64_t sum = 0;
    ra_vec_each (id, &r->ids)
        sum += ra_blobs_size(r->f->survey.blobs, *id);
    return sum;
}

static int read_all(struct reading *r, struct ra_err *err)
{
    /* A slow disk wants more requests at once than there are processors; hashing does not mind. */
    unsigned threads = r->f->job->threads;
    r->lanes = ra_calloc(threads, sizeof(*r->lanes));
    r->started = ra_time_monotonic();
    ra_progress_phase(r->f->job->progress, "reading blobs", r->ids.n, total_bytes(r));
    int rc = ra_parallel(threads, r->ids.n, check_blob, r, err);
    for (unsigned i = 0; i < threads; i++) {
        free(r->lanes[i].buffer);
        for (int alg = 0; alg < RA_ALG_COUNT; alg++)
            ra_hasher_free(r->lanes[i].hashers[alg]);
    }
    free(r->lanes);
    r->f->result.blobs_checked = atomic_load(&r->done);
    r->f->result.bytes_checked = atomic_load(&r->bytes);
    r->f->result.stopped_early = atomic_load(&r->late) && atomic_load(&r->done) < r->ids.n;
    return rc;
}

int ra_fsck_read(struct ra_fsck *f, struct ra_err *err)
{
    struct reading r = {.f = f};
    RA_AUTO_PTR(ra_atomic_file)
    state = NULL; /* from the start: hours of reading should not end with a bad path */
    collect(&r);
    take_sample(&r);
    int rc = f->opts.state ? rotate(&r, err) : 0;
    if (rc == 0 && f->opts.state)
        rc = ra_atomic_open(f->opts.state, 0644, &state, err);
    if (rc == 0)
        rc = read_all(&r, err);
    if (rc == 0 && f->opts.state)
        rc = save_state(&r, &state, err);
    ra_vec_release(&r.ids);
    return rc;
}
