/* What manifests refer to, and what they say. */
#include "lib/testlib.h"

#include "registry/manifest.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define A     "sha256:" HEX_A
#define B     "sha256:" HEX_B
#define C     "sha256:" HEX_C
#define S512  "sha512:" HEX_A HEX_B

#define D(type, digest, size) "{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":" #size "}"

#define DOCKER_IMAGE                                                                                       \
    "{\"schemaVersion\":2,\"mediaType\":\"" RA_MT_DOCKER_MANIFEST                                          \
    "\",\"config\":" D(RA_MT_DOCKER_CONFIG, A, 7) ",\"layers\":[" D(RA_MT_DOCKER_LAYER_GZIP, B, 10) "," D( \
        RA_MT_DOCKER_FOREIGN_GZIP, C, 20) "]}"

/* "kind odd malformed: role digest-letter size, ..." of what ra_refs_read gives. */
static const char *refs_of(const char *text)
{
    RA_REFS_AUTO r = {0};
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO b = {0};
    t_ok(ra_refs_read(&r, text, strlen(text), &err), &err);
    ra_buf_addf(&b, "%s %u %zu:", ra_manifest_kind_name(r.kind), r.odd, r.malformed);
    ra_vec_each (ref, &r.list) {
        char hex[RA_DIGEST_TEXT];
        ra_buf_addf(&b, " %s %c %lld,", ra_ref_role_name(ref->role), ra_digest_hex(&ref->digest, hex)[0],
                    (long long)ref->size);
    }
    return t_fmt("%s", ra_buf_str(&b));
}

static struct ra_manifest parsed(const char *text)
{
    struct ra_manifest m = {0};
    RA_ERR_AUTO err = {0};
    t_ok(ra_manifest_parse(&m, text, strlen(text), &err), &err);
    return m;
}

/* --- references --------------------------------------------------------------------------------------------- */

static void image_refs(void **state)
{
    (void)state;
    assert_string_equal(refs_of(DOCKER_IMAGE), "image 0 0: config a 7, layer b 10, foreign c 20,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":" D(RA_MT_OCI_CONFIG, A, 7) ",\"layers\":[]}"),
        "image 0 0: config a 7,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":" D(RA_MT_OCI_CONFIG, A, 7) ",\"layers\":[" D(
            RA_MT_OCI_LAYER_ZSTD, S512, 8) "],\"subject\":" D(RA_MT_OCI_MANIFEST, B, 9) "}"),
        "image 0 0: config a 7, layer a 8, subject b 9,");
}

static void index_refs(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"mediaType\":\"" RA_MT_DOCKER_LIST
                "\",\"manifests\":[" D(RA_MT_DOCKER_MANIFEST, A, 1) "," D(RA_MT_DOCKER_MANIFEST, B, 2) "]}"),
        "index 0 0: child a 1, child b 2,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"manifests\":[]}"), "index 0 0:");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"manifests\":null}"), "image 0 0:");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"mediaType\":\"\",\"manifests\":[" D("", A, 1) "]}"),
                        "index 0 0: child a 1,");
}

#define CACHE_TYPE "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
#define CACHE                                                                                   \
    "{\"schemaVersion\":2,\"mediaType\":\"" RA_MT_OCI_INDEX                                     \
    "\",\"manifests\":[" D(RA_MT_OCI_LAYER_ZSTD, A, 1) "," D(RA_MT_BUILDKIT_CACHE, B, 2) "," D( \
        RA_MT_OCI_MANIFEST, C,                                                                  \
        3) ",{\"mediaType\":"                                                                   \
           "\"application\\/vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"digest\":\"" A    \
           "\"}," D(CACHE_TYPE, S512, 5) "]}"

