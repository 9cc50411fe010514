#include "store/s3_http.h"

#include "base/clock.h"
#include "base/pool.h"
#include "base/str.h"

#include <sys/random.h>

#define LONGEST_PAUSE 5000
/* A server that has never answered may be the wrong one: it is not waited for as long. */
#define FIRST_ATTEMPTS 4

void ra_s3_param(struct ra_s3_request *r, const char *name, const char *value)
{
    if (value && r->n_params < RA_COUNT(r->params))
        r->params[r->n_params++] = (struct ra_pair){name, value};
}

void ra_s3_header(struct ra_s3_request *r, const char *name, const char *value)
{
    if (value && r->n_headers < RA_COUNT(r->headers))
        r->headers[r->n_headers++] = (struct ra_pair){name, value};
}

const char *ra_s3_subject(const struct ra_s3_request *r)
{
    return r->subject ? r->subject : r->key;
}

int64_t ra_s3_now(struct ra_s3 *s)
{
    return ra_time_now() + s->skew;
}

/* --- the pool of connections --- */

void ra_s3_pool_init(struct ra_s3 *s)
{
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->freed, NULL);
}

void ra_s3_pool_release(struct ra_s3 *s)
{
    while (s->idle) {
        struct ra_s3_conn *c = s->idle;
        s->idle = ra_s3_conn_below(c);
        ra_s3_conn_free(c);
    }
    ra_s3_trust_free(s->trust);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->freed);
}

static struct ra_s3_conn *connect_anew(struct ra_s3 *s)
{
    if (!s->trust && ra_starts_with(s->origin, "https:") && !s->config.skip_verify)
        s->trust = ra_s3_trust_new(s->config.ca_file);
    return ra_s3_conn_new(&s->config, s->trust);
}

/* A call waits for its turn; a stream never does, or a thread that holds one could wait for itself. */
static struct ra_s3_conn *borrow(struct ra_s3 *s, bool stream)
{
    RA_LOCKED(&s->mutex);
    while (!stream && s->busy >= s->config.connections)
        pthread_cond_wait(&s->freed, &s->mutex);
    s->busy += !stream;
    struct ra_s3_conn *c = s->idle;
    if (!c)
        return connect_anew(s);
    s->idle = ra_s3_conn_below(c);
    return c;
}

static void give_back(struct ra_s3 *s, struct ra_s3_conn *c, bool stream)
{
    ra_s3_conn_end(c);
    RA_LOCKED(&s->mutex);
    s->busy -= !stream;
    s->idle = ra_s3_conn_push(c, s->idle);
    pthread_cond_signal(&s->freed);
}

/* --- one attempt --- */

static void add_path(const struct ra_s3 *s, const struct ra_s3_request *r, struct ra_buf *out)
{
    ra_buf_adds(out, s->path);
    if (!r->key)
        return;
    ra_uri_encode(out, s->root, true);
    ra_uri_encode(out, r->key, true);
}

static size_t answer_limit(const struct ra_s3_request *r)
{
    return !r->limit ? RA_S3_XML_LIMIT : r->limit < RA_BUF_MAX ? r->limit : RA_BUF_MAX - 1;
}

/* Sends the request, signed for this very moment. */
static int send_signed(struct ra_s3 *s, struct ra_s3_conn *c, const struct ra_s3_request *r,
                       struct ra_s3_answer *a, bool stream, struct ra_err *err)
{
    struct ra_pair headers[RA_S3_HEADERS];
    char hash[RA_SIGV4_HASH], date[RA_SIGV4_DATE];
    size_t n = 0;
    RA_BUF_AUTO path = {0};
    RA_BUF_AUTO query = {0};
    RA_BUF_AUTO authorization = {0};
    add_path(s, r, &path);
    ra_sigv4_query(&query, r->params, r->n_params);
    ra_sigv4_hash(r->body ? r->body : "", r->body_len, hash);
    ra_sigv4_date((time_t)(ra_time_now() / RA_SECOND), date);
    headers[n++] = (struct ra_pair){"host", s->host};
    headers[n++] = (struct ra_pair){"x-amz-date", date};
    headers[n++] = (struct ra_pair){"x-amz-content-sha256", hash};
    if (s->config.session_token)
        headers[n++] = (struct ra_pair){"x-amz-security-token", s->config.session_token};
    for (size_t i = 0; i < r->n_headers; i++)
        headers[n++] = r->headers[i];
    struct ra_sigv4_request what = {r->method, ra_buf_str(&path), ra_buf_str(&query), headers, n, hash, date};
    struct ra_sigv4_key key = {s->config.access_key, s->config.secret_key, s->config.region, "s3"};
    ra_sigv4_authorize(&authorization, &what, &key);
    headers[n++] = (struct ra_pair){"authorization", ra_buf_str(&authorization)};
    ra_auto_free char *url = ra_asprintf("%s%s%s%s", s->origin, what.path, query.len ? "?" : "", what.query);
    struct ra_s3_exchange x = {r->method,       url,    headers, n,     r->body, r->body_len,
                               answer_limit(r), stream, r->take, r->arg};
    s->requests++;
    return ra_s3_conn_begin(c, &x, a, err);
}

static int transport_error(struct ra_s3 *s, const struct ra_s3_conn *c, const struct ra_s3_request *r,
                           struct ra_err *err)
{
    enum ra_s3_state state = ra_s3_conn_state(c);
    if (state == RA_S3_TOO_LONG)
        return ra_fail(err, RA_TOOBIG, "cannot %s '%s': longer than %zu bytes", r->verb, ra_s3_subject(r),
                       answer_limit(r));
    int rc = ra_fail(err, RA_IO, "cannot %s '%s': %s", r->verb, ra_s3_subject(r), ra_s3_conn_reason(c));
    if (state == RA_S3_UNREACHABLE)
        return ra_hint(err, rc, "is '%s' the right endpoint, and is the server running?", s->origin);
    if (state == RA_S3_UNTRUSTED)
        return ra_hint(err, rc,
                       "name the authority's certificates with AWS_CA_BUNDLE or the parameter cacert");
    return rc;
}

