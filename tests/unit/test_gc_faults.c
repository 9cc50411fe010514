/*
 * A tree with every kind of thing in it is collected with one storage call failing, or with the run cut off there, at
 * every call in turn: whatever a tag reaches is whole afterwards, and the next run arrives where an undisturbed one
 * does.
 */
#include "lib/reglib.h"

#include "base/vec.h"
#include "jobs/gc.h"
#include "registry/layout.h"
#include "store/fault.h"
#include "store/mem.h"

#include <errno.h>

#define UUID "0193b5c2-7d1e-7c3a-9f00-0123456789ab"

/* What must be there at any time: keys with their bytes, as lines of t_reg_listing. */
static const char *kept;

static void push_kept(struct ra_store *s)
{
    struct ra_digest base = t_reg_blob(s, "base layer"), children[2];
    struct ra_digest image = t_reg_image(s, "team/app", "v1", &base, NULL);
    t_reg_tag(s, "team/app", "v1", &image);
    children[0] = t_reg_image(s, "team/app", "amd64", &base, NULL);
    children[1] = t_reg_image(s, "team/app", "arm64", NULL, NULL);
    struct ra_digest index = t_reg_index(s, "team/app", children, 2);
    struct ra_digest outer = t_reg_index(s, "team/app", &index, 1);
    t_reg_tag(s, "team/app", "multi", &outer);
    struct ra_digest signature = t_reg_image(s, "team/app", "signature", NULL, &children[1]);
    t_reg_image(s, "team/app", "signature of signature", NULL, &signature);
    struct ra_digest nested = t_reg_image(s, "team/app/nested", "nested", &base, NULL);
    t_reg_tag(s, "team/app/nested", "v1", &nested);
}

/* A tag whose revision link was lost. Its layer links stay too. */
static void push_unlinked(struct ra_store *s)
{
    struct ra_key key;
    struct ra_digest image = t_reg_image(s, "unlinked", "unlinked", NULL, NULL);
    t_reg_tag(s, "unlinked", "v1", &image);
    t_reg_remove(s, ra_key_revision(&key, "unlinked", &image));
}

static void push_garbage(struct ra_store *s)
{
    struct ra_digest shared = t_reg_blob(s, "base layer");
    struct ra_digest old = t_reg_image(s, "team/app", "old", &shared, NULL);
    struct ra_digest gone = t_reg_image(s, "team/app", "gone", NULL, NULL);
    struct ra_key key;
    t_reg_link(s, ra_key_tag_history(&key, "team/app", "v1", &old), &old);
    t_reg_link(s, ra_key_tag_history(&key, "team/app", "v1", &gone), &gone);
    t_reg_remove(s, ra_key_revision(&key, "team/app", &gone));
    t_reg_image(s, "team/app", "signature of old", NULL, &old);
    t_reg_layer(s, "team/app", "never used");
    t_reg_layer(s, "failed/push", "of a failed push");
    t_reg_blob(s, "junk");
    t_reg_put(s, RA_REPOSITORIES "team/app/_uploads/" UUID "/startedat", "2020-01-01T00:00:00Z");
    t_reg_put(s, RA_REPOSITORIES "team/app/_uploads/" UUID "/data", "half a layer");
    t_reg_put(s, t_fmt("%s." UUID ".tmp", ra_key_layer(&key, "team/app", &shared)), "half a link");
}

/* A signature link of old times, of a revision that is deleted. */
static void push_signature(struct ra_store *s)
{
    struct ra_digest signature = t_reg_blob(s, "signature"), revision = t_reg_blob(s, "schema 1");
    struct ra_key key;
    char hex[RA_DIGEST_TEXT];
    const char *folder = ra_key_revision_folder(&key, "team/app", &revision);
    t_reg_link(s, t_fmt("%ssignatures/sha256/%s/link", folder, ra_digest_hex(&signature, hex)), &signature);
}

/* Whether the store is like a bucket: then one listing is read instead of folders. */
static bool flat;

