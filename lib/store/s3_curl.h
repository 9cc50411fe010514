/*
 * libcurl, loaded when a bucket is used for the first time: linked, it would bring in thirty libraries more and
 * cost every start of the program several times what all the rest does. Private to lib/store/s3*.c.
 */
#ifndef RA_STORE_S3_CURL_H
#define RA_STORE_S3_CURL_H

#include "base/err.h"

#include <curl/curl.h>
#include <openssl/types.h>

/* Each is a member of struct ra_curl by this name, of the type that <curl/curl.h> gives to curl_NAME. */
#define RA_CURL_FUNCTIONS(X) \
    X(global_init)           \
    X(getdate)               \
    X(easy_init)             \
    X(easy_reset)            \
    X(easy_setopt)           \
    X(easy_getinfo)          \
    X(easy_pause)            \
    X(easy_strerror)         \
    X(easy_cleanup)          \
    X(multi_init)            \
    X(multi_add_handle)      \
    X(multi_remove_handle)   \
    X(multi_perform)         \
    X(multi_poll)            \
    X(multi_info_read)       \
    X(multi_strerror)        \
    X(multi_cleanup)         \
    X(version_info)

struct ra_curl {
#define RA_CURL_MEMBER(name) __typeof__(curl_##name) *name;
    RA_CURL_FUNCTIONS(RA_CURL_MEMBER)
#undef RA_CURL_MEMBER
    /* OpenSSL's SSL_CTX_set1_cert_store; NULL where libcurl does not use the OpenSSL that we are linked with. */
    void (*use_certificates)(SSL_CTX *context, X509_STORE *certificates);
};

/* The library, initialized; NULL with UNSUPPORTED in *err when it cannot be had. It stays until the program ends. */
const struct ra_curl *ra_curl_load(struct ra_err *err);

#endif
