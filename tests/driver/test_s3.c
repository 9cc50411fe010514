/*
 * The contract, held by a bucket: on the server that REGADM_TEST_S3_URL names (with the usual AWS_... variables), else
 * on a gateway of Ceph that tests/lib/rgw.sh starts. Each store is a prefix of its own.
 */
#include "driver/conformance.h"
#include "base/clock.h"
#include "base/pool.h"
#include "store/s3.h"
#include "store/snapshot.h"

#include <sys/wait.h>

extern char **environ;

static struct ra_store *open_prefix(const char *more)
{
    static int n;
    struct ra_err err = {0};
    struct ra_store *s;
    RA_S3_CONFIG_AUTO c = {0};
    const char *url =
        t_fmt("%s&rootdirectory=test-%d-%d&%s", getenv("REGADM_TEST_S3_URL"), (int)getpid(), n++, more);
    t_ok(ra_s3_config_url(&c, url, &err), &err);
    t_ok(ra_s3_config_finish(&c, (const char *const *)environ, &err), &err);
    t_ok(ra_s3_open(&c, &s, &err), &err);
    return s;
}

static struct ra_store *plain(void)
{
    return open_prefix("");
}

/* --- what the suite, which knows no sizes of parts and pages, does not reach --- */

static void fill(char *p, size_t n, uint64_t seed)
{
    t_random_bytes(&seed, p, n);
}

static void check_content(struct ra_store *s, const char *key, const char *want, size_t n)
{
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_reader) r = NULL;
    ra_auto_free char *got = ra_malloc(n + 1);
    size_t len = 0;
    ssize_t rc;
    t_ok(ra_read_open(s, key, 0, UINT64_MAX, 0, &r, &err), &err);
    while ((rc = ra_read(r, got + len, n + 1 - len, &err)) > 0)
        len += (size_t)rc;
    t_ok(rc, &err);
    assert_int_equal(len, n);
    assert_memory_equal(got, want, n);
}

static void write_big(struct ra_store *s, const char *at_open, const char *at_commit, unsigned flags,
                      const char *p, size_t n)
{
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_writer) w = NULL;
    t_ok(ra_write_open(s, at_open, flags, 0, &w, &err), &err);
    for (size_t at = 0; at < n; at += 1 << 20)
        t_ok(ra_write(w, p + at, n - at < 1 << 20 ? n - at : 1 << 20, &err), &err);
    t_ok(ra_write_commit(ra_steal_ptr(&w), at_commit, &err), &err);
}

static void large_objects_go_in_parts(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = open_prefix("chunksize=5Mi");
    size_t n = (12 << 20) + 345;
    ra_auto_free char *bytes = ra_malloc(n);
    fill(bytes, n, 7);
    write_big(s, "named", NULL, 0, bytes, n);
    check_content(s, "named", bytes, n);
    write_big(s, NULL, "spooled", 0, bytes, n);
    check_content(s, "spooled", bytes, n);
    write_big(s, "even", NULL, RA_WRITE_NOREPLACE, bytes, 10 << 20);
    check_content(s, "even", bytes, 10 << 20);
}

static void large_objects_do_not_replace(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = open_prefix("chunksize=5Mi");
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_writer) w = NULL;
    size_t n = 6 << 20;
    ra_auto_free char *bytes = ra_calloc(n, 1);
    t_put(s, "there", "old");
    t_ok(ra_write_open(s, "there", RA_WRITE_NOREPLACE, n, &w, &err), &err);
    t_ok(ra_write(w, bytes, n, &err), &err);
    t_fails(ra_write_commit(ra_steal_ptr(&w), NULL, &err), RA_EXISTS, &err);
    assert_string_equal(t_get(s, "there"), "old");
}

static void count(void *arg, const struct ra_abandoned *a)
{
    assert_string_equal(a->key, "d/cut off & left");
    assert_int_equal(a->status, 0);
    ++*(int *)arg;
}

static int abandoned(struct ra_store *s, const char *prefix, int64_t not_after, bool abort)
{
    struct ra_err err = {0};
    int n = 0;
    struct ra_abandoned_opts opts = {.not_after = not_after, .abort = abort, .found = count, .arg = &n};
    t_ok(ra_store_abandoned(s, prefix, &opts, &err), &err);
    return n;
}

static void uploads_left_behind_are_found_and_aborted(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = open_prefix("chunksize=5Mi");
    size_t n = 11 << 20;
    ra_auto_free char *bytes = ra_calloc(n, 1);
    RA_AUTO_PTR(ra_writer) w = NULL;
    struct ra_err err = {0};
    t_ok(ra_write_open(s, "d/cut off & left", 0, 0, &w, &err), &err);
    t_ok(ra_write(w, bytes, n, &err), &err);
    assert_string_equal(t_keys(s, ""), "");
    assert_int_equal(abandoned(s, "", RA_ANY_AGE, false), 1);
    assert_int_equal(abandoned(s, "d/", RA_ANY_AGE, false), 1);
    assert_int_equal(abandoned(s, "e/", RA_ANY_AGE, false), 0);
    assert_int_equal(abandoned(s, "", 0, true), 0);
    assert_int_equal(abandoned(s, "", RA_ANY_AGE, true), 1);
    assert_int_equal(abandoned(s, "", RA_ANY_AGE, false), 0);
}

