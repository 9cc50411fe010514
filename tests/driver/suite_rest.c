/* Removing, keeping others out, threads, walking. */
#include "driver/suite.h"

#include "base/clock.h"
#include "base/pool.h"
#include "base/vec.h"
#include "store/walk.h"

#include <stdatomic.h>

/* --- removing -------------------------------------------------------------------------------- */

static void keys_are_removed_one_by_one(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    t_small_tree(s);
    struct ra_removal items[] = {
        {.key = "p/one/link"}, {.key = "p/none/link"}, {.key = "p/two"},
        {.key = "p/file/x"},   {.key = "p/file"},
    };
    t_ok(ra_store_remove(s, items, RA_COUNT(items), RA_ANY_AGE, &err), &err);
    for (size_t i = 0; i < RA_COUNT(items); i++)
        assert_int_equal(items[i].status, 0);
    assert_int_equal(items[1].size, 0);
    assert_int_equal(items[2].size, 0);
    assert_true(items[4].size == 5 || items[4].size == 0); /* "where known" */
    assert_string_equal(t_keys(s, "p/"),
                        "bare/other object 4\ndeep/current/link object 6\ntwo/link object 2\n"
                        "two/more/link object 3\n");
    t_ok(ra_store_remove(s, items, 0, RA_ANY_AGE, &err), &err);
    t_ok(ra_store_sync(s, &err), &err);
}

static void emptied_folders_go_down_to_keep(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    t_put(s, "r/a/b/c/x", "1");
    t_put(s, "r/a/b/d/x", "1");
    t_put(s, "r/k/b/x", "1");
    t_put(s, "r/stays", "1");
    struct ra_removal items[] = {
        {.key = "r/a/b/c/x", .keep = 1}, {.key = "r/a/b/d/x", .keep = 1}, {.key = "r/k/b/x", .keep = 3}};
    t_ok(ra_store_remove(s, items, 3, RA_ANY_AGE, &err), &err);
    bool folders = t_can(s, RA_CAP_FOLDERS);
    assert_string_equal(t_list(s, "r/", T_LEVEL(0)), folders ? "k prefix\nstays object\n" : "stays object\n");
    assert_string_equal(t_list(s, "r/k/", T_LEVEL(0)), "");
    items[0] = (struct ra_removal){.key = "r/stays", .keep = 0};
    t_ok(ra_store_remove(s, items, 1, RA_ANY_AGE, &err), &err);
    assert_string_equal(t_list(s, "", T_LEVEL(0)), folders ? "r prefix\n" : "");
}

static void the_young_stay(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    t_put(s, "a/x", "1");
    t_put(s, "b/x", "1");
    int64_t mtime = t_mtime(s, "a/x");
    struct ra_removal item = {.key = "a/x"};
    t_ok(ra_store_remove(s, &item, 1, mtime - 1, &err), &err);
    assert_int_equal(item.status, -RA_BUSY);
    assert_string_equal(t_keys(s, ""), "a/x object 1\nb/x object 1\n");
    t_ok(ra_store_remove(s, &item, 1, mtime, &err), &err);
    assert_int_equal(item.status, 0);
    assert_string_equal(t_keys(s, ""), "b/x object 1\n");
}

static void many_are_removed_at_once(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    size_t n = ra_store_info(s)->remove_max + 13;
    RA_VEC(struct ra_removal) items = {0};
    for (size_t i = 0; i < n; i++) {
        struct ra_removal *item = ra_vec_push(&items);
        item->key = t_fmt("b/%02zx/%zu/data", i % 7, i);
        item->keep = 1;
        t_put_deferred(s, item->key, "x", 0);
    }
    t_put(s, "b/00/kept/data", "x");
    t_ok(ra_store_sync(s, &err), &err);
    t_ok(ra_store_remove(s, items.at, n, RA_ANY_AGE, &err), &err);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(items.at[i].status, 0);
    ra_vec_release(&items);
    assert_string_equal(t_keys(s, ""), "b/00/kept/data object 1\n");
    assert_string_equal(t_list(s, "b/", T_LEVEL(0)), "00 prefix\n");
}

