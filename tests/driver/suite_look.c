/* Keys, looking, reading, listing. */
#include "driver/suite.h"

#include "base/clock.h"
#include "store/driver.h"

/* --- arguments ------------------------------------------------------------------------------- */

static void keys_have_one_form(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", "a.b/..c/...", "-", " ", "a\nb", ".a"};
    static const char *const bad[] = {"",   "/",   "/a",   "a/",   "a//b",   ".",
                                      "..", "a/.", "a/..", "../a", "a/../b", "./a"};
    for (size_t i = 0; i < RA_COUNT(good); i++) {
        assert_true(ra_key_valid(good[i], false));
        assert_false(ra_key_valid(good[i], true));
        assert_true(ra_key_valid(t_fmt("%s/", good[i]), true));
    }
    for (size_t i = 0; i < RA_COUNT(bad); i++) {
        assert_false(ra_key_valid(bad[i], false));
        assert_int_equal(ra_key_valid(bad[i], true), !*bad[i] || !strcmp(bad[i], "a/"));
    }
}

static void other_keys_are_invalid(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_stat st;
    struct ra_buf buf = {0};
    struct ra_reader *r;
    struct ra_writer *w;
    struct ra_list *l;
    struct ra_lock *lock;
    t_put(s, "a/b", "safe");
    t_fails(ra_store_stat(s, "a/../a/b", &st, &err), RA_INVALID, &err);
    t_fails(ra_store_get(s, "/a/b", 9, &buf, NULL, &err), RA_INVALID, &err);
    t_fails(ra_read_open(s, "a//b", 0, 9, 0, &r, &err), RA_INVALID, &err);
    t_fails(ra_write_open(s, "../x", 0, 0, &w, &err), RA_INVALID, &err);
    t_fails(ra_store_put(s, "x/", "", 0, 0, &err), RA_INVALID, &err);
    t_fails(ra_list_open(s, "a", T_LEVEL(0), &l, &err), RA_INVALID, &err);
    t_fails(ra_list_open(s, "a/", T_LEAF("../x", 0), &l, &err), RA_INVALID, &err);
    t_fails(ra_list_open(s, "a/", T_LEAF(NULL, 0), &l, &err), RA_INVALID, &err);
    t_fails(ra_store_lock(s, "a/", NULL, "me", &lock, &err), RA_INVALID, &err);
    t_fails(ra_store_prune(s, "a", 0, RA_ANY_AGE, &err), RA_INVALID, &err);
    t_fails(ra_store_remove_prefix(s, "/", 0, RA_ANY_AGE, NULL, NULL, &err), RA_INVALID, &err);
    struct ra_removal items[] = {{.key = "a/b"}, {.key = "a/"}};
    t_fails(ra_store_remove(s, items, 2, RA_ANY_AGE, &err), RA_INVALID, &err);
    assert_int_not_equal(items[0].status, 0);
    assert_string_equal(t_keys(s, ""), "a/b object 4\n");
}

static void a_bad_name_at_commit_is_invalid(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_writer *w;
    t_ok(ra_write_open(s, NULL, 0, 0, &w, &err), &err);
    t_fails(ra_write_commit(w, "a/../b", &err), RA_INVALID, &err);
    t_ok(ra_write_open(s, NULL, 0, 0, &w, &err), &err);
    t_fails(ra_write_commit(w, NULL, &err), RA_INVALID, &err);
    assert_string_equal(t_keys(s, ""), "");
}

static void it_tells_about_itself(void **state)
{
    const struct ra_store_info *info = ra_store_info(*state);
    assert_true(*info->driver && *info->where);
    assert_true(info->io_width >= 1 && info->remove_max >= 1);
}

/* --- looking and reading --------------------------------------------------------------------- */

