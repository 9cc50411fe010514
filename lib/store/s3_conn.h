/*
 * One kept-alive HTTP connection, and one exchange over it at a time: libcurl's place in the S3 driver. It
 * knows nothing of S3 but the headers it keeps. Private to lib/store/s3*.c.
 */
#ifndef RA_STORE_S3_CONN_H
#define RA_STORE_S3_CONN_H

#include "format/sigv4.h"
#include "store/s3.h"
#include "store/s3_trust.h"

struct ra_s3_answer {
    long status;
    struct ra_buf body;
    uint64_t
        length; /* of the whole object: Content-Length, or the total of Content-Range; UINT64_MAX: not said */
    uint64_t offset; /* where a partial answer (206) begins */
    int64_t mtime;   /* Last-Modified */
    int64_t date;    /* the server's clock */
    char etag[128];  /* with its quotes */
    char region[64]; /* x-amz-bucket-region */
    bool repeated;   /* an earlier attempt may have been acted on; or an attempt of libcurl's own */
};
void ra_s3_answer_release(struct ra_s3_answer *a);
#define RA_S3_ANSWER_AUTO RA_AUTO(ra_s3_answer, _release)

static inline bool ra_s3_good(const struct ra_s3_answer *a)
{
    return a->status / 100 == 2;
}

#define RA_S3_HEADERS 16
struct ra_s3_exchange {
    const char *method;
    const char *url;
    const struct ra_pair *headers; /* at most RA_S3_HEADERS */
    size_t n_headers;
    const void *body; /* lent until the end of the exchange; NULL: none */
    size_t body_len;
    size_t limit; /* longest body of a good answer; of others the first 64 KiB are kept */
    bool stream;  /* leave the body to ra_s3_conn_read */
    /* Is given the body of a good answer in pieces as they come, in place of the answer's body. It begins with NULL.
     * May be NULL. */
    void (*take)(void *arg, const char *piece, size_t n);
    void *take_arg;
};

enum ra_s3_state {
    RA_S3_UNDER_WAY,
    RA_S3_DONE,        /* a whole answer is there, of whatever status */
    RA_S3_TOO_LONG,    /* over the limit */
    RA_S3_UNREACHABLE, /* no connection */
    RA_S3_BROKEN,      /* cut, reset, timed out: trying again may help */
    RA_S3_HOPELESS,    /* trying again will not */
    RA_S3_UNTRUSTED,   /* the server's certificate is not accepted */
};

struct ra_s3_conn;
/* Never NULL; both are lent for good, `trust` may be NULL. ra_curl_load has succeeded before. */
struct ra_s3_conn *ra_s3_conn_new(const struct ra_s3_config *config, struct ra_s3_trust *trust);
void ra_s3_conn_free(struct ra_s3_conn *c);

/* Sends the request, and receives until there is an answer; of a stream, until its first bytes are there. The answer
 * is lent to the connection until ra_s3_conn_end. 0 whatever came of it (see the state), or CANCELLED. */
int ra_s3_conn_begin(struct ra_s3_conn *c, const struct ra_s3_exchange *x, struct ra_s3_answer *a,
                     struct ra_err *err);
enum ra_s3_state ra_s3_conn_state(const struct ra_s3_conn *c);
/* Why the state is not DONE, in libcurl's words. */
const char *ra_s3_conn_reason(const struct ra_s3_conn *c);
/* The body of a stream: the number of bytes, 0 at its end, -RA_IO when it broke off. */
ssize_t ra_s3_conn_read(struct ra_s3_conn *c, void *p, size_t n, struct ra_err *err);
/* Drops what is under way; the connection itself is kept when the answer was read to its end. */
void ra_s3_conn_end(struct ra_s3_conn *c);

/* The stack of connections at rest that their pool keeps. */
struct ra_s3_conn *ra_s3_conn_push(struct ra_s3_conn *c, struct ra_s3_conn *below);
struct ra_s3_conn *ra_s3_conn_below(struct ra_s3_conn *c);

#endif
