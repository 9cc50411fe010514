/* What removing takes along, leaves, and refuses. */
#include "lib/reglib.h"

#include "base/clock.h"
#include "jobs/rm.h"
#include "registry/layout.h"
#include "store/mem.h"

static int remove_with(struct ra_store *s, struct ra_rm_opts opts, const char *ref,
                       struct ra_rm_result *result, struct ra_err *err)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = 2, .findings = &findings};
    struct ra_strlist refs = {0};
    RA_AUTO_PTR(ra_rm) rm = NULL;
    ra_strlist_add(&refs, ref);
    opts.refs = &refs;
    if (!opts.keep_last)
        opts.keep_last = RA_RM_NO_LIMIT;
    int rc = ra_rm_plan(&job, &opts, &rm, err);
    if (rc == 0 && result)
        *result = *ra_rm_result(rm);
    if (rc == 0)
        rc = ra_rm_sweep(rm, err);
    ra_strlist_release(&refs);
    ra_findings_release(&findings);
    return rc;
}

static void a_tag_goes_alone(void **state)
{
    (void)state;
    struct ra_err err = {0};
    struct ra_rm_result result;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "v1", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    t_reg_tag(s, "app", "latest", &image);
    t_ok(remove_with(s, (struct ra_rm_opts){0}, "app:v1", &result, &err), &err);
    assert_false(t_reg_has_tag(s, "app", "v1"));
    assert_true(t_reg_has_tag(s, "app", "latest") && t_reg_has_revision(s, "app", &image));
    assert_int_equal(result.items.n, 1);
    assert_int_equal(result.bytes, 0);
    assert_int_equal(result.untagged_bytes, 0);
}

static void a_digest_takes_its_tags_and_referrers(void **state)
{
    (void)state;
    struct ra_err err = {0};
    struct ra_rm_result result;
    char text[RA_DIGEST_TEXT];
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest shared = t_reg_layer(s, "app", "shared"),
                     image = t_reg_image(s, "app", "v1", &shared, NULL);
    struct ra_digest other = t_reg_image(s, "app", "v2", &shared, NULL);
    struct ra_digest referrer = t_reg_image(s, "app", "sbom", NULL, &image);
    struct ra_digest signature = t_reg_image(s, "app", "signature", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    t_reg_tag(s, "app", "v2", &other);
    t_reg_tag(s, "app", t_fmt("sha256-%s.sig", ra_digest_hex(&image, text)), &signature);
    t_ok(remove_with(s, (struct ra_rm_opts){0}, t_reg_at("app", &image), &result, &err), &err);
    assert_false(t_reg_has_tag(s, "app", "v1") || t_reg_has_revision(s, "app", &image));
    assert_false(t_reg_has_revision(s, "app", &referrer) || t_reg_has_revision(s, "app", &signature));
    assert_true(t_reg_has_tag(s, "app", "v2") && t_reg_has_layer(s, "app", &shared));
    assert_int_equal(result.layer_links, 6);
    assert_true(result.bytes > 0);
}

static void what_an_index_needs_is_refused(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest child = t_reg_image(s, "app", "amd64", NULL, NULL),
                     index = t_reg_index(s, "app", &child, 1);
    t_reg_tag(s, "app", "multi", &index);
    const char *before = t_reg_listing(s);
    t_fails_with(remove_with(s, (struct ra_rm_opts){0}, t_reg_at("app", &child), NULL, &err), RA_DENIED, &err,
                 "tagged multi)");
    assert_string_equal(t_reg_listing(s), before);
    t_ok(remove_with(s, (struct ra_rm_opts){.force = true}, t_reg_at("app", &child), NULL, &err), &err);
    assert_false(t_reg_has_revision(s, "app", &child));
}

static void kept_referrers_forbid(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "v1", NULL, NULL);
    t_reg_image(s, "app", "sbom", NULL, &image);
    struct ra_rm_opts opts = {.keep_referrers = true};
    t_fails(remove_with(s, opts, t_reg_at("app", &image), NULL, &err), RA_DENIED, &err);
}

