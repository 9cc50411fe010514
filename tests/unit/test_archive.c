/*
 * Export and import with one storage call failing, or cut off there, at every call in turn: a file is complete or not
 * there at all; what an import leaves is a part of what it would have written, without a tag unless all is there; and
 * the next run finishes.
 */
#include "lib/reglib.h"

#include "format/tar.h"
#include "jobs/export.h"
#include "jobs/import.h"
#include "registry/layout.h"
#include "registry/read.h"
#include "store/fault.h"
#include "store/mem.h"

#include <errno.h>
#include <unistd.h>

/* Made once: a storage, its backup, an image of it as a docker-archive. */
static struct ra_store *source;
static const char *backup, *docker;

static void push_all(struct ra_store *s)
{
    struct ra_key key;
    struct ra_digest base = t_reg_blob(s, "base layer"), children[2];
    struct ra_digest old = t_reg_image(s, "team/app", "old", &base, NULL);
    struct ra_digest image = t_reg_image(s, "team/app", "v1", &base, NULL);
    t_reg_tag(s, "team/app", "v1", &image);
    t_reg_link(s, ra_key_tag_history(&key, "team/app", "v1", &old), &old);
    children[0] = t_reg_image(s, "team/app", "amd64", &base, NULL);
    children[1] = t_reg_image(s, "team/app", "arm64", NULL, NULL);
    struct ra_digest index = t_reg_index(s, "team/app", children, 2);
    t_reg_tag(s, "team/app", "multi", &index);
    t_reg_image(s, "team/app", "signature", NULL, &index);
    struct ra_digest other = t_reg_image(s, "other", "v1", &base, NULL);
    t_reg_tag(s, "other", "v1", &other);
}

static int export_to(struct ra_store *s, const char *path, struct ra_err *err)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = 1, .findings = &findings};
    struct ra_strlist refs = {0};
    RA_EXPORT_RESULT_AUTO result = {0};
    struct ra_export_opts opts = {.refs = &refs, .output = path};
    int rc = ra_export(&job, &opts, &result, err);
    ra_findings_release(&findings);
    return rc;
}

static int import_from(struct ra_store *s, const char *path, unsigned threads, struct ra_err *err)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = threads, .findings = &findings};
    struct ra_import_opts opts = {.path = path};
    RA_AUTO_PTR(ra_import) im = NULL;
    int rc = ra_import_open(&job, &opts, &im, err);
    if (rc == 0)
        rc = ra_import_run(im, err);
    ra_findings_release(&findings);
    return rc;
}

static const char *undisturbed(const char *path)
{
    RA_ERR_AUTO err = {0};
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    t_ok(import_from(s, path, 1, &err), &err);
    return t_reg_listing(s);
}

static bool has_line(const char *text, const char *line, size_t n)
{
    return strstr(text, t_fmt("%.*s\n", (int)n, line)) != NULL;
}

static bool is_tag(const char *line, size_t n)
{
    return memmem(line, n, "/_manifests/tags/", 17) != NULL;
}

/* Nothing that does not belong there, and no tag before the rest is whole. */
static void assert_part(const char *now, const char *end, const char *what)
{
    bool tag = false;
    for (const char *line = now; *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");
        if (!has_line(end, line, n))
            fail_msg("%s: wrote %.*s", what, (int)n, line);
        tag |= is_tag(line, n);
    }
    for (const char *line = end; tag && *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");
        if (!is_tag(line, n) && !has_line(now, line, n))
            fail_msg("%s: a tag, and not %.*s", what, (int)n, line);
    }
}

