/*
 * Where the keys of an S3 store come from, first that has them: the configuration, AWS_ACCESS_KEY_ID and its
 * like, the profile of the shared credentials file. Private to lib/store/s3*.c.
 */
#ifndef RA_STORE_S3_CRED_H
#define RA_STORE_S3_CRED_H

#include "store/s3.h"

/* Sets the keys, session_token and origin_of_key, and region when the profile has one and none is set.
 * DENIED, with what was looked for, when there are none. */
int ra_s3_credentials(struct ra_s3_config *c, const char *const *env, struct ra_err *err);

#endif