static void index_of_blobs(void **state)
{
    (void)state;
    assert_string_equal(refs_of(CACHE),
                        "index 0 0: layer a 1, blob b 2, child c 3, foreign a -1, layer a 5,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"manifests\":[" D(RA_MT_OCI_CONFIG, A, 1) "," D(
                            RA_MT_OCI_CONFIG "x", B, 1) "]}"),
                        "index 0 0: blob a 1, child b 1,");
    static const struct {
        const char *type;
        bool untyped;
    } children[] = {{"", true},
                    {"application/json", true},
                    {RA_MT_OCI_MANIFEST, false},
                    {RA_MT_OCI_INDEX, false},
                    {RA_MT_OCI_ARTIFACT, false},
                    {RA_MT_DOCKER_MANIFEST, false},
                    {RA_MT_DOCKER_LIST, false},
                    {RA_MT_DOCKER_SCHEMA1, false},
                    {RA_MT_DOCKER_SCHEMA1_SIGNED, false}};
    for (size_t i = 0; i < RA_COUNT(children); i++) {
        RA_REFS_AUTO r = {0};
        const char *text =
            t_fmt("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"" A "\"}]}",
                  children[i].type);
        assert_int_equal(ra_refs_read(&r, text, strlen(text), NULL), 0);
        assert_int_equal(r.list.at[0].role, RA_REF_CHILD);
        assert_int_equal(r.list.at[0].untyped, children[i].untyped);
    }
}

static void artifact_refs(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"mediaType\":\"" RA_MT_OCI_ARTIFACT "\",\"artifactType\":\"x/y\",\"blobs\":[" D(
            "a/b", A, 1) "],\"subject\":" D(RA_MT_OCI_MANIFEST, B, 2) "}"),
        "artifact 0 0: blob a 1, subject b 2,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":" D(
            "application/vnd.cncf.helm.config.v1+json", A,
            1) ",\"layers\":[" D("application/vnd.cncf.helm.chart.content.v1.tar+gzip", B, 2) "]}"),
        "artifact 0 0: config a 1, layer b 2,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":" D(RA_MT_OCI_EMPTY, A, 2) ",\"layers\":[]}"),
        "artifact 0 0: config a 2,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"artifactType\":\"x/y\",\"config\":" D(RA_MT_OCI_CONFIG, A, 2) "}"),
        "artifact 0 0: config a 2,");
}

static void configs_of_old_docker_are_images(void **state)
{
    (void)state;
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"config\":" D("application/octet-stream", A, 2) "}"),
                        "image 0 0: config a 2,");
    assert_true(ra_media_type_image_config(""));
    assert_true(ra_media_type_image_config(RA_MT_DOCKER_CONFIG));
    assert_false(ra_media_type_image_config("application/vnd.docker.plugin.v1+json"));
}

#define SCHEMA1                                                                                              \
    "{\"schemaVersion\":1,\"name\":\"lib/"                                                                   \
    "x\",\"tag\":\"1.0\",\"architecture\":\"amd64\",\"fsLayers\":[{\"blobSum\":\"" A "\"},{\"blobSum\":\"" B \
    "\"},{\"blobSum\":\"" A "\"}],\"history\":[{\"v1Compatibility\":\"{\\\"id\\\":\\\"1\\\"}\"},"            \
    "{\"v1Compatibility\":\"{\\\"id\\\":\\\"2\\\"}\"},{\"v1Compatibility\":\"\"}],\"signatures\":[{"         \
    "\"header\":{}}]}"

static void schema1_refs(void **state)
{
    (void)state;
    assert_string_equal(refs_of(SCHEMA1), "schema1 0 0: layer a -1, layer b -1, layer a -1,");
}

static void unknown_kinds_mention_all(void **state)
{
    (void)state;
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"mediaType\":\"x/y\",\"things\":[{\"at\":\"" A
                                "\"},\"r@" B "\",{\"" C "\":1},\"sha256\\u003a" HEX_A "\",\"sha256:abc\"]}"),
                        "unknown 0 0: mentioned a -1, mentioned b -1, mentioned c -1, mentioned a -1,");
    assert_string_equal(refs_of("{}"), "unknown 17 0:");
    assert_string_equal(refs_of("{\"layers\":[" D("", A, 1) "]}"),
                        "unknown 17 0: layer a 1, mentioned a -1,");
    assert_string_equal(
        refs_of("{\"architecture\":\"amd64\",\"config\":{},\"rootfs\":{\"diff_ids\":[\"" A "\"]}}"),
        "unknown 25 1: mentioned a -1,");
}