static void a_prefix_is_removed_whole(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    uint64_t removed = 100, bytes = 1000;
    t_small_tree(s);
    t_ok(ra_store_remove_prefix(s, "p/", 0, RA_ANY_AGE, &removed, &bytes, &err), &err);
    assert_int_equal(removed, 106);
    assert_int_equal(bytes, 1021);
    assert_string_equal(t_list(s, "", T_LEVEL(0)), "p-q object\npq prefix\n");
    t_ok(ra_store_remove_prefix(s, "p/", 0, RA_ANY_AGE, NULL, NULL, &err), &err);
    t_ok(ra_store_remove_prefix(s, "pq/", 2, RA_ANY_AGE, NULL, NULL, &err), &err);
    assert_string_equal(t_list(s, "", T_LEVEL(0)),
                        t_can(s, RA_CAP_FOLDERS) ? "p-q object\npq prefix\n" : "p-q object\n");
    t_ok(ra_store_remove_prefix(s, "", 0, RA_ANY_AGE, &removed, &bytes, &err), &err);
    assert_int_equal(removed, 107);
    assert_string_equal(t_list(s, "", T_LEVEL(0)), "");
}

static void a_prefix_keeps_the_young(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    uint64_t removed = 0;
    t_small_tree(s);
    t_ok(ra_store_remove_prefix(s, "p/", 0, t_mtime(s, "p/one/link") - RA_HOUR, &removed, NULL, &err), &err);
    assert_int_equal(removed, 0);
    assert_int_equal(strlen(t_keys(s, "p/")),
                     strlen("bare/other object 4\ndeep/current/link object 6\nfile object 5\n"
                            "one/link object 1\ntwo/link object 2\ntwo/more/link object 3\n"));
}

static void pruning_takes_no_objects(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    t_small_tree(s);
    const char *before = t_keys(s, "");
    t_ok(ra_store_prune(s, "", 0, RA_ANY_AGE, &err), &err);
    t_ok(ra_store_prune(s, "p/two/", 0, RA_ANY_AGE, &err), &err);
    t_ok(ra_store_prune(s, "none/", 0, RA_ANY_AGE, &err), &err);
    assert_string_equal(t_keys(s, ""), before);
}

/* --- keeping others out, threads, walking ---------------------------------------------------- */

static void only_one_has_the_lock(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_lock *one, *two;
    t_ok(ra_store_lock(s, "some/where/lock", NULL, "gc of process 12", &one, &err), &err);
    assert_int_equal(one != NULL, t_can(s, RA_CAP_LOCK));
    if (!one)
        skip();
    t_fails_with(ra_store_lock(s, "some/where/lock", NULL, "rm", &two, &err), RA_BUSY, &err,
                 "gc of process 12");
    assert_null(two);
    ra_store_unlock(one);
    ra_store_unlock(NULL);
    assert_string_equal(t_list(s, "", T_LEVEL(0)), "");
    t_ok(ra_store_lock(s, "some/where/lock", NULL, "rm", &two, &err), &err);
    ra_store_unlock(two);
}

/* Folders that one thread empties are those another one writes into. */
static int put_and_remove(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct ra_store *s = arg;
    ra_auto_free char *key = ra_asprintf("shared/%zu/%u/%zu", i % 3, worker % 2, i);
    ra_auto_free char *text = ra_asprintf("%zu", i);
    unsigned flags = i % 5 ? 0 : RA_WRITE_DEFER | RA_WRITE_NOREPLACE;
    int rc = ra_store_put(s, key, text, strlen(text), flags, err);
    if (!rc && flags)
        rc = ra_store_sync(s, err);
    RA_BUF_AUTO got = {0};
    if (!rc)
        rc = ra_store_get(s, key, 100, &got, NULL, err);
    if (!rc && strcmp(ra_buf_str(&got), text) != 0)
        rc = ra_fail(err, RA_CORRUPT, "'%s' holds '%s'", key, ra_buf_str(&got));
    struct ra_removal item = {.key = key};
    if (!rc && i % 2)
        rc = ra_store_remove(s, &item, 1, RA_ANY_AGE, err);
    return rc ? rc : item.status;
}

static void threads_do_not_meet(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    static const size_t rounds = 400;
    t_ok(ra_parallel(4, rounds, put_and_remove, s, &err), &err);
    const char *keys = t_keys(s, "");
    size_t lines = 0;
    for (const char *p = keys; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, rounds / 2);
}

