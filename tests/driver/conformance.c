#include "driver/conformance.h"

#include "base/vec.h"
#include "driver/suite.h"

bool t_can(struct ra_store *s, enum ra_cap cap)
{
    return ra_store_info(s)->caps & cap;
}

bool t_is_there(struct ra_store *s, const char *key)
{
    struct ra_stat st;
    int rc = ra_store_stat(s, key, &st, NULL);
    assert_true(rc == 0 || rc == -RA_NOTFOUND);
    return rc == 0 && st.kind == RA_OBJECT;
}

int64_t t_mtime(struct ra_store *s, const char *key)
{
    struct ra_stat st;
    RA_ERR_AUTO err = {0};
    t_ok(ra_store_stat(s, key, &st, &err), &err);
    return st.mtime;
}

void t_put_deferred(struct ra_store *s, const char *key, const char *text, unsigned flags)
{
    struct ra_err err = {0};
    t_ok(ra_store_put(s, key, text, strlen(text), flags | RA_WRITE_DEFER, &err), &err);
}

void t_small_tree(struct ra_store *s)
{
    t_put(s, "p/one/link", "1");
    t_put(s, "p/two/link", "22");
    t_put(s, "p/two/more/link", "333");
    t_put(s, "p/bare/other", "4444");
    t_put(s, "p/file", "55555");
    t_put(s, "p/deep/current/link", "666666");
    t_put(s, "pq/x", "7");
    t_put(s, "p-q", "8");
}

static int open_store(void **state)
{
    const struct t_driver *driver = *state;
    *state = driver->open();
    return *state ? 0 : -1;
}

static int close_store(void **state)
{
    ra_store_close(*state);
    return 0;
}

int t_conformance(const struct t_driver *driver)
{
    static const struct CMUnitTest *const parts[] = {t_look_tests, t_write_tests, t_rest_tests};
    RA_VEC(struct CMUnitTest) tests = {0};
    for (size_t i = 0; i < RA_COUNT(parts); i++)
        for (const struct CMUnitTest *part = parts[i]; part->test_func; part++) {
            const char *name = t_fmt("%s: %s", driver->name, part->name);
            *ra_vec_push(&tests) =
                (struct CMUnitTest){name, part->test_func, open_store, close_store, (void *)driver};
        }
    int failed = _cmocka_run_group_tests(driver->name, tests.at, tests.n, NULL, NULL);
    ra_vec_release(&tests);
    return failed;
}