/* Readers hold connections, and a thread that holds some must not wait for itself. */
static void one_connection_is_enough(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = open_prefix("connections=1");
    RA_AUTO_PTR(ra_reader) a = NULL;
    RA_AUTO_PTR(ra_reader) b = NULL;
    struct ra_err err = {0};
    char byte;
    t_put(s, "x", "ab");
    t_ok(ra_read_open(s, "x", 0, UINT64_MAX, 0, &a, &err), &err);
    t_ok(ra_read_open(s, "x", 1, 1, 0, &b, &err), &err);
    t_put(s, "y", "c");
    assert_int_equal(ra_read(b, &byte, 1, &err), 1);
    assert_int_equal(byte, 'b');
    assert_int_equal(ra_read(a, &byte, 1, &err), 1);
    assert_int_equal(byte, 'a');
}

static void an_aborted_writer_leaves_no_upload(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = open_prefix("chunksize=5Mi");
    size_t n = 11 << 20;
    ra_auto_free char *bytes = ra_calloc(n, 1);
    struct ra_writer *w;
    struct ra_err err = {0};
    t_ok(ra_write_open(s, "x", 0, 0, &w, &err), &err);
    t_ok(ra_write(w, bytes, n, &err), &err);
    ra_write_abort(w);
    assert_int_equal(abandoned(s, "", RA_ANY_AGE, false), 0);
}

static int put_numbered(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    ra_auto_free char *key = ra_asprintf("many/%04zu", i); /* t_fmt is not for threads */
    return ra_store_put(arg, key, "x", 1, 0, err);
}

static uint64_t requests(struct ra_store *s)
{
    struct ra_traffic t;
    ra_store_traffic(s, &t);
    return t.requests;
}

static void remove_all(struct ra_store *s, size_t n, size_t first, size_t step, int64_t not_after, int status)
{
    struct ra_err err = {0};
    ra_auto_free struct ra_removal *items = ra_calloc(n, sizeof(*items));
    for (size_t i = 0; i < n; i++)
        items[i].key = t_fmt("many/%04zu", first + i * step);
    t_ok(ra_store_remove(s, items, n, not_after, &err), &err);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(items[i].status, status);
}

/* Pages and batches of a thousand, and what they cost. */
static void thousands_take_few_requests(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = plain();
    struct ra_err err = {0};
    t_ok(ra_parallel(16, 2100, put_numbered, s, &err), &err);
    int64_t now;
    t_ok(ra_store_now(s, &now, &err), &err);
    uint64_t before = requests(s);
    remove_all(s, 2100, 0, 1, now - RA_HOUR, -RA_BUSY);
    assert_in_range(requests(s) - before, 3, 6);
    before = requests(s);
    remove_all(s, 1000, 0, 2, now + RA_HOUR, 0);
    assert_in_range(requests(s) - before, 3, 5);
    before = requests(s);
    remove_all(s, 20, 1, 100, now + RA_HOUR, 0);
    assert_in_range(requests(s) - before, 2, 22);
    uint64_t removed = 0, bytes = 0;
    before = requests(s);
    t_ok(ra_store_remove_prefix(s, "many/", 0, RA_ANY_AGE, &removed, &bytes, &err), &err);
    assert_int_equal(removed, 1080);
    assert_int_equal(bytes, 1080);
    assert_int_equal(requests(s) - before, 4);
}

static void strange_keys_survive(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "a b",   "a+b",     "a%20b",         "ü/ö",        "q?x=1&y=2#z", "<tag attr=\"v\">",
        "it's",  "a\\b",    "~-_.!*'();:@,", "a\tb\nc\rd", ".hidden",     "..a/...",
        "=&=/;", "\x7f\x01"};
    RA_AUTO_PTR(ra_store) s = plain();
    struct ra_err err = {0};
    for (size_t i = 0; i < RA_COUNT(keys); i++)
        t_put(s, keys[i], keys[i]);
    for (size_t i = 0; i < RA_COUNT(keys); i++)
        assert_string_equal(t_get(s, keys[i]), keys[i]);
    for (size_t i = 0; i < RA_COUNT(keys) - 1; i++) {
        struct ra_removal item = {.key = keys[i]};
        t_ok(ra_store_remove(s, &item, 1, RA_ANY_AGE, &err), &err);
        assert_int_equal(item.status, 0);
        struct ra_stat st;
        t_fails(ra_store_stat(s, keys[i], &st, NULL), RA_NOTFOUND, NULL);
    }
}

