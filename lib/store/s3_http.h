/*
 * The transport below the S3 driver, private to lib/store/s3*.c: signed requests over pooled, kept-alive
 * connections, repeated where that is safe, and refusals put into words.
 */
#ifndef RA_STORE_S3_HTTP_H
#define RA_STORE_S3_HTTP_H

#include "base/arena.h"
#include "base/vec.h"
#include "format/sigv4.h"
#include "format/xml.h"
#include "store/driver.h"
#include "store/s3_conn.h"

#include <stdatomic.h>

struct ra_s3 {
    struct ra_store base;
    struct ra_s3_config config;
    char *root;   /* what all keys begin with: "" or "a/b/" */
    char *origin; /* "https://host:port" */
    char *host;   /* the Host header */
    char *path;   /* before the key: "/bucket/" or "/" */
    char *where;  /* for people */
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    struct ra_s3_trust *trust; /* of all connections; NULL: none was asked for yet, or each has its own */
    struct ra_s3_conn *idle;   /* a stack: the connection used last is the likeliest to be alive */
    unsigned busy;             /* calls that hold a connection; streams are not counted */
    _Atomic int64_t skew;      /* nanoseconds that the server's clock is ahead of ours */
    atomic_bool clock_known;
    atomic_bool no_conditional; /* a conditional PUT was answered with "not implemented" */
    _Atomic uint64_t requests, repeats, answers;
    atomic_bool gone; /* it had answered, and now nobody reaches it */
};

static inline struct ra_s3 *ra_s3_of(struct ra_store *s)
{
    return (struct ra_s3 *)s;
}

#define RA_S3_MAX_EXTRA 8
struct ra_s3_request {
    const char *method;
    const char *verb;    /* for messages: "cannot <verb> '<subject>': ..." */
    const char *key;     /* below the root; NULL: the bucket itself */
    const char *subject; /* for messages where it is not the key */
    const void *body;    /* hashed and signed */
    size_t body_len;
    size_t limit; /* longest answer taken; more is TOOBIG */
    struct ra_pair params[RA_S3_MAX_EXTRA];
    size_t n_params;
    struct ra_pair headers[RA_S3_MAX_EXTRA]; /* names in lower case */
    size_t n_headers;
    /* Looks at an answer of 2xx; -RA_CORRUPT has the request repeated: the answer was cut, or says that it
     * failed. */
    int (*parse)(void *arg, struct ra_s3_answer *a, struct ra_err *err);
    /* Takes the body before that, in pieces: see struct ra_s3_exchange. */
    void (*take)(void *arg, const char *piece, size_t n);
    void *arg; /* of both */
};
void ra_s3_param(struct ra_s3_request *r, const char *name, const char *value);
void ra_s3_header(struct ra_s3_request *r, const char *name, const char *value);
/* What the message calls it. */
const char *ra_s3_subject(const struct ra_s3_request *r);

/* Does it: 0 for an answer of 2xx (that parse accepts), else an error from ra_s3_refusal or the transport's.
 */
int ra_s3_call(struct ra_s3 *s, const struct ra_s3_request *r, struct ra_s3_answer *a, struct ra_err *err);

/* The same for a body that is read as it comes, with ra_s3_conn_read, until the close. */
int ra_s3_stream_open(struct ra_s3 *s, const struct ra_s3_request *r, struct ra_s3_answer *a,
                      struct ra_s3_conn **out, struct ra_err *err);
void ra_s3_stream_close(struct ra_s3 *s, struct ra_s3_conn *c);

/* Waits before attempt number n + 1 (n from 0), or says CANCELLED. */
int ra_s3_pause(struct ra_s3 *s, unsigned n, struct ra_err *err);
int64_t ra_s3_now(struct ra_s3 *s);
void ra_s3_pool_init(struct ra_s3 *s);
void ra_s3_pool_release(struct ra_s3 *s);

/* --- s3_error.c: refusals in words ----------------------------------------------------------- */

/* The error of an answer that is not 2xx, or of a 200 with an <Error> in it. */
int ra_s3_refusal(struct ra_s3 *s, const struct ra_s3_request *r, const struct ra_s3_answer *a,
                  struct ra_err *err);