static void a_repository_leaves_nested_ones(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest nested = t_reg_image(s, "a/b", "nested", NULL, NULL);
    t_reg_tag(s, "a/b", "v1", &nested);
    const char *without = t_reg_listing(s);
    struct ra_digest image = t_reg_image(s, "a", "outer", NULL, NULL);
    t_reg_tag(s, "a", "v1", &image);
    t_reg_put(s, RA_REPOSITORIES "a/_uploads/x/data", "half");
    t_fails(remove_with(s, (struct ra_rm_opts){0}, "a", NULL, &err), RA_USAGE, &err);
    t_ok(remove_with(s, (struct ra_rm_opts){.recursive = true}, "a", NULL, &err), &err);
    const char *left = t_reg_listing(s);
    assert_null(strstr(left, "repositories/a/_"));
    assert_non_null(strstr(left, strstr(without, "docker/registry/v2/repositories/a/b")));
}

static void untagged_means_unreached(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest child = t_reg_image(s, "app", "amd64", NULL, NULL),
                     index = t_reg_index(s, "app", &child, 1);
    struct ra_digest old = t_reg_image(s, "app", "old", NULL, NULL),
                     young = t_reg_image(s, "app", "new", NULL, NULL);
    struct ra_key key;
    t_reg_tag(s, "app", "multi", &index);
    ra_mem_set_clock(s, INT64_MIN);
    assert_true(ra_mem_set_mtime(s, ra_key_revision(&key, "app", &young), ra_time_now()));
    t_ok(remove_with(s, (struct ra_rm_opts){.untagged = true, .min_age = RA_HOUR}, "app", NULL, &err), &err);
    assert_true(t_reg_has_revision(s, "app", &child) && t_reg_has_revision(s, "app", &young));
    assert_false(t_reg_has_revision(s, "app", &old));
}

static void the_newest_stay(void **state)
{
    static const char *const tags[] = {"v1.2.0", "v1.10.0", "v1.9.0", "v2.0.0-rc.1", "edge"};
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest image = t_reg_image(s, "app", "v1", NULL, NULL);
    for (size_t i = 0; i < RA_COUNT(tags); i++)
        t_reg_tag(s, "app", tags[i], &image);
    struct ra_rm_opts opts = {.by = RA_RM_BY_VERSION, .keep_last = 2};
    t_ok(remove_with(s, opts, "app:*", NULL, &err), &err);
    assert_true(t_reg_has_tag(s, "app", "v2.0.0-rc.1") && t_reg_has_tag(s, "app", "v1.10.0") &&
                t_reg_has_tag(s, "app", "edge"));
    assert_false(t_reg_has_tag(s, "app", "v1.9.0") || t_reg_has_tag(s, "app", "v1.2.0"));
}

static void age_is_the_tags_own(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_key key;
    struct ra_digest image = t_reg_image(s, "app", "v1", NULL, NULL);
    t_reg_tag(s, "app", "build-1", &image);
    t_reg_tag(s, "app", "build-2", &image);
    t_reg_tag(s, "app", "release", &image);
    ra_mem_set_clock(s, INT64_MIN);
    assert_true(ra_mem_set_mtime(s, ra_key_tag_current(&key, "app", "build-2"), ra_time_now()));
    struct ra_rm_opts opts = {.by = RA_RM_BY_UPDATED, .has_age = true, .older_than = RA_DAY};
    t_ok(remove_with(s, opts, "app:build-*", NULL, &err), &err);
    assert_false(t_reg_has_tag(s, "app", "build-1"));
    assert_true(t_reg_has_tag(s, "app", "build-2") && t_reg_has_tag(s, "app", "release"));
}

static void nothing_by_that_name(void **state)
{
    (void)state;
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_rm_result result;
    struct ra_digest image = t_reg_image(s, "app", "v1", NULL, NULL);
    t_reg_tag(s, "app", "v1", &image);
    t_fails(remove_with(s, (struct ra_rm_opts){0}, "ap:v1", NULL, &err), RA_NOTFOUND, &err);
    t_fails(remove_with(s, (struct ra_rm_opts){0}, "app:v2", NULL, &err), RA_NOTFOUND, &err);
    t_ok(remove_with(s, (struct ra_rm_opts){0}, "app:build-*", &result, &err), &err);
    assert_int_equal(result.items.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_goes_alone),
        cmocka_unit_test(a_digest_takes_its_tags_and_referrers),
        cmocka_unit_test(what_an_index_needs_is_refused),
        cmocka_unit_test(kept_referrers_forbid),
        cmocka_unit_test(a_repository_leaves_nested_ones),
        cmocka_unit_test(untagged_means_unreached),
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(age_is_the_tags_own),
        cmocka_unit_test(nothing_by_that_name),
    };
    return T_RUN(tests);
}
