/*
 * fsck on small registries: a sound one has no findings, each kind of damage has exactly its own; and parts of a
 * storage are read as asked for.
 */
#include "lib/fscklib.h"

#include "base/vec.h"

static void sound_tree(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    assert_string_equal(t_fsck_check(t.s, false), "");
    assert_string_equal(t_fsck_check(t.s, true), "");
    ra_store_close(t.s);
}

static void one_damage_one_finding(void **state)
{
    (void)state;
    const char *wrong = "";
    for (const struct t_damage *d = t_damages; d->make; d++) {
        struct t_fsck_tree t = t_fsck_tree();
        d->make(&t);
        const char *full = t_fsck_check(t.s, false), *quick = t_fsck_check(t.s, true);
        const char *wanted = d->quick ? d->quick : d->said;
        if (strcmp(full, d->said) != 0)
            wrong = t_fmt("%s%s: '%s' instead of '%s'\n", wrong, d->name, full, d->said);
        if (strcmp(quick, wanted) != 0)
            wrong = t_fmt("%s%s, quick: '%s' instead of '%s'\n", wrong, d->name, quick, wanted);
        ra_store_close(t.s);
    }
    if (*wrong)
        fail_msg("%s", wrong);
}

static void damage_names_the_tags(void **state)
{
    (void)state;
    struct t_fsck_tree t = t_fsck_tree();
    struct t_fsck r;
    struct ra_err err = {0};
    t_fsck_put(t.s, &t.base, "BASE layer");
    t_ok(t_fsck_run(&r, t.s, &(struct ra_fsck_opts){0}, &err), &err);
    assert_int_equal(r.findings.list.n, 1);
    const char *message = r.findings.list.at[0].message;
    assert_non_null(strstr(message, "team/app:v1"));
    assert_non_null(strstr(message, "team/app:multi"));
    assert_non_null(strstr(message, "team/app/nested:v1"));
    assert_null(strstr(message, "strong"));
    t_fsck_release(&r);
    ra_store_close(t.s);
}

/* Whatever the order of reading: the one of two descriptors that is wrong is found. */
static void one_of_two_descriptors_lies(void **state)
{
    (void)state;
    static const char image[] =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":"
        "{\"mediaType\":\"application/"
        "vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":2},\"layers\":["
        "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%d}]}";
    for (int wrong = -1; wrong <= 1; wrong++) {
        RA_AUTO_PTR(ra_store) s = t_reg_new();
        struct ra_digest config = t_reg_layer(s, "app", "{}"), layer = t_reg_layer(s, "app", "layer");
        char of_config[RA_DIGEST_TEXT], of_layer[RA_DIGEST_TEXT];
        for (int k = 0; k < 2; k++) {
            const char *json = t_fmt(image, ra_digest_text(&config, of_config),
                                     ra_digest_text(&layer, of_layer), 5 + k * wrong);
            struct ra_digest d = t_reg_manifest(s, "app", json);
            t_reg_tag(s, "app", k ? "other" : "right", &d);
        }
        assert_string_equal(t_fsck_check(s, true), wrong ? "error size-mismatch" : "");
    }
}

/* --- reading a part ---------------------------------------------------------------------------------------------- */

static void sample_has_its_size(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct t_fsck r;
    struct ra_err err = {0};
    for (int i = 0; i < 200; i++)
        t_reg_blob(s, t_fmt("blob %d", i));
    t_ok(t_fsck_run(&r, s, &(struct ra_fsck_opts){.sample = 0.05}, &err), &err);
    assert_int_equal(ra_fsck_result(r.fsck)->blobs_checked, 10);
    assert_int_equal(ra_fsck_result(r.fsck)->blobs, 200);
    t_fsck_release(&r);
}

/* All blobs, some small and some large, are damaged, so that the findings say which were read. */
static struct ra_store *make_rotten(int n)
{
    struct ra_store *s = t_reg_new();
    for (int i = 0; i < n; i++) {
        struct ra_digest d = t_reg_blob(s, t_fmt("blob %d", i));
        t_fsck_put(s, &d, t_fmt("%0*d", i % 3 ? 10 : 70000, 0));
    }
    return s;
}

/* No time is enough for one blob. */
static void state_goes_on(void **state)
{
    (void)state;
    enum { BLOBS = 30 };
    RA_AUTO_PTR(ra_store) s = make_rotten(BLOBS);
    struct ra_fsck_opts opts = {.seconds = 1e-9, .state = t_fmt("%s/state", t_dir())};
    const char *seen = "";
    uint64_t checked = 0;
    while (checked < BLOBS) {
        struct t_fsck r;
        struct ra_err err = {0};
        t_ok(t_fsck_run(&r, s, &opts, &err), &err);
        assert_int_equal(ra_fsck_result(r.fsck)->blobs_checked, 1);
        assert_true(ra_fsck_result(r.fsck)->stopped_early);
        ra_vec_each (f, &r.findings.list) {
            bool corrupt = strcmp(f->code, "corrupt-blob") == 0;
            assert_false(corrupt && strstr(seen, f->digest));
            seen = corrupt ? t_fmt("%s %s", seen, f->digest) : seen;
        }
        checked++;
        t_fsck_release(&r);
    }
    opts.seconds = 0;
    struct t_fsck r;
    t_ok(t_fsck_run(&r, s, &opts, NULL), NULL);
    assert_int_equal(ra_fsck_result(r.fsck)->blobs_checked, BLOBS);
    t_fsck_release(&r);
    assert_string_equal(t_read(opts.state, NULL), "");
}

static void foreign_state_is_refused(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    const char *file = t_fmt("%s/notes", t_dir());
    struct t_fsck r;
    struct ra_err err = {0};
    t_reg_blob(s, "x");
    t_write(file, "my notes");
    t_fails(t_fsck_run(&r, s, &(struct ra_fsck_opts){.state = file}, &err), RA_CORRUPT, &err);
    assert_string_equal(t_read(file, NULL), "my notes");
    t_fsck_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_tree),
        cmocka_unit_test(one_damage_one_finding),
        cmocka_unit_test(damage_names_the_tags),
        cmocka_unit_test(one_of_two_descriptors_lies),
        cmocka_unit_test(sample_has_its_size),
        cmocka_unit_test(state_goes_on),
        cmocka_unit_test(foreign_state_is_refused),
    };
    return T_RUN(tests);
}
