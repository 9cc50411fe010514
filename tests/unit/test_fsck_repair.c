/*
 * What fsck mends stays mended, cut off anywhere; and nothing that was there is ever thrown away.
 */
#include "lib/fscklib.h"

#include "registry/layout.h"
#include "store/fault.h"

#include <errno.h>

#define APP RA_REPOSITORIES "team/app/"

static int repair(struct ra_store *s, struct ra_store *from, uint64_t *repaired)
{
    struct t_fsck r;
    RA_AUTO_PTR(ra_fsck_source) source = from ? ra_fsck_source_store(from) : NULL;
    int rc = t_fsck_run(&r, s, &(struct ra_fsck_opts){0}, NULL);
    if (rc == 0)
        rc = ra_fsck_repair(r.fsck, source, NULL);
    *repaired = rc == 0 ? ra_fsck_result(r.fsck)->repaired : 0;
    t_fsck_release(&r);
    return rc;
}

static void mends(const char *damage, struct ra_store *from)
{
    struct t_fsck_tree t = t_fsck_tree();
    const char *before = t_reg_listing(t.s);
    uint64_t n;
    t_damage(&t, damage);
    assert_int_equal(repair(t.s, from, &n), 0);
    assert_int_equal(n, 1);
    assert_string_equal(t_fsck_check(t.s, false), "");
    assert_int_equal(repair(t.s, from, &n), 0);
    assert_int_equal(n, 0);
    for (const char *line = before; *line; line = strchr(line, '\n') + 1)
        assert_non_null(strstr(t_reg_listing(t.s), t_fmt("%.*s\n", (int)strcspn(line, "\n"), line)));
    ra_store_close(t.s);
}

static void links_are_restored(void **state)
{
    (void)state;
    mends("lost_layer_link", NULL);
    mends("empty_layer_link", NULL);
    mends("lost_revision_link", NULL);
    mends("empty_revision_link", NULL);
    mends("empty_tag_link", NULL);
    mends("newline_in_tag_link", NULL);
    mends("tag_to_config", NULL);
    mends("tag_to_layer", NULL);
}

/* It may be pushed again, or refilled. */
static void a_damaged_manifest_is_no_reason_to_go_back(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    struct ra_key key;
    uint64_t n;
    t_reg_tag(t.s, "team/app", "v1", &t.untagged);
    t_reg_tag(t.s, "team/app", "v1", &t.image);
    t_damage(&t, "lost_revision_link");
    t_fsck_put(t.s, &t.image, "{\"schemaVersion\":2,\"con");
    assert_string_equal(t_fsck_check(t.s, true), "error bad-manifest, error bad-manifest");
    assert_int_equal(repair(t.s, NULL, &n), 0);
    assert_int_equal(n, 0); /* it was moved aside alone */
    assert_false(t_reg_has_blob(t.s, &t.image));
    RA_BUF_AUTO link = {0};
    char text[RA_DIGEST_TEXT];
    assert_int_equal(ra_store_get(t.s, APP "_manifests/tags/v1/current/link", 1000, &link, NULL, NULL), 0);
    assert_string_equal(ra_buf_str(&link), ra_digest_text(&t.image, text));
    assert_false(t_reg_has(t.s, ra_key_revision(&key, "team/app", &t.image)));
    ra_store_close(t.s);
}

/* What a config is called is not mended by calling it a revision. */
static void no_config_becomes_a_revision(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    struct ra_key key;
    uint64_t n;
    t_reg_tag(t.s, "team/app", "v1", &t.untagged); /* two to choose from */
    t_damage(&t, "tag_to_config");
    const char *before = t_reg_listing(t.s);
    assert_int_equal(repair(t.s, NULL, &n), 0);
    assert_int_equal(n, 0);
    assert_string_equal(t_reg_listing(t.s), before);
    assert_false(t_reg_has(t.s, ra_key_revision(&key, "team/app", &t.config)));
    ra_store_close(t.s);
}

static void blobs_are_refilled(void **state)
{
    (void)state;
    struct t_fsck_tree source = t_fsck_tree();
    mends("lost_layer", source.s);
    mends("lost_config", source.s);
    mends("corrupt_layer", source.s);
    mends("cut_layer", source.s);
    mends("corrupt_untagged", source.s);
    mends("lost_manifest", source.s);
    mends("lost_tagged_manifest", source.s);
    mends("lost_linked_child", source.s);
    ra_store_close(source.s);
}

static void ambiguous_tag_stays(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    struct ra_key key;
    uint64_t n;
    t_reg_link(t.s, ra_key_tag_history(&key, "team/app", "v1", &t.untagged), &t.untagged);
    t_damage(&t, "empty_tag_link");
    const char *before = t_reg_listing(t.s);
    assert_int_equal(repair(t.s, NULL, &n), 0);
    assert_int_equal(n, 0);
    assert_string_equal(t_reg_listing(t.s), before);
    ra_store_close(t.s);
}

