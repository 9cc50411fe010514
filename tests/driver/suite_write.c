/* Writing. */
#include "driver/suite.h"

static void nothing_is_visible_before_commit(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    t_ok(ra_write_open(s, "a/b/c", 0, 0, &w, &err), &err);
    t_ok(ra_write(w, "half", 4, &err), &err);
    assert_false(t_is_there(s, "a/b/c"));
    assert_string_equal(t_keys(s, ""), "");
    assert_string_equal(t_list(s, "", T_LEVEL(0)), "");
    t_ok(ra_write(w, "half", 4, &err), &err);
    t_ok(ra_write_commit(w, NULL, &err), &err);
    assert_string_equal(t_get(s, "a/b/c"), "halfhalf");
}

static void abort_leaves_nothing(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    t_put(s, "old", "old");
    t_ok(ra_write_open(s, "old", 0, 100, &w, &err), &err);
    t_ok(ra_write(w, "new", 3, &err), &err);
    ra_write_abort(w);
    t_ok(ra_write_open(s, NULL, RA_WRITE_DEFER, 0, &w, &err), &err);
    ra_write_abort(w);
    ra_write_abort(NULL);
    t_ok(ra_store_sync(s, &err), &err);
    assert_string_equal(t_keys(s, ""), "old object 3\n");
    assert_string_equal(t_get(s, "old"), "old");
}

static void a_name_may_come_last(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    t_ok(ra_write_open(s, NULL, 0, 0, &w, &err), &err);
    t_ok(ra_write(w, "one", 3, &err), &err);
    t_ok(ra_write_commit(w, "late/name", &err), &err);
    t_ok(ra_write_open(s, "early/name", 0, 0, &w, &err), &err);
    t_ok(ra_write(w, "three", 5, &err), &err);
    t_ok(ra_write_commit(w, "other/name", &err), &err);
    assert_string_equal(t_keys(s, ""), "late/name object 3\nother/name object 5\n");
}

static void a_size_hint_is_only_a_hint(void **state)
{
    struct ra_store *s = *state;
    static const uint64_t hints[] = {1, 4, 5 << 20};
    for (size_t i = 0; i < RA_COUNT(hints); i++) {
        struct ra_err err = {0};
        struct ra_writer *w;
        struct ra_stat st;
        t_ok(ra_write_open(s, "a", 0, hints[i], &w, &err), &err);
        t_ok(ra_write(w, "text", 4, &err), &err);
        t_ok(ra_write_commit(w, NULL, &err), &err);
        t_ok(ra_store_stat(s, "a", &st, &err), &err);
        assert_int_equal(st.size, 4);
        assert_true(st.disk < 1 << 20);
    }
}

static void objects_are_replaced_whole(void **state)
{
    struct ra_store *s = *state;
    for (int i = 0; i < 3; i++) {
        t_put(s, "a/b", "a long first text");
        t_put(s, "a/b", "short");
        assert_string_equal(t_get(s, "a/b"), "short");
    }
    assert_string_equal(t_keys(s, ""), "a/b object 5\n");
}

static void a_reader_keeps_what_it_opened_or_ends(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_reader *r;
    char got[8] = "";
    t_put(s, "a", "old!");
    t_ok(ra_read_open(s, "a", 0, UINT64_MAX, 0, &r, &err), &err);
    t_put(s, "a", "new!new!");
    ssize_t n = ra_read(r, got, sizeof(got), &err);
    ra_err_release(&err);
    assert_true(n <= 4);
    if (n > 0)
        assert_memory_equal(got, "old!", (size_t)n);
    ra_read_close(r);
}

static void noreplace_keeps_the_first(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    if (!t_can(s, RA_CAP_NOREPLACE))
        skip();
    t_ok(ra_store_put(s, "a/b", "first", 5, RA_WRITE_NOREPLACE, &err), &err);
    t_fails_with(ra_store_put(s, "a/b", "second", 6, RA_WRITE_NOREPLACE, &err), RA_EXISTS, &err, "'a/b'");
    assert_string_equal(t_get(s, "a/b"), "first");
    assert_string_equal(t_keys(s, ""), "a/b object 5\n");
}

static void sync_publishes_what_was_deferred(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    t_ok(ra_store_sync(s, &err), &err);
    for (int count = 1; count <= 700; count = count * 3 + 1) {
        for (int i = 0; i < count; i++)
            t_put_deferred(s, t_fmt("d%d/%d/data", count, i), t_fmt("%d", i), i % 2 ? RA_WRITE_NOREPLACE : 0);
        t_ok(ra_store_sync(s, &err), &err);
        for (int i = 0; i < count; i++)
            assert_string_equal(t_get(s, t_fmt("d%d/%d/data", count, i)), t_fmt("%d", i));
    }
}

static void deferred_ones_replace_too(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    for (int i = 0; i < 9; i++)
        t_put(s, t_fmt("%d", i), "old");
    for (int i = 0; i < 9; i++)
        t_put_deferred(s, t_fmt("%d", i), "new", 0);
    t_put_deferred(s, "twice", "one", 0);
    t_put_deferred(s, "twice", "two", 0);
    t_ok(ra_store_sync(s, &err), &err);
    for (int i = 0; i < 9; i++)
        assert_string_equal(t_get(s, t_fmt("%d", i)), "new");
    assert_string_equal(t_get(s, "twice"), "two");
}

static void deferred_noreplace_keeps_the_first(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    if (!t_can(s, RA_CAP_NOREPLACE))
        skip();
    t_put_deferred(s, "late", "second", RA_WRITE_NOREPLACE);
    t_put(s, "late", "first!");
    t_put(s, "a", "first");
    int rc = ra_store_put(s, "a", "second", 6, RA_WRITE_DEFER | RA_WRITE_NOREPLACE, &err);
    assert_true(rc == 0 || rc == -RA_EXISTS);
    ra_err_release(&err);
    t_ok(ra_store_sync(s, &err), &err);
    assert_string_equal(t_get(s, "a"), "first");
    assert_true(strlen(t_get(s, "late")) == 6);
    assert_string_equal(t_keys(s, ""), "a object 5\nlate object 6\n");
}

static void content_is_shared_or_refused(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_reader *r;
    struct ra_writer *w;
    t_put(s, "from", "some text");
    t_ok(ra_read_open(s, "from", 0, UINT64_MAX, 0, &r, &err), &err);
    t_ok(ra_write_open(s, "to", 0, 9, &w, &err), &err);
    int rc = ra_write_clone(w, r, &err);
    if (rc) {
        t_fails(rc, RA_UNSUPPORTED, &err);
        t_ok(ra_write(w, "some text", 9, &err), &err);
    }
    ra_read_close(r);
    t_ok(ra_write_commit(w, NULL, &err), &err);
    assert_string_equal(t_get(s, "to"), "some text");
}

const struct CMUnitTest t_write_tests[] = {
    cmocka_unit_test(nothing_is_visible_before_commit),
    cmocka_unit_test(abort_leaves_nothing),
    cmocka_unit_test(a_name_may_come_last),
    cmocka_unit_test(a_size_hint_is_only_a_hint),
    cmocka_unit_test(objects_are_replaced_whole),
    cmocka_unit_test(a_reader_keeps_what_it_opened_or_ends),
    cmocka_unit_test(noreplace_keeps_the_first),
    cmocka_unit_test(sync_publishes_what_was_deferred),
    cmocka_unit_test(deferred_ones_replace_too),
    cmocka_unit_test(deferred_noreplace_keeps_the_first),
    cmocka_unit_test(content_is_shared_or_refused),
    {0},
};
