#include "lib/testlib.h"

#include "registry/backup.h"
#include "registry/dockertar.h"

static void digest(struct ra_digest *d, const char *text)
{
    ra_digest_of(RA_SHA256, text, strlen(text), d);
}

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err)
{
    (void)err;
    ra_buf_add(arg, p, n);
    return 0;
}

static uint32_t blob(struct ra_backup *b, const char *text, bool in)
{
    struct ra_digest d;
    digest(&d, text);
    uint32_t n = ra_backup_digest(b, &d);
    b->blobs.at[n] = (struct ra_backup_blob){.size = strlen(text), .listed = true, .in = in};
    return n;
}

static void fill(struct ra_backup *b)
{
    uint32_t manifest = blob(b, "manifest", true), layer = blob(b, "layer", false);
    uint32_t a = ra_backup_name(b, "team/app"), c = ra_backup_name(b, "a\"b\n\xc3\xa9");
    *ra_vec_push(&b->repos) = a;
    *ra_vec_push(&b->repos) = c;
    *ra_vec_push(&b->repos) = a;
    *ra_vec_push(&b->tags) = (struct ra_backup_tag){a, ra_backup_name(b, "v2"), manifest};
    *ra_vec_push(&b->tags) = (struct ra_backup_tag){a, ra_backup_name(b, "v1"), manifest};
    *ra_vec_push(&b->history) = (struct ra_backup_tag){a, ra_backup_name(b, "v1"), layer};
    *ra_vec_push(&b->revs) = (struct ra_backup_rev){a, manifest, ra_backup_name(b, "some/type"), layer};
    *ra_vec_push(&b->layers) = (struct ra_backup_layer){a, layer};
    *ra_vec_push(&b->layers) = (struct ra_backup_layer){a, layer};
    b->kind = RA_BACKUP_INCREMENT;
    b->created = ra_strdup("2026-01-02T03:04:05Z");
    digest(ra_vec_push(&b->parents), "parent");
    ra_backup_sort(b);
}

static void write_all(struct ra_backup *b, struct ra_buf *header, struct ra_buf *catalog)
{
    RA_ERR_AUTO err = {0};
    t_ok(ra_backup_write_catalog(b, (struct ra_sink){to_buf, catalog}, &err), &err);
    ra_digest_of(RA_SHA256, ra_buf_str(catalog), catalog->len, &b->id);
    ra_backup_put_header(b, header);
}

static int read_all(struct ra_backup *b, const struct ra_buf *header, const char *catalog, size_t n,
                    size_t piece, struct ra_err *err)
{
    int rc = ra_backup_parse_header(b, ra_buf_str(header), header->len, err);
    if (rc < 0)
        return rc;
    RA_AUTO_PTR(ra_backup_reader) r = ra_backup_reader_new(b);
    for (size_t at = 0; at < n && rc == 0; at += piece)
        rc = ra_backup_reader_write(r, catalog + at, n - at < piece ? n - at : piece, err);
    return rc < 0 ? rc : ra_backup_reader_finish(r, err);
}

static void comes_back(void **state)
{
    (void)state;
    RA_BACKUP_AUTO b = {0};
    RA_BUF_AUTO header = {0};
    RA_BUF_AUTO catalog = {0};
    fill(&b);
    assert_int_equal(b.repos.n, 2);
    assert_int_equal(b.layers.n, 1);
    write_all(&b, &header, &catalog);
    for (size_t piece = 1; piece < 400; piece += 57) {
        RA_BACKUP_AUTO c = {0};
        RA_BUF_AUTO again = {0};
        RA_BUF_AUTO header_again = {0};
        RA_ERR_AUTO err = {0};
        t_ok(read_all(&c, &header, catalog.data, catalog.len, piece, &err), &err);
        assert_int_equal(c.kind, RA_BACKUP_INCREMENT);
        write_all(&c, &header_again, &again);
        assert_string_equal(ra_buf_str(&again), ra_buf_str(&catalog));
        assert_string_equal(ra_buf_str(&header_again), ra_buf_str(&header));
    }
}

static void refuses_another_catalogue(void **state)
{
    (void)state;
    RA_BACKUP_AUTO b = {0};
    RA_BUF_AUTO header = {0};
    RA_BUF_AUTO catalog = {0};
    fill(&b);
    write_all(&b, &header, &catalog);
    for (size_t i = 0; i < catalog.len; i += 3) {
        RA_BACKUP_AUTO c = {0};
        RA_ERR_AUTO err = {0};
        ra_auto_free char *copy = ra_memdup(catalog.data, catalog.len);
        copy[i] ^= 1;
        t_fails(read_all(&c, &header, copy, catalog.len, 100, &err), RA_CORRUPT, &err);
    }
    RA_BACKUP_AUTO c = {0};
    RA_ERR_AUTO err = {0};
    t_fails(read_all(&c, &header, catalog.data, catalog.len - 10, 100, &err), RA_CORRUPT, &err);
}