struct search {
    atomic_size_t found, failed, done;
};

static int visit(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_page *page,
                 unsigned worker, struct ra_err *err)
{
    (void)worker, (void)err;
    struct search *search = ctx;
    for (size_t i = 0; i < page->n; i++) {
        ra_auto_free char *below = ra_asprintf("%s%s/", item->prefix, page->at[i].name);
        if (page->at[i].st.kind == RA_PREFIX)
            ra_walk_push(w, &(struct ra_walk_item){.prefix = below, .opts = item->opts});
        else
            atomic_fetch_add(&search->found, 1);
    }
    return 0;
}

static int count_failure(void *ctx, struct ra_walk *w, const struct ra_walk_item *item,
                         const struct ra_err *why, unsigned worker, struct ra_err *err)
{
    (void)w, (void)item, (void)worker, (void)err;
    assert_int_not_equal(why->code, RA_OK);
    atomic_fetch_add(&((struct search *)ctx)->failed, 1);
    return 0;
}

static int count_done(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, unsigned worker,
                      struct ra_err *err)
{
    (void)w, (void)item, (void)worker, (void)err;
    atomic_fetch_add(&((struct search *)ctx)->done, 1);
    return 0;
}

static int refuse(void *ctx, struct ra_walk *w, const struct ra_walk_item *item, const struct ra_page *page,
                  unsigned worker, struct ra_err *err)
{
    (void)ctx, (void)w, (void)page, (void)worker;
    return ra_fail(err, RA_CORRUPT, "do not like '%s'", item->prefix);
}

static void a_walk_finds_all(void **state)
{
    struct ra_store *s = *state;
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    for (int i = 0; i < 60; i++)
        t_put(s, t_fmt("w/%d/%d/%d/x", i % 2, i % 5, i), "x");
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct ra_err err = {0};
        struct search search = {0};
        struct ra_walk_visitor visitor = {&search, visit, NULL, count_done};
        t_ok(ra_walk(s, &(struct ra_walk_item){.prefix = "w/", .opts = &opts}, 1, threads, &visitor, &err),
             &err);
        assert_int_equal(search.found, 60);
        assert_int_equal(search.done, 1 + 2 + 10 + 60);
        t_ok(ra_walk(s, NULL, 0, threads, &visitor, &err), &err);
        visitor.page = refuse;
        t_fails_with(
            ra_walk(s, &(struct ra_walk_item){.prefix = "w/", .opts = &opts}, 1, threads, &visitor, &err),
            RA_CORRUPT, &err, "'w/'");
    }
}

static void a_walk_goes_on_where_it_is_told(void **state)
{
    struct ra_store *s = *state;
    struct ra_err err = {0};
    struct ra_list_opts opts = {.mode = RA_LIST_LEVEL};
    struct search search = {0};
    struct ra_walk_item items[] = {{"none/", &opts, NULL}, {"w/", &opts, NULL}};
    struct ra_walk_visitor visitor = {&search, visit, count_failure, count_done};
    t_put(s, "w/x", "x");
    t_ok(ra_walk(s, items, 2, 2, &visitor, &err), &err);
    assert_int_equal(search.found, 1);
    assert_int_equal(search.failed, t_can(s, RA_CAP_FOLDERS) ? 1 : 0);
    assert_int_equal(search.done, 2);
    visitor.failed = NULL;
    if (t_can(s, RA_CAP_FOLDERS))
        t_fails(ra_walk(s, items, 2, 1, &visitor, &err), RA_NOTFOUND, &err);
}

const struct CMUnitTest t_rest_tests[] = {
    cmocka_unit_test(keys_are_removed_one_by_one),
    cmocka_unit_test(emptied_folders_go_down_to_keep),
    cmocka_unit_test(the_young_stay),
    cmocka_unit_test(many_are_removed_at_once),
    cmocka_unit_test(a_prefix_is_removed_whole),
    cmocka_unit_test(a_prefix_keeps_the_young),
    cmocka_unit_test(pruning_takes_no_objects),
    cmocka_unit_test(only_one_has_the_lock),
    cmocka_unit_test(threads_do_not_meet),
    cmocka_unit_test(a_walk_finds_all),
    cmocka_unit_test(a_walk_goes_on_where_it_is_told),
    {0},
};
