/*
 * Opening a storage that lies in a bucket. For registry/storage.c.
 */
#ifndef RA_REGISTRY_STORAGE_S3_H
#define RA_REGISTRY_STORAGE_S3_H

#include "registry/storage.h"

/* From "s3://bucket/prefix?...": the prefix is the registry's root directory, or its docker/registry/v2. */
int ra_storage_open_url(const struct ra_storage_where *where, const char *url, struct ra_storage *out,
                        struct ra_err *err);
/* The same for a bucket that holds whatever it does. */
int ra_bucket_open_url(const char *url, const char *const *env, struct ra_store **out, struct ra_err *err);
/* From the parameters of the s3 driver in out->config. */
int ra_storage_open_configured_s3(const struct ra_storage_where *where, struct ra_storage *out,
                                  struct ra_err *err);

#endif
