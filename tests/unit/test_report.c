/* The report: its figures are du's and tags', and whatever a storage holds is text in its page. */
#include "lib/reglib.h"

#include "jobs/report.h"
#include "jobs/tags.h"

struct world {
    struct ra_store *store;
    struct ra_findings findings;
    struct ra_job job;
    struct ra_report report;
};

static struct world *make_world(void)
{
    struct world *w = ra_new(struct world);
    w->store = t_reg_new();
    w->findings = (struct ra_findings)RA_FINDINGS_INIT;
    w->job = (struct ra_job){.store = w->store, .threads = 2, .findings = &w->findings};
    return w;
}

static void read_report(struct world *w)
{
    RA_ERR_AUTO err = {0};
    struct ra_report_opts opts = {.check = true, .made = T_OLD, .name = "registry.example.com"};
    t_ok(ra_report_read(&w->job, &opts, &w->report, &err), &err);
}

static void end_world(struct world *w)
{
    ra_report_release(&w->report);
    ra_findings_release(&w->findings);
    ra_store_close(w->store);
    free(w);
}

/* An image whose config holds that label. */
static struct ra_digest labelled(struct ra_store *s, const char *repo, const char *label_json)
{
    char digest[RA_DIGEST_TEXT];
    const char *text =
        t_fmt("{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":\"2019-05-04T03:02:01Z\","
              "\"config\":{\"Labels\":{\"note\":\"%s\"}},\"history\":[{\"created_by\":\"%s\"}]}",
              label_json, label_json);
    struct ra_digest config = t_reg_layer(s, repo, text);
    return t_reg_manifest(
        s, repo,
        t_fmt("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
              "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
              "\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}",
              ra_digest_text(&config, digest), strlen(text)));
}

