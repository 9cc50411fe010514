#include "store/s3.h"

#include "base/num.h"
#include "base/str.h"
#include "format/sigv4.h"
#include "store/s3_cred.h"

#include <strings.h>

#define PART_SIZE     ((uint64_t)10 << 20)
#define PART_SIZE_MIN ((uint64_t)5 << 20)
#define PART_SIZE_MAX ((uint64_t)5 << 30)
#define CONNECTIONS   16
#define ATTEMPTS      9
#define BACKOFF       100

enum kind { TEXT, YES, NO, AUTO, SIZE, NUMBER, SIGNATURE };

struct param {
    const char *name;
    enum kind kind;
    size_t offset;
    uint64_t max; /* SIZE, NUMBER */
};
#define AT(member) offsetof(struct ra_s3_config, member)

static const struct param params[] = {
    {"bucket", TEXT, AT(bucket), 0},
    {"rootdirectory", TEXT, AT(prefix), 0},
    {"region", TEXT, AT(region), 0},
    {"regionendpoint", TEXT, AT(endpoint), 0},
    {"endpoint", TEXT, AT(endpoint), 0},
    {"accesskey", TEXT, AT(access_key), 0},
    {"secretkey", TEXT, AT(secret_key), 0},
    {"sessiontoken", TEXT, AT(session_token), 0},
    {"profile", TEXT, AT(profile), 0},
    {"cacert", TEXT, AT(ca_file), 0},
    {"storageclass", TEXT, AT(storage_class), 0},
    {"objectacl", TEXT, AT(acl), 0},
    {"keyid", TEXT, AT(kms_key), 0},
    {"useragent", TEXT, AT(user_agent), 0},
    {"forcepathstyle", AUTO, AT(path_style), 0},
    {"pathstyle", AUTO, AT(path_style), 0},
    {"secure", NO, AT(insecure), 0},
    {"skipverify", YES, AT(skip_verify), 0},
    {"encrypt", YES, AT(encrypt), 0},
    {"usedualstack", YES, AT(dual_stack), 0},
    {"usefipsendpoint", YES, AT(fips), 0},
    {"v4auth", SIGNATURE, 0, 0},
    {"chunksize", SIZE, AT(part_size), PART_SIZE_MAX},
    {"connections", NUMBER, AT(connections), 256},
    {"attempts", NUMBER, AT(attempts), 100},
    {"backoff", NUMBER, AT(backoff), 60000},
};

static const struct param *find_param(const char *name)
{
    for (size_t i = 0; i < RA_COUNT(params); i++)
        if (strcasecmp(params[i].name, name) == 0)
            return &params[i];
    return NULL;
}

static bool parse_bool(const char *value, bool *out)
{
    *out = strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 || ra_streq(value, "1");
    return *out || strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0 || ra_streq(value, "0");
}

static int set_bool(const struct param *p, void *field, const char *value, struct ra_err *err)
{
    bool yes;
    if (!parse_bool(value, &yes))
        return ra_fail(err, RA_INVALID, "s3: '%s' is neither true nor false: '%s'", p->name, value);
    if (p->kind == AUTO)
        *(int *)field = yes ? RA_S3_YES : RA_S3_NO;
    else if (p->kind != SIGNATURE)
        *(bool *)field = yes == (p->kind == YES);
    else if (!yes)
        return ra_fail(err, RA_UNSUPPORTED, "s3: v4auth is false, and signature version 2 is not supported");
    return 0;
}

static int set_number(const struct param *p, uint64_t *field, const char *value, struct ra_err *err)
{
    bool ok = p->kind == SIZE ? ra_parse_size(value, field, NULL) == 0 : ra_parse_u64(value, field);
    if (!ok || *field > p->max)
        return ra_fail(err, RA_INVALID, "s3: '%s' is no number up to %llu: '%s'", p->name,
                       (unsigned long long)p->max, value);
    return 0;
}

int ra_s3_config_set(struct ra_s3_config *c, const char *name, const char *value, struct ra_err *err)
{
    const struct param *p = find_param(name);
    if (!p)
        return ra_fail(err, RA_NOTFOUND, "s3: there is no parameter '%s'", name);
    if (!*value)
        return 0;
    void *field = (char *)c + p->offset;
    if (p->kind == SIZE || p->kind == NUMBER)
        return set_number(p, field, value, err);
    if (p->kind != TEXT)
        return set_bool(p, field, value, err);
    *(const char **)field = ra_arena_strdup(&c->arena, value);
    return 0;
}

void ra_s3_config_release(struct ra_s3_config *c)
{
    ra_arena_release(&c->arena);
    *c = (struct ra_s3_config){0};
}

/* --- URLs --- */

static int decode(const char *s, size_t n, struct ra_buf *out, struct ra_err *err)
{
    if (ra_uri_decode(out, s, n))
        return 0;
    return ra_fail(err, RA_INVALID, "the s3 URL has a '%%' that is followed by no two hexadecimal digits");
}

