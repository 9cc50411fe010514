/* The small formats of the old registry: ids, tags, checksums, names, metadata, and what images become. */
#include "lib/testlib.h"

#include "base/str.h"
#include "registry/v1.h"
#include "registry/v1config.h"
#include "registry/v1tree.h"

#define ID_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_16 "27cf784147099545"
#define SUM   "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void ids(void **state)
{
    (void)state;
    assert_true(ra_v1_id_valid(ID_A, 64));
    assert_true(ra_v1_id_valid(ID_16, 16));
    assert_false(ra_v1_id_valid(ID_A, 63));
    assert_false(ra_v1_id_valid("27CF784147099545", 16));
    assert_false(ra_v1_id_valid("", 0));
}

static void tags(void **state)
{
    (void)state;
    static const char *const fine[] = {ID_A, ID_A "\n", " " ID_A "\r\n", "\"" ID_A "\"\n"};
    static const char *const wrong[] = {"", "\n", "latest", ID_A ID_A, "{}", "\"\"", "\"", ID_A "\""};
    char id[RA_V1_ID_MAX + 1];
    for (size_t i = 0; i < RA_COUNT(fine); i++) {
        assert_true(ra_v1_tag_parse(fine[i], strlen(fine[i]), id));
        assert_string_equal(id, ID_A);
    }
    for (size_t i = 0; i < RA_COUNT(wrong); i++)
        assert_false(ra_v1_tag_parse(wrong[i], strlen(wrong[i]), id));
    assert_true(ra_v1_is_metadata("{\"os\": null}\n", 13));
    assert_false(ra_v1_is_metadata("[]", 2));
    assert_false(ra_v1_is_metadata("{\"os\"", 5));
}

static void check_tarsum(const char *text, bool has)
{
    struct ra_v1_checksum c;
    char hex[RA_DIGEST_TEXT];
    ra_v1_checksum_parse(text, strlen(text), &c);
    assert_int_equal(c.has_tarsum, has);
    if (has)
        assert_string_equal(ra_digest_text(&c.tarsum, hex), SUM);
}

static void check_sum(const char *text, bool simple)
{
    struct ra_v1_checksum c;
    char hex[RA_DIGEST_TEXT];
    ra_v1_checksum_parse(text, strlen(text), &c);
    assert_int_equal(c.has_simple, simple);
    if (simple)
        assert_string_equal(ra_digest_text(&c.simple, hex), SUM);
}

static void checksums_of_every_version(void **state)
{
    (void)state;
    check_sum(SUM, true);
    check_sum(" " SUM "\n", true);
    check_sum("\"" SUM "\"", true);
    check_sum("[\"" SUM "\"]", true);
    check_sum("[\"" SUM "\", \"tarsum+sha256:00\"]", true);
    check_sum("tarsum+sha256:00", false);
    check_sum("tarsum+" SUM, false);
    check_tarsum("tarsum+" SUM "\n", true);
    check_tarsum("[\"sha256:0\", \"tarsum+" SUM "\"]", true);
    check_tarsum("tarsum+sha256:00", false);
    check_tarsum("tarsum.v1+" SUM, false);
    check_tarsum(SUM, false);
    check_sum("[1, null, [\"" SUM "\"]]", false);
    check_sum("[\"" SUM, false);
    check_sum("", false);
    check_sum("md5:0", false);
}

static void names_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name;
        unsigned rounds;
    } rows[] = {
        {"plain", "plain", 0},
        {"grp%2Fproj", "grp/proj", 1},
        {"grp%252Fproj", "grp/proj", 2},
        {"we+ird", "we ird", 1},
        {"%2E%2E", "..", 1},
        {"a%00b", "a%00b", 0},
        {"100%", "100%", 0},
        {"%zz", "%zz", 0},
        {"%25252F", "%2F", 2},
        {"caf%C3%A9", "caf\u00e9", 1},
        {"", "", 0},
    };
    for (size_t i = 0; i < RA_COUNT(rows); i++) {
        ra_auto_free char *name = ra_v1_decode(rows[i].folder, strlen(rows[i].folder));
        assert_string_equal(name, rows[i].name);
        assert_int_equal(ra_v1_encoded(rows[i].folder, strlen(rows[i].folder)), rows[i].rounds);
    }
}

static void names_are_suggested(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"Team/App", "team/app"}, {"a/_lead", "a/lead"}, {"a/trail-", "a/trail"}, {"a/x..y", "a/x.y"},
        {"a/x_-y", "a/x-y"},      {"a/x___y", "a/x_y"},  {"a/x__y", "a/x__y"},    {"we ird/x", "we-ird/x"},
        {"//a//b", "a/b"},        {"a/-/b", "a/b"},      {"\u00fcber", "ber"},    {"a/x--y", "a/x-y"},
    };
    for (size_t i = 0; i < RA_COUNT(rows); i++) {
        ra_auto_free char *better = ra_v1_suggest_name(rows[i][0]);
        assert_non_null(better);
        assert_string_equal(better, rows[i][1]);
    }
    assert_null(ra_v1_suggest_name("___"));
    assert_null(ra_v1_suggest_name(""));
}

