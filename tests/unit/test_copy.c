/* Copies of whole storages, from memory to memory and to a folder: all of it, only what is missing, in an order that
 * may be cut anywhere, and nothing that is damaged. */
#include "lib/fscklib.h"
#include "lib/reglib.h"

#include "jobs/copy.h"
#include "registry/layout.h"
#include "store/fault.h"
#include "store/fs.h"
#include "store/mem.h"

#include <stdatomic.h>

static struct ra_findings findings = RA_FINDINGS_INIT;

static int copy(struct ra_store *from, struct ra_store *to, unsigned threads, bool dry_run,
                struct ra_copy_result *out, struct ra_err *err)
{
    struct ra_job job = {.store = from, .threads = threads, .findings = &findings, .dry_run = dry_run};
    RA_AUTO_PTR(ra_copy) c = NULL;
    int rc = ra_copy_open(&job, to, false, &c, err);
    rc = rc < 0 ? rc : ra_copy_run(c, err);
    *out = c ? *ra_copy_result(c) : (struct ra_copy_result){0};
    return rc;
}

static struct ra_copy_result must_copy(struct ra_store *from, struct ra_store *to, unsigned threads)
{
    struct ra_copy_result result;
    struct ra_err err = {0};
    t_ok(copy(from, to, threads, false, &result, &err), &err);
    return result;
}

static struct ra_store *sample(void)
{
    struct ra_store *s = t_reg_new();
    struct ra_digest shared = t_reg_layer(s, "team/app", "shared");
    struct ra_digest one = t_reg_image(s, "team/app", "one", &shared, NULL);
    struct ra_digest two = t_reg_image(s, "team/app", "two", &shared, NULL);
    struct ra_digest three = t_reg_image(s, "other", "three", NULL, NULL);
    t_reg_tag(s, "team/app", "v1", &one);
    t_reg_tag(s, "team/app", "v2", &one);
    t_reg_tag(s, "team/app", "v2", &two);
    t_reg_tag(s, "other", "latest", &three);
    return s;
}

static void all_of_it_is_copied(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        RA_AUTO_PTR(ra_store) to = ra_mem_open();
        struct ra_copy_result r = must_copy(from, to, threads);
        assert_string_equal(t_reg_listing(from), t_reg_listing(to));
        assert_int_equal(r.tags, 3);
        assert_int_equal(r.revision_links, 3);
        assert_int_equal(r.blobs.present, 0);
        assert_int_equal(r.skipped, 0);
    }
}

static void a_folder_takes_it_too_and_gives_it_back(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    RA_AUTO_PTR(ra_store) folder = NULL;
    RA_AUTO_PTR(ra_store) back = ra_mem_open();
    struct ra_err err = {0};
    t_ok(ra_fs_open(t_dir(), 0, &folder, &err), &err);
    must_copy(from, folder, 2);
    must_copy(folder, back, 2);
    assert_string_equal(t_reg_listing(from), t_reg_listing(back));
}

static void a_second_time_costs_nothing(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    RA_AUTO_PTR(ra_store) to = ra_mem_open();
    struct ra_copy_result first = must_copy(from, to, 2), again = must_copy(from, to, 2);
    assert_int_equal(again.blobs.copied, 0);
    assert_int_equal(again.blobs.present, first.blobs.copied);
    assert_int_equal(again.layer_links + again.revision_links + again.tags, 0);
}

static const char *current(struct ra_store *s, const char *repo, const char *tag)
{
    struct ra_key key;
    RA_BUF_AUTO link = {0};
    assert_int_equal(ra_store_get(s, ra_key_tag_current(&key, repo, tag), 200, &link, NULL, NULL), 0);
    return t_fmt("%s", ra_buf_str(&link));
}

static const char *text_of(const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    return t_fmt("%s", ra_digest_text(d, text));
}