static bool import_with_fault(const char *path, uint64_t n, struct ra_fault_plan plan, unsigned threads,
                              const char *end)
{
    RA_ERR_AUTO err = {0};
    struct ra_store *inner = t_reg_new();
    plan.at = n;
    RA_AUTO_PTR(ra_store) s = ra_fault_wrap(inner, &plan);
    const char *what = t_fmt("%s at call %llu", strerror(plan.error), (unsigned long long)n);
    int rc = import_from(s, path, threads, &err);
    bool reached = ra_fault_calls(s) >= n;
    if (rc < 0)
        assert_true(*ra_err_text(&err));
    assert_part(t_reg_listing(inner), end, what);
    t_ok(import_from(inner, path, 1, &err), &err);
    if (strcmp(t_reg_listing(inner), end) != 0)
        fail_msg("%s: the next run ends elsewhere:\n%s\ninstead of\n%s", what, t_reg_listing(inner), end);
    return reached;
}

static void try_import(const char *path, struct ra_fault_plan plan, unsigned threads)
{
    const char *end = undisturbed(path);
    uint64_t n = 1;
    plan.ops = RA_FAULT_ALL;
    while (import_with_fault(path, n, plan, threads, end))
        n++;
    assert_true(n > 20);
}

static void import_of_a_backup(void **state)
{
    (void)state;
    try_import(backup, (struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = ENOSPC}, 1);
    try_import(backup, (struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO}, 1);
    try_import(backup, (struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO}, 4);
}

static void import_of_a_docker_archive(void **state)
{
    (void)state;
    try_import(docker, (struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = ENOSPC}, 1);
    try_import(docker, (struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO}, 2);
}

static void a_restored_storage_is_the_same(void **state)
{
    (void)state;
    assert_string_equal(undisturbed(backup), t_reg_listing(source));
}

/* Somebody pushes `moved` to a tag while the question waits. */
static void import_while_pushing(const char *path, bool replace, const char *repo, const char *tag, bool had)
{
    RA_ERR_AUTO err = {0};
    struct ra_key key;
    struct ra_digest now;
    struct ra_findings findings = RA_FINDINGS_INIT;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_AUTO_PTR(ra_import) im = NULL;
    struct ra_job job = {.store = s, .threads = 2, .findings = &findings};
    struct ra_import_opts opts = {.path = path, .replace = replace};
    struct ra_digest before = t_reg_image(s, repo, "before", NULL, NULL);
    struct ra_digest moved = t_reg_image(s, repo, "moved", NULL, NULL);
    if (had)
        t_reg_tag(s, repo, tag, &before);
    t_ok(ra_import_open(&job, &opts, &im, &err), &err);
    t_reg_tag(s, repo, tag, &moved);
    t_ok(ra_import_run(im, &err), &err);
    t_ok(ra_link_read(s, ra_key_tag_current(&key, repo, tag), &now, NULL, &err), &err);
    assert_true(ra_digest_eq(&now, &moved));
    assert_int_equal(findings.list.n, 1);
    assert_int_equal(findings.list.at[0].severity, RA_WARNING);
    assert_string_equal(findings.list.at[0].tag, tag);
    const struct ra_import_image *image;
    for (size_t i = 0; (image = ra_import_image(im, i)); i++)
        assert_int_equal(image->status == RA_IMPORT_SKIPPED,
                         ra_streq(image->repo, repo) && ra_streq(image->tag, tag));
    ra_findings_release(&findings);
}

static void a_tag_that_moved_meanwhile_stays(void **state)
{
    (void)state;
    import_while_pushing(backup, true, "team/app", "v1", true);
    import_while_pushing(backup, true, "team/app", "v1", false);
    import_while_pushing(backup, false, "team/app", "multi", false);
    import_while_pushing(docker, true, "b/c", "2", true);
    import_while_pushing(docker, true, "a", "1", false);
    import_while_pushing(docker, false, "a", "1", false);
}

/* --- export --------------------------------------------------------------------------------------------------- */

static int wrapped_export(uint64_t n, struct ra_fault_plan plan, const char *path, bool *reached,
                          struct ra_err *err)
{
    struct ra_store *inner = t_reg_new();
    push_all(inner);
    plan.at = n;
    RA_AUTO_PTR(ra_store) s = ra_fault_wrap(inner, &plan);
    int rc = export_to(s, path, err);
    *reached = ra_fault_calls(s) >= n;
    return rc;
}