static void architectures(void **state)
{
    (void)state;
    const char *variant;
    assert_string_equal(ra_v1_architecture("x86_64", &variant), "amd64");
    assert_string_equal(variant, "");
    assert_string_equal(ra_v1_architecture("armhf", &variant), "arm");
    assert_string_equal(variant, "v7");
    assert_string_equal(ra_v1_architecture("s390x", &variant), "s390x");
}

static int parse(const char *json, struct ra_v1_image *out, struct ra_arena *arena, struct ra_err *err)
{
    return ra_v1_image_parse(out, arena, ID_A, json, strlen(json), err);
}

static void metadata(void **state)
{
    (void)state;
    RA_AUTO(ra_arena, _release) arena = {0};
    struct ra_err err = {0};
    struct ra_v1_image image;
    t_ok(parse("{\"ID\":\"" ID_A "\",\"Parent\":\"" ID_16
               "\",\"created\":\"2014-05-01T08:00:00.5-07:00\",\"author\":\"a\\u00e4\","
               "\"container_config\":{\"Cmd\":[\"sh\",\"-c\",\"x\"]},\"os\":3,\"comment\":null}",
               &image, &arena, &err),
         &err);
    assert_string_equal(image.parent, ID_16);
    assert_string_equal(image.created, "2014-05-01T08:00:00.5-07:00");
    assert_string_equal(image.created_by, "sh -c x");
    assert_string_equal(image.author, "a\u00e4");
    assert_string_equal(image.os, "");
    t_ok(parse("{\"id\":\"" ID_A "\",\"created\":\"yesterday\",\"container_config\":{\"Cmd\":\"one word\"}}",
               &image, &arena, &err),
         &err);
    assert_string_equal(image.created, "");
    assert_string_equal(image.created_by, "one word");
    t_fails_with(parse("", &image, &arena, &err), RA_CORRUPT, &err, "empty");
    t_fails_with(parse("[]", &image, &arena, &err), RA_CORRUPT, &err, "object");
    t_fails_with(parse("{\"id\":\"x\xff\"}", &image, &arena, &err), RA_CORRUPT, &err, "UTF-8");
    t_fails_with(parse("{\"id\":\"" ID_B "\"}", &image, &arena, &err), RA_CORRUPT, &err, "id");
    t_fails_with(parse("{\"id\":\"" ID_A "\",\"parent\":\"../x\"}", &image, &arena, &err), RA_CORRUPT, &err,
                 "parent");
    t_fails(parse("{\"id\":\"" ID_A "\"} x", &image, &arena, &err), RA_CORRUPT, &err);
}

static void ancestry(void **state)
{
    (void)state;
    RA_AUTO(ra_arena, _release) arena = {0};
    struct ra_err err = {0};
    struct ra_strings ids = {0};
    static const char fine[] = "[\"" ID_A "\", \"" ID_B "\"]";
    t_ok(ra_v1_ancestry_parse(&ids, &arena, ID_A, fine, strlen(fine), &err), &err);
    assert_int_equal(ids.n, 2);
    assert_string_equal(ids.at[1], ID_B);
    ids = (struct ra_strings){0};
    t_fails(ra_v1_ancestry_parse(&ids, &arena, ID_B, fine, strlen(fine), &err), RA_CORRUPT, &err);
    ids = (struct ra_strings){0};
    t_fails(ra_v1_ancestry_parse(&ids, &arena, ID_A, "[]", 2, &err), RA_CORRUPT, &err);
    ids = (struct ra_strings){0};
    t_fails(ra_v1_ancestry_parse(&ids, &arena, ID_A, "[1]", 3, &err), RA_CORRUPT, &err);
}

static void make_config(enum ra_v1_format format, const char *json, bool empty, struct ra_buf *out)
{
    struct ra_err err = {0};
    struct ra_v1_image image = {"", "", "step", "", "", "x86_64", ""};
    struct ra_v1_step step = {&image, empty};
    struct ra_digest diff_id;
    ra_digest_of(RA_SHA256, "", 0, &diff_id);
    struct ra_v1_recipe recipe = {format, json, strlen(json), &step, 1, &diff_id, empty ? 0 : 1};
    t_ok(ra_v1_config(&recipe, out, NULL, &err), &err);
}