/* A destination whose other:latest somebody moved on, a tag of its own, and a tag that is new in the source. */
struct apart {
    struct ra_store *from, *to;
    struct ra_digest old, theirs;
};

static struct apart apart(void)
{
    struct apart a = {.from = sample(), .to = ra_mem_open()};
    must_copy(a.from, a.to, 2);
    a.old = t_reg_image(a.from, "other", "three", NULL, NULL);
    a.theirs = t_reg_image(a.to, "other", "newer", NULL, NULL);
    t_reg_tag(a.to, "other", "latest", &a.theirs);
    t_reg_tag(a.to, "other", "mine", &a.theirs);
    struct ra_digest four = t_reg_image(a.from, "other", "four", NULL, NULL);
    t_reg_tag(a.from, "other", "v4", &four);
    return a;
}

static void apart_release(struct apart *a)
{
    ra_store_close(a->from);
    ra_store_close(a->to);
    ra_findings_release(&findings);
}

static void a_tag_that_points_elsewhere_stays(void **state)
{
    (void)state;
    __attribute__((cleanup(apart_release))) struct apart a = apart();
    struct ra_key key;
    struct ra_copy_result would;
    t_reg_put(a.from, ra_key_tag_history(&key, "other", "latest", &a.theirs), text_of(&a.theirs));
    struct ra_digest past = t_reg_image(a.from, "other", "past", NULL, NULL);
    t_reg_put(a.from, ra_key_tag_history(&key, "other", "latest", &past), text_of(&past));
    struct ra_err err = {0};
    t_ok(copy(a.from, a.to, 2, true, &would, &err), &err);
    struct ra_copy_result r = must_copy(a.from, a.to, 2);
    assert_string_equal(current(a.to, "other", "latest"), text_of(&a.theirs));
    assert_string_equal(current(a.to, "other", "mine"), text_of(&a.theirs));
    assert_false(t_reg_has(a.to, ra_key_tag_history(&key, "other", "latest", &past)));
    assert_true(t_reg_has(a.to, ra_key_revision(&key, "other", &past)));
    assert_true(t_reg_has(a.to, ra_key_tag_current(&key, "other", "v4")));
    assert_int_equal(r.tags, 1);
    assert_int_equal(r.kept, 1);
    assert_int_equal(would.tags, r.tags);
    assert_int_equal(would.kept, r.kept);
    assert_int_equal(would.revision_links, r.revision_links);
    assert_int_equal(would.layer_links, r.layer_links);
    ra_findings_sort(&findings);
    assert_int_equal(findings.list.n, 1);
    assert_string_equal(findings.list.at[0].code, "tag-conflict");
    assert_int_equal(findings.list.at[0].severity, RA_WARNING);
}

static void open_to_replace(const struct apart *a, struct ra_job *job, struct ra_copy **c)
{
    struct ra_err err = {0};
    *job = (struct ra_job){.store = a->from, .threads = 2, .findings = &findings};
    t_ok(ra_copy_open(job, a->to, true, c, &err), &err);
}

static void a_tag_is_moved_when_that_is_asked_for(void **state)
{
    (void)state;
    __attribute__((cleanup(apart_release))) struct apart a = apart();
    RA_AUTO_PTR(ra_copy) c = NULL;
    struct ra_job job;
    open_to_replace(&a, &job, &c);
    assert_int_equal(ra_copy_moving(c), 1);
    const struct ra_copy_moved *m = ra_copy_moved(c, 0);
    assert_string_equal(m->repo, "other");
    assert_string_equal(m->tag, "latest");
    assert_true(ra_digest_eq(&m->previous, &a.theirs));
    assert_true(ra_digest_eq(&m->digest, &a.old));
    assert_null(ra_copy_moved(c, 1));
    assert_string_equal(current(a.to, "other", "latest"), text_of(&a.theirs));
    assert_int_equal(ra_copy_run(c, NULL), 0);
    assert_string_equal(current(a.to, "other", "latest"), text_of(&a.old));
    assert_int_equal(ra_copy_result(c)->tags, 2);
    assert_int_equal(ra_copy_result(c)->kept, 0);
    assert_int_equal(ra_copy_moving(c), 1);
    assert_int_equal(findings.list.n, 0);
}

