/*
 * Objects in a bucket of Amazon S3, Ceph's gateway or anything else that speaks S3 with Signature Version 4.
 *
 * A configuration comes from a URL or from the parameters of the registry's own `s3` driver, or both; what
 * they leave open is filled in from the environment and the shared credentials file:
 *
 *     struct ra_s3_config c = {0};
 *     rc = ra_s3_config_url(&c, "s3://bucket/prefix?region=eu-west-1", err);      or, for each parameter,
 *     rc = ra_s3_config_set(&c, "bucket", "registry", err);
 *     rc = ra_s3_config_finish(&c, environ, err);
 *     rc = ra_s3_open(&c, &store, err);
 *     ra_s3_config_release(&c);
 *
 * What is particular to this driver:
 * - Listings are flat; with RA_LIST_DEEP the store needs one request for a thousand keys, whatever their
 * depth.
 * - RA_WRITE_NOREPLACE is a conditional PUT, atomic also against other programs, where the server knows it;
 * where it answers "not implemented", and for objects above `part_size`, the key is looked at right before.
 * - A writer opened without a key keeps `part_size` bytes in memory and the rest in an unlinked file under
 * TMPDIR. One with a key sends a part whenever `part_size` bytes are there, and bounds memory so.
 * - Failed requests are repeated with growing, random pauses where repeating does no harm: on 5xx, SlowDown,
 * cut connections, timeouts, and answers that are no valid XML. A lost answer to a conditional write is
 * cleared up.
 * - Times are whole seconds, since that is what HEAD tells.
 * - Objects are bytes as sent: no Content-Encoding, Content-Type application/octet-stream as the registry has
 * it.
 */
#ifndef RA_STORE_S3_H
#define RA_STORE_S3_H

#include "base/arena.h"
#include "store/store.h"

/* A part is kept in memory while it is sent; more is cut down to this. */
#define RA_S3_PART_MAX ((uint64_t)1 << 30)

enum ra_s3_tristate { RA_S3_AUTO, RA_S3_YES, RA_S3_NO };

struct ra_s3_config {
    const char *bucket;
    const char *prefix;     /* below which the keys lie: "a/b" ("rootdirectory") */
    const char *region;     /* from the environment, else us-east-1 */
    const char *endpoint;   /* "https://host:port" or "host:port"; NULL: Amazon's for the region */
    const char *access_key; /* these two from the environment or the shared file when not given */
    const char *secret_key;
    const char *session_token; /* or NULL */
    /* For messages: "the configuration", "AWS_ACCESS_KEY_ID", "profile 'x' in '...'". */
    const char *origin_of_key;
    const char *profile;       /* of the shared credentials file; from AWS_PROFILE, else "default" */
    const char *ca_file;       /* a PEM bundle instead of the system's; from AWS_CA_BUNDLE */
    const char *storage_class; /* of what is written; NULL: the bucket's default */
    const char *acl;           /* canned, of what is written; NULL: none is sent */
    const char *kms_key;       /* with encrypt: SSE-KMS under this key */
    const char *user_agent;
    int path_style;        /* enum ra_s3_tristate; AUTO: with an endpoint of one's own */
    bool insecure;         /* http where the endpoint names no scheme */
    bool skip_verify;      /* accept any certificate */
    bool encrypt;          /* server-side encryption of what is written */
    bool dual_stack, fips; /* which of Amazon's endpoints */
    uint64_t part_size;    /* 0: 10 MiB; at least 5 MiB, and RA_S3_PART_MAX at most */
    uint64_t connections;  /* 0: 16 */
    uint64_t attempts;     /* of a request before giving up; 0: 9 */
    uint64_t backoff;      /* first pause between them in milliseconds; 0: 100 */
    struct ra_arena arena; /* private */
};

/*
 * Takes bucket, prefix and parameters from "s3://bucket/prefix?name=value&...": `endpoint` for
 * regionendpoint, `secure=false`, `pathstyle`, and every name that ra_s3_config_set knows. INVALID names what
 * is wrong. Keys in a URL are taken, but end up in shell histories: the environment or a profile is better.
 */
int ra_s3_config_url(struct ra_s3_config *c, const char *url, struct ra_err *err);

/*
 * One parameter of the registry's `s3` driver by its name, and ours: bucket region regionendpoint (endpoint)
 * accesskey secretkey sessiontoken rootdirectory encrypt keyid secure skipverify v4auth chunksize
 * storageclass objectacl useragent forcepathstyle (pathstyle) usedualstack usefipsendpoint profile cacert
 * connections attempts backoff. NOTFOUND for a name it does not know (a registry parameter that does not
 * matter here, or a slip: the caller knows which); INVALID for a value that makes no sense. Copies.
 */
int ra_s3_config_set(struct ra_s3_config *c, const char *name, const char *value, struct ra_err *err);

/* Fills in what is open, from `env`, a NULL-terminated list of NAME=value: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE,
 * AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE, HOME; and checks the
 * whole. */
int ra_s3_config_finish(struct ra_s3_config *c, const char *const *env, struct ra_err *err);
void ra_s3_config_release(struct ra_s3_config *c);

/* Opens the bucket, without a request: that a key or secret is wrong (DENIED), a bucket missing, a region wrong
 * (INVALID)
 * or a clock far off (DENIED) is told by the first call that makes one. The configuration is copied. */
int ra_s3_open(const struct ra_s3_config *c, struct ra_store **out, struct ra_err *err);

#define RA_S3_CONFIG_AUTO RA_AUTO(ra_s3_config, _release)

#endif
