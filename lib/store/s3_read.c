/*
 * A reader is one GET whose body is read as it comes. When the connection breaks it goes on with another GET
 * from where it is, of the same version of the object (If-Match); progress in between starts the count of
 * attempts anew.
 */
#include "store/s3_http.h"

#include "base/clock.h"

struct reader {
    struct ra_reader base;
    char *key;
    uint64_t at, end; /* of the object */
    uint64_t size;
    int64_t mtime;
    char etag[128];
    unsigned failures; /* without a byte in between */
    struct ra_s3_conn *conn;
    struct ra_s3_answer answer;
};

int ra_s3_head(struct ra_s3 *s, const char *key, struct ra_stat *out, struct ra_s3_answer *a,
               struct ra_err *err)
{
    struct ra_s3_request r = {.method = "HEAD", .verb = "look at", .key = key};
    int rc = ra_s3_call(s, &r, a, err);
    if (rc < 0)
        return rc;
    if (a->length == UINT64_MAX)
        return ra_fail(err, RA_IO, "cannot look at '%s': the server does not say how long it is", key);
    *out = (struct ra_stat){.kind = RA_OBJECT, .size = a->length, .disk = a->length, .mtime = a->mtime};
    return 0;
}

/* Nothing has this very key: a folder has it when something lies below. */
static int stat_folder(struct ra_s3 *s, const char *key, struct ra_stat *out, struct ra_err *err)
{
    ra_auto_free char *prefix = ra_asprintf("%s/", key);
    struct ra_s3_page_query q = {.prefix = prefix, .max = 1};
    RA_S3_PAGE_AUTO page = {0};
    int rc = ra_s3_page_fetch(s, &q, &page, err);
    if (rc < 0)
        return rc;
    if (page.n == 0)
        return ra_fail(err, RA_NOTFOUND, "cannot look at '%s': no such object", key);
    *out = (struct ra_stat){.kind = RA_PREFIX, .mtime = RA_TIME_NONE};
    return 0;
}

int ra_s3_stat(struct ra_store *store, const char *key, struct ra_stat *out, struct ra_err *err)
{
    struct ra_s3 *s = ra_s3_of(store);
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_head(s, key, out, &a, err);
    if (rc != -RA_NOTFOUND)
        return rc;
    return stat_folder(s, key, out, err);
}

static int check_length(void *arg, struct ra_s3_answer *a, struct ra_err *err)
{
    (void)arg;
    if (a->length != UINT64_MAX && a->length != a->body.len)
        return ra_fail(err, RA_CORRUPT, "%zu bytes came instead of %llu", a->body.len,
                       (unsigned long long)a->length);
    return 0;
}

int ra_s3_get(struct ra_store *store, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
              struct ra_err *err)
{
    struct ra_s3_request r = {
        .method = "GET", .verb = "read", .key = key, .limit = limit, .parse = check_length};
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_call(ra_s3_of(store), &r, &a, err);
    if (rc < 0)
        return rc;
    if (a.body.len > limit)
        return ra_fail(err, RA_TOOBIG, "cannot read '%s': longer than %zu bytes", key, limit);
    if (st)
        *st = (struct ra_stat){.kind = RA_OBJECT, .size = a.body.len, .disk = a.body.len, .mtime = a.mtime};
    ra_buf_add(out, ra_buf_str(&a.body), a.body.len);
    return 0;
}

/* --- streams --- */

static bool wants_range(const struct reader *r)
{
    return r->at > 0 || r->end != UINT64_MAX;
}

/* A server that ignores the range would send other bytes than those asked for. */
static int check_range(const struct reader *r, struct ra_err *err)
{
    if (!wants_range(r) || r->answer.status == 200)
        return r->at == 0 ? 0 : ra_fail(err, RA_IO, "cannot read '%s': the server ignores the range", r->key);
    if (r->answer.status == 206 && r->answer.offset == r->at)
        return 0;
    return ra_fail(err, RA_IO, "cannot read '%s': the server sends another range", r->key);
}

static int stream_open(struct reader *r, struct ra_err *err)
{
    struct ra_s3 *s = ra_s3_of(r->base.store);
    struct ra_s3_request q = {.method = "GET", .verb = "read", .key = r->key};
    char range[64];
    if (r->end == UINT64_MAX)
        snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long)r->at);
    else
        snprintf(range, sizeof(range), "bytes=%llu-%llu", (unsigned long long)r->at,
                 (unsigned long long)r->end - 1);
    if (wants_range(r))
        ra_s3_header(&q, "range", range);
    if (r->etag[0])
        ra_s3_header(&q, "if-match", r->etag);
    int rc = ra_s3_stream_open(s, &q, &r->answer, &r->conn, err);
    return rc < 0 ? rc : check_range(r, err);
}

