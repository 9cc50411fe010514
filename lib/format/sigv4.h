/*
 * AWS Signature Version 4 for the service "s3" and its like: the Authorization header of a request whose
 * parts the caller holds, and the one way of writing paths and queries that both the request line and the
 * signature use. No network and no clock in here. Secrets that pass through are wiped from the stack.
 */
#ifndef RA_FORMAT_SIGV4_H
#define RA_FORMAT_SIGV4_H

#include "base/buf.h"

/* The text of a SHA-256, 64 lower-case hex digits and a NUL. */
#define RA_SIGV4_HASH 65
/* "20130524T000000Z" */
#define RA_SIGV4_DATE 17

struct ra_pair {
    const char *name;
    const char *value;
};

struct ra_sigv4_key {
    const char *access;
    const char *secret;
    const char *region;
    const char *service;
};

struct ra_sigv4_request {
    const char *method;
    const char *path;  /* encoded, as sent: see ra_uri_encode */
    const char *query; /* as written by ra_sigv4_query; "" when there is none */
    /* All that are signed, names in lower case; "host" and "x-amz-date" among them. */
    const struct ra_pair *headers;
    size_t n_headers;         /* at most RA_SIGV4_HEADERS */
    const char *payload_hash; /* ra_sigv4_hash of the body */
    const char *date;         /* of ra_sigv4_date; equals the x-amz-date header */
};
#define RA_SIGV4_HEADERS 24

/* Percent-encodes all bytes but letters, digits and "-_.~" (and '/' with keep_slash). */
void ra_uri_encode(struct ra_buf *out, const char *s, bool keep_slash);
/* Undoes it; false, with `out` as it was, for a '%' without two hex digits or an encoded NUL. A '+' stays a
 * '+'. */
bool ra_uri_decode(struct ra_buf *out, const char *s, size_t n);

/* Appends the canonical query string: parameters sorted by name, then value, encoded. At most
 * RA_SIGV4_PARAMS. */
void ra_sigv4_query(struct ra_buf *out, const struct ra_pair *params, size_t n);
#define RA_SIGV4_PARAMS 24

void ra_sigv4_hash(const void *p, size_t n, char out[static RA_SIGV4_HASH]);
void ra_sigv4_date(time_t when, char out[static RA_SIGV4_DATE]);

/* Appends the value of the Authorization header. */
void ra_sigv4_authorize(struct ra_buf *out, const struct ra_sigv4_request *request,
                        const struct ra_sigv4_key *key);

#endif
