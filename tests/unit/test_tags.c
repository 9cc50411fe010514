/* Tags of several repositories at once: what their images share is looked at once, and missed by each. */
#include "lib/reglib.h"

#include "jobs/tags.h"
#include "registry/layout.h"
#include "store/fault.h"

#define TAGS 8

static const char *const repos[] = {"one", "two"};

/* In each repository TAGS images, with a layer of their own and one that all share. */
static struct ra_digest fill(struct ra_store *s)
{
    struct ra_digest shared = t_reg_layer(s, "one", "shared");
    for (size_t i = 0; i < RA_COUNT(repos); i++)
        for (int k = 0; k < TAGS; k++) {
            struct ra_digest image = t_reg_image(s, repos[i], t_fmt("%s-%d", repos[i], k), &shared, NULL);
            t_reg_tag(s, repos[i], t_fmt("v%d", k), &image);
        }
    return shared;
}

static void read_tags(struct ra_store *s, struct ra_findings *findings,
                      struct ra_tag_list lists[RA_COUNT(repos)])
{
    RA_ERR_AUTO err = {0};
    struct ra_job job = {.store = s, .threads = 1, .findings = findings};
    for (size_t i = 0; i < RA_COUNT(repos); i++) {
        t_ok(ra_tags_list(&job, repos[i], NULL, NULL, &lists[i], &err), &err);
        assert_int_equal(lists[i].list.n, TAGS);
    }
    t_ok(ra_tags_read(&job, lists, RA_COUNT(repos), &err), &err);
}

static void shared_layers_are_looked_at_once(void **state)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_tag_list lists[RA_COUNT(repos)] = {0};
    struct ra_store *inner = t_reg_new();
    (void)state;
    fill(inner);
    struct ra_store *s = ra_fault_wrap(inner, &(struct ra_fault_plan){.ops = RA_FAULT_STAT});
    read_tags(s, &findings, lists);
    assert_int_equal(ra_fault_calls(s), 1 + RA_COUNT(repos) * TAGS);
    assert_int_equal(findings.list.n, 0);
    for (size_t i = 0; i < RA_COUNT(repos); i++)
        ra_tag_list_release(&lists[i]);
    ra_store_close(s);
}

static void a_missing_layer_is_missed_by_every_tag(void **state)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_tag_list lists[RA_COUNT(repos)] = {0};
    struct ra_store *s = t_reg_new();
    struct ra_digest shared = fill(s);
    struct ra_key key;
    (void)state;
    t_reg_remove(s, ra_key_blob(&key, &shared));
    read_tags(s, &findings, lists);
    assert_int_equal(findings.list.n, RA_COUNT(repos) * TAGS);
    for (size_t i = 0; i < RA_COUNT(repos); i++) {
        ra_vec_each (tag, &lists[i].list)
            assert_int_equal(tag->image.missing_blobs, 1);
        ra_tag_list_release(&lists[i]);
    }
    ra_findings_release(&findings);
    ra_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_layers_are_looked_at_once),
        cmocka_unit_test(a_missing_layer_is_missed_by_every_tag),
    };
    return T_RUN(tests);
}