static void stream_close(struct reader *r)
{
    if (r->conn)
        ra_s3_stream_close(ra_s3_of(r->base.store), r->conn);
    r->conn = NULL;
}

/* The range starts behind the end: that is an empty answer, not an error. */
static int open_behind_end(struct reader *r, struct ra_err *err)
{
    struct ra_stat st;
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_head(ra_s3_of(r->base.store), r->key, &st, &a, err);
    if (rc < 0)
        return rc;
    r->size = st.size;
    r->mtime = st.mtime;
    r->end = r->at;
    return 0;
}

static int reader_start(struct reader *r, struct ra_err *err)
{
    if (r->at >= r->end)
        return open_behind_end(r, err);
    int rc = stream_open(r, err);
    if (rc < 0 && r->answer.status == 416) {
        ra_err_clear(err);
        return open_behind_end(r, err);
    }
    if (rc < 0)
        return rc;
    r->size = r->answer.length;
    r->mtime = r->answer.mtime;
    memcpy(r->etag, r->answer.etag, sizeof(r->etag));
    if (r->size != UINT64_MAX && r->end > r->size)
        r->end = r->size;
    return 0;
}

int ra_s3_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                    struct ra_reader **out, struct ra_err *err)
{
    (void)flags;
    struct reader *r = ra_new(struct reader);
    r->base.store = s;
    r->key = ra_strdup(key);
    r->at = offset;
    r->end = length > UINT64_MAX - offset ? UINT64_MAX : offset + length;
    int rc = reader_start(r, err);
    if (rc < 0)
        ra_s3_read_close(&r->base);
    else
        *out = &r->base;
    return rc;
}

/* There is nothing from here on: the object ends here, and its length was not what the first answer promised. */
static int check_end(struct reader *r, struct ra_err *err)
{
    struct ra_stat st;
    RA_S3_ANSWER_AUTO a = {0};
    int rc = ra_s3_head(ra_s3_of(r->base.store), r->key, &st, &a, err);
    if (rc == 0 && st.size != r->at)
        rc =
            ra_fail(err, RA_IO, "cannot read '%s': the server's lengths of it contradict each other", r->key);
    if (rc == 0)
        r->size = r->end = r->at;
    return rc;
}

/* After a broken connection: wait, and go on from here. */
static int reopen(struct reader *r, struct ra_err *err)
{
    struct ra_s3 *s = ra_s3_of(r->base.store);
    stream_close(r);
    if (++r->failures >= s->config.attempts)
        return ra_wrap(err, -RA_IO, "cannot read '%s'", r->key);
    RA_ERR_AUTO last = {0};
    int rc = ra_s3_pause(s, r->failures - 1, &last);
    if (rc == 0)
        rc = stream_open(r, &last);
    s->repeats++;
    if (rc < 0 && r->answer.status == 416) {
        ra_err_clear(&last);
        rc = check_end(r, &last);
    }
    if (rc == 0)
        ra_err_clear(err);
    else if (r->answer.status == 412)
        ra_fail(err, RA_IO, "cannot read '%s': it was replaced meanwhile", r->key);
    else if (err)
        ra_err_move(err, &last);
    return r->answer.status == 412 ? -RA_IO : rc;
}

ssize_t ra_s3_read(struct ra_reader *base, void *p, size_t n, struct ra_err *err)
{
    struct reader *r = (struct reader *)base;
    while (r->conn && n > 0 && r->at < r->end) {
        size_t most = n < r->end - r->at ? n : (size_t)(r->end - r->at);
        ssize_t got = ra_s3_conn_read(r->conn, p, most, err);
        if (got == 0 && r->end == UINT64_MAX)
            return 0;
        if (got == 0)
            got = ra_fail(err, RA_IO, "the connection ended too early");
        if (got > 0) {
            r->at += (uint64_t)got;
            r->failures = 0;
            return got;
        }
        int rc = got == -RA_IO ? reopen(r, err) : (int)got;
        if (rc < 0)
            return rc;
    }
    return 0;
}

void ra_s3_reader_stat(const struct ra_reader *base, struct ra_stat *out)
{
    const struct reader *r = (const struct reader *)base;
    *out = (struct ra_stat){.kind = RA_OBJECT, .size = r->size, .disk = r->size, .mtime = r->mtime};
}

void ra_s3_read_close(struct ra_reader *base)
{
    struct reader *r = (struct reader *)base;
    stream_close(r);
    ra_s3_answer_release(&r->answer);
    free(r->key);
    free(r);
}
