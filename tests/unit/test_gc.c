/* What a collection keeps and removes, case by case, in a store in memory. */
#include "lib/reglib.h"

#include "base/clock.h"
#include "jobs/gc.h"
#include "registry/layout.h"
#include "registry/mediatype.h"
#include "store/mem.h"

#define UUID "0193b5c2-7d1e-7c3a-9f00-0123456789ab"

struct run {
    struct ra_store *s;
    struct ra_findings findings;
    struct ra_gc_opts opts;
    struct ra_gc_result result;
};

static struct run begin(void)
{
    return (struct run){.s = t_reg_new(),
                        .findings = RA_FINDINGS_INIT,
                        .opts = {.min_age = RA_HOUR, .uploads_age = 7 * RA_DAY}};
}

/* From here on it is years later. */
static void collect(struct run *r, bool delete_untagged)
{
    struct ra_err err = {0};
    struct ra_job job = {.store = r->s, .threads = 2, .findings = &r->findings};
    RA_AUTO_PTR(ra_gc) gc = NULL;
    ra_mem_set_clock(r->s, INT64_MIN);
    r->opts.delete_untagged = delete_untagged;
    t_ok(ra_gc_plan(&job, &r->opts, &gc, &err), &err);
    t_ok(ra_gc_sweep(gc, &err), &err);
    r->result = *ra_gc_result(gc);
    r->result.freed.at = NULL;
}

static bool found(const struct run *r, const char *code)
{
    ra_vec_each (f, &r->findings.list)
        if (strcmp(f->code, code) == 0)
            return true;
    return false;
}

static void end(struct run *r)
{
    ra_findings_release(&r->findings);
    ra_store_close(r->s);
}

static void untagged_goes_only_when_told(void **state)
{
    (void)state;
    for (int untagged = 0; untagged < 2; untagged++) {
        struct run r = begin();
        struct ra_key key;
        struct ra_digest old = t_reg_image(r.s, "app", "old", NULL, NULL);
        struct ra_digest now = t_reg_image(r.s, "app", "new", NULL, NULL);
        t_reg_tag(r.s, "app", "v1", &old);
        t_reg_tag(r.s, "app", "v1", &now);
        collect(&r, untagged);
        assert_true(t_reg_has_revision(r.s, "app", &now) && t_reg_has_blob(r.s, &now));
        assert_int_equal(t_reg_has_revision(r.s, "app", &old), !untagged);
        assert_int_equal(t_reg_has_blob(r.s, &old), !untagged);
        assert_int_equal(t_reg_has(r.s, ra_key_tag_history(&key, "app", "v1", &old)), !untagged);
        assert_int_equal(r.result.revisions.removed, untagged);
        assert_int_equal(r.result.untagged_revisions, !untagged);
        assert_int_equal(r.result.untagged.blobs, untagged ? 0 : 3);
        assert_int_equal(r.findings.list.n, 0);
        end(&r);
    }
}

static void children_and_referrers_stay(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_digest children[] = {t_reg_image(r.s, "app", "amd64", NULL, NULL),
                                   t_reg_image(r.s, "app", "arm64", NULL, NULL)};
    struct ra_digest index = t_reg_index(r.s, "app", children, 2), outer = t_reg_index(r.s, "app", &index, 1);
    struct ra_digest signature = t_reg_image(r.s, "app", "signature", NULL, &children[1]);
    struct ra_digest stray = t_reg_image(r.s, "other", "stray", NULL, &children[1]);
    t_reg_tag(r.s, "app", "multi", &outer);
    collect(&r, true);
    assert_true(t_reg_has_revision(r.s, "app", &children[0]) && t_reg_has_revision(r.s, "app", &children[1]));
    assert_true(t_reg_has_revision(r.s, "app", &index) && t_reg_has_revision(r.s, "app", &signature));
    assert_false(t_reg_has_revision(r.s, "other", &stray));
    end(&r);
}

static void each_repository_answers_for_itself(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_digest here = t_reg_image(r.s, "aaa", "the image", NULL, NULL);
    struct ra_digest there = t_reg_image(r.s, "zzz", "the image", NULL, NULL);
    struct ra_digest shared = t_reg_layer(r.s, "aaa", "mounted, not used");
    t_reg_link(r.s, t_fmt("%szzz/_layers/sha256/%s/link", RA_REPOSITORIES, t_fmt("%064d", 7)), &shared);
    t_reg_tag(r.s, "zzz", "v1", &there);
    collect(&r, true);
    assert_true(t_reg_has_revision(r.s, "zzz", &there) && t_reg_has_blob(r.s, &here));
    assert_false(t_reg_has_revision(r.s, "aaa", &here));
    assert_false(t_reg_has_layer(r.s, "aaa", &shared) || t_reg_has_blob(r.s, &shared));
    end(&r);
}