static void configs_are_sorted_and_clean(void **state)
{
    (void)state;
    RA_BUF_AUTO docker = {0};
    RA_BUF_AUTO oci = {0};
    static const char json[] =
        "{ \"id\":\"x\", \"Size\":0, \"parent\":\"y\", \"config\":{\"OnBuild\":[],\"Cmd\":[\"a\"] },"
        "\"created\":\"never\", \"zeta\":1.50, \"alpha\":null, \"layer_id\":1,\"throwaway\":true,"
        "\"alpha\":\"twin\", \"rootfs\":{}, \"history\":7 }";
    make_config(RA_V1_DOCKER, json, false, &docker);
    assert_string_equal(
        ra_buf_str(&docker),
        "{\"alpha\":\"twin\",\"architecture\":\"amd64\",\"config\":{\"OnBuild\":[],\"Cmd\":[\"a\"]},"
        "\"history\":[{\"created_by\":\"step\"}],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_"
        "ids\":[\"" SUM "\"]},\"zeta\":1.50}");
    make_config(RA_V1_OCI, json, true, &oci);
    assert_string_equal(ra_buf_str(&oci),
                        "{\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"a\"]},"
                        "\"history\":[{\"created_by\":\"step\",\"empty_layer\":true}],\"os\":\"linux\","
                        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
}

static void platforms_come_from_the_nearest(void **state)
{
    (void)state;
    struct ra_v1_image base = {"", "", "", "", "", "armhf", "linux"}, top = {"", "", "", "", "", "", ""};
    struct ra_v1_step steps[] = {{&base, false}, {&top, false}};
    struct ra_v1_platform p;
    ra_v1_platform(steps, 2, &p);
    assert_string_equal(p.architecture, "arm");
    assert_string_equal(p.variant, "v7");
    assert_false(p.architecture_assumed || p.os_assumed);
    ra_v1_platform(steps + 1, 1, &p);
    assert_string_equal(p.architecture, "amd64");
    assert_true(p.architecture_assumed && p.os_assumed);
}

static void trees_are_told_apart(void **state)
{
    (void)state;
    struct ra_err err = {0};
    struct ra_v1_source source;
    const char *dir = t_dir();
    t_fails_with(ra_v1_open(dir, false, NULL, &source, &err), RA_NOTFOUND, &err, "images");
    t_mkdir(t_fmt("%s/repositories", dir));
    t_fails_with(ra_v1_open(dir, false, NULL, &source, &err), RA_UNSUPPORTED, &err, "Glance");
    t_mkdir(t_fmt("%s/images", dir));
    t_ok(ra_v1_open(dir, false, NULL, &source, &err), &err);
    ra_v1_close(&source);
}

static void repositories_at_any_depth(void **state)
{
    (void)state;
    struct ra_err err = {0};
    struct ra_v1_source source;
    struct ra_v1_tree tree = {0};
    const char *dir = t_dir();
    t_write(t_fmt("%s/images/" ID_A "/json", dir), "{}");
    t_write(t_fmt("%s/images/lost+found/x", dir), "");
    t_write(t_fmt("%s/repositories/one/two%%252Fthree/tag_b", dir), ID_A);
    t_write(t_fmt("%s/repositories/one/two%%2Fthree/tag_a", dir), ID_A);
    t_write(t_fmt("%s/repositories/go/x/y/z/tag_we+ird", dir), "junk");
    t_write(t_fmt("%s/repositories/go/x/_private", dir), "");
    t_ok(ra_v1_open(dir, false, NULL, &source, &err), &err);
    t_ok(ra_v1_scan(&source, &tree, &err), &err);
    assert_int_equal(tree.repos.n, 4);
    assert_string_equal(tree.repos.at[0].name, "go/x");
    assert_true(tree.repos.at[0].is_private);
    assert_string_equal(tree.repos.at[1].name, "go/x/y/z");
    assert_string_equal(tree.repos.at[1].tags.at[0].name, "we ird");
    assert_int_equal(tree.repos.at[1].tags.at[0].state, RA_V1_TAG_NO_ID);
    assert_string_equal(tree.repos.at[2].name, "one/two/three");
    assert_string_equal(tree.repos.at[2].tags.at[0].name, "b"); /* the newer folder is first */
    assert_string_equal(tree.repos.at[3].tags.at[0].name, "a");
    assert_int_equal(tree.images.n, 1);
    ra_v1_tree_release(&tree);
    ra_v1_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(tags),
        cmocka_unit_test(checksums_of_every_version),
        cmocka_unit_test(names_are_decoded),
        cmocka_unit_test(names_are_suggested),
        cmocka_unit_test(architectures),
        cmocka_unit_test(metadata),
        cmocka_unit_test(ancestry),
        cmocka_unit_test(configs_are_sorted_and_clean),
        cmocka_unit_test(platforms_come_from_the_nearest),
        cmocka_unit_test(trees_are_told_apart),
        cmocka_unit_test(repositories_at_any_depth),
    };
    return T_RUN(tests);
}