static void what_is_missing_is_not_found(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_stat st;
    struct ra_buf buf = {0};
    struct ra_reader *r;
    t_put(s, "a/b", "x");
    static const char *const keys[] = {"c", "a/c", "a/b/c", "ab"};
    for (size_t i = 0; i < RA_COUNT(keys); i++) {
        t_fails_with(ra_store_stat(s, keys[i], &st, &err), RA_NOTFOUND, &err, t_fmt("'%s'", keys[i]));
        t_fails_with(ra_store_get(s, keys[i], 9, &buf, NULL, &err), RA_NOTFOUND, &err,
                     t_fmt("'%s'", keys[i]));
        t_fails_with(ra_read_open(s, keys[i], 0, 9, 0, &r, &err), RA_NOTFOUND, &err, t_fmt("'%s'", keys[i]));
        assert_null(r);
    }
    t_fails(ra_store_get(s, "a", 9, &buf, NULL, &err), RA_NOTFOUND, &err);
    t_fails(ra_read_open(s, "a", 0, 9, 0, &r, &err), RA_NOTFOUND, &err);
    assert_int_equal(buf.len, 0);
}

static void a_folder_is_a_prefix(void **state)
{
    struct ra_store *s = *state;
    struct ra_stat st;
    t_put(s, "a/b/c", "x");
    int rc = ra_store_stat(s, "a/b", &st, NULL);
    if (rc == 0)
        assert_int_equal(st.kind, RA_PREFIX);
    else
        assert_true(rc == -RA_NOTFOUND && !t_can(s, RA_CAP_FOLDERS));
}

static void what_is_put_comes_back(void **state)
{
    struct ra_store *s = *state;
    static const size_t sizes[] = {0, 1, 71, 65535, 65536, 65537, 3000000};
    uint64_t seed = 1;
    RA_BUF_AUTO want = {0}, got = {0};
    for (size_t i = 0; i < RA_COUNT(sizes); i++) {
        struct ra_err err = {0};
        struct ra_stat st;
        ra_buf_clear(&want);
        ra_buf_clear(&got);
        t_random_bytes(&seed, ra_buf_reserve(&want, sizes[i]), sizes[i]);
        t_ok(ra_store_put(s, "k/e/y", want.data, sizes[i], 0, &err), &err);
        ra_buf_adds(&got, "before");
        t_ok(ra_store_get(s, "k/e/y", sizes[i], &got, &st, &err), &err);
        assert_int_equal(got.len, 6 + sizes[i]);
        assert_memory_equal(got.data, "before", 6);
        if (sizes[i])
            assert_memory_equal(got.data + 6, want.data, sizes[i]);
        assert_int_equal(st.size, sizes[i]);
        assert_int_equal(st.kind, RA_OBJECT);
        assert_int_equal(st.mtime, t_mtime(s, "k/e/y"));
    }
}

static void too_big_appends_nothing(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    RA_BUF_AUTO buf = {0};
    t_put(s, "a", "0123456789");
    ra_buf_adds(&buf, "x");
    t_fails_with(ra_store_get(s, "a", 9, &buf, NULL, &err), RA_TOOBIG, &err, "'a'");
    assert_string_equal(ra_buf_str(&buf), "x");
    t_ok(ra_store_get(s, "a", 10, &buf, NULL, &err), &err);
    assert_string_equal(ra_buf_str(&buf), "x0123456789");
}

static void check_range(struct ra_store *s, uint64_t offset, uint64_t length, unsigned flags, size_t step,
                        const char *want)
{
    struct ra_err err = {0};
    struct ra_reader *r;
    RA_BUF_AUTO got = {0};
    struct ra_stat st;
    ssize_t n;
    t_ok(ra_read_open(s, "digits", offset, length, flags, &r, &err), &err);
    ra_reader_stat(r, &st);
    assert_int_equal(st.size, 10);
    while ((n = ra_read(r, ra_buf_reserve(&got, step), step, &err)) > 0)
        got.len += (size_t)n;
    t_ok(n, &err);
    assert_int_equal(ra_read(r, ra_buf_reserve(&got, step), step, NULL), 0);
    ra_read_close(r);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.len ? got.data : "", want, got.len);
}

static void ranges_are_read(void **state)
{
    struct ra_store *s = *state;
    t_put(s, "digits", "0123456789");
    for (unsigned flags = 0; flags <= RA_READ_ONCE; flags++) {
        check_range(s, 0, UINT64_MAX, flags, 100, "0123456789");
        check_range(s, 0, UINT64_MAX, flags, 1, "0123456789");
        check_range(s, 3, UINT64_MAX, flags, 4, "3456789");
        check_range(s, 3, 4, flags, 3, "3456");
        check_range(s, 9, 1, flags, 3, "9");
        check_range(s, 10, 5, flags, 3, "");
        check_range(s, UINT64_MAX, UINT64_MAX, flags, 3, "");
        check_range(s, 8, 5, flags, 3, "89");
        check_range(s, 5, 0, flags, 3, "");
    }
}

