/*
 * A connection is one curl easy handle inside a multi handle of its own: the multi handle keeps the connection alive
 * between exchanges, lets a body be read in pieces, and lets a signal end the waiting.
 */
#include "store/s3_conn.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/pool.h"
#include "base/str.h"
#include "store/s3_curl.h"

#include <assert.h>

#define STREAM_ROOM ((size_t)1 << 20)
#define ERROR_ROOM  ((size_t)64 << 10)
/* A transfer that moves less than a byte a second for so long is dead. */
#define STALL_SECONDS 60L

struct ra_s3_conn {
    struct ra_s3_conn *below; /* in the stack of those at rest */
    const struct ra_s3_config *config;
    struct ra_s3_trust *trust;
    const struct ra_curl *curl;
    CURL *easy;
    CURLM *multi;
    struct curl_slist headers[RA_S3_HEADERS + 2];
    struct ra_arena lines;       /* of the headers */
    struct ra_s3_answer *answer; /* of the exchange under way; lent */
    size_t limit;
    size_t taken; /* of answer->body, by the reader of a stream; of the answer, by `take` */
    void (*take)(void *arg, const char *piece, size_t n);
    void *take_arg;
    bool stream, paused;
    bool attached; /* easy is in multi */
    bool too_long, done, sent;
    CURLcode result;
    char reason[CURL_ERROR_SIZE];
};

void ra_s3_answer_release(struct ra_s3_answer *a)
{
    ra_buf_release(&a->body);
}

struct ra_s3_conn *ra_s3_conn_new(const struct ra_s3_config *config, struct ra_s3_trust *trust)
{
    struct ra_s3_conn *c = ra_new(struct ra_s3_conn);
    c->config = config;
    c->trust = trust;
    c->curl = ra_curl_load(NULL);
    c->easy = c->curl->easy_init();
    c->multi = c->curl->multi_init();
    return c;
}

void ra_s3_conn_free(struct ra_s3_conn *c)
{
    ra_s3_conn_end(c);
    c->curl->easy_cleanup(c->easy);
    c->curl->multi_cleanup(c->multi);
    ra_arena_release(&c->lines);
    free(c);
}

void ra_s3_conn_end(struct ra_s3_conn *c)
{
    if (c->attached)
        c->curl->multi_remove_handle(c->multi, c->easy);
    c->attached = false;
    c->answer = NULL;
}

struct ra_s3_conn *ra_s3_conn_push(struct ra_s3_conn *c, struct ra_s3_conn *below)
{
    c->below = below;
    return c;
}

struct ra_s3_conn *ra_s3_conn_below(struct ra_s3_conn *c)
{
    return c->below;
}

/* --- what curl calls back --- */