static void a_tag_protects_without_its_revision(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_key key;
    struct ra_digest child = t_reg_image(r.s, "app", "child", NULL, NULL),
                     index = t_reg_index(r.s, "app", &child, 1);
    t_reg_tag(r.s, "app", "v1", &index);
    t_reg_remove(r.s, ra_key_revision(&key, "app", &index));
    t_reg_remove(r.s, ra_key_revision(&key, "app", &child));
    const char *before = t_reg_listing(r.s);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    end(&r);
}

/* Of a cache of BuildKit: an index of blobs, which have layer links. */
static void an_index_of_blobs_keeps_them(void **state)
{
    (void)state;
    struct run r = begin();
    char layer_text[RA_DIGEST_TEXT], config_text[RA_DIGEST_TEXT];
    struct ra_digest layer = t_reg_layer(r.s, "app", "cached"), config = t_reg_layer(r.s, "app", "records");
    struct ra_digest cache = t_reg_manifest(
        r.s, "app",
        t_fmt("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" RA_MT_OCI_LAYER_GZIP
              "\",\"digest\":\"%s\"},{\"mediaType\":\"" RA_MT_BUILDKIT_CACHE "\",\"digest\":\"%s\"}]}",
              ra_digest_text(&layer, layer_text), ra_digest_text(&config, config_text)));
    t_reg_tag(r.s, "app", "cache", &cache);
    const char *before = t_reg_listing(r.s);
    struct ra_digest untagged = t_reg_image(r.s, "app", "untagged", NULL, NULL);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    assert_false(t_reg_has_blob(r.s, &untagged));
    assert_int_equal(r.findings.list.n, 0);
    end(&r);
}

/* Whether it is a manifest no media type says, and no link: what it names if it is one stays. */
static void an_entry_without_type_keeps_what_it_names(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_key key;
    char image_text[RA_DIGEST_TEXT], blob_text[RA_DIGEST_TEXT];
    struct ra_digest image = t_reg_image(r.s, "app", "child", NULL, NULL),
                     blob = t_reg_layer(r.s, "app", "{}");
    struct ra_digest index =
        t_reg_manifest(r.s, "app",
                       t_fmt("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\"},{\"mediaType\":\"x/"
                             "y\",\"digest\":\"%s\"}]}",
                             ra_digest_text(&image, image_text), ra_digest_text(&blob, blob_text)));
    t_reg_tag(r.s, "app", "v1", &index);
    t_reg_remove(r.s, ra_key_revision(&key, "app", &image));
    const char *before = t_reg_listing(r.s);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    assert_int_equal(r.findings.list.n, 0);
    end(&r);
}

/* What the tag means is known to nobody: it may be what it was. */
static void a_tag_on_a_config_keeps_its_history(void **state)
{
    (void)state;
    for (int as_revision = 0; as_revision < 2; as_revision++) {
        struct run r = begin();
        struct ra_key key;
        struct ra_digest image = t_reg_image(r.s, "app", "v1", NULL, NULL);
        struct ra_digest config = t_reg_blob(r.s, "{\"os\":\"linux\",\"seed\":\"v1\"}");
        t_reg_tag(r.s, "app", "v1", &image);
        t_reg_link(r.s, ra_key_tag_current(&key, "app", "v1"), &config);
        if (as_revision)
            t_reg_link(r.s, ra_key_revision(&key, "app", &config), &config);
        const char *before = t_reg_listing(r.s);
        collect(&r, true);
        assert_string_equal(t_reg_listing(r.s), before);
        assert_true(found(&r, "bad-manifest"));
        assert_true(t_reg_has_revision(r.s, "app", &image));
        end(&r);
    }
}

static void what_is_not_understood_protects(void **state)
{
    static const char *const manifests[] = {"", "{\"schemaVersion\":2,", "[1]"};
    (void)state;
    for (size_t i = 0; i < RA_COUNT(manifests); i++) {
        struct run r = begin();
        struct ra_digest unused = t_reg_layer(r.s, "bad", "who knows"), junk = t_reg_blob(r.s, "junk");
        t_reg_image(r.s, "bad", "untagged neighbour", NULL, NULL);
        t_reg_manifest(r.s, "bad", manifests[i]);
        struct ra_digest elsewhere = t_reg_layer(r.s, "good", "not in use");
        collect(&r, true);
        assert_true(t_reg_has_layer(r.s, "bad", &unused) && t_reg_has_blob(r.s, &unused));
        assert_false(t_reg_has_blob(r.s, &junk) || t_reg_has_layer(r.s, "good", &elsewhere));
        assert_int_equal(r.result.revisions.removed, 0);
        assert_true(found(&r, "bad-manifest"));
        end(&r);
    }
}