static size_t occurrences(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

static void hostile_text_stays_text(void **state)
{
    struct world *w = make_world();
    RA_BUF_AUTO page = {0};
    (void)state;
    struct ra_digest image =
        labelled(w->store, "app", "</script><script>alert(1)</script><!-- \xe2\x80\xa8 & '\\\\\\\"");
    t_reg_tag(w->store, "app", "<b>&amp;\"'", &image);
    t_reg_tag(w->store, "<i onload=x>", "v1", &image);
    read_report(w);
    ra_report_html(&page, &w->report);
    const char *text = ra_buf_str(&page);
    assert_int_equal(occurrences(text, "<script"), 2);
    assert_int_equal(occurrences(text, "</script"), 2);
    assert_null(strstr(text, "<i onload"));
    assert_null(strstr(text, "<b>&amp"));
    assert_null(strstr(text, "\xe2\x80\xa8"));
    assert_non_null(strstr(text, "&lt;i onload=x&gt;"));
    assert_non_null(strstr(text, "\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"));
    assert_null(strstr(text, "{{"));
    end_world(w);
}

static void a_label_is_kept_whole(void **state)
{
    struct world *w = make_world();
    char long_label[10001];
    (void)state;
    memset(long_label, 'x', sizeof(long_label) - 1);
    long_label[sizeof(long_label) - 1] = '\0';
    struct ra_digest image = labelled(w->store, "app", long_label);
    t_reg_tag(w->store, "app", "v1", &image);
    read_report(w);
    assert_int_equal(w->report.images.n, 1);
    assert_int_equal(w->report.images.at[0].labels.n, 1);
    assert_string_equal(w->report.images.at[0].labels.at[0].value, long_label);
    assert_string_equal(w->report.images.at[0].platforms.at[0], "linux/amd64");
    end_world(w);
}

static void bytes_that_are_no_text(void **state)
{
    struct world *w = make_world();
    RA_BUF_AUTO page = {0};
    RA_BUF_AUTO metrics = {0};
    (void)state;
    struct ra_digest image = t_reg_image(w->store, "app", "a", NULL, NULL);
    t_reg_tag(w->store, "odd\xff\"\\\nname", "v1", &image);
    read_report(w);
    ra_report_html(&page, &w->report);
    assert_null(strchr(ra_buf_str(&page), '\xff'));
    ra_report_metrics(&metrics, &w->report);
    assert_non_null(strstr(ra_buf_str(&metrics),
                           "regadm_repository_tags{repository=\"odd\xef\xbf\xbd\\\"\\\\\\nname\"} 1\n"));
    end_world(w);
}

/* Two repositories that share a layer, an index, a signature, an untagged revision, garbage. */
static void fill(struct ra_store *s)
{
    struct ra_digest shared = t_reg_layer(s, "one", "shared");
    struct ra_digest a = t_reg_image(s, "one", "a", &shared, NULL),
                     b = t_reg_image(s, "two", "b", &shared, NULL);
    struct ra_digest c = t_reg_image(s, "two", "c", NULL, NULL), children[] = {b, c};
    struct ra_digest index = t_reg_index(s, "two", children, RA_COUNT(children));
    t_reg_image(s, "one", "signature", NULL, &a);
    t_reg_image(s, "one", "untagged", NULL, NULL);
    t_reg_blob(s, "nobody needs this");
    t_reg_tag(s, "one", "v1", &a);
    t_reg_tag(s, "one", "latest", &a);
    t_reg_tag(s, "two", "multi", &index);
}

static const struct ra_report_tag *tag_of(const struct ra_report *r, const char *repo, const char *name)
{
    ra_vec_each (tag, &r->tags)
        if (strcmp(tag->name, name) == 0 && strcmp(r->du.repos.at[tag->repo].name, repo) == 0)
            return tag;
    fail_msg("no tag %s:%s", repo, name);
    return NULL;
}

static void figures_are_those_of_du_and_tags(void **state)
{
    struct world *w = make_world();
    RA_AUTO(ra_du, _release) du = {0};
    struct ra_tag_list lists[2] = {0};
    static const char *const repos[] = {"two", "one"};
    RA_ERR_AUTO err = {0};
    (void)state;
    fill(w->store);
    read_report(w);
    const struct ra_report *r = &w->report;
    t_ok(ra_du_read(&w->job, &(struct ra_du_opts){0}, &du, &err), &err);
    assert_int_equal(r->du.bytes, du.bytes);
    assert_int_equal(r->du.reclaimable_bytes, du.reclaimable_bytes);
    assert_true(du.reclaimable_bytes >= strlen("nobody needs this"));
    assert_int_equal(r->du.untagged_bytes, du.untagged_bytes);
    assert_int_equal(r->repos.n, du.repos.n);
    for (size_t i = 0; i < du.repos.n; i++)
        assert_int_equal(r->du.repos.at[i].unique_bytes, du.repos.at[i].unique_bytes);
    for (size_t i = 0; i < RA_COUNT(lists); i++)
        t_ok(ra_tags_list(&w->job, repos[i], NULL, NULL, &lists[i], &err), &err);
    t_ok(ra_tags_read(&w->job, lists, RA_COUNT(lists), &err), &err);
    assert_int_equal(lists[0].list.n + lists[1].list.n, r->tags.n);
    for (size_t i = 0; i < RA_COUNT(lists); i++) {
        ra_vec_each (want, &lists[i].list) {
            const struct ra_report_tag *tag = tag_of(r, repos[i], want->name);
            assert_int_equal(r->images.at[tag->image].bytes, want->image.bytes);
            assert_int_equal(tag->updated, want->updated);
            assert_true(ra_digest_eq(&r->images.at[tag->image].digest, &want->image.digest));
        }
        ra_tag_list_release(&lists[i]);
    }
    end_world(w);
}

static void images_lead_to_children_and_referrers(void **state)
{
    struct world *w = make_world();
    (void)state;
    fill(w->store);
    read_report(w);
    const struct ra_report *r = &w->report;
    const struct ra_report_image *multi = &r->images.at[tag_of(r, "two", "multi")->image];
    const struct ra_report_image *single = &r->images.at[tag_of(r, "one", "v1")->image];
    assert_string_equal(multi->kind, "index");
    assert_int_equal(multi->children.n, 2);
    assert_int_equal(single->referrers.n, 1);
    assert_ptr_equal(single, &r->images.at[tag_of(r, "one", "latest")->image]);
    assert_int_equal(tag_of(r, "one", "v1")->unique_bytes, 0);
    end_world(w);
}

static void damage_is_shown_and_found(void **state)
{
    struct world *w = make_world();
    RA_BUF_AUTO page = {0};
    (void)state;
    fill(w->store);
    t_reg_put(w->store, "docker/registry/v2/repositories/one/_manifests/tags/v1/current/link", "nonsense");
    struct ra_digest absent;
    ra_digest_of(RA_SHA256, "absent", 6, &absent);
    t_reg_tag(w->store, "one", "dangling", &absent);
    read_report(w);
    assert_int_equal(tag_of(&w->report, "one", "v1")->image, RA_NONE);
    assert_string_equal(w->report.images.at[tag_of(&w->report, "one", "dangling")->image].kind, "missing");
    assert_int_equal(ra_findings_worst(&w->findings), RA_ERROR);
    ra_report_html(&page, &w->report);
    assert_non_null(strstr(ra_buf_str(&page), "dangling-tag"));
    end_world(w);
}

static void make_page(unsigned threads, struct ra_buf *out)
{
    struct world *w = make_world();
    w->job.threads = threads;
    fill(w->store);
    read_report(w);
    ra_report_html(out, &w->report);
    end_world(w);
}

static void threads_change_nothing(void **state)
{
    RA_BUF_AUTO one = {0};
    RA_BUF_AUTO many = {0};
    (void)state;
    make_page(1, &one);
    make_page(8, &many);
    assert_string_equal(ra_buf_str(&one), ra_buf_str(&many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(a_label_is_kept_whole),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(figures_are_those_of_du_and_tags),
        cmocka_unit_test(images_lead_to_children_and_referrers),
        cmocka_unit_test(damage_is_shown_and_found),
        cmocka_unit_test(threads_change_nothing),
    };
    return T_RUN(tests);
}