/* Whether doing it again may help. */
bool ra_s3_transient(const struct ra_s3_answer *a);
/* The same for an error code inside an answer, "SlowDown"; and the ra_code it means. */
bool ra_s3_transient_code(const char *code);
enum ra_code ra_s3_code(const char *code);

/* --- the driver's operations, one file a kind ------------------------------------------------ */

int ra_s3_stat(struct ra_store *s, const char *key, struct ra_stat *out, struct ra_err *err);
/* Like it, but NOTFOUND when no object has exactly this key: one request. */
int ra_s3_head(struct ra_s3 *s, const char *key, struct ra_stat *out, struct ra_s3_answer *a,
               struct ra_err *err);
int ra_s3_get(struct ra_store *s, const char *key, size_t limit, struct ra_buf *out, struct ra_stat *st,
              struct ra_err *err);
int ra_s3_read_open(struct ra_store *s, const char *key, uint64_t offset, uint64_t length, unsigned flags,
                    struct ra_reader **out, struct ra_err *err);
ssize_t ra_s3_read(struct ra_reader *r, void *p, size_t n, struct ra_err *err);
void ra_s3_reader_stat(const struct ra_reader *r, struct ra_stat *out);
void ra_s3_read_close(struct ra_reader *r);

int ra_s3_list_open(struct ra_store *s, const char *prefix, const struct ra_list_opts *opts,
                    struct ra_list **out, struct ra_err *err);
int ra_s3_list_next(struct ra_list *l, struct ra_page *page, struct ra_err *err);
void ra_s3_list_close(struct ra_list *l);

/* One page of a flat listing, kept packed: there are as many of them at once as connections. Starts zeroed. */
struct ra_s3_packed;
struct ra_s3_page {
    size_t n; /* entries that it has */
    /* Those unpacked last: names relative to the root; kind RA_PREFIX: a common prefix, its name ends in '/'. */
    RA_VEC(struct ra_entry) entries;
    char *next; /* the continuation token; NULL: this was the last page */

    struct ra_arena packed; /* private from here */
    struct ra_s3_packed *first, **end, *at;
    struct ra_buf name;    /* in full, of the entry packed or unpacked last */
    struct ra_arena names; /* of `entries` */
    size_t root;           /* that the names are relative to */
};
struct ra_s3_page_query {
    const char *prefix;    /* below the root */
    const char *delimiter; /* or NULL */
    const char *after;     /* below the root: keys after it; or NULL */
    const char *token;     /* of the page before, or NULL */
    unsigned max;          /* keys; 0: 1000 */
};
int ra_s3_page_fetch(struct ra_s3 *s, const struct ra_s3_page_query *q, struct ra_s3_page *page,
                     struct ra_err *err);
/* Puts the next entries, in order, into `entries`, in place of those before; false: there are none. */
bool ra_s3_page_unpack(struct ra_s3_page *page);
void ra_s3_page_release(struct ra_s3_page *page);
#define RA_S3_PAGE_AUTO RA_AUTO(ra_s3_page, _release)

int ra_s3_write_open(struct ra_store *s, const char *key, unsigned flags, uint64_t size_hint,
                     struct ra_writer **out, struct ra_err *err);
int ra_s3_write(struct ra_writer *w, const void *p, size_t n, struct ra_err *err);
int ra_s3_write_commit(struct ra_writer *w, const char *key, struct ra_err *err);
void ra_s3_write_abort(struct ra_writer *w);

int ra_s3_remove(struct ra_store *s, struct ra_removal *items, size_t n, int64_t not_after,
                 struct ra_err *err);
int ra_s3_remove_prefix(struct ra_store *s, const char *prefix, size_t keep, int64_t not_after,
                        uint64_t *removed, uint64_t *bytes, struct ra_err *err);
int ra_s3_abandoned(struct ra_store *s, const char *prefix, const struct ra_abandoned_opts *opts,
                    struct ra_err *err);
int ra_s3_keeps_removed(struct ra_store *s, bool *out, struct ra_err *err);

#define RA_S3_PAGE_MAX  1000
#define RA_S3_XML_LIMIT ((size_t)16 << 20)

#endif
