#include "store/s3.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "store/s3_curl.h"
#include "store/s3_http.h"

/* --- opening --- */

static const char *dup_or_null(struct ra_arena *a, const char *s)
{
    return s ? ra_arena_strdup(a, s) : NULL;
}

static void copy_config(struct ra_s3_config *to, const struct ra_s3_config *from)
{
    *to = *from;
    to->arena = (struct ra_arena){0};
    const char **fields[] = {&to->bucket,        &to->prefix,        &to->region,        &to->endpoint,
                             &to->access_key,    &to->secret_key,    &to->profile,       &to->ca_file,
                             &to->session_token, &to->origin_of_key, &to->storage_class, &to->acl,
                             &to->kms_key,       &to->user_agent};
    for (size_t i = 0; i < RA_COUNT(fields); i++)
        *fields[i] = dup_or_null(&to->arena, *fields[i]);
}

/* "a//b/" and "/a/b" both become "a/b/", as the registry's driver does with its rootdirectory. */
static char *make_root(const char *prefix)
{
    if (!prefix)
        return ra_strdup("");
    prefix += strspn(prefix, "/");
    size_t n = strlen(prefix);
    while (n > 0 && prefix[n - 1] == '/')
        n--;
    return n ? ra_asprintf("%.*s/", (int)n, prefix) : ra_strdup("");
}

/* A bucket with dots is no name that a wildcard certificate covers. */
static bool use_path_style(const struct ra_s3_config *c)
{
    if (c->path_style != RA_S3_AUTO)
        return c->path_style == RA_S3_YES;
    return c->endpoint != NULL || strchr(c->bucket, '.') != NULL;
}

static char *amazon_host(const struct ra_s3_config *c)
{
    return ra_asprintf("s3%s%s.%s.amazonaws.com%s", c->fips ? "-fips" : "", c->dual_stack ? ".dualstack" : "",
                       c->region, ra_starts_with(c->region, "cn-") ? ".cn" : "");
}

/* The port that curl and servers leave out of the Host header. */
static void strip_default_port(char *host, bool tls)
{
    size_t n = strlen(host), m = tls ? 4 : 3;
    if (n > m && ra_streq(host + n - m, tls ? ":443" : ":80"))
        host[n - m] = '\0';
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. */
static bool is_host(const char *s, size_t n)
{
    uint64_t port;
    const char *end = n && *s == '[' ? memchr(s, ']', n) : memchr(s, ':', n);
    size_t host = end ? (size_t)(end - s) + (*end == ']') : n;
    if (host == 0 || memchr(s, '@', n) || strcspn(s, " \t\"") < n || (*s == '[' && !end))
        return false;
    if (host == n)
        return true;
    ra_auto_free char *digits = ra_strndup(s + host + 1, n - host - 1);
    return s[host] == ':' && ra_parse_u64(digits, &port) && port > 0 && port <= UINT16_MAX;
}

static int make_endpoint(struct ra_s3 *s, struct ra_err *err)
{
    const struct ra_s3_config *c = &s->config;
    bool path_style = use_path_style(c), tls = !c->insecure;
    ra_auto_free char *amazon = amazon_host(c);
    const char *given = c->endpoint ? c->endpoint : amazon;
    if (ra_starts_with(given, "http://") || ra_starts_with(given, "https://")) {
        tls = given[4] == 's';
        given = strchr(given, '/') + 2;
    }
    size_t n = strcspn(given, "/?#");
    if (!is_host(given, n) || strspn(given + n, "/") != strlen(given + n))
        return ra_hint(
            err, ra_fail(err, RA_INVALID, "s3: the endpoint is not of the form https://HOST:PORT"),
            "http:// or https://, a name or an address, and perhaps a port from 1 to 65535; no path");
    ra_auto_free char *base = ra_strndup(given, n);
    s->host = path_style ? ra_strdup(base) : ra_asprintf("%s.%s", c->bucket, base);
    strip_default_port(s->host, tls);
    s->origin = ra_asprintf("%s://%s", tls ? "https" : "http", s->host);
    s->path = path_style ? ra_asprintf("/%s/", c->bucket) : ra_strdup("/");
    return 0;
}

static void s3_close(struct ra_store *store)
{
    struct ra_s3 *s = ra_s3_of(store);
    ra_s3_pool_release(s);
    ra_s3_config_release(&s->config);
    free(s->root);
    free(s->origin);
    free(s->host);
    free(s->path);
    free(s->where);
    free(s);
}

static int s3_now(struct ra_store *store, int64_t *out, struct ra_err *err)
{
    struct ra_s3 *s = ra_s3_of(store);
    struct ra_s3_page_query q = {.prefix = "", .max = 1};
    RA_S3_PAGE_AUTO page = {0};
    int rc = s->clock_known ? 0 : ra_s3_page_fetch(s, &q, &page, err);
    *out = ra_s3_now(s);
    return rc;
}

static void s3_traffic(struct ra_store *store, struct ra_traffic *out)
{
    struct ra_s3 *s = ra_s3_of(store);
    *out = (struct ra_traffic){.requests = s->requests, .repeated = s->repeats};
}

static const struct ra_driver s3_driver = {
    .close = s3_close,
    .stat = ra_s3_stat,
    .now = s3_now,
    .list_open = ra_s3_list_open,
    .list_next = ra_s3_list_next,
    .list_close = ra_s3_list_close,
    .get = ra_s3_get,
    .read_open = ra_s3_read_open,
    .read = ra_s3_read,
    .reader_stat = ra_s3_reader_stat,
    .read_close = ra_s3_read_close,
    .write_open = ra_s3_write_open,
    .write = ra_s3_write,
    .write_commit = ra_s3_write_commit,
    .write_abort = ra_s3_write_abort,
    .remove = ra_s3_remove,
    .remove_prefix = ra_s3_remove_prefix,
    .abandoned = ra_s3_abandoned,
    .keeps_removed = ra_s3_keeps_removed,
    .traffic = s3_traffic,
};

static struct ra_s3 *s3_new(const struct ra_s3_config *config)
{
    struct ra_s3 *s = ra_new(struct ra_s3);
    copy_config(&s->config, config);
    s->root = make_root(s->config.prefix);
    s->where = ra_asprintf("s3://%s%s%.*s", s->config.bucket, *s->root ? "/" : "",
                           (int)(*s->root ? strlen(s->root) - 1 : 0), s->root);
    s->base.driver = &s3_driver;
    s->base.info = (struct ra_store_info){.driver = "s3",
                                          .where = s->where,
                                          .caps = RA_CAP_LIST_SIZE | RA_CAP_LIST_FLAT | RA_CAP_NOREPLACE,
                                          .io_width = (unsigned)s->config.connections,
                                          .remove_max = RA_S3_PAGE_MAX,
                                          .list_max = RA_S3_PAGE_MAX};
    ra_s3_pool_init(s);
    return s;
}

int ra_s3_open(const struct ra_s3_config *c, struct ra_store **out, struct ra_err *err)
{
    if (!ra_curl_load(err))
        return -RA_UNSUPPORTED;
    struct ra_s3 *s = s3_new(c);
    int rc = make_endpoint(s, err);
    if (rc < 0)
        s3_close(&s->base);
    else
        *out = &s->base;
    return rc;
}
