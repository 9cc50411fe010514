#include "store/s3_curl.h"

#include "base/str.h"

#include <dlfcn.h>

struct loaded {
    struct ra_curl curl;
    bool good;
    char why[256];
};

#ifdef RA_STATIC
static bool load(struct loaded *l)
{
#define TAKE(name) l->curl.name = curl_##name;
    RA_CURL_FUNCTIONS(TAKE)
#undef TAKE
    snprintf(l->why, sizeof(l->why), "libcurl does not start");
    return l->curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}
#else
static bool fail(struct loaded *l)
{
    const char *why = dlerror();
    snprintf(l->why, sizeof(l->why), "%s", why ? why : "unknown reason");
    return false;
}

/* Its objects may be handed on only where both of us mean the same library. */
static void find_openssl(struct ra_curl *curl, void *library)
{
    const curl_version_info_data *v = curl->version_info(CURLVERSION_NOW);
    bool ours = dlsym(library, "X509_STORE_new") == dlsym(RTLD_DEFAULT, "X509_STORE_new");
    if (ours && v->ssl_version && ra_starts_with(v->ssl_version, "OpenSSL/"))
        curl->use_certificates =
            (__typeof__(curl->use_certificates))dlsym(library, "SSL_CTX_set1_cert_store");
}

static bool load(struct loaded *l)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return fail(l);
#define TAKE(name)                                                          \
    l->curl.name = (__typeof__(l->curl.name))dlsym(library, "curl_" #name); \
    if (!l->curl.name)                                                      \
        return fail(l);
    RA_CURL_FUNCTIONS(TAKE)
#undef TAKE
    if (l->curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(l->why, sizeof(l->why), "libcurl.so.4 does not start");
        return false;
    }
    find_openssl(&l->curl, library);
    return true;
}
#endif

static struct loaded *loaded(void)
{
    static struct loaded l;
    return &l;
}

static void load_once(void)
{
    loaded()->good = load(loaded());
}

const struct ra_curl *ra_curl_load(struct ra_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_once);
    const struct loaded *l = loaded();
    if (l->good)
        return &l->curl;
    ra_fail(err, RA_UNSUPPORTED, "a bucket needs the library libcurl, which cannot be loaded: %s", l->why);
    ra_hint(err, -RA_UNSUPPORTED,
            "install it: the package is libcurl4 in Debian and Ubuntu (libcurl4t64 in recent ones)");
    return NULL;
}
