/*
 * Things are removed with one storage call failing, or with the run cut off there, at every call in turn: nothing goes
 * but what was meant, and the next run with a collection behind it arrives where an undisturbed one does.
 */
#include "lib/reglib.h"

#include "base/str.h"
#include "base/vec.h"
#include "jobs/gc.h"
#include "jobs/rm.h"
#include "registry/layout.h"
#include "store/fault.h"
#include "store/mem.h"

#include <errno.h>

struct removal {
    const char *name;
    char ref[256];
    struct ra_rm_opts opts;
};

static struct ra_digest image, index_of_two;

/* An image under two tags with a signature, an index with a child of its own, something untagged, and a neighbour that
 * shares a layer; one repository is nested in another. */
static struct ra_store *make_tree(void)
{
    struct ra_store *s = t_reg_new();
    struct ra_digest base = t_reg_blob(s, "base layer");
    image = t_reg_image(s, "team/app", "v1", &base, NULL);
    t_reg_tag(s, "team/app", "v1", &image);
    t_reg_tag(s, "team/app", "latest", &image);
    t_reg_image(s, "team/app", "signature", NULL, &image);
    struct ra_digest children[] = {image, t_reg_image(s, "multi", "arm64", NULL, NULL)};
    children[0] = t_reg_image(s, "multi", "amd64", &base, NULL);
    index_of_two = t_reg_index(s, "multi", children, 2);
    t_reg_tag(s, "multi", "v1", &index_of_two);
    t_reg_image(s, "team/app", "untagged", &base, NULL);
    struct ra_digest nested = t_reg_image(s, "team/app/nested", "nested", &base, NULL);
    t_reg_tag(s, "team/app/nested", "v1", &nested);
    ra_mem_set_clock(s, INT64_MIN);
    return s;
}

static int remove_once(struct ra_store *s, const struct removal *r)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = 1, .findings = &findings};
    struct ra_strlist refs = {0};
    struct ra_rm_opts opts = r->opts;
    RA_AUTO_PTR(ra_rm) rm = NULL;
    ra_strlist_add(&refs, r->ref);
    opts.refs = &refs;
    opts.keep_last = RA_RM_NO_LIMIT;
    int rc = ra_rm_plan(&job, &opts, &rm, NULL);
    if (rc == 0)
        rc = ra_rm_sweep(rm, NULL);
    ra_strlist_release(&refs);
    ra_findings_release(&findings);
    return rc;
}

static const char *collected(struct ra_store *s)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = 1, .findings = &findings};
    struct ra_gc_opts opts = {.min_age = 1, .uploads_age = 1};
    RA_AUTO_PTR(ra_gc) gc = NULL;
    assert_int_equal(ra_gc_plan(&job, &opts, &gc, NULL), 0);
    assert_int_equal(ra_gc_sweep(gc, NULL), 0);
    assert_int_equal(findings.list.n, 0);
    ra_findings_release(&findings);
    return t_reg_listing(s);
}

static void assert_has_all(const char *now, const char *kept, const char *what)
{
    for (const char *line = kept; *line; line = strchr(line, '\n') + 1) {
        const char *wanted = t_fmt("%.*s\n", (int)strcspn(line, "\n"), line);
        if (!strstr(now, wanted))
            fail_msg("%s: lost %s", what, wanted);
    }
}

struct outcome {
    const char *kept, *end; /* what an undisturbed removal leaves, and a collection after it */
};

/* One run with a fault at call n; false when there is no such call. */
static bool run_with_fault(const struct removal *r, struct ra_fault_plan plan, const struct outcome *good)
{
    struct ra_store *inner = make_tree();
    RA_AUTO_PTR(ra_store) s = ra_fault_wrap(inner, &plan);
    const char *what =
        t_fmt("%s, %s at call %llu", r->name, strerror(plan.error), (unsigned long long)plan.at);
    remove_once(s, r);
    bool reached = ra_fault_calls(s) >= plan.at;
    assert_has_all(t_reg_listing(inner), good->kept, what);
    int rc = remove_once(inner, r);
    if (rc != 0 && rc != -RA_NOTFOUND) /* it was gone by name, if not wholly */
        fail_msg("%s: the next run fails", what);
    const char *listing = collected(inner);
    if (!ra_streq(listing, good->end))
        fail_msg("%s: the next run ends elsewhere:\n%s\ninstead of\n%s", what, listing, good->end);
    return reached;
}

static void try_calls(const struct removal *r, struct ra_fault_plan plan)
{
    RA_AUTO_PTR(ra_store) s = make_tree();
    struct outcome good;
    assert_int_equal(remove_once(s, r), 0);
    good.kept = t_reg_listing(s);
    good.end = collected(s);
    plan.ops = RA_FAULT_ALL;
    plan.at = 1;
    while (run_with_fault(r, plan, &good))
        plan.at++;
    assert_true(plan.at > 20);
}

static void try_removals(struct ra_fault_plan plan)
{
    struct removal removals[] = {
        {.name = "a tag", .ref = "team/app:v1"},
        {.name = "a digest"},
        {.name = "an index"},
        {.name = "a repository", .ref = "team/app", .opts.recursive = true},
        {.name = "what is untagged", .ref = "team/app", .opts.untagged = true},
        {.name = "a pattern", .ref = "**:v*"},
    };
    char text[RA_DIGEST_TEXT];
    ra_store_close(make_tree());
    snprintf(removals[1].ref, sizeof(removals[1].ref), "team/app@%s", ra_digest_text(&image, text));
    snprintf(removals[2].ref, sizeof(removals[2].ref), "multi@%s", ra_digest_text(&index_of_two, text));
    for (size_t i = 0; i < RA_COUNT(removals); i++)
        try_calls(&removals[i], plan);
}

static void one_call_fails(void **state)
{
    (void)state;
    try_removals((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO});
    try_removals((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EACCES});
    try_removals((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOSPC});
}

static void one_thing_vanishes(void **state)
{
    (void)state;
    try_removals((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = ENOENT});
}

static void cut_off(void **state)
{
    (void)state;
    try_removals((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),
        cmocka_unit_test(one_thing_vanishes),
        cmocka_unit_test(cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