static void unknown_kinds_keep_all_they_name(void **state)
{
    (void)state;
    struct run r = begin();
    char text[RA_DIGEST_TEXT];
    struct ra_digest part = t_reg_layer(r.s, "future", "some part");
    struct ra_digest bundle = t_reg_manifest(
        r.s, "future",
        t_fmt("{\"schemaVersion\":2,\"mediaType\":\"application/x\",\"deep\":[{\"in\":{\"digest\":\"%s\"}}]}",
              ra_digest_text(&part, text)));
    collect(&r, true);
    assert_true(t_reg_has_revision(r.s, "future", &bundle) && t_reg_has_layer(r.s, "future", &part));
    assert_true(found(&r, "not-understood"));
    end(&r);
}

static void bad_links_protect_their_paths(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_key key;
    struct ra_digest empty = t_reg_image(r.s, "app", "empty link", NULL, NULL);
    struct ra_digest other = t_reg_image(r.s, "app", "names another", NULL, NULL);
    struct ra_digest named = t_reg_blob(r.s, "{\"schemaVersion\":2}");
    struct ra_digest layer = t_reg_layer(r.s, "app", "garbled");
    t_reg_put(r.s, ra_key_revision(&key, "app", &empty), "");
    t_reg_link(r.s, ra_key_revision(&key, "app", &other), &named);
    t_reg_put(r.s, ra_key_layer(&key, "app", &layer), "sha256:12");
    const char *before = t_reg_listing(r.s);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    assert_true(found(&r, "bad-link"));
    end(&r);
}

static void a_damaged_tag_protects_its_history(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_key key;
    struct ra_digest image = t_reg_image(r.s, "app", "v1", NULL, NULL);
    t_reg_tag(r.s, "app", "v1", &image);
    t_reg_put(r.s, ra_key_tag_current(&key, "app", "v1"), "");
    const char *before = t_reg_listing(r.s);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    end(&r);
}

static void a_dangling_tag_is_told(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_digest missing;
    struct ra_key key;
    ra_digest_of(RA_SHA256, "never pushed", 12, &missing);
    t_reg_tag(r.s, "app", "v1", &missing);
    t_reg_blob(r.s, "something");
    collect(&r, true);
    assert_true(found(&r, "dangling-tag"));
    assert_true(t_reg_has(r.s, ra_key_tag_current(&key, "app", "v1")));
    end(&r);
}

/* As when the disk with them is not mounted: their links must be there when it is. */
static void without_any_blob_no_link_goes(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_gc *gc = NULL;
    struct ra_err err = {0};
    struct ra_job job = {.store = r.s, .threads = 2, .findings = &r.findings};
    struct ra_digest image = t_reg_image(r.s, "app", "one", NULL, NULL);
    t_reg_tag(r.s, "app", "v1", &image);
    t_ok(ra_store_remove_prefix(r.s, RA_BLOBS, 0, RA_ANY_AGE, NULL, NULL, &err), &err);
    const char *before = t_reg_listing(r.s);
    r.opts.delete_untagged = true;
    t_fails_with(ra_gc_plan(&job, &r.opts, &gc, &err), RA_CORRUPT, &err, "no blobs");
    assert_string_equal(t_reg_listing(r.s), before);
    end(&r);
}

static void the_young_stay(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_digest old_layer = t_reg_layer(r.s, "busy", "linked again"), junk = t_reg_blob(r.s, "old junk");
    struct ra_digest pushed = t_reg_image(r.s, "busy", "pushed just now", NULL, NULL);
    struct ra_key key;
    int64_t now = ra_time_now();
    assert_true(ra_mem_set_mtime(r.s, ra_key_layer(&key, "busy", &old_layer), now));
    assert_true(ra_mem_set_mtime(r.s, ra_key_revision(&key, "busy", &pushed), now));
    ra_mem_set_clock(r.s, now);
    struct ra_digest fresh = t_reg_blob(r.s, "fresh junk");
    collect(&r, true);
    assert_true(t_reg_has_blob(r.s, &fresh) && t_reg_has_blob(r.s, &old_layer));
    assert_true(t_reg_has_revision(r.s, "busy", &pushed) && t_reg_has_blob(r.s, &pushed));
    assert_false(t_reg_has_blob(r.s, &junk));
    end(&r);
}

static const char *upload(struct run *r, const char *id, const char *started, int64_t touched)
{
    const char *data = t_fmt(RA_REPOSITORIES "app/_uploads/%s/data", id);
    t_reg_put(r->s, data, "half a layer");
    if (started)
        t_reg_put(r->s, t_fmt(RA_REPOSITORIES "app/_uploads/%s/startedat", id), started);
    assert_true(ra_mem_set_mtime(r->s, data, touched));
    return data;
}

