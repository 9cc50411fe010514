/* What is pushed between the plan of a removal and its carrying out, as while a question waits, is kept whole. */
#include "lib/reglib.h"

#include "base/clock.h"
#include "jobs/rm.h"
#include "registry/layout.h"
#include "store/fault.h"
#include "store/mem.h"

#include <errno.h>

#define LATER (T_OLD + RA_HOUR)

struct removal {
    struct ra_store *store;
    struct ra_findings findings;
    struct ra_job job;
    struct ra_strlist refs;
    struct ra_rm_opts opts;
    struct ra_rm *rm;
};

/* From here on what is written is younger than the plan. */
static void plan(struct removal *r, struct ra_store *s, struct ra_rm_opts opts, const char *ref)
{
    struct ra_err err = {0};
    *r = (struct removal){.store = s, .findings = RA_FINDINGS_INIT, .opts = opts};
    r->job = (struct ra_job){.store = s, .threads = 2, .findings = &r->findings};
    ra_strlist_add(&r->refs, ref);
    r->opts.refs = &r->refs;
    r->opts.keep_last = opts.keep_last ? opts.keep_last : RA_RM_NO_LIMIT;
    t_ok(ra_rm_plan(&r->job, &r->opts, &r->rm, &err), &err);
}

static void plan_then_wait(struct removal *r, struct ra_store *s, struct ra_rm_opts opts, const char *ref)
{
    plan(r, s, opts, ref);
    ra_mem_set_clock(s, LATER);
}

static const struct ra_rm_result *sweep(struct removal *r)
{
    struct ra_err err = {0};
    t_ok(ra_rm_sweep(r->rm, &err), &err);
    return ra_rm_result(r->rm);
}

static void release(struct removal *r)
{
    ra_rm_free(r->rm);
    ra_strlist_release(&r->refs);
    ra_findings_release(&r->findings);
}

static void assert_told(const struct removal *r, const char *repo, const char *tag)
{
    assert_int_equal(r->findings.list.n, 1);
    assert_string_equal(r->findings.list.at[0].code, "changed");
    assert_string_equal(r->findings.list.at[0].repository, repo);
    if (tag)
        assert_string_equal(r->findings.list.at[0].tag, tag);
    else
        assert_null(r->findings.list.at[0].tag);
    assert_int_equal(r->findings.list.at[0].severity, RA_WARNING);
}

static void a_moved_tag_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest old = t_reg_image(s, "app", "old", NULL, NULL);
    struct ra_digest new = t_reg_image(s, "app", "new", NULL, NULL);
    t_reg_tag(s, "app", "build-1", &old);
    t_reg_tag(s, "app", "build-2", &old);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, "app:build-*");
    t_reg_tag(s, "app", "build-1", &new);
    const struct ra_rm_result *result = sweep(&r);
    assert_true(t_reg_has_tag(s, "app", "build-1"));
    assert_false(t_reg_has_tag(s, "app", "build-2"));
    assert_told(&r, "app", "build-1");
    assert_int_equal(result->items.n, 1);
    assert_string_equal(result->items.at[0].tag, "build-2");
    release(&r);
}

/* The digest is the same, but somebody wants it: by age it is the newest now. */
static void a_tag_pushed_anew_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, "app:v1");
    t_reg_tag(s, "app", "v1", &image);
    assert_int_equal(sweep(&r)->items.n, 0);
    assert_true(t_reg_has_tag(s, "app", "v1"));
    assert_told(&r, "app", "v1");
    release(&r);
}

static void what_is_tagged_meanwhile_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_image(s, "app", "signature", NULL, &image);
    t_reg_tag(s, "app", "v1", &image);
    const char *before = t_reg_listing(s);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, t_reg_at("app", &image));
    assert_true(ra_rm_result(r.rm)->layer_links > 0);
    t_reg_tag(s, "app", "v2", &image);
    const struct ra_rm_result *result = sweep(&r);
    assert_told(&r, "app", NULL);
    assert_int_equal(result->items.n, 0);
    assert_int_equal(result->layer_links, 0);
    t_reg_remove(s, "docker/registry/v2/repositories/app/_manifests/tags/v2/current/link");
    struct ra_key key;
    t_reg_remove(s, ra_key_tag_history(&key, "app", "v2", &image));
    assert_string_equal(t_reg_listing(s), before);
    release(&r);
}

static void what_was_untagged_and_joins_an_index_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest child = t_reg_image(s, "app", "child", NULL, NULL);
    plan_then_wait(&r, s, (struct ra_rm_opts){.untagged = true}, "app");
    assert_int_equal(ra_rm_result(r.rm)->items.n, 1);
    struct ra_digest index = t_reg_index(s, "app", &child, 1);
    t_reg_tag(s, "app", "multi", &index);
    assert_int_equal(sweep(&r)->items.n, 0);
    assert_true(t_reg_has_revision(s, "app", &child) && t_reg_has_revision(s, "app", &index));
    assert_told(&r, "app", NULL);
    release(&r);
}

/* A client that finds a layer there does not send it again. */
static void a_layer_used_meanwhile_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest base = t_reg_layer(s, "app", "base");
    struct ra_digest old = t_reg_image(s, "app", "old", &base, NULL);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, t_reg_at("app", &old));
    struct ra_digest new = t_reg_image(s, "app", "new", &base, NULL);
    t_reg_tag(s, "app", "v2", &new);
    sweep(&r);
    assert_true(t_reg_has_layer(s, "app", &base) && t_reg_has_revision(s, "app", &new));
    assert_told(&r, "app", NULL);
    release(&r);
}