static void refused_versions_mention_all(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"schemaVersion\":3,\"mediaType\":\"" RA_MT_OCI_MANIFEST "\",\"other\":\"" B "\"}"),
        "image 1 0: mentioned b -1,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":\"2\",\"mediaType\":\"" RA_MT_OCI_INDEX "\",\"other\":\"" B "\"}"),
        "index 5 0: mentioned b -1,");
    assert_string_equal(refs_of("{\"schemaVersion\":2.0,\"manifests\":[" D("", A, 1) "]}"),
                        "unknown 5 0: child a 1, mentioned a -1,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":1,\"mediaType\":\"" RA_MT_OCI_INDEX "\",\"other\":\"" B "\"}"),
        "schema1 1 0: mentioned b -1,");
}

static void wrong_types_mention_all(void **state)
{
    (void)state;
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"layers\":{\"x\":\"" A "\"}}"),
                        "image 4 0: mentioned a -1,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"manifests\":\"" A "\"}"),
                        "index 4 0: mentioned a -1,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"layers\":[\"" A "\"]}"),
                        "image 12 1: mentioned a -1,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"config\":{\"digest\":\"" A "\",\"size\":\"7\"}}"),
                        "image 4 0: config a -1, mentioned a -1,");
}

static void nulls_are_absent_as_in_go(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"mediaType\":null,\"config\":null,\"layers\":null,\"subject\":null}"),
        "image 0 0:");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"layers\":[null,{\"digest\":null}]}"), "image 8 2:");
}

static void malformed_digests_are_counted(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":{},\"layers\":[{\"digest\":\"sha256:AB\",\"size\":1},"
                "{\"digest\":\"\"},{\"digest\":\"md5:" HEX_A "\"}," D("", B, 1) "]}"),
        "image 8 4: layer b 1,");
}

static void names_fold_and_duplicates_count(void **state)
{
    (void)state;
    assert_string_equal(
        refs_of("{\"SCHEMAVERSION\":2,\"Config\":{\"DIGEST\":\"" A "\",\"\xc5\xbfize\":3},\"LAYERS\":[]}"),
        "image 0 0: config a 3,");
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"layers\":[" D("", A, 1) "],\"layers\":[" D("", B, 2) "]}"),
        "image 0 0: layer a 1, layer b 2,");
    assert_string_equal(refs_of("{\"schemaVersion\":1,\"schemaVersion\":2,\"config\":{\"digest\":\"" A
                                "\",\"digest\":\"" B "\"}}"),
                        "image 0 0: config a -1, config b -1,");
}

static void ambiguous_documents_protect_both(void **state)
{
    (void)state;
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"mediaType\":\"" RA_MT_OCI_MANIFEST
                                "\",\"config\":" D("", A, 1) ",\"manifests\":[" D("", B, 2) "]}"),
                        "image 2 0: config a 1, child b 2,");
    assert_string_equal(refs_of("{\"schemaVersion\":2,\"layers\":[],\"manifests\":[" D("", B, 2) "]}"),
                        "index 2 0: child b 2,");
}

static void no_json_object_is_corrupt(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "null", "[]", "\"x\"", "{", "{}x", "\xef\xbb\xbf{}", "{\"layers\":[{\"digest\":\"" A "\"}"};
    struct ra_refs r = {0};
    struct ra_manifest m = {0};
    for (size_t i = 0; i < RA_COUNT(texts); i++) {
        RA_ERR_AUTO err = {0};
        t_fails(ra_refs_read(&r, texts[i], strlen(texts[i]), &err), RA_CORRUPT, &err);
        assert_int_equal(r.list.n, 0);
        t_fails(ra_manifest_parse(&m, texts[i], strlen(texts[i]), &err), RA_CORRUPT, &err);
        assert_string_equal(m.media_type, "");
    }
    ra_refs_release(&r);
    ra_manifest_release(&m);
}