static bool same_file(const char *a, const char *b)
{
    size_t n, m;
    const char *left = t_read(a, &n), *right = t_read(b, &m);
    return n == m && memcmp(left, right, n) == 0;
}

static void try_export(struct ra_fault_plan plan)
{
    const char *dir = t_dir(), *path = t_fmt("%s/out.tar", dir), *end = undisturbed(backup);
    uint64_t n = 0;
    plan.ops = RA_FAULT_ALL;
    for (bool reached = true; reached;) {
        RA_ERR_AUTO err = {0};
        int rc = wrapped_export(++n, plan, path, &reached, &err);
        assert_int_equal(rc == 0, t_exists(path));
        /* What vanished may be missing; what could not be read may not. */
        if (rc == 0 && plan.error != ENOENT && !same_file(path, backup))
            fail_msg("call %llu failed, and another archive came out of it", (unsigned long long)n);
        if (rc == 0)
            assert_part(undisturbed(path), plan.error == ENOENT ? end : undisturbed(backup), "restored");
        if (rc == 0)
            unlink(path);
        assert_string_equal(t_tree(dir), t_tree(t_dir()));
    }
    assert_true(n > 20);
}

static void export_is_complete_or_not_there(void **state)
{
    (void)state;
    try_export((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EIO});
    try_export((struct ra_fault_plan){.mode = RA_FAULT_STOP, .error = EIO});
    try_export((struct ra_fault_plan){.mode = RA_FAULT_ONCE, .error = EACCES});
}

static void export_while_things_vanish(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/out.tar", t_dir());
    uint64_t n = 0;
    for (bool reached = true; reached;) {
        RA_ERR_AUTO err = {0};
        struct ra_fault_plan plan = {.mode = RA_FAULT_ONCE, .error = ENOENT, .ops = RA_FAULT_ALL};
        if (wrapped_export(++n, plan, path, &reached, &err) == 0)
            assert_true(strlen(undisturbed(path)) > 0);
        unlink(path);
    }
}

static void add_member(struct ra_buf *tar, const char *name, const char *text)
{
    ra_tar_put_header(tar, name, strlen(text), tar->len, 0);
    ra_buf_adds(tar, text);
    while (tar->len % RA_TAR_BLOCK)
        ra_buf_addc(tar, '\0');
}

/* Two plain layers under two tags. */
static void write_docker(const char *path)
{
    RA_BUF_AUTO tar = {0};
    char one[RA_DIGEST_TEXT], two[RA_DIGEST_TEXT];
    struct ra_digest d;
    ra_digest_of(RA_SHA256, "one", 3, &d);
    ra_digest_text(&d, one);
    ra_digest_of(RA_SHA256, "two", 3, &d);
    ra_digest_text(&d, two);
    add_member(
        &tar, "config",
        t_fmt("{\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}", one, two));
    add_member(&tar, "1", "one");
    add_member(&tar, "2", "two");
    add_member(&tar, "manifest.json",
               "[{\"Config\":\"config\",\"RepoTags\":[\"a:1\",\"b/c:2\"],\"Layers\":[\"1\",\"2\"]}]");
    ra_tar_put_end(&tar);
    t_write_bytes(path, tar.data, tar.len);
}

static int make(void **state)
{
    (void)state;
    RA_ERR_AUTO err = {0};
    source = t_reg_new();
    push_all(source);
    backup = t_fmt("%s/backup.tar", t_dir());
    docker = t_fmt("%s/docker.tar", t_dir());
    t_ok(export_to(source, backup, &err), &err);
    write_docker(docker);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    ra_store_close(source);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_that_moved_meanwhile_stays),
        cmocka_unit_test(a_restored_storage_is_the_same),
        cmocka_unit_test(import_of_a_backup),
        cmocka_unit_test(import_of_a_docker_archive),
        cmocka_unit_test(export_is_complete_or_not_there),
        cmocka_unit_test(export_while_things_vanish),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