static void what_is_signed_meanwhile_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, t_reg_at("app", &image));
    struct ra_digest signature = t_reg_image(s, "app", "signature", NULL, &image);
    sweep(&r);
    assert_true(t_reg_has_revision(s, "app", &image) && t_reg_has_revision(s, "app", &signature));
    assert_told(&r, "app", NULL);
    release(&r);
}

static void a_repository_pushed_to_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    plan_then_wait(&r, s, (struct ra_rm_opts){.recursive = true}, "app");
    t_reg_layer(s, "app", "the first layer of a push");
    const char *before = t_reg_listing(s);
    assert_int_equal(sweep(&r)->items.n, 0);
    assert_string_equal(t_reg_listing(s), before);
    assert_told(&r, "app", NULL);
    release(&r);
}

static void an_upload_begun_meanwhile_stays(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    t_reg_put(s, RA_REPOSITORIES "app/_uploads/old/data", "half");
    plan_then_wait(&r, s, (struct ra_rm_opts){.recursive = true}, "app");
    t_reg_put(s, RA_REPOSITORIES "app/_uploads/new/data", "half");
    const struct ra_rm_result *result = sweep(&r);
    assert_true(t_reg_has(s, RA_REPOSITORIES "app/_uploads/new/data"));
    assert_false(t_reg_has(s, RA_REPOSITORIES "app/_uploads/old/data") || t_reg_has_tag(s, "app", "v1"));
    assert_told(&r, "app", NULL);
    assert_int_equal(result->items.n, 1); /* the tag; not the repository */
    assert_non_null(result->items.at[0].tag);
    release(&r);
}

static void other_pushes_disturb_nothing(void **state)
{
    (void)state;
    struct removal r;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest base = t_reg_layer(s, "app", "base");
    struct ra_digest old = t_reg_image(s, "app", "old", &base, NULL);
    struct ra_digest kept = t_reg_image(s, "app", "kept", &base, NULL);
    t_reg_tag(s, "app", "v1", &old);
    t_reg_tag(s, "app", "v2", &kept);
    plan_then_wait(&r, s, (struct ra_rm_opts){0}, t_reg_at("app", &old));
    struct ra_digest new = t_reg_image(s, "app", "new", &base, NULL);
    t_reg_tag(s, "app", "v3", &new);
    t_reg_tag(s, "app", "v2", &new);
    assert_int_equal(sweep(&r)->items.n, 2);
    assert_false(t_reg_has_revision(s, "app", &old) || t_reg_has_tag(s, "app", "v1"));
    assert_true(t_reg_has_layer(s, "app", &base) && t_reg_has_tag(s, "app", "v2") &&
                t_reg_has_tag(s, "app", "v3"));
    assert_int_equal(r.findings.list.n, 0);
    release(&r);
}

static void what_is_gone_already_is_no_matter(void **state)
{
    (void)state;
    struct removal r;
    struct ra_key key;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "image", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    plan_then_wait(&r, s, (struct ra_rm_opts){.recursive = true}, "app");
    t_reg_remove(s, ra_key_tag_current(&key, "app", "v1"));
    t_reg_remove(s, ra_key_revision(&key, "app", &image));
    sweep(&r);
    assert_null(strstr(t_reg_listing(s), RA_REPOSITORIES));
    assert_int_equal(r.findings.list.n, 0);
    release(&r);
}

/* A tag that nobody could remove would point to nothing. */
static void what_a_tag_that_stays_needs_stays(void **state)
{
    (void)state;
    for (uint64_t call = 1; call < 20; call++) {
        struct removal r;
        struct ra_store *inner = t_reg_new();
        struct ra_digest image = t_reg_image(inner, "app", "image", NULL, NULL);
        t_reg_tag(inner, "app", "v1", &image);
        struct ra_fault_plan fault = {.at = call, .ops = RA_FAULT_REMOVE, .error = EACCES};
        RA_AUTO_PTR(ra_store) s = ra_fault_wrap(inner, &fault);
        plan(&r, s, (struct ra_rm_opts){0}, t_reg_at("app", &image));
        sweep(&r);
        if (t_reg_has_tag(inner, "app", "v1"))
            assert_true(t_reg_has_revision(inner, "app", &image));
        if (strstr(t_reg_listing(inner), RA_REPOSITORIES "app/_manifests/"))
            assert_true(r.findings.list.n > 0);
        if (r.findings.list.n)
            assert_true(ra_fault_calls(s) >= call);
        release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_tag_stays),
        cmocka_unit_test(a_tag_pushed_anew_stays),
        cmocka_unit_test(what_is_tagged_meanwhile_stays),
        cmocka_unit_test(what_was_untagged_and_joins_an_index_stays),
        cmocka_unit_test(a_layer_used_meanwhile_stays),
        cmocka_unit_test(what_is_signed_meanwhile_stays),
        cmocka_unit_test(a_repository_pushed_to_stays),
        cmocka_unit_test(an_upload_begun_meanwhile_stays),
        cmocka_unit_test(other_pushes_disturb_nothing),
        cmocka_unit_test(what_is_gone_already_is_no_matter),
        cmocka_unit_test(what_a_tag_that_stays_needs_stays),
    };
    return T_RUN(tests);
}