static void a_descriptor_reads_the_same(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_reader *r;
    char a[4] = "", b[4] = "";
    t_put(s, "a", "text");
    t_ok(ra_read_open(s, "a", 1, UINT64_MAX, 0, &r, &err), &err);
    assert_int_equal(ra_reader_fd(r) >= 0, t_can(s, RA_CAP_FD));
    if (ra_reader_fd(r) >= 0) {
        assert_int_equal(pread(ra_reader_fd(r), a, 4, 0), 4);
        assert_memory_equal(a, "text", 4);
    }
    assert_int_equal(ra_read(r, b, 4, &err), 3);
    assert_memory_equal(b, "ext", 3);
    ra_read_close(r);
}

static void times_follow_its_own_clock(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    int64_t before, after;
    t_ok(ra_store_now(s, &before, &err), &err);
    t_put(s, "a", "x");
    t_ok(ra_store_now(s, &after, &err), &err);
    int64_t mtime = t_mtime(s, "a");
    assert_true(mtime >= before - 2 * RA_SECOND && mtime <= after + 2 * RA_SECOND);
}

/* --- listing --------------------------------------------------------------------------------- */

static void a_level_is_listed(void **state)
{
    struct ra_store *s = *state;
    t_small_tree(s);
    assert_string_equal(t_list(s, "p/", T_LEVEL(0)),
                        "bare prefix\ndeep prefix\nfile object\none prefix\ntwo prefix\n");
    assert_string_equal(t_list(s, "p/", T_LEVEL(RA_WANT_ALL)),
                        "bare prefix\ndeep prefix\nfile object 5\none prefix\ntwo prefix\n");
    assert_string_equal(t_list(s, "", T_LEVEL(RA_WANT_SIZE)), "p prefix\np-q object 1\npq prefix\n");
}

static void all_below_is_listed(void **state)
{
    struct ra_store *s = *state;
    t_small_tree(s);
    assert_string_equal(t_keys(s, "p/"),
                        "bare/other object 4\ndeep/current/link object 6\nfile object 5\none/link object 1\n"
                        "two/link object 2\ntwo/more/link object 3\n");
    assert_string_equal(t_list(s, "", &(struct ra_list_opts){.mode = RA_LIST_DEEP}),
                        "p-q object\np/bare/other object\np/deep/current/link object\np/file object\n"
                        "p/one/link object\np/two/link object\np/two/more/link object\npq/x object\n");
}

static void leaves_are_listed(void **state)
{
    struct ra_store *s = *state;
    t_small_tree(s);
    assert_string_equal(t_list(s, "p/", T_LEAF("link", RA_WANT_SIZE)),
                        "bare prefix\ndeep prefix\nfile other\none object 1\ntwo object 2\n");
    assert_string_equal(t_list(s, "p/", T_LEAF("current/link", RA_WANT_SIZE)),
                        "bare prefix\ndeep object 6\nfile other\none prefix\ntwo prefix\n");
    assert_string_equal(t_list(s, "p/", T_LEAF("more", RA_WANT_SIZE)),
                        "bare prefix\ndeep prefix\nfile other\none prefix\ntwo prefix\n");
}

static void leaves_without_stat_may_be_folders(void **state)
{
    struct ra_store *s = *state;
    t_put(s, "p/one/link", "1");
    t_put(s, "p/bare/other", "4444");
    t_put(s, "p/file", "55555");
    const char *got = t_list(s, "p/", T_LEAF("link", 0));
    if (strcmp(got, "bare object\nfile other\none object\n") != 0)
        assert_string_equal(got, "bare prefix\nfile other\none object\n");
}

