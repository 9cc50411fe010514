/*
 * The authorities whose certificates servers are checked against, read once for all connections of a store. libcurl by
 * itself reads the whole bundle again for each: a megabyte and fifty milliseconds of a processor every time. Private to
 * lib/store/s3*.c.
 */
#ifndef RA_STORE_S3_TRUST_H
#define RA_STORE_S3_TRUST_H

#include "base/mem.h"
#include "store/s3_curl.h"

struct ra_s3_trust;
/* Of `ca_file`, or, where it is NULL, of the system's bundle. NULL when that cannot be read, or libcurl has another
 * OpenSSL than we: then each connection is to see to it by itself. */
struct ra_s3_trust *ra_s3_trust_new(const char *ca_file);
void ra_s3_trust_free(struct ra_s3_trust *t);
RA_DEFINE_AUTO_PTR(ra_s3_trust, ra_s3_trust_free)

/* Has the handle use it, which is lent until the handle is reset. */
void ra_s3_trust_set(struct ra_s3_trust *t, CURL *easy);

#endif
