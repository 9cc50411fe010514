/*
 * mkbucket URL: does to a bucket all that regadm ever does, and checks each answer. For tests that put something bad
 * between the two: it must end well, or with a clear error; what it was told is done must be done. The variable VERIFY
 * names a second URL of the same bucket, past the trouble, by which that is looked at.
 */
#include "base/clock.h"
#include "base/pool.h"
#include "base/str.h"
#include "store/s3.h"
#include "store/snapshot.h"

#define SMALL 60
#define BIG   ((size_t)12 << 20)

extern char **environ;

static int open_url(const char *url, struct ra_store **out, struct ra_err *err)
{
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, url, err);
    if (rc == 0)
        rc = ra_s3_config_finish(&c, (const char *const *)environ, err);
    return rc < 0 ? rc : ra_s3_open(&c, out, err);
}

static int wrong(struct ra_err *err, const char *what)
{
    return ra_fail(err, RA_CORRUPT, "mkbucket: %s", what);
}

static int put_small(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    ra_auto_free char *key = ra_asprintf("small/%03zu", i);
    return ra_store_put(arg, key, key, strlen(key), i % 2 ? RA_WRITE_NOREPLACE : 0, err);
}

static int get_small(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    RA_BUF_AUTO text = {0};
    ra_auto_free char *key = ra_asprintf("small/%03zu", i);
    int rc = ra_store_get(arg, key, 100, &text, NULL, err);
    return rc < 0 ? rc : ra_streq(ra_buf_str(&text), key) ? 0 : wrong(err, "an object has another content");
}

static void fill(char *p)
{
    for (size_t i = 0; i < BIG; i++)
        p[i] = (char)(i * 31 + (i >> 11));
}

static int write_big(struct ra_store *s, const char *bytes, const char *at_open, const char *at_commit,
                     struct ra_err *err)
{
    RA_AUTO_PTR(ra_writer) w = NULL;
    int rc = ra_write_open(s, at_open, RA_WRITE_NOREPLACE, BIG, &w, err);
    if (rc == 0)
        rc = ra_write(w, bytes, BIG, err);
    return rc < 0 ? rc : ra_write_commit(ra_steal_ptr(&w), at_commit, err);
}

static int read_big(struct ra_store *s, const char *key, const char *bytes, struct ra_err *err)
{
    RA_AUTO_PTR(ra_reader) r = NULL;
    ra_auto_free char *back = ra_malloc(BIG + 1);
    size_t n = 0;
    int rc = ra_read_open(s, key, 0, UINT64_MAX, 0, &r, err);
    for (ssize_t got = 1; rc == 0 && got > 0; n += (size_t)got) {
        got = ra_read(r, back + n, BIG + 1 - n, err);
        if (got < 0)
            return (int)got;
    }
    if (rc == 0 && (n != BIG || memcmp(back, bytes, BIG) != 0))
        return wrong(err, "a large object has another content");
    return rc;
}

static int count_keys(struct ra_store *s, const char *prefix, size_t *n, struct ra_err *err)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    *n = 0;
    int rc = ra_list_open(s, prefix, &opts, &l, err);
    while (rc == 0 && (rc = ra_list_next(l, &page, err)) > 0) {
        *n += page.n;
        rc = 0;
    }
    return rc;
}

static int expect(struct ra_store *s, const char *prefix, size_t want, struct ra_err *err)
{
    size_t n;
    int rc = count_keys(s, prefix, &n, err);
    return rc < 0 || n == want ? rc : wrong(err, "a listing has too many keys, or too few");
}

static int write_all(struct ra_store *s, const char *bytes, struct ra_err *err)
{
    int rc = ra_parallel(8, SMALL, put_small, s, err);
    if (rc == 0)
        rc = write_big(s, bytes, "big/named", NULL, err);
    return rc < 0 ? rc : write_big(s, bytes, NULL, "big/spooled", err);
}

static int read_all(struct ra_store *s, const char *bytes, struct ra_err *err)
{
    int rc = expect(s, "", SMALL + 2, err);
    if (rc == 0)
        rc = ra_parallel(8, SMALL, get_small, s, err);
    if (rc == 0)
        rc = read_big(s, "big/named", bytes, err);
    return rc < 0 ? rc : read_big(s, "big/spooled", bytes, err);
}

static int remove_some(struct ra_store *s, struct ra_err *err)
{
    struct ra_removal items[SMALL / 2] = {{0}};
    char keys[SMALL / 2][16];
    int64_t now;
    int rc = ra_store_now(s, &now, err);
    for (size_t i = 0; i < RA_COUNT(items); i++) {
        snprintf(keys[i], sizeof(keys[i]), "small/%03zu", 2 * i);
        items[i].key = keys[i];
    }
    if (rc == 0)
        rc = ra_store_remove(s, items, RA_COUNT(items), now + RA_HOUR, err);
    for (size_t i = 0; rc == 0 && i < RA_COUNT(items); i++)
        if (items[i].status != 0)
            rc = wrong(err, "an object could not be removed");
    return rc;
}

static int work(struct ra_store *s, struct ra_store *clear, const char *bytes, struct ra_err *err)
{
    uint64_t removed = 0;
    int rc = write_all(s, bytes, err);
    if (rc == 0)
        rc = read_all(clear, bytes, err);
    if (rc == 0)
        rc = read_all(s, bytes, err);
    if (rc == 0)
        rc = remove_some(s, err);
    if (rc == 0)
        rc = expect(clear, "small/", SMALL / 2, err);
    if (rc == 0)
        rc = ra_store_remove_prefix(s, "", 0, RA_ANY_AGE, &removed, NULL, err);
    return rc < 0 ? rc : expect(clear, "", 0, err);
}

int main(int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    RA_AUTO_PTR(ra_store) s = NULL;
    RA_AUTO_PTR(ra_store) clear = NULL;
    const char *verify = getenv("VERIFY");
    ra_auto_free char *bytes = ra_malloc(BIG);
    fill(bytes);
    if (argc != 2) {
        fputs("usage: mkbucket s3://...\n", stderr);
        return 2;
    }
    int rc = open_url(argv[1], &s, &err);
    if (rc == 0)
        rc = open_url(verify ? verify : argv[1], &clear, &err);
    if (rc == 0)
        rc = work(s, clear, bytes, &err);
    struct ra_traffic t = {0};
    if (s)
        ra_store_traffic(s, &t);
    printf("%llu requests, %llu of them repeats\n", (unsigned long long)t.requests,
           (unsigned long long)t.repeated);
    if (rc < 0)
        fprintf(stderr, "%s\n%s%s", ra_err_text(&err), err.hint ? err.hint : "", err.hint ? "\n" : "");
    return rc < 0 ? 1 : 0;
}