static void uploads_go_by_age(void **state)
{
    (void)state;
    struct run r = begin();
    const char *stale = upload(&r, "stale", "2020-01-01T00:00:00Z", T_OLD);
    const char *unsigned_ = upload(&r, "without-start", NULL, T_OLD);
    const char *growing = upload(&r, "growing", "2020-01-01T00:00:00Z", ra_time_now());
    const char *begun = upload(&r, "begun", "2099-01-01T00:00:00Z", T_OLD);
    collect(&r, false);
    assert_false(t_reg_has(r.s, stale) || t_reg_has(r.s, unsigned_));
    assert_true(t_reg_has(r.s, growing) && t_reg_has(r.s, begun));
    assert_int_equal(r.result.uploads.removed, 2);
    assert_int_equal(r.result.uploads.kept, 2);
    end(&r);
}

static void leftovers_go(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_key key;
    struct ra_digest image = t_reg_image(r.s, "app", "v1", NULL, NULL);
    t_reg_tag(r.s, "app", "v1", &image);
    const char *before = t_reg_listing(r.s);
    t_reg_put(r.s, t_fmt("%s." UUID ".tmp", ra_key_revision(&key, "app", &image)), "half");
    t_reg_put(r.s, t_fmt("%s." UUID ".tmp", ra_key_blob(&key, &image)), "half");
    t_reg_put(r.s, t_fmt("%s." UUID ".tmp", ra_key_tag_current(&key, "app", "v1")), "half");
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    assert_int_equal(r.result.leftovers, 3);
    end(&r);
}

static void what_is_foreign_stays(void **state)
{
    static const char *const keys[] = {RA_V2 "README",
                                       RA_REPOSITORIES "README",
                                       RA_REPOSITORIES "app/_layers/NOTES",
                                       RA_BLOBS "sha256/.nfs0001",
                                       RA_BLOBS "md5/00/00112233/data",
                                       "backup/notes"};
    (void)state;
    struct run r = begin();
    struct ra_digest image = t_reg_image(r.s, "app", "v1", NULL, NULL);
    t_reg_tag(r.s, "app", "v1", &image);
    for (size_t i = 0; i < RA_COUNT(keys); i++)
        t_reg_put(r.s, keys[i], "mine");
    const char *before = t_reg_listing(r.s);
    collect(&r, true);
    assert_string_equal(t_reg_listing(r.s), before);
    end(&r);
}

static void a_plan_changes_nothing(void **state)
{
    (void)state;
    struct run r = begin();
    struct ra_err err = {0};
    struct ra_job job = {.store = r.s, .threads = 1, .findings = &r.findings, .dry_run = true};
    RA_AUTO_PTR(ra_gc) gc = NULL;
    t_reg_image(r.s, "app", "untagged", NULL, NULL);
    t_reg_blob(r.s, "junk");
    const char *before = t_reg_listing(r.s);
    ra_mem_set_clock(r.s, INT64_MIN);
    r.opts.delete_untagged = true;
    t_ok(ra_gc_plan(&job, &r.opts, &gc, &err), &err);
    assert_int_equal(ra_gc_result(gc)->blobs.removed, 4);
    assert_int_equal(ra_gc_result(gc)->freed.n, 1);
    assert_string_equal(ra_gc_result(gc)->freed.at[0].name, "app");
    assert_string_equal(t_reg_listing(r.s), before);
    ra_gc_free(ra_steal_ptr(&gc));
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untagged_goes_only_when_told),
        cmocka_unit_test(children_and_referrers_stay),
        cmocka_unit_test(each_repository_answers_for_itself),
        cmocka_unit_test(a_tag_protects_without_its_revision),
        cmocka_unit_test(an_index_of_blobs_keeps_them),
        cmocka_unit_test(an_entry_without_type_keeps_what_it_names),
        cmocka_unit_test(a_tag_on_a_config_keeps_its_history),
        cmocka_unit_test(what_is_not_understood_protects),
        cmocka_unit_test(unknown_kinds_keep_all_they_name),
        cmocka_unit_test(bad_links_protect_their_paths),
        cmocka_unit_test(a_damaged_tag_protects_its_history),
        cmocka_unit_test(a_dangling_tag_is_told),
        cmocka_unit_test(without_any_blob_no_link_goes),
        cmocka_unit_test(the_young_stay),
        cmocka_unit_test(uploads_go_by_age),
        cmocka_unit_test(leftovers_go),
        cmocka_unit_test(what_is_foreign_stays),
        cmocka_unit_test(a_plan_changes_nothing),
    };
    return T_RUN(tests);
}