/* As while the question waits. */
static void a_tag_pushed_meanwhile_stays(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    struct t_fsck r;
    t_damage(&t, "empty_tag_link");
    assert_int_equal(t_fsck_run(&r, t.s, &(struct ra_fsck_opts){0}, NULL), 0);
    t_reg_tag(t.s, "team/app", "v1", &t.untagged);
    const char *before = t_reg_listing(t.s);
    assert_int_equal(ra_fsck_repair(r.fsck, NULL, NULL), 0);
    assert_int_equal(ra_fsck_result(r.fsck)->repaired, 0);
    assert_string_equal(t_reg_listing(t.s), before);
    t_fsck_release(&r);
    ra_store_close(t.s);
}

static const char *aside(const struct ra_digest *d)
{
    char hex[RA_DIGEST_TEXT];
    return t_fmt(RA_QUARANTINE "sha256/%s", ra_digest_hex(d, hex));
}

static void quarantine_keeps_the_bytes(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    RA_BUF_AUTO bytes = {0};
    struct ra_err err = {0};
    uint64_t n;
    t_damage(&t, "corrupt_layer");
    assert_int_equal(repair(t.s, NULL, &n), 0);
    t_ok(ra_store_get(t.s, aside(&t.layer), 1000, &bytes, NULL, &err), &err);
    assert_string_equal(ra_buf_str(&bytes), "LAYER of v1");
    assert_false(t_reg_has_blob(t.s, &t.layer));
    assert_string_equal(t_fsck_check(t.s, false), "error missing-blob");
    const char *before = t_reg_listing(t.s);
    assert_int_equal(repair(t.s, NULL, &n), 0);
    assert_int_equal(n, 0);
    assert_string_equal(t_reg_listing(t.s), before);
    ra_store_close(t.s);
}

/* A source that has rotted too is no help, and does no harm. */
static void bad_source_is_refused(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree(), source = t_fsck_tree();
    uint64_t n;
    t_damage(&source, "corrupt_layer");
    t_damage(&t, "lost_layer");
    assert_int_equal(repair(t.s, source.s, &n), 0);
    assert_int_equal(n, 0);
    assert_false(t_reg_has_blob(t.s, &t.layer));
    ra_store_close(source.s);
    ra_store_close(t.s);
}

static struct t_fsck_tree make_damaged(void)
{
    struct t_fsck_tree t = t_fsck_tree();
    struct ra_digest layer = t_reg_blob(t.s, "layer of amd64");
    t_damage(&t, "lost_layer_link");
    t_damage(&t, "lost_revision_link");
    t_reg_put(t.s, APP "nested/_manifests/tags/v1/current/link", "");
    t_damage(&t, "corrupt_layer");
    t_fsck_lose(t.s, &layer);
    return t;
}

/* The corrupt bytes lie in their place or aside, whatever happens. */
static void assert_corrupt_kept(struct ra_store *s)
{
    struct ra_digest d;
    char text[RA_DIGEST_TEXT];
    ra_digest_of(RA_SHA256, "LAYER of v1", strlen("LAYER of v1"), &d);
    assert_non_null(strstr(t_reg_listing(s), t_fmt(" %.19s\n", ra_digest_text(&d, text))));
}

static bool repair_cut_off(uint64_t at, enum ra_fault_mode mode, struct ra_store *from, const char *end)
{
    struct t_fsck_tree t = make_damaged();
    struct ra_fault_plan plan = {.at = at, .ops = RA_FAULT_ALL, .mode = mode, .error = EIO};
    uint64_t n;
    RA_AUTO_PTR(ra_store) s = ra_fault_wrap(t.s, &plan);
    repair(s, from, &n);
    bool reached = ra_fault_calls(s) >= at;
    assert_corrupt_kept(t.s);
    assert_int_equal(repair(t.s, from, &n), 0);
    /* A revision link comes back in one run, what only it leads to is looked at in the next. */
    assert_int_equal(repair(t.s, from, &n), 0);
    if (strcmp(t_reg_listing(t.s), end) != 0)
        fail_msg("cut off at call %llu, then mended:\n%s\ninstead of\n%s", (unsigned long long)at,
                 t_reg_listing(t.s), end);
    return reached;
}

static void repair_survives_faults(void **state)
{
    (void)state;
    struct t_fsck_tree source = t_fsck_tree(), t = make_damaged();
    uint64_t n;
    assert_int_equal(repair(t.s, source.s, &n), 0);
    assert_int_equal(n, 5);
    assert_string_equal(t_fsck_check(t.s, false), "");
    const char *end = t_reg_listing(t.s);
    ra_store_close(t.s);
    for (uint64_t at = 1; repair_cut_off(at, RA_FAULT_STOP, source.s, end);)
        at++;
    for (uint64_t at = 1; repair_cut_off(at, RA_FAULT_ONCE, source.s, end);)
        at++;
    ra_store_close(source.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_manifest_is_no_reason_to_go_back),
        cmocka_unit_test(no_config_becomes_a_revision),
        cmocka_unit_test(links_are_restored),
        cmocka_unit_test(blobs_are_refilled),
        cmocka_unit_test(ambiguous_tag_stays),
        cmocka_unit_test(a_tag_pushed_meanwhile_stays),
        cmocka_unit_test(quarantine_keeps_the_bytes),
        cmocka_unit_test(bad_source_is_refused),
        cmocka_unit_test(repair_survives_faults),
    };
    return T_RUN(tests);
}