static void refuses_what_is_not_listed(void **state)
{
    (void)state;
    RA_BACKUP_AUTO b = {0};
    RA_BACKUP_AUTO c = {0};
    RA_BUF_AUTO header = {0};
    RA_BUF_AUTO catalog = {0};
    RA_ERR_AUTO err = {0};
    fill(&b);
    b.blobs.at[b.tags.at[0].digest].listed = false;
    write_all(&b, &header, &catalog);
    t_fails_with(read_all(&c, &header, catalog.data, catalog.len, 100, &err), RA_CORRUPT, &err,
                 "does not list");
}

static void judges_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ra_code code;
    } cases[] = {
        {"{}", RA_UNSUPPORTED},
        {"[]", RA_UNSUPPORTED},
        {"nonsense", RA_CORRUPT},
        {"{\"format\":\"regadm-backup\",\"version\":2}", RA_UNSUPPORTED},
        {"{\"format\":\"regadm-backup\",\"version\":1}", RA_CORRUPT},
        {"{\"format\":\"regadm-backup\",\"version\":1,\"critical\":[\"volumes\"]}", RA_UNSUPPORTED},
    };
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        RA_BACKUP_AUTO b = {0};
        RA_ERR_AUTO err = {0};
        t_fails(ra_backup_parse_header(&b, cases[i].text, strlen(cases[i].text), &err), cases[i].code, &err);
    }
}

static void ends(void **state)
{
    (void)state;
    struct ra_backup_end end = {.members = 7, .bytes = 123456789012}, back;
    RA_BUF_AUTO text = {0};
    RA_ERR_AUTO err = {0};
    digest(&end.catalog, "c");
    digest(&end.index, "i");
    ra_backup_put_end(&end, &text);
    t_ok(ra_backup_parse_end(&back, text.data, text.len, &err), &err);
    assert_true(back.members == 7 && back.bytes == 123456789012 && ra_digest_eq(&back.catalog, &end.catalog));
    t_fails(ra_backup_parse_end(&back, "{\"complete\":false}", 18, &err), RA_CORRUPT, &err);
}

static void blob_names(void **state)
{
    (void)state;
    struct ra_digest d, want;
    char hex[RA_DIGEST_TEXT];
    digest(&want, "x");
    ra_digest_hex(&want, hex);
    assert_true(ra_backup_blob_name(t_fmt("blobs/sha256/%s", hex), &d) && ra_digest_eq(&d, &want));
    assert_false(ra_backup_blob_name(t_fmt("blobs/sha512/%s", hex), &d));
    assert_false(ra_backup_blob_name(t_fmt("blobs/md5/%s", hex), &d));
    assert_false(ra_backup_blob_name(t_fmt("blobs/sha256/%s/x", hex), &d));
    assert_false(ra_backup_blob_name(t_fmt("x/sha256/%s", hex), &d));
    assert_false(ra_backup_blob_name("blobs/", &d));
}

static void docker_tables(void **state)
{
    (void)state;
    RA_DOCKER_IMAGES_AUTO d = {0};
    RA_ERR_AUTO err = {0};
    const char *good = "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"a\",\"b\"],\"More\":{}},"
                       "{\"Config\":\"d\",\"RepoTags\":[\"x:1\"],\"Layers\":null}]";
    t_ok(ra_docker_manifest_parse(good, strlen(good), &d, &err), &err);
    assert_int_equal(d.n, 2);
    assert_string_equal(d.at[0].layers.at[1], "b");
    assert_int_equal(d.at[0].tags.n, 0);
    assert_string_equal(d.at[1].tags.at[0], "x:1");
    static const char *const bad[] = {
        "{}", "[{}]", "[1]", "[{\"Config\":1}]", "[{\"Config\":\"a\",\"Layers\":\"b\"}]", "[", ""};
    for (size_t i = 0; i < RA_COUNT(bad); i++)
        t_fails(ra_docker_manifest_parse(bad[i], strlen(bad[i]), &d, &err), RA_CORRUPT, &err);
    const char *old = "{\"r/x\":{\"1\":\"id1\",\"2\":\"id2\"},\"y\":{}}";
    t_ok(ra_docker_repositories_parse(old, strlen(old), &d, &err), &err);
    assert_int_equal(d.n, 2);
    assert_string_equal(d.at[1].tags.at[0], "r/x:2");
    assert_string_equal(d.at[1].config, "id2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(refuses_another_catalogue),
        cmocka_unit_test(refuses_what_is_not_listed),
        cmocka_unit_test(judges_headers),
        cmocka_unit_test(ends),
        cmocka_unit_test(blob_names),
        cmocka_unit_test(docker_tables),
    };
    return T_RUN(tests);
}
