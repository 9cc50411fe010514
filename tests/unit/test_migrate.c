/*
 * A small old registry is migrated while calls fail: of the target, then of the source, each in turn. Whatever
 * happens, tags are whole, and the next run makes it as if nothing had happened.
 */
#include "lib/testlib.h"

#include "format/gzip.h"
#include "format/tar.h"
#include "jobs/migrate.h"
#include "registry/layout.h"
#include "registry/manifest.h"
#include "store/fault.h"

#include <stdarg.h>

/* --- an old registry ------------------------------------------------------------------------- */

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err RA_UNUSED)
{
    ra_buf_add(arg, p, n);
    return 0;
}

static void pack(const char *text, struct ra_buf *out)
{
    RA_BUF_AUTO tar = {0};
    struct ra_err err = {0};
    ra_tar_put_header(&tar, "file", strlen(text), 0, 0);
    ra_buf_adds(&tar, text);
    memset(ra_buf_reserve(&tar, 512), 0, 512);
    tar.len += ra_tar_padding(strlen(text));
    ra_tar_put_end(&tar);
    RA_AUTO_PTR(ra_gzip) g = ra_gzip_new(RA_GZIP_FAST, 1, (struct ra_sink){to_buf, out});
    t_ok(ra_gzip_write(g, tar.data, tar.len, &err), &err);
    t_ok(ra_gzip_finish(g, &err), &err);
}

static const char *id_of(int n)
{
    return t_fmt("%064x", n);
}

static void add_image(const char *root, int n, int parent, bool plain)
{
    RA_BUF_AUTO layer = {0};
    const char *folder = t_fmt("%s/images/%s", root, id_of(n));
    pack(t_fmt("layer %d", n), &layer);
    if (plain) { /* to be compressed anew */
        ra_buf_clear(&layer);
        ra_tar_put_header(&layer, "plain", 0, 0, 0);
        ra_tar_put_end(&layer);
    }
    const char *up = parent ? t_fmt(",\"parent\":\"%s\"", id_of(parent)) : "";
    t_write(t_fmt("%s/json", folder), t_fmt("{\"id\":\"%s\"%s,\"os\":\"linux\"}", id_of(n), up));
    t_write_bytes(t_fmt("%s/layer", folder), layer.data, layer.len);
    t_write(t_fmt("%s/_checksum", folder), "tarsum+sha256:0");
    t_write(t_fmt("%s/ancestry", folder),
            parent ? t_fmt("[\"%s\",\"%s\"]", id_of(n), id_of(parent)) : t_fmt("[\"%s\"]", id_of(n)));
}

static const char *old_registry(void)
{
    const char *root = t_dir();
    add_image(root, 1, 0, false);
    add_image(root, 2, 1, false);
    add_image(root, 3, 1, true);
    t_write(t_fmt("%s/repositories/library/app/tag_one", root), id_of(1));
    t_write(t_fmt("%s/repositories/library/app/tag_two", root), id_of(2));
    t_write(t_fmt("%s/repositories/team/app/tag_three", root), id_of(3));
    return root;
}

/* --- migrating ------------------------------------------------------------------------------- */

struct run {
    struct ra_migration result;
    struct ra_findings findings;
    uint64_t target_calls, source_calls;
    struct ra_err err;
};

static void run_release(struct run *r)
{
    ra_migration_release(&r->result);
    ra_findings_release(&r->findings);
    ra_err_release(&r->err);
}

static int migrate(const char *from, const char *to, const struct ra_fault_plan *target_plan,
                   const struct ra_fault_plan *source_plan, struct run *out)
{
    struct ra_err err = {0};
    struct ra_store *old, *target;
    struct ra_v1_source source;
    static const struct ra_migrate_opts opts = {.trust = RA_TRUST_VERIFIED};
    *out = (struct run){.findings = RA_FINDINGS_INIT};
    t_ok(ra_fs_open(to, RA_FS_CREATE, &target, &err), &err);
    t_ok(ra_fs_open(from, 0, &old, &err), &err);
    target = ra_fault_wrap(target, target_plan);
    old = ra_fault_wrap(old, source_plan);
    struct ra_job job = {.store = target, .threads = 1, .findings = &out->findings};
    int rc = ra_v1_open_store(old, &source, &out->err);
    if (rc == 0) {
        rc = ra_migrate_v1(&job, &source, &opts, &out->result, &out->err);
        out->source_calls = ra_fault_calls(source.root);
        ra_v1_close(&source);
    }
    out->target_calls = ra_fault_calls(target);
    ra_store_close(target);
    return rc;
}

static const struct ra_fault_plan no_fault = {.ops = RA_FAULT_ALL};

/* --- judging --------------------------------------------------------------------------------- */

static const char *blob_path(const char *root, const struct ra_digest *d)
{
    struct ra_key key;
    return t_fmt("%s/%s", root, ra_key_blob(&key, d));
}

static bool blob_is_right(const char *root, const struct ra_digest *d)
{
    size_t n;
    struct ra_digest got;
    if (!t_exists(blob_path(root, d)))
        return false;
    const char *bytes = t_read(blob_path(root, d), &n);
    ra_digest_of(RA_SHA256, bytes, n, &got);
    return ra_digest_eq(&got, d);
}