static void limits_hold(void **state)
{
    (void)state;
    ra_auto_free char *big = ra_malloc(RA_MANIFEST_MAX + 1);
    memset(big, ' ', RA_MANIFEST_MAX + 1);
    memcpy(big, "{}", 2);
    RA_REFS_AUTO r = {0};
    RA_MANIFEST_AUTO m = {0};
    RA_ERR_AUTO err = {0};
    t_ok(ra_refs_read(&r, big, RA_MANIFEST_MAX, &err), &err);
    t_ok(ra_manifest_parse(&m, big, RA_MANIFEST_MAX, &err), &err);
    t_fails(ra_refs_read(&r, big, RA_MANIFEST_MAX + 1, &err), RA_TOOBIG, &err);
    t_fails(ra_manifest_parse(&m, big, RA_MANIFEST_MAX + 1, &err), RA_TOOBIG, &err);
    RA_BUF_AUTO many = {0};
    ra_buf_adds(&many, "{\"layers\":[{}");
    for (int i = 0; i < RA_DESCRIPTORS_MAX; i++)
        ra_buf_adds(&many, ",{}");
    ra_buf_adds(&many, "]}");
    t_fails(ra_manifest_parse(&m, many.data, many.len, &err), RA_TOOBIG, &err);
    t_ok(ra_refs_read(&r, many.data, many.len, &err), &err);
    assert_int_equal(r.malformed, RA_DESCRIPTORS_MAX + 1);
}

static void scanning_arbitrary_bytes(void **state)
{
    (void)state;
    static const char bytes[] =
        "\0\xff{\"x\": " A "sha256:short sha256:" HEX_B "bb" S512 "shasha256:" HEX_C "\0sha384:" HEX_A
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb SHA256:" HEX_A " sha256:" HEX_A;
    RA_REFS_AUTO r = {0};
    ra_refs_scan(&r, bytes, sizeof(bytes) - 1);
    assert_int_equal(r.list.n, 6);
    char text[RA_DIGEST_TEXT];
    assert_string_equal(ra_digest_text(&r.list.at[0].digest, text), A);
    assert_string_equal(ra_digest_text(&r.list.at[1].digest, text), B);
    assert_string_equal(ra_digest_text(&r.list.at[2].digest, text), S512);
    assert_string_equal(ra_digest_text(&r.list.at[3].digest, text), C);
    assert_int_equal(r.list.at[4].digest.alg, RA_SHA384);
    assert_string_equal(ra_digest_text(&r.list.at[5].digest, text), A);
    assert_int_equal(r.list.at[5].role, RA_REF_MENTIONED);
    ra_refs_scan(&r, bytes, sizeof(bytes) - 2); /* the last digest is one digit short */
    assert_int_equal(r.list.n, 5);
    ra_refs_scan(&r, NULL, 0);
    assert_int_equal(r.list.n, 0);
}

static void reuse_allocates_nothing(void **state)
{
    (void)state;
    RA_REFS_AUTO r = {0};
    assert_int_equal(ra_refs_read(&r, DOCKER_IMAGE, strlen(DOCKER_IMAGE), NULL), 0);
    const struct ra_ref *before = r.list.at;
    size_t cap = r.list.cap;
    for (int i = 0; i < 100; i++)
        assert_int_equal(ra_refs_read(&r, DOCKER_IMAGE, strlen(DOCKER_IMAGE), NULL), 0);
    assert_ptr_equal(r.list.at, before);
    assert_int_equal(r.list.cap, cap);
}

/* --- everything --------------------------------------------------------------------------------------------- */

