/* The wrapper that fails on purpose: every later fault test leans on what it counts and what it lets through. */
#include "driver/conformance.h"
#include "store/fault.h"
#include "store/mem.h"

#include <signal.h>
#include <sys/wait.h>

static struct ra_store *wrap(unsigned ops, uint64_t at, enum ra_fault_mode mode, int error)
{
    struct ra_store *inner = ra_mem_open();
    t_put(inner, "a", "text");
    t_put(inner, "b", "text");
    return ra_fault_wrap(inner, &(struct ra_fault_plan){.at = at, .ops = ops, .mode = mode, .error = error});
}

static int stat_a(struct ra_store *s)
{
    return ra_store_stat(s, "a", &(struct ra_stat){0}, NULL);
}

static void once_is_once(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_STAT, 2, RA_FAULT_ONCE, EACCES);
    struct ra_err err = {0};
    assert_int_equal(stat_a(s), 0);
    assert_int_equal(ra_store_stat(s, "a", &(struct ra_stat){0}, &err), -RA_DENIED);
    assert_int_equal(err.sys, EACCES);
    assert_non_null(strstr(err.msg, "'a'"));
    ra_err_release(&err);
    assert_int_equal(stat_a(s), 0);
    assert_int_equal(ra_fault_calls(s), 3);
}

static void stop_is_for_good(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_STAT, 2, RA_FAULT_STOP, EIO);
    assert_int_equal(stat_a(s), 0);
    assert_int_equal(stat_a(s), -RA_IO);
    assert_int_equal(stat_a(s), -RA_IO);
}

static void nothing_strikes_at_zero(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_ALL, 0, RA_FAULT_STOP, EIO);
    for (int i = 0; i < 5; i++)
        assert_int_equal(stat_a(s), 0);
    assert_int_equal(ra_fault_calls(s), 5);
}

static int stat_twice(void)
{
    struct ra_store *s = wrap(RA_FAULT_STAT, 2, RA_FAULT_KILL, EIO);
    return stat_a(s) || stat_a(s);
}

static void kill_kills(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(stat_twice());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Everything a store can do, once; returns how much of it failed. */
static int do_all(struct ra_store *s)
{
    RA_BUF_AUTO buf = {0};
    struct ra_list *l = NULL;
    struct ra_page page;
    struct ra_reader *r = NULL;
    struct ra_writer *w = NULL;
    struct ra_lock *lock = NULL;
    char byte;
    int failed = stat_a(s) < 0;
    failed +=
        ra_list_open(s, "", &(struct ra_list_opts){0}, &l, NULL) < 0 || ra_list_next(l, &page, NULL) < 0;
    failed += ra_store_get(s, "a", 9, &buf, NULL, NULL) < 0;
    failed += ra_read_open(s, "a", 0, 9, 0, &r, NULL) < 0 || ra_read(r, &byte, 1, NULL) < 0;
    failed += ra_write_open(s, "c", 0, 0, &w, NULL) < 0 || ra_write(w, "x", 1, NULL) < 0;
    failed += !w || ra_write_commit(w, NULL, NULL) < 0;
    failed += ra_store_sync(s, NULL) < 0;
    struct ra_removal items[] = {{.key = "a"}, {.key = "b"}};
    failed +=
        ra_store_remove(s, items, 2, RA_ANY_AGE, NULL) < 0 || items[0].status < 0 || items[1].status < 0;
    failed += ra_store_prune(s, "", 0, RA_ANY_AGE, NULL) < 0;
    failed += ra_store_remove_prefix(s, "c/", 0, RA_ANY_AGE, NULL, NULL, NULL) < 0;
    failed += ra_store_lock(s, "lock", NULL, "me", &lock, NULL) < 0;
    ra_list_close(l);
    ra_read_close(r);
    ra_store_unlock(lock);
    return failed;
}

static void each_kind_of_call_is_counted(void **state)
{
    (void)state;
    static const struct {
        unsigned ops;
        uint64_t calls;
    } kinds[] = {
        {RA_FAULT_STAT, 1},
        {RA_FAULT_LIST, 2},
        {RA_FAULT_READ, 3},
        {RA_FAULT_WRITE, 4},
        {RA_FAULT_REMOVE, 4},
        {RA_FAULT_LOCK, 1},
        {0, 0},
        {RA_FAULT_ALL, 15},
    };
    for (size_t i = 0; i < RA_COUNT(kinds); i++) {
        RA_AUTO_PTR(ra_store) s = wrap(kinds[i].ops, 0, RA_FAULT_ONCE, EIO);
        assert_int_equal(do_all(s), 0);
        assert_int_equal(ra_fault_calls(s), kinds[i].calls);
    }
}

static void each_call_can_fail(void **state)
{
    (void)state;
    for (uint64_t at = 1; at <= 15; at++) {
        RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_ALL, at, RA_FAULT_ONCE, EIO);
        assert_in_range(do_all(s), 1, 2); /* a writer that did not open cannot commit either */
    }
}