/* While the question waits: one that would be moved, and one that was not there. */
static void what_is_pushed_meanwhile_stays(void **state)
{
    (void)state;
    __attribute__((cleanup(apart_release))) struct apart a = apart();
    RA_AUTO_PTR(ra_copy) c = NULL;
    struct ra_job job;
    open_to_replace(&a, &job, &c);
    struct ra_digest since = t_reg_image(a.to, "other", "since", NULL, NULL);
    t_reg_tag(a.to, "other", "latest", &since);
    t_reg_tag(a.to, "other", "v4", &since);
    assert_int_equal(ra_copy_run(c, NULL), 0);
    assert_string_equal(current(a.to, "other", "latest"), text_of(&since));
    assert_string_equal(current(a.to, "other", "v4"), text_of(&since));
    assert_int_equal(ra_copy_moving(c), 0);
    assert_int_equal(ra_copy_result(c)->tags, 0);
    assert_int_equal(ra_copy_result(c)->kept, 2);
    ra_findings_sort(&findings);
    assert_int_equal(findings.list.n, 2);
    assert_string_equal(findings.list.at[0].code, "changed");
    assert_string_equal(findings.list.at[1].code, "changed");
}

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    RA_AUTO_PTR(ra_store) to = ra_mem_open();
    struct ra_copy_result would, did;
    struct ra_err err = {0};
    t_ok(copy(from, to, 2, true, &would, &err), &err);
    assert_string_equal(t_reg_listing(to), "");
    did = must_copy(from, to, 2);
    assert_int_equal(would.blobs.copied, did.blobs.copied);
    assert_int_equal(would.layer_links, did.layer_links);
    assert_int_equal(would.tags, did.tags);
}

static void what_is_damaged_stays_behind(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    RA_AUTO_PTR(ra_store) to = ra_mem_open();
    struct ra_key key;
    struct ra_digest layer = t_reg_layer(from, "other", "damaged");
    t_reg_put(from, ra_key_blob(&key, &layer), "not what it should be");
    t_reg_put(from, ra_key_tag_current(&key, "other", "broken"), "no digest");
    t_reg_put(from, RA_REPOSITORIES "other/_uploads/1/data", "x");
    t_reg_put(from, RA_BLOBS "stray", "x");
    struct ra_copy_result r = must_copy(from, to, 2);
    assert_int_equal(r.skipped, 3); /* the blob, its link, the tag */
    assert_int_equal(r.left, 2);
    assert_false(t_reg_has_blob(to, &layer));
    assert_false(t_reg_has_layer(to, "other", &layer));
    assert_false(t_reg_has(to, ra_key_tag_current(&key, "other", "broken")));
    ra_findings_sort(&findings);
    assert_int_equal(findings.list.n, 2);
    ra_findings_release(&findings);
}

struct pusher {
    struct ra_store *to;
    unsigned pushed;
    atomic_bool stop;
};

static void *push_on_and_on(void *arg)
{
    struct pusher *p = arg;
    for (unsigned n = 0; n < 50 && !atomic_load(&p->stop); n++) {
        char seed[32];
        snprintf(seed, sizeof(seed), "push %u", p->pushed++);
        struct ra_digest image = t_reg_image(p->to, "team/app", seed, NULL, NULL);
        t_reg_tag(p->to, "team/app", "v1", &image);
        t_reg_tag(p->to, "team/app", seed + 5, &image);
    }
    return NULL;
}