static void image_in_full(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m = parsed(DOCKER_IMAGE);
    assert_int_equal(m.kind, RA_MANIFEST_IMAGE);
    assert_int_equal(m.schema_version, 2);
    assert_string_equal(m.media_type, RA_MT_DOCKER_MANIFEST);
    assert_true(m.media_type_written);
    assert_non_null(m.config);
    assert_string_equal(m.config->text, A);
    assert_true(m.config->valid);
    assert_int_equal(m.config->size, 7);
    assert_int_equal(m.layers.n, 2);
    assert_false(m.layers.at[0].foreign);
    assert_true(m.layers.at[1].foreign);
    assert_string_equal(m.layers.at[1].media_type, RA_MT_DOCKER_FOREIGN_GZIP);
    assert_string_equal(m.layers.at[1].artifact_type, "");
    assert_null(m.layers.at[1].data);
    assert_null(m.subject);
    assert_string_equal(ra_manifest_artifact_type(&m), RA_MT_DOCKER_CONFIG);
}

static void index_in_full(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m = parsed(
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" A
        "\",\"size\":5,\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0\"},"
        "\"annotations\":{\"a\":\"1\",\"b\":2,\"a\":\"3\"},\"urls\":[\"u1\",null,\"u2\"],"
        "\"artifactType\":\"t\",\"data\":\"e30=\"},{\"digest\":\"bad\",\"size\":-4,\"platform\":"
        "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}}],\"annotations\":{\"k\":\"v\"}}");
    char text[RA_PLATFORM_TEXT];
    const struct ra_descriptor *d = m.manifests.at;
    assert_int_equal(m.kind, RA_MANIFEST_INDEX);
    assert_string_equal(m.media_type, RA_MT_OCI_INDEX);
    assert_false(m.media_type_written);
    assert_int_equal(m.odd, RA_ODD_TYPE | RA_ODD_DIGEST);
    assert_string_equal(ra_platform_text(&d[0].platform, text), "windows/amd64");
    assert_string_equal(d[0].platform.os_version, "10.0");
    assert_string_equal(ra_annotation(&d[0].annotations, "a"), "3");
    assert_null(ra_annotation(&d[0].annotations, "b"));
    assert_int_equal(d[0].urls.n, 2);
    assert_string_equal(d[0].urls.at[1], "u2");
    assert_string_equal(d[0].artifact_type, "t");
    assert_string_equal(d[0].data, "e30=");
    assert_false(d[1].valid);
    assert_string_equal(d[1].text, "bad");
    assert_int_equal(d[1].size, -1);
    assert_string_equal(ra_platform_text(&d[1].platform, text), "linux/arm/v7");
    assert_string_equal(ra_annotation(&m.annotations, "k"), "v");
    assert_string_equal(ra_manifest_artifact_type(&m), "");
}

static void index_of_blobs_in_full(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m = parsed(CACHE);
    assert_int_equal(m.kind, RA_MANIFEST_INDEX);
    assert_int_equal(m.odd, 0);
    assert_int_equal(m.manifests.n, 1);
    assert_string_equal(m.manifests.at[0].text, C);
    assert_int_equal(m.layers.n, 4);
    assert_string_equal(m.layers.at[1].media_type, RA_MT_BUILDKIT_CACHE);
    assert_true(m.layers.at[2].foreign);
    assert_string_equal(m.layers.at[3].text, S512);
}

static void schema1_in_full(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m = parsed(SCHEMA1);
    assert_int_equal(m.kind, RA_MANIFEST_SCHEMA1);
    assert_string_equal(m.media_type, RA_MT_DOCKER_SCHEMA1_SIGNED);
    assert_true(m.has_signatures);
    assert_string_equal(m.name, "lib/x");
    assert_string_equal(m.tag, "1.0");
    assert_string_equal(m.architecture, "amd64");
    assert_int_equal(m.layers.n, 3);
    assert_string_equal(m.layers.at[1].text, B);
    assert_int_equal(m.history.n, 3);
    assert_string_equal(m.history.at[1], "{\"id\":\"2\"}");
    assert_string_equal(m.history.at[2], "");
}

