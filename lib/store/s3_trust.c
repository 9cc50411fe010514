#include "store/s3_trust.h"

#include <openssl/x509_vfy.h>

struct ra_s3_trust {
    const struct ra_curl *curl;
    X509_STORE *certificates;
};

/* What libcurl would read by itself. */
static bool read_all(X509_STORE *to, const struct ra_curl *curl, const char *ca_file)
{
    CURL *easy = curl->easy_init();
    const char *file = NULL, *folder = NULL;
    if (!easy)
        return false;
    curl->easy_getinfo(easy, CURLINFO_CAINFO, &file);
    curl->easy_getinfo(easy, CURLINFO_CAPATH, &folder);
    file = ca_file ? ca_file : file;
    bool good = (file || folder) && (!file || X509_STORE_load_file(to, file) == 1) &&
                (!folder || X509_STORE_load_path(to, folder) == 1);
    curl->easy_cleanup(easy);
    return good;
}

struct ra_s3_trust *ra_s3_trust_new(const char *ca_file)
{
    const struct ra_curl *curl = ra_curl_load(NULL);
    if (!curl || !curl->use_certificates)
        return NULL;
    RA_AUTO_PTR(ra_s3_trust) t = ra_new(struct ra_s3_trust);
    t->curl = curl;
    t->certificates = X509_STORE_new();
    if (!t->certificates || !read_all(t->certificates, curl, ca_file))
        return NULL;
    /* As libcurl has it: a chain may end at any certificate that is trusted. */
    X509_STORE_set_flags(t->certificates, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return ra_steal_ptr(&t);
}

void ra_s3_trust_free(struct ra_s3_trust *t)
{
    if (!t)
        return;
    X509_STORE_free(t->certificates);
    free(t);
}

static CURLcode on_context(CURL *easy RA_UNUSED, void *context, void *arg)
{
    struct ra_s3_trust *t = arg;
    t->curl->use_certificates(context, t->certificates);
    return CURLE_OK;
}

void ra_s3_trust_set(struct ra_s3_trust *t, CURL *easy)
{
    if (t->curl->easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) != CURLE_OK)
        return;
    t->curl->easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t);
    t->curl->easy_setopt(easy, CURLOPT_CAINFO, NULL);
    t->curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
}