static void a_listing_tells_what_stat_tells(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_list *l;
    struct ra_page page;
    struct ra_stat st;
    t_put(s, "p/a", "12345");
    t_ok(ra_store_stat(s, "p/a", &st, &err), &err);
    t_ok(ra_list_open(s, "p/", T_LEVEL(RA_WANT_ALL), &l, &err), &err);
    assert_int_equal(ra_list_next(l, &page, &err), 1);
    assert_int_equal(page.n, 1);
    const struct ra_stat *seen = &page.at[0].st;
    assert_true(seen->kind == st.kind && seen->size == st.size && seen->mtime == st.mtime &&
                seen->disk == st.disk);
    if (t_can(s, RA_CAP_OWNER))
        assert_true(seen->mode == st.mode && seen->uid == st.uid && seen->gid == st.gid &&
                    seen->link == st.link);
    assert_int_equal(ra_list_next(l, &page, &err), 0);
    assert_int_equal(page.n, 0);
    assert_int_equal(ra_list_next(l, &page, &err), 0);
    ra_list_close(l);
}

static void pages_make_up_the_whole(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    static const int count = 2600;
    RA_BUF_AUTO want = {0};
    for (int i = 0; i < count; i++) {
        t_put_deferred(s, t_fmt("p/%04d/link", i), "x", 0);
        ra_buf_addf(&want, "%04d object 1\n", i);
    }
    t_ok(ra_store_sync(s, &err), &err);
    assert_string_equal(t_list(s, "p/", T_LEAF("link", RA_WANT_SIZE)), want.data);
    assert_int_equal(strlen(t_keys(s, "p/")), want.len + 5 * (size_t)count);
    assert_int_equal(strlen(t_list(s, "p/", T_LEVEL(0))), strlen("0000 prefix\n") * (size_t)count);
}

static void a_missing_prefix_is_not_found_or_empty(void **state)
{
    struct ra_store *s = *state;
    static const enum ra_list_mode modes[] = {RA_LIST_LEVEL, RA_LIST_DEEP, RA_LIST_LEAF};
    t_put(s, "a/b", "x");
    for (size_t i = 0; i < RA_COUNT(modes); i++) {
        struct ra_err err = {0};
        struct ra_list *l = NULL;
        struct ra_page page;
        int rc = ra_list_open(s, "a/c/", &(struct ra_list_opts){.mode = modes[i], .leaf = "x"}, &l, &err);
        if (t_can(s, RA_CAP_FOLDERS)) {
            t_fails_with(rc, RA_NOTFOUND, &err, "'a/c/'");
            assert_null(l);
            continue;
        }
        t_ok(rc, &err);
        assert_int_equal(ra_list_next(l, &page, &err), 0);
        ra_list_close(l);
    }
    assert_string_equal(t_list(s, "a/b/", T_LEVEL(0)), "");
}

static void an_empty_store_lists_nothing(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_list *l;
    struct ra_page page;
    t_ok(ra_list_open(s, "", T_LEVEL(0), &l, &err), &err);
    assert_int_equal(ra_list_next(l, &page, &err), 0);
    ra_list_close(l);
    ra_list_close(NULL);
}

const struct CMUnitTest t_look_tests[] = {
    cmocka_unit_test(keys_have_one_form),
    cmocka_unit_test(other_keys_are_invalid),
    cmocka_unit_test(a_bad_name_at_commit_is_invalid),
    cmocka_unit_test(it_tells_about_itself),
    cmocka_unit_test(what_is_missing_is_not_found),
    cmocka_unit_test(a_folder_is_a_prefix),
    cmocka_unit_test(what_is_put_comes_back),
    cmocka_unit_test(too_big_appends_nothing),
    cmocka_unit_test(ranges_are_read),
    cmocka_unit_test(a_descriptor_reads_the_same),
    cmocka_unit_test(times_follow_its_own_clock),
    cmocka_unit_test(a_level_is_listed),
    cmocka_unit_test(all_below_is_listed),
    cmocka_unit_test(leaves_are_listed),
    cmocka_unit_test(leaves_without_stat_may_be_folders),
    cmocka_unit_test(a_listing_tells_what_stat_tells),
    cmocka_unit_test(pages_make_up_the_whole),
    cmocka_unit_test(a_missing_prefix_is_not_found_or_empty),
    cmocka_unit_test(an_empty_store_lists_nothing),
    {0},
};