static struct ra_store *make_tree(bool whole)
{
    struct ra_store *s = flat ? t_reg_new_flat() : t_reg_new();
    push_kept(s);
    push_unlinked(s);
    t_reg_alias(s);
    if (whole) {
        push_garbage(s);
        push_signature(s);
    }
    ra_mem_set_clock(s, INT64_MIN);
    return s;
}

static int collect(struct ra_store *s, bool delete_untagged, unsigned threads)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = threads, .findings = &findings};
    struct ra_gc_opts opts = {.delete_untagged = delete_untagged, .min_age = 1, .uploads_age = 1};
    RA_AUTO_PTR(ra_gc) gc = NULL;
    int rc = ra_gc_plan(&job, &opts, &gc, NULL);
    if (rc == 0)
        rc = ra_gc_sweep(gc, NULL);
    ra_findings_release(&findings);
    return rc;
}

static void assert_whole(struct ra_store *s, const char *what)
{
    const char *now = t_reg_listing(s);
    for (const char *line = kept; *line; line = strchr(line, '\n') + 1) {
        const char *wanted = t_fmt("%.*s\n", (int)strcspn(line, "\n"), line);
        if (!strstr(now, wanted))
            fail_msg("%s: lost %s", what, wanted);
    }
}

static const char *undisturbed(bool delete_untagged)
{
    RA_AUTO_PTR(ra_store) s = make_tree(true);
    assert_int_equal(collect(s, delete_untagged, 1), 0);
    return t_reg_listing(s);
}

/* One run with a fault at call n; false when there is no such call. */
static bool run_with_fault(uint64_t n, struct ra_fault_plan plan, bool delete_untagged, unsigned threads,
                           const char *end)
{
    struct ra_store *inner = make_tree(true);
    plan.at = n;
    RA_AUTO_PTR(ra_store) s = ra_fault_wrap(inner, &plan);
    const char *what = t_fmt("%s at call %llu", strerror(plan.error), (unsigned long long)n);
    collect(s, delete_untagged, threads);
    bool reached = ra_fault_calls(s) >= n;
    assert_whole(inner, what);
    assert_int_equal(collect(inner, delete_untagged, 1), 0);
    const char *listing = t_reg_listing(inner);
    if (strcmp(listing, end) != 0)
        fail_msg("%s: the next run ends elsewhere:\n%s\ninstead of\n%s", what, listing, end);
    return reached;
}

/* At every call, or at every so many. */
static void try_calls(struct ra_fault_plan plan, uint64_t step, bool delete_untagged, unsigned threads)
{
    const char *end = undisturbed(delete_untagged);
    uint64_t n = 1;
    plan.ops = RA_FAULT_ALL;
    while (run_with_fault(n, plan, delete_untagged, threads, end))
        n += step;
    assert_true(n > 100);
}

static void one_call_fails(void **state)
{
    (void)state;
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO}, 1, true, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO}, 7, false, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EACCES}, 5, true, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOSPC}, 11, true, 1);
}

static void one_thing_vanishes(void **state)
{
    (void)state;
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOENT}, 1, true, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOENT}, 7, false, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOENT}, 7, true, 4);
}

static void cut_off(void **state)
{
    (void)state;
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO}, 1, true, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO}, 7, false, 1);
}

static void in_a_bucket(void **state)
{
    (void)state;
    flat = true;
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO}, 1, true, 1);
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO}, 3, true, 1);
    flat = false;
}

static void everything_vanishes(void **state)
{
    (void)state;
    try_calls((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = ENOENT}, 3, true, 1);
}

static void threads_make_no_difference(void **state)
{
    (void)state;
    const char *end = undisturbed(true);
    for (unsigned threads = 2; threads < 8; threads++) {
        RA_AUTO_PTR(ra_store) s = make_tree(true);
        assert_int_equal(collect(s, true, threads), 0);
        assert_string_equal(t_reg_listing(s), end);
    }
}

static int remember(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = make_tree(false);
    kept = t_reg_listing(s);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),      cmocka_unit_test(cut_off),
        cmocka_unit_test(everything_vanishes), cmocka_unit_test(one_thing_vanishes),
        cmocka_unit_test(in_a_bucket),         cmocka_unit_test(threads_make_no_difference),
    };
    return cmocka_run_group_tests(tests, remember, NULL);
}
