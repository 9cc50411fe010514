/* The helpers of the tests themselves: what all other tests lean on. */
#include "lib/testlib.h"

static void folders_are_new(void **state)
{
    (void)state;
    const char *a = t_dir(), *b = t_dir();
    assert_string_not_equal(a, b);
    assert_true(t_exists(a));
    assert_string_equal(t_tree(a), " 040700 0 \n");
}

static void files_come_back(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/one/two/three", t_dir());
    size_t n;
    t_write_bytes(path, "a\0b", 3);
    assert_memory_equal(t_read(path, &n), "a\0b", 3);
    assert_int_equal(n, 3);
}

static void a_tree_shows_each_change(void **state)
{
    (void)state;
    const char *dir = t_dir(), *path = t_fmt("%s/f", dir);
    t_write(path, "old");
    const char *before = t_tree(dir);
    assert_string_equal(before, t_tree(dir));
    t_write(path, "new");
    assert_string_not_equal(before, t_tree(dir));
}

static void random_is_repeatable(void **state)
{
    (void)state;
    uint64_t a = 1, b = 1;
    assert_int_equal(t_random(&a), t_random(&b));
    assert_int_not_equal(t_random(&a), t_random(&a));
}

static void errors_are_told_apart(void **state)
{
    (void)state;
    struct ra_err err = {0};
    t_fails(ra_fail(&err, RA_CORRUPT, "bad '%s'", "x"), RA_CORRUPT, &err);
    t_fails_with(ra_fail(&err, RA_CORRUPT, "bad '%s'", "x"), RA_CORRUPT, &err, "'x'");
    t_ok(0, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_new),          cmocka_unit_test(files_come_back),
        cmocka_unit_test(a_tree_shows_each_change), cmocka_unit_test(random_is_repeatable),
        cmocka_unit_test(errors_are_told_apart),
    };
    return T_RUN(tests);
}