/* While it is pushed to: every tag that arrives is whole. */
static void a_live_source_gives_whole_images(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    struct pusher p = {.to = from};
    for (int round = 0; round < 20; round++) {
        RA_AUTO_PTR(ra_store) to = ra_mem_open();
        struct ra_copy_result result;
        pthread_t thread;
        atomic_store(&p.stop, false);
        assert_int_equal(pthread_create(&thread, NULL, push_on_and_on, &p), 0);
        int rc = copy(from, to, 2, false, &result, NULL);
        atomic_store(&p.stop, true);
        pthread_join(thread, NULL);
        assert_int_equal(rc, 0);
        const char *found = t_fsck_check(to, true);
        if (strstr(found, "error") || strstr(found, "tag-without-link"))
            fail_msg("round %d: %s", round, found);
    }
    ra_findings_release(&findings);
}

/* Cut at every write: what a tag or link of the destination names is there. */
static bool links_hold(struct ra_store *to)
{
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    RA_AUTO_PTR(ra_list) l = NULL;
    struct ra_page page;
    struct ra_err err = {0};
    bool hold = true;
    t_ok(ra_list_open(to, RA_V2, &opts, &l, &err), &err);
    while (ra_list_next(l, &page, &err) > 0)
        for (size_t i = 0; i < page.n; i++) {
            struct ra_key_parts p;
            ra_key_parse(t_fmt(RA_V2 "%s", page.at[i].name), &p);
            if (p.kind == RA_KEY_LAYER || p.kind == RA_KEY_REVISION || p.kind == RA_KEY_TAG_HISTORY)
                hold = hold && t_reg_has_blob(to, &p.digest);
        }
    return hold;
}

static void it_may_be_cut_anywhere(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) from = sample();
    bool whole = false;
    for (uint64_t at = 1; !whole; at++) {
        struct ra_store *memory = ra_mem_open();
        struct ra_fault_plan plan = {.at = at, .ops = RA_FAULT_WRITE, .mode = RA_FAULT_STOP, .error = ENOSPC};
        RA_AUTO_PTR(ra_store) to = ra_fault_wrap(memory, &plan);
        struct ra_copy_result r;
        whole = copy(from, to, 1, false, &r, NULL) == 0;
        assert_true(links_hold(memory));
        must_copy(from, memory, 1);
        assert_string_equal(t_reg_listing(from), t_reg_listing(memory));
        assert_true(at < 1000);
    }
}

static void a_read_that_fails_stops_nothing_else(void **state)
{
    (void)state;
    bool whole = false;
    for (uint64_t at = 1; !whole; at++) {
        struct ra_fault_plan plan = {.at = at, .ops = RA_FAULT_READ, .mode = RA_FAULT_ONCE, .error = EIO};
        RA_AUTO_PTR(ra_store) from = ra_fault_wrap(sample(), &plan);
        RA_AUTO_PTR(ra_store) to = ra_mem_open();
        struct ra_copy_result first = must_copy(from, to, 1);
        whole = ra_fault_calls(from) < at;
        assert_int_equal(first.skipped == 0, whole);
        assert_int_equal(findings.list.n == 0, whole); /* the thing, and the tags that it costs */
        ra_findings_release(&findings);
        assert_true(links_hold(to));
        must_copy(from, to, 1);
        assert_string_equal(t_reg_listing(from), t_reg_listing(to));
        assert_true(at < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_copied),
        cmocka_unit_test(a_folder_takes_it_too_and_gives_it_back),
        cmocka_unit_test(a_second_time_costs_nothing),
        cmocka_unit_test(a_tag_that_points_elsewhere_stays),
        cmocka_unit_test(a_tag_is_moved_when_that_is_asked_for),
        cmocka_unit_test(what_is_pushed_meanwhile_stays),
        cmocka_unit_test(a_dry_run_writes_nothing),
        cmocka_unit_test(what_is_damaged_stays_behind),
        cmocka_unit_test(a_live_source_gives_whole_images),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(a_read_that_fails_stops_nothing_else),
    };
    return T_RUN(tests);
}