static void a_snapshot_costs_a_page_a_thousand(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = plain();
    struct ra_err err = {0};
    t_ok(ra_parallel(16, 1500, put_numbered, s, &err), &err);
    uint64_t before = requests(s);
    RA_AUTO_PTR(ra_store) shot = NULL;
    t_ok(ra_snapshot_open(s, &(struct ra_flatlist_opts){.prefix = "", .threads = 16}, &shot, &err), &err);
    assert_string_equal(t_keys(shot, "many/"), t_keys(shot, "many/"));
    struct ra_stat st;
    t_ok(ra_store_stat(shot, "many/0007", &st, &err), &err);
    assert_int_equal(requests(s) - before, 2);
    assert_string_equal(t_keys(s, "many/"), t_keys(shot, "many/"));
}

/* --- settings that are wrong --- */

static int try_open(const char *url, struct ra_err *err)
{
    struct ra_store *s = NULL;
    RA_S3_CONFIG_AUTO c = {0};
    int rc = ra_s3_config_url(&c, url, err);
    if (rc == 0)
        rc = ra_s3_config_finish(&c, (const char *const *)environ, err);
    if (rc == 0)
        rc = ra_s3_open(&c, &s, err);
    struct ra_store *shot = NULL;
    if (rc == 0) /* the first request */
        rc = ra_snapshot_open(s, &(struct ra_flatlist_opts){.prefix = "", .threads = 1}, &shot, err);
    ra_store_close(shot);
    ra_store_close(s);
    return rc;
}

static void wrong_settings_are_said_in_words(void **state)
{
    (void)state;
    const char *url = getenv("REGADM_TEST_S3_URL");
    const char *query = strchr(url, '?');
    struct ra_err err = {0};
    t_fails_with(try_open(t_fmt("%s&accesskey=%s&secretkey=wrong", url, getenv("AWS_ACCESS_KEY_ID")), &err),
                 RA_DENIED, &err, "the secret key is wrong");
    t_fails_with(try_open(t_fmt("%s&accesskey=nobody&secretkey=wrong", url), &err), RA_DENIED, &err,
                 "does not know the access key");
    t_fails_with(try_open(t_fmt("s3://no-such-bucket%s", query), &err), RA_INVALID, &err,
                 "there is no bucket 'no-such-bucket'");
    t_fails_with(try_open("s3://b-u-c?endpoint=http://127.0.0.1:1&attempts=2&backoff=1", &err), RA_IO, &err,
                 "given up after 2 attempts");
}

static bool no_secret_in(const struct ra_err *err)
{
    const char *secret = "very-secret-indeed";
    return !strstr(ra_err_text(err), secret) && !(err->hint && strstr(err->hint, secret));
}

static void no_message_holds_a_secret(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "s3://bucket?secretkey=very-secret-indeed&nonsense=1", "s3://bucket?secretkey=very-secret-indeed",
        "s3://bucket?secretkey=very-secret-indeed%0a&accesskey=x",
        "s3://bucket?secretkey=very-secret-indeed&accesskey=x&attempts=1&endpoint=http://127.0.0.1:1"};
    for (size_t i = 0; i < RA_COUNT(urls); i++) {
        struct ra_err err = {0};
        assert_true(try_open(urls[i], &err) < 0);
        assert_true(no_secret_in(&err));
        ra_err_release(&err);
    }
    struct ra_err err = {0};
    const char *url = getenv("REGADM_TEST_S3_URL");
    assert_true(try_open(t_fmt("%s&accesskey=x&secretkey=very-secret-indeed", url), &err) < 0);
    assert_true(no_secret_in(&err));
    ra_err_release(&err);
}

static int own_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_objects_go_in_parts),
        cmocka_unit_test(large_objects_do_not_replace),
        cmocka_unit_test(uploads_left_behind_are_found_and_aborted),
        cmocka_unit_test(one_connection_is_enough),
        cmocka_unit_test(an_aborted_writer_leaves_no_upload),
        cmocka_unit_test(thousands_take_few_requests),
        cmocka_unit_test(strange_keys_survive),
        cmocka_unit_test(a_snapshot_costs_a_page_a_thousand),
        cmocka_unit_test(wrong_settings_are_said_in_words),
        cmocka_unit_test(no_message_holds_a_secret),
    };
    return T_RUN(tests);
}

/* --- the server --- */

static int run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void take_environment(const char *file)
{
    ra_auto_free char *text = ra_strdup(t_read(file, NULL));
    char *save = NULL;
    for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        size_t n = strlen(equals + 1);
        if (equals[1] == '\'' && n > 1)
            equals[n] = '\0';
        setenv(word, equals + 1 + (equals[1] == '\''), 1);
    }
}

int main(void)
{
    static const struct t_driver s3 = {"s3", plain};
    const char *dir = t_fmt("%s/rgw", t_dir());
    bool ours = !getenv("REGADM_TEST_S3_URL");
    if (ours &&
        run(t_fmt("%s start %s memstore %d >/dev/null", t_source("tests/lib/rgw.sh"), dir, (int)getpid()))) {
        puts("1..1\nok 1 - s3 # SKIP there is no S3 server to test with");
        return 0;
    }
    if (ours)
        take_environment(t_fmt("%s/env", dir));
    int failed = own_tests();
    failed += t_conformance(&s3);
    if (ours)
        run(t_fmt("%s stop %s", t_source("tests/lib/rgw.sh"), dir));
    return failed ? 1 : 0;
}