static void learn_clock(struct ra_s3 *s, const struct ra_s3_answer *a)
{
    if (a->date == RA_TIME_NONE)
        return;
    s->skew = a->date - ra_time_now() / RA_SECOND * RA_SECOND;
    s->clock_known = true;
}

/* What came of an attempt: 0, or an error and whether another attempt may help. */
static int judge(struct ra_s3 *s, struct ra_s3_conn *c, const struct ra_s3_request *r, struct ra_s3_answer *a,
                 bool *again, struct ra_err *err)
{
    enum ra_s3_state state = ra_s3_conn_state(c);
    if (state != RA_S3_DONE && state != RA_S3_UNDER_WAY) {
        *again = state == RA_S3_BROKEN || state == RA_S3_UNREACHABLE;
        return transport_error(s, c, r, err);
    }
    s->answers++;
    learn_clock(s, a);
    if (!ra_s3_good(a)) {
        *again = ra_s3_transient(a);
        return ra_s3_refusal(s, r, a, err);
    }
    int rc = r->parse ? r->parse(r->arg, a, err) : 0;
    *again = rc == -RA_CORRUPT;
    return *again ? ra_wrap(err, rc, "cannot %s '%s'", r->verb, ra_s3_subject(r)) : rc;
}

static int attempt(struct ra_s3 *s, struct ra_s3_conn *c, const struct ra_s3_request *r,
                   struct ra_s3_answer *a, bool stream, bool *again, struct ra_err *err)
{
    *again = false;
    int rc = send_signed(s, c, r, a, stream, err);
    return rc < 0 ? rc : judge(s, c, r, a, again, err);
}

/* --- doing it again --- */

static uint64_t pause_before(const struct ra_s3 *s, unsigned n)
{
    uint64_t longest = s->config.backoff << (n < 16 ? n : 16);
    uint32_t dice = 0;
    if (longest > LONGEST_PAUSE)
        longest = LONGEST_PAUSE;
    if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
        dice = (uint32_t)ra_time_now();
    /* Between half and all of it, so that those who failed together do not come back together. */
    return longest / 2 + dice % (longest / 2 + 1);
}

int ra_s3_pause(struct ra_s3 *s, unsigned n, struct ra_err *err)
{
    uint64_t left = pause_before(s, n);
    while (left > 0 && !ra_cancelled()) {
        uint64_t step = left < 100 ? left : 100;
        struct timespec t = {.tv_nsec = (long)step * 1000000};
        nanosleep(&t, NULL);
        left -= step;
    }
    return ra_check_cancelled(err);
}

static uint64_t most_attempts(const struct ra_s3 *s)
{
    return s->clock_known || s->config.attempts < FIRST_ATTEMPTS ? s->config.attempts : FIRST_ATTEMPTS;
}

/* To try each of a million keys so often would take days. */
static int find_gone(struct ra_s3 *s, struct ra_err *err)
{
    int rc = ra_fail(err, RA_CANCELLED, "%s cannot be reached any more", s->where);
    return ra_hint(err, rc, "run it again when the server at '%s' answers", s->origin);
}

static int give_up(struct ra_s3 *s, const struct ra_s3_conn *c, unsigned attempts, uint64_t answers, int rc,
                   struct ra_err *err)
{
    bool unreached = ra_s3_conn_state(c) == RA_S3_UNREACHABLE && s->answers == answers;
    rc = ra_wrap(err, rc, "given up after %u attempt%s at %s", attempts, attempts > 1 ? "s" : "", s->where);
    if (!unreached || !s->clock_known)
        return rc;
    s->gone = true;
    if (err)
        err->code = RA_CANCELLED;
    return -RA_CANCELLED;
}

static int perform(struct ra_s3 *s, struct ra_s3_conn *c, const struct ra_s3_request *r,
                   struct ra_s3_answer *a, bool stream, struct ra_err *err)
{
    uint64_t answers = 0; /* that anybody had when this failed first */
    a->repeated = false;
    for (unsigned n = 0;; n++) {
        bool again;
        if (s->gone)
            return find_gone(s, err);
        int rc = attempt(s, c, r, a, stream, &again, err);
        if (rc == 0 || !again)
            return rc;
        answers = n == 0 ? s->answers : answers;
        if (n + 1 >= most_attempts(s))
            return give_up(s, c, n + 1, answers, rc, err);
        ra_err_clear(err);
        rc = ra_s3_pause(s, n, err);
        if (rc < 0)
            return rc;
        a->repeated = true;
        s->repeats++;
    }
}

int ra_s3_call(struct ra_s3 *s, const struct ra_s3_request *r, struct ra_s3_answer *a, struct ra_err *err)
{
    struct ra_s3_conn *c = borrow(s, false);
    int rc = perform(s, c, r, a, false, err);
    give_back(s, c, false);
    return rc;
}

int ra_s3_stream_open(struct ra_s3 *s, const struct ra_s3_request *r, struct ra_s3_answer *a,
                      struct ra_s3_conn **out, struct ra_err *err)
{
    struct ra_s3_conn *c = borrow(s, true);
    int rc = perform(s, c, r, a, true, err);
    if (rc < 0)
        give_back(s, c, true);
    else
        *out = c;
    return rc;
}

void ra_s3_stream_close(struct ra_s3 *s, struct ra_s3_conn *c)
{
    give_back(s, c, true);
}