static void a_batch_is_cut_in_the_middle(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_REMOVE, 2, RA_FAULT_STOP, EROFS);
    struct ra_removal items[] = {{.key = "a"}, {.key = "b"}};
    assert_int_equal(ra_store_remove(s, items, 2, RA_ANY_AGE, NULL), 0);
    assert_int_equal(items[0].status, 0);
    assert_int_equal(items[1].status, -RA_DENIED);
    assert_int_equal(items[1].sys, EROFS);
    assert_string_equal(t_keys(s, ""), "b object 4\n");
}

static void a_failed_commit_leaves_nothing(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_WRITE, 3, RA_FAULT_ONCE, ENOSPC);
    struct ra_err err = {0};
    t_fails_with(ra_store_put(s, "c", "x", 1, 0, &err), RA_NOSPACE, &err, "'c'");
    assert_string_equal(t_keys(s, ""), "a object 4\nb object 4\n");
}

static void a_failed_listing_ends(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = wrap(RA_FAULT_LIST, 2, RA_FAULT_STOP, EIO);
    struct ra_list *l;
    struct ra_page page;
    assert_int_equal(ra_list_open(s, "", &(struct ra_list_opts){0}, &l, NULL), 0);
    assert_int_equal(ra_list_next(l, &page, NULL), -RA_IO);
    assert_int_equal(ra_list_next(l, &page, NULL), 0);
    ra_list_close(l);
}

static void plans_are_read(void **state)
{
    (void)state;
    struct ra_err err = {0};
    struct ra_fault_plan plan;
    t_ok(ra_fault_plan_parse("at=12,ops=write+remove,mode=kill,error=ENOSPC", &plan, &err), &err);
    assert_int_equal(plan.at, 12);
    assert_int_equal(plan.ops, RA_FAULT_WRITE | RA_FAULT_REMOVE);
    assert_int_equal(plan.mode, RA_FAULT_KILL);
    assert_int_equal(plan.error, ENOSPC);
    t_ok(ra_fault_plan_parse("at=1", &plan, &err), &err);
    assert_int_equal(plan.ops, RA_FAULT_ALL);
    static const char *const wrong[][2] = {
        {"at=x", "'x'"},
        {"at", "'at'"},
        {"ops=write+eat", "'eat'"},
        {"mode=", "''"},
        {"error=EWHAT", "'EWHAT'"},
        {"when=1", "'when'"},
        {"", "''"},
    };
    for (size_t i = 0; i < RA_COUNT(wrong); i++)
        t_fails_with(ra_fault_plan_parse(wrong[i][0], &plan, &err), RA_INVALID, &err, wrong[i][1]);
}

static void memory_has_a_clock_to_set(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = ra_mem_open();
    struct ra_stat st;
    int64_t now;
    ra_mem_set_clock(s, 1000);
    t_put(s, "a", "x");
    assert_int_equal(ra_store_now(s, &now, NULL), 0);
    assert_int_equal(now, 1000);
    assert_true(ra_mem_set_mtime(s, "a", 5));
    assert_false(ra_mem_set_mtime(s, "b", 5));
    assert_int_equal(ra_store_stat(s, "a", &st, NULL), 0);
    assert_int_equal(st.mtime, 5);
    t_put(s, "a", "y");
    assert_int_equal(ra_store_stat(s, "a", &st, NULL), 0);
    assert_int_equal(st.mtime, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_is_once),
        cmocka_unit_test(stop_is_for_good),
        cmocka_unit_test(nothing_strikes_at_zero),
        cmocka_unit_test(kill_kills),
        cmocka_unit_test(each_kind_of_call_is_counted),
        cmocka_unit_test(each_call_can_fail),
        cmocka_unit_test(a_batch_is_cut_in_the_middle),
        cmocka_unit_test(a_failed_commit_leaves_nothing),
        cmocka_unit_test(a_failed_listing_ends),
        cmocka_unit_test(plans_are_read),
        cmocka_unit_test(memory_has_a_clock_to_set),
    };
    return T_RUN(tests);
}