static size_t on_stream(struct ra_s3_conn *c, const char *p, size_t n)
{
    struct ra_buf *body = &c->answer->body;
    if (body->len - c->taken >= STREAM_ROOM) {
        c->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    ra_buf_add(body, p, n);
    return n;
}

static size_t on_piece(struct ra_s3_conn *c, const char *p, size_t n)
{
    c->too_long = n > c->limit - c->taken;
    if (c->too_long)
        return 0;
    c->taken += n;
    c->take(c->take_arg, p, n);
    return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct ra_s3_conn *c = arg;
    struct ra_buf *body = &c->answer->body;
    bool good = ra_s3_good(c->answer);
    n *= size;
    if (c->stream && good)
        return on_stream(c, p, n);
    if (c->take && good)
        return on_piece(c, p, n);
    size_t room = (good ? c->limit : ERROR_ROOM) - body->len;
    c->too_long = good && n > room;
    if (c->too_long)
        return 0;
    ra_buf_add(body, p, n < room ? n : room);
    return n;
}

static int64_t http_time(const struct ra_curl *curl, const char *value)
{
    time_t t = curl->getdate(value, NULL);
    return t < 0 ? RA_TIME_NONE : (int64_t)t * RA_SECOND;
}

static uint64_t number(const char *digits)
{
    char text[24];
    uint64_t n;
    snprintf(text, sizeof(text), "%.*s", (int)strspn(digits, "0123456789"), digits);
    return ra_parse_u64(text, &n) ? n : UINT64_MAX;
}

/* "bytes 100-199/1234"; with status 416, an asterisk for the range. */
static void keep_range(struct ra_s3_answer *a, const char *value)
{
    const char *slash = strchr(value, '/');
    if (!ra_starts_with(value, "bytes ") || !slash)
        return;
    a->offset = number(value + strlen("bytes "));
    a->length = number(slash + 1);
}

static void keep_header(struct ra_s3_conn *c, const char *name, const char *value)
{
    struct ra_s3_answer *a = c->answer;
    if (ra_streq(name, "etag"))
        snprintf(a->etag, sizeof(a->etag), "%s", value);
    else if (ra_streq(name, "x-amz-bucket-region"))
        snprintf(a->region, sizeof(a->region), "%s", value);
    else if (ra_streq(name, "last-modified"))
        a->mtime = http_time(c->curl, value);
    else if (ra_streq(name, "date"))
        a->date = http_time(c->curl, value);
    else if (ra_streq(name, "content-range"))
        keep_range(a, value);
    else if (ra_streq(name, "content-length") && a->length == UINT64_MAX)
        a->length = number(value);
}

static void begin_answer(struct ra_s3_answer *a)
{
    a->status = 0;
    a->length = UINT64_MAX;
    a->offset = 0;
    a->mtime = a->date = RA_TIME_NONE;
    a->etag[0] = a->region[0] = '\0';
}

static void take_status(struct ra_s3_answer *a, const char *line)
{
    const char *blank = strchr(line, ' ');
    begin_answer(a);
    uint64_t status = blank ? number(blank + 1) : 0;
    a->status = status < 1000 ? (long)status : 0;
}

/* Cuts "Name: value" in two, the name in lower case; NULL when it is no header. */
static const char *split_header(char *line)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return NULL;
    *colon = '\0';
    for (char *c = line; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return colon + 1 + strspn(colon + 1, " \t");
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct ra_s3_conn *c = arg;
    char line[1024];
    n *= size;
    size_t len = n;
    while (len > 0 && strchr("\r\n \t", p[len - 1]))
        len--;
    if (len >= sizeof(line))
        return n;
    memcpy(line, p, len);
    line[len] = '\0';
    if (ra_starts_with(line, "HTTP/")) {
        take_status(c->answer, line);
        return n;
    }
    const char *value = split_header(line);
    if (value)
        keep_header(c, line, value);
    return n;
}

/* libcurl sends a request again by itself when a connection that was kept turns out to be dead, or dies before a
 * byte of
 * the answer: that too may have been acted on before. */
static int on_send(void *arg, char *ip RA_UNUSED, char *here RA_UNUSED, int port RA_UNUSED,
                   int port_here RA_UNUSED)
{
    struct ra_s3_conn *c = arg;
    c->answer->repeated = c->answer->repeated || c->sent;
    c->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* --- an exchange --- */

static void set_number(struct ra_s3_conn *c, CURLoption option, long value)
{
    c->curl->easy_setopt(c->easy, option, value);
}

static void set_pointer(struct ra_s3_conn *c, CURLoption option, const void *value)
{
    c->curl->easy_setopt(c->easy, option, value);
}

static void set_transport(struct ra_s3_conn *c)
{
    const char *agent = c->config->user_agent;
    set_pointer(c, CURLOPT_ERRORBUFFER, c->reason);
    set_number(c, CURLOPT_NOSIGNAL, 1L);
    set_number(c, CURLOPT_PATH_AS_IS, 1L);
    set_number(c, CURLOPT_FOLLOWLOCATION, 0L);
    set_pointer(c, CURLOPT_PROXY, "");
    set_pointer(c, CURLOPT_PROTOCOLS_STR, "http,https");
    set_number(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set_number(c, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    set_number(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set_number(c, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    set_number(c, CURLOPT_BUFFERSIZE, 32L << 10);
    set_number(c, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    set_pointer(c, CURLOPT_USERAGENT, agent ? agent : "regadm/" RA_VERSION);
    if (c->trust)
        ra_s3_trust_set(c->trust, c->easy);
    else if (c->config->ca_file)
        set_pointer(c, CURLOPT_CAINFO, c->config->ca_file);
    if (c->config->skip_verify) {
        set_number(c, CURLOPT_SSL_VERIFYPEER, 0L);
        set_number(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_callbacks(struct ra_s3_conn *c)
{
    c->curl->easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    set_pointer(c, CURLOPT_WRITEDATA, c);
    c->curl->easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
    set_pointer(c, CURLOPT_HEADERDATA, c);
    c->curl->easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, on_send);
    set_pointer(c, CURLOPT_PREREQDATA, c);
}

static void add_line(struct ra_s3_conn *c, size_t *n, const char *name, const char *value)
{
    ra_auto_free char *line = ra_asprintf("%s: %s", name, value);
    assert(*n < RA_COUNT(c->headers));
    c->headers[*n] = (struct curl_slist){.data = ra_arena_strdup(&c->lines, line)};
    if (*n > 0)
        c->headers[*n - 1].next = &c->headers[*n];
    ++*n;
}

static void set_request(struct ra_s3_conn *c, const struct ra_s3_exchange *x)
{
    size_t n = 0;
    ra_arena_release(&c->lines);
    for (size_t i = 0; i < x->n_headers; i++)
        add_line(c, &n, x->headers[i].name, x->headers[i].value);
    if (x->body) {
        set_pointer(c, CURLOPT_POSTFIELDS, x->body);
        c->curl->easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body_len);
        /* In place of what curl would add by itself. */
        add_line(c, &n, "Expect", "");
        add_line(c, &n, "content-type", "application/octet-stream");
    }
    if (ra_streq(x->method, "HEAD"))
        set_number(c, CURLOPT_NOBODY, 1L);
    else
        set_pointer(c, CURLOPT_CUSTOMREQUEST, x->method);
    set_pointer(c, CURLOPT_HTTPHEADER, c->headers);
    set_pointer(c, CURLOPT_URL, x->url);
}

static void take_result(struct ra_s3_conn *c)
{
    int left;
    for (CURLMsg *m = c->curl->multi_info_read(c->multi, &left); m;
         m = c->curl->multi_info_read(c->multi, &left))
        if (m->msg == CURLMSG_DONE) {
            c->done = true;
            c->result = m->data.result;
        }
}

static bool stream_ready(const struct ra_s3_conn *c)
{
    return c->stream && ra_s3_good(c->answer) && c->answer->body.len > c->taken;
}

/* Moves bytes until the exchange is done or its stream has some. */
static int drive(struct ra_s3_conn *c, struct ra_err *err)
{
    for (;;) {
        int running;
        CURLMcode m = c->curl->multi_perform(c->multi, &running);
        if (m != CURLM_OK)
            return ra_fail(err, RA_IO, "%s", c->curl->multi_strerror(m));
        take_result(c);
        if (c->done || stream_ready(c))
            return 0;
        int rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
        c->curl->multi_poll(c->multi, NULL, 0, 250, NULL);
    }
}

int ra_s3_conn_begin(struct ra_s3_conn *c, const struct ra_s3_exchange *x, struct ra_s3_answer *a,
                     struct ra_err *err)
{
    if (!c->easy || !c->multi)
        return ra_fail(err, RA_IO, "libcurl has no memory");
    ra_s3_conn_end(c);
    c->curl->easy_reset(c->easy);
    ra_buf_clear(&a->body);
    begin_answer(a);
    c->answer = a;
    c->limit = x->limit;
    c->stream = x->stream;
    c->taken = 0;
    c->take = x->take;
    c->take_arg = x->take_arg;
    if (c->take)
        c->take(c->take_arg, NULL, 0);
    c->paused = c->too_long = c->done = c->sent = false;
    c->reason[0] = '\0';
    set_transport(c);
    set_callbacks(c);
    set_request(c, x);
    if (c->curl->multi_add_handle(c->multi, c->easy) != CURLM_OK)
        return ra_fail(err, RA_IO, "libcurl has no memory");
    c->attached = true;
    return drive(c, err);
}

enum ra_s3_state ra_s3_conn_state(const struct ra_s3_conn *c)
{
    if (c->too_long)
        return RA_S3_TOO_LONG;
    if (!c->done)
        return RA_S3_UNDER_WAY;
    switch (c->result) {
    case CURLE_OK:
        return RA_S3_DONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return RA_S3_UNREACHABLE;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return RA_S3_BROKEN;
    case CURLE_PEER_FAILED_VERIFICATION:
        return RA_S3_UNTRUSTED;
    default:
        return RA_S3_HOPELESS;
    }
}

const char *ra_s3_conn_reason(const struct ra_s3_conn *c)
{
    return c->reason[0] ? c->reason : c->curl->easy_strerror(c->result);
}

/* --- reading a stream --- */

static void make_room(struct ra_s3_conn *c)
{
    ra_buf_clear(&c->answer->body);
    c->taken = 0;
    if (!c->paused)
        return;
    c->paused = false;
    c->curl->easy_pause(c->easy, CURLPAUSE_CONT);
}

ssize_t ra_s3_conn_read(struct ra_s3_conn *c, void *p, size_t n, struct ra_err *err)
{
    struct ra_buf *body = &c->answer->body;
    if (c->taken == body->len) {
        make_room(c);
        int rc = c->done ? 0 : drive(c, err);
        if (rc < 0)
            return rc;
    }
    size_t left = body->len - c->taken;
    if (left == 0 && c->done && c->result != CURLE_OK)
        return ra_fail(err, RA_IO, "%s", ra_s3_conn_reason(c));
    if (n > left)
        n = left;
    memcpy(p, ra_buf_str(body) + c->taken, n);
    c->taken += n;
    return (ssize_t)n;
}