static void check_reference(const char *root, const char *repo, const struct ra_digest *d)
{
    struct ra_key key;
    assert_true(blob_is_right(root, d));
    assert_true(t_exists(t_fmt("%s/%s", root, ra_key_layer(&key, repo, d))));
}

/* A tag that is there is whole: manifest, revision, config, layers, and the links to them. */
static bool check_tag(const char *root, const char *repo, const char *tag)
{
    struct ra_key key;
    struct ra_digest digest;
    struct ra_err err = {0};
    RA_REFS_AUTO refs = {0};
    size_t n;
    const char *link = t_fmt("%s/%s", root, ra_key_tag_current(&key, repo, tag));
    if (!t_exists(link))
        return false;
    const char *text = t_read(link, &n);
    assert_true(ra_link_parse(text, n, &digest));
    assert_true(blob_is_right(root, &digest));
    assert_true(t_exists(t_fmt("%s/%s", root, ra_key_revision(&key, repo, &digest))));
    const char *manifest = t_read(blob_path(root, &digest), &n);
    t_ok(ra_refs_read(&refs, manifest, n, &err), &err);
    assert_true(refs.list.n >= 2);
    ra_vec_each (r, &refs.list)
        check_reference(root, repo, &r->digest);
    return true;
}

static int whole_tags(const char *root)
{
    return check_tag(root, "app", "one") + check_tag(root, "app", "two") +
           check_tag(root, "team/app", "three");
}

static int count(const struct run *r, enum ra_migrate_status status)
{
    int n = 0;
    ra_vec_each (t, &r->result.tags)
        n += t->status == status;
    return n;
}

/* After every fourth fault: the rest takes time and shows nothing new. */
static void finishes(const char *from, const char *to, uint64_t n)
{
    struct run r;
    if (n % 4)
        return;
    t_ok(migrate(from, to, &no_fault, &no_fault, &r), &r.err);
    assert_int_equal(count(&r, RA_SKIPPED), 0);
    assert_int_equal(whole_tags(to), 3);
    run_release(&r);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void without_faults(void **state)
{
    (void)state;
    struct run r;
    const char *from = old_registry(), *to = t_dir(), *before = t_tree(from);
    t_ok(migrate(from, to, &no_fault, &no_fault, &r), &r.err);
    assert_int_equal(count(&r, RA_MIGRATED), 3);
    assert_int_equal(r.result.layers.kept, 2);
    assert_int_equal(r.result.layers.recompressed, 1);
    assert_int_equal(r.result.checksums.unverifiable, 3);
    run_release(&r);
    const char *after = t_tree(to);
    t_ok(migrate(from, to, &no_fault, &no_fault, &r), &r.err);
    assert_int_equal(count(&r, RA_UNCHANGED), 3);
    run_release(&r);
    assert_string_equal(t_tree(to), after);
    assert_string_equal(t_tree(from), before);
}

/* Cut off at call n, or only disturbed there. */
static void target_fails(enum ra_fault_mode mode, int error)
{
    const char *from = old_registry();
    for (uint64_t n = 1;; n++) {
        struct run r;
        const char *to = t_dir();
        struct ra_fault_plan plan = {.at = n, .ops = RA_FAULT_ALL, .mode = mode, .error = error};
        int rc = migrate(from, to, &plan, &no_fault, &r);
        bool over = r.target_calls < n;
        int there = whole_tags(to);
        if (rc == 0)
            assert_int_equal(there, count(&r, RA_MIGRATED));
        else
            assert_non_null(r.err.msg);
        run_release(&r);
        finishes(from, to, n);
        if (over)
            break;
    }
}

static void the_target_is_cut_off(void **state)
{
    (void)state;
    target_fails(RA_FAULT_STOP, EIO);
}

static void the_target_fails_once(void **state)
{
    (void)state;
    target_fails(RA_FAULT_ONCE, ENOSPC);
}

/* What cannot be read costs the tags that need it, and no others; nothing is silently left out. */
static void the_source_fails_once(void **state)
{
    (void)state;
    const char *from = old_registry();
    for (uint64_t n = 1;; n++) {
        struct run r;
        const char *to = t_dir();
        struct ra_fault_plan plan = {.at = n, .ops = RA_FAULT_ALL, .mode = RA_FAULT_ONCE, .error = EIO};
        int rc = migrate(from, to, &no_fault, &plan, &r);
        bool over = rc == 0 && r.source_calls < n;
        assert_int_equal(whole_tags(to), rc == 0 ? count(&r, RA_MIGRATED) : 0);
        if (rc == 0 && count(&r, RA_MIGRATED) < 3)
            assert_int_equal(ra_findings_worst(&r.findings), RA_ERROR);
        run_release(&r);
        finishes(from, to, n);
        if (over)
            break;
    }
}

int main(void)
{
    /* Hundreds of migrations, each with its flushes: where memory serves as a disk, they take no time. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults),
        cmocka_unit_test(the_target_is_cut_off),
        cmocka_unit_test(the_target_fails_once),
        cmocka_unit_test(the_source_fails_once),
    };
    return T_RUN(tests);
}