static int set_from_url(struct ra_s3_config *c, const char *s, size_t n, struct ra_err *err)
{
    RA_BUF_AUTO name = {0};
    RA_BUF_AUTO value = {0};
    const char *equals = memchr(s, '=', n);
    size_t name_len = equals ? (size_t)(equals - s) : n;
    int rc = decode(s, name_len, &name, err);
    if (rc == 0 && equals)
        rc = decode(equals + 1, n - name_len - 1, &value, err);
    if (rc == 0)
        rc = ra_s3_config_set(c, ra_buf_str(&name), ra_buf_str(&value), err);
    if (rc != -RA_NOTFOUND)
        return rc;
    return ra_hint(err,
                   ra_fail(err, RA_INVALID, "the s3 URL has an unknown parameter '%s'", ra_buf_str(&name)),
                   "see regadm-store(7) for those there are");
}

static int set_path(struct ra_s3_config *c, const char *s, size_t n, struct ra_err *err)
{
    RA_BUF_AUTO path = {0};
    int rc = decode(s, n, &path, err);
    if (rc < 0)
        return rc;
    const char *text = ra_buf_str(&path);
    size_t bucket = strcspn(text, "/");
    c->bucket = ra_arena_strndup(&c->arena, text, bucket);
    if (text[bucket])
        c->prefix = ra_arena_strdup(&c->arena, text + bucket + 1);
    return 0;
}

int ra_s3_config_url(struct ra_s3_config *c, const char *url, struct ra_err *err)
{
    if (!ra_starts_with(url, "s3://"))
        return ra_fail(err, RA_INVALID, "not an s3 URL, which looks like s3://BUCKET/PREFIX?region=REGION");
    const char *path = url + strlen("s3://");
    size_t len = strcspn(path, "?#");
    int rc = set_path(c, path, len, err);
    const char *at = path + len;
    while (rc == 0 && (*at == '?' || *at == '&')) {
        at++;
        size_t n = strcspn(at, "&#");
        if (n > 0)
            rc = set_from_url(c, at, n, err);
        at += n;
    }
    if (rc == 0 && *at)
        return ra_fail(err, RA_INVALID, "the s3 URL has a '#'; write it as %%23");
    return rc;
}

/* --- the environment, and what must be true --- */

static void set_default(struct ra_s3_config *c, const char **field, const char *value)
{
    if (!*field && value && *value)
        *field = ra_arena_strdup(&c->arena, value);
}

static const char *first_of(const char *a, const char *b)
{
    return a && *a ? a : b;
}

static void fill_in(struct ra_s3_config *c, const char *const *env)
{
    set_default(c, &c->region,
                first_of(ra_env_get(env, "AWS_REGION"), ra_env_get(env, "AWS_DEFAULT_REGION")));
    set_default(c, &c->endpoint,
                first_of(ra_env_get(env, "AWS_ENDPOINT_URL_S3"), ra_env_get(env, "AWS_ENDPOINT_URL")));
    set_default(c, &c->ca_file, ra_env_get(env, "AWS_CA_BUNDLE"));
    if (c->storage_class && ra_streq(c->storage_class, "NONE"))
        c->storage_class = NULL;
    if (!c->part_size)
        c->part_size = PART_SIZE;
    if (c->part_size > RA_S3_PART_MAX)
        c->part_size = RA_S3_PART_MAX;
    if (!c->connections)
        c->connections = CONNECTIONS;
    if (!c->attempts)
        c->attempts = ATTEMPTS;
    if (!c->backoff)
        c->backoff = BACKOFF;
}

static bool bucket_valid(const char *s)
{
    size_t n = strlen(s);
    return n >= 3 && n <= 255 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n && s[0] != '.';
}

/* Values that end up in header lines must not be able to add lines. */
static const char *unprintable(const struct ra_s3_config *c)
{
    for (size_t i = 0; i < RA_COUNT(params); i++) {
        const char *value =
            params[i].kind == TEXT ? *(const char *const *)((const char *)c + params[i].offset) : NULL;
        for (; value && *value; value++)
            if ((unsigned char)*value < ' ' || *value == 0x7f)
                return params[i].name;
    }
    return NULL;
}

static int check(const struct ra_s3_config *c, struct ra_err *err)
{
    static const char form[] =
        "it goes s3://BUCKET/PREFIX?region=REGION&endpoint=URL, or as in regadm-store(7)";
    if (!c->bucket || !*c->bucket)
        return ra_hint(err, ra_fail(err, RA_INVALID, "s3: no bucket is given"), "%s", form);
    if (!bucket_valid(c->bucket))
        return ra_hint(err, ra_fail(err, RA_INVALID, "s3: '%s' cannot be the name of a bucket", c->bucket),
                       "%s", form);
    if (c->part_size < PART_SIZE_MIN)
        return ra_fail(err, RA_INVALID, "s3: chunksize is less than 5 MiB, the least that S3 takes");
    if (!c->access_key != !c->secret_key)
        return ra_fail(err, RA_INVALID, "s3: of accesskey and secretkey only one is given");
    const char *bad = unprintable(c);
    if (bad)
        return ra_fail(err, RA_INVALID, "s3: '%s' holds a control character", bad);
    return 0;
}

int ra_s3_config_finish(struct ra_s3_config *c, const char *const *env, struct ra_err *err)
{
    fill_in(c, env);
    int rc = check(c, err);
    if (rc == 0)
        rc = ra_s3_credentials(c, env, err);
    if (rc == 0)
        rc = check(c, err);
    set_default(c, &c->region, "us-east-1");
    return rc;
}