static void artifact_in_full(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m = parsed("{\"mediaType\":\"" RA_MT_OCI_ARTIFACT
                                "\",\"artifactType\":\"application/sbom\",\"blobs\":[" D(
                                    "a/b", A, 1) "],\"subject\":" D(RA_MT_OCI_MANIFEST, B, 2) "}");
    assert_int_equal(m.kind, RA_MANIFEST_ARTIFACT);
    assert_int_equal(m.schema_version, -1);
    assert_int_equal(m.odd, 0);
    assert_int_equal(m.blobs.n, 1);
    assert_string_equal(m.subject->text, B);
    assert_string_equal(ra_manifest_artifact_type(&m), "application/sbom");
}

static void duplicates_are_read_into_one_another(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m =
        parsed("{\"schemaVersion\":2,\"config\":{\"digest\":\"" A "\"},\"config\":{\"size\":4},"
               "\"layers\":[" D("x", A, 1) "," D("y", B, 2) "],\"layers\":[{\"size\":9}]}");
    assert_string_equal(m.config->text, A);
    assert_int_equal(m.config->size, 4);
    assert_int_equal(m.layers.n, 1);
    assert_string_equal(m.layers.at[0].media_type, "x");
    assert_int_equal(m.layers.at[0].size, 9);
}

static void a_nul_does_not_hide_what_follows(void **state)
{
    (void)state;
    RA_MANIFEST_AUTO m =
        parsed("{\"schemaVersion\":2,\"config\":{\"digest\":\"" A "\\u0000\"},\"layers\":[]}");
    assert_false(m.config->valid);
    assert_string_equal(
        refs_of("{\"schemaVersion\":2,\"config\":{\"digest\":\"" A "\\u0000\"},\"layers\":[]}"),
        "image 8 1:");
}

static void platforms_as_text(void **state)
{
    (void)state;
    char text[RA_PLATFORM_TEXT], large[300];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_string_equal(ra_platform_text(&(struct ra_platform){"", "", "v8", ""}, text), "");
    assert_string_equal(ra_platform_text(&(struct ra_platform){"linux", "", "", ""}, text), "linux/unknown");
    assert_string_equal(ra_platform_text(&(struct ra_platform){"", "arm64", "v8", ""}, text),
                        "unknown/arm64/v8");
    assert_int_equal(strlen(ra_platform_text(&(struct ra_platform){large, large, "", ""}, text)),
                     RA_PLATFORM_TEXT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_refs),
        cmocka_unit_test(index_refs),
        cmocka_unit_test(index_of_blobs),
        cmocka_unit_test(artifact_refs),
        cmocka_unit_test(configs_of_old_docker_are_images),
        cmocka_unit_test(schema1_refs),
        cmocka_unit_test(unknown_kinds_mention_all),
        cmocka_unit_test(refused_versions_mention_all),
        cmocka_unit_test(wrong_types_mention_all),
        cmocka_unit_test(nulls_are_absent_as_in_go),
        cmocka_unit_test(malformed_digests_are_counted),
        cmocka_unit_test(names_fold_and_duplicates_count),
        cmocka_unit_test(ambiguous_documents_protect_both),
        cmocka_unit_test(no_json_object_is_corrupt),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(scanning_arbitrary_bytes),
        cmocka_unit_test(reuse_allocates_nothing),
        cmocka_unit_test(image_in_full),
        cmocka_unit_test(index_in_full),
        cmocka_unit_test(index_of_blobs_in_full),
        cmocka_unit_test(schema1_in_full),
        cmocka_unit_test(artifact_in_full),
        cmocka_unit_test(duplicates_are_read_into_one_another),
        cmocka_unit_test(a_nul_does_not_hide_what_follows),
        cmocka_unit_test(platforms_as_text),
    };
    return T_RUN(tests);
}
