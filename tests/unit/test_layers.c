/* Layers on top of each other, and what is made of those that are damaged; `find --file` against the merged images. */
#include "lib/layerlib.h"

#include "base/str.h"
#include "jobs/find.h"
#include "registry/layout.h"

struct image {
    struct ra_store *s;
    struct t_layers t;
};

/* Up to four layers; the texts are of t_layer. */
static struct image make(const char *const lines[static 4])
{
    struct image i = {.s = t_reg_new()};
    struct ra_digest layers[4];
    struct ra_err err = {0};
    size_t n = 0;
    for (; n < 4 && lines[n]; n++)
        layers[n] = t_layer(i.s, lines[n]);
    struct ra_digest d = t_layer_image(i.s, "app", layers, n);
    t_ok(t_layers_read(&i.t, i.s, &d, &err), &err);
    return i;
}
#define MAKE(...) make((const char *const[4]){__VA_ARGS__})

static void drop(struct image *i)
{
    t_layers_release(&i->t);
    ra_store_close(i->s);
}

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err)
{
    (void)err;
    ra_buf_add(arg, p, n);
    return 0;
}

static const char *cat(struct image *i, const char *path)
{
    RA_BUF_AUTO out = {0};
    RA_ERR_AUTO err = {0};
    int rc = ra_layers_cat(&i->t.job, &i->t.layers, path, &(struct ra_sink){to_buf, &out}, &err);
    return rc < 0 ? t_fmt("%d", rc) : t_fmt("%s", ra_buf_str(&out));
}

/* --- names --------------------------------------------------------------------------------------------------- */

static void names(void **state)
{
    static const struct {
        const char *name, *path;
        enum ra_layer_act act;
    } cases[] = {
        {"a", "a", RA_ACT_PUT},
        {"./a/b/", "a/b", RA_ACT_PUT},
        {"/a//./b", "a/b", RA_ACT_PUT},
        {".", "", RA_ACT_NONE},
        {"./", "", RA_ACT_NONE},
        {"", "", RA_ACT_NONE},
        {"../a", NULL, RA_ACT_ODD},
        {"a/../../b", NULL, RA_ACT_ODD},
        {"a/..", NULL, RA_ACT_ODD},
        {"..a/b..", "..a/b..", RA_ACT_PUT},
        {"a/.wh.b", "a/b", RA_ACT_REMOVE},
        {".wh.b", "b", RA_ACT_REMOVE},
        {".wh..wh..opq", "", RA_ACT_EMPTY},
        {"./a/.wh..wh..opq", "a", RA_ACT_EMPTY},
        {".wh..wh.plnk/7.9", ".wh..wh.plnk/7.9", RA_ACT_NONE},
        {"a/.wh..wh.aufs", "a/.wh..wh.aufs", RA_ACT_NONE},
        {"a.wh..wh.b", "a.wh..wh.b", RA_ACT_PUT},
        {".wh.", NULL, RA_ACT_ODD},
        {".wh...", NULL, RA_ACT_ODD},
        {"a/.wh..", NULL, RA_ACT_ODD},
    };
    (void)state;
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        char path[RA_LAYER_PATH + 1];
        if (ra_layer_judge(cases[i].name, path) != cases[i].act ||
            (cases[i].path && !ra_streq(path, cases[i].path)))
            fail_msg("'%s' became '%s'", cases[i].name, path);
    }
}

static void long_names(void **state)
{
    char name[RA_LAYER_PATH + 300], path[RA_LAYER_PATH + 1];
    (void)state;
    memset(name, 'x', sizeof(name));
    name[RA_LAYER_NAME] = '\0';
    assert_int_equal(ra_layer_judge(name, path), RA_ACT_PUT);
    name[RA_LAYER_NAME] = 'x';
    name[RA_LAYER_NAME + 1] = '\0';
    assert_int_equal(ra_layer_judge(name, path), RA_ACT_ODD);
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 ? '/' : 'x';
    name[RA_LAYER_PATH - 1] = '\0';
    assert_int_equal(ra_layer_judge(name, path), RA_ACT_PUT);
    assert_int_equal(strlen(path), RA_LAYER_PATH - 1);
    name[RA_LAYER_PATH - 1] = '/';
    name[RA_LAYER_PATH + 2] = '\0';
    assert_int_equal(ra_layer_judge(name, path), RA_ACT_ODD);
}

/* --- layering ------------------------------------------------------------------------------------------------ */

static void later_layers_win(void **state)
{
    (void)state;
    struct image i =
        MAKE("d etc\nf etc/a one\nf etc/b two\n", "d etc\nf etc/b changed\nf etc/c new\n", "w etc/a\n");
    assert_string_equal(t_layers_merged(&i.t), "etc etc/b=7 etc/c=3");
    assert_string_equal(t_layers_changes(&i.t), "1+etc 1+etc/a 1+etc/b 2=etc 2~etc/b 2+etc/c 3-etc/a");
    assert_string_equal(cat(&i, "etc/b"), "changed");
    assert_string_equal(cat(&i, "/etc/c"), "new");
    assert_string_equal(cat(&i, "etc/a"), t_fmt("%d", -RA_NOTFOUND));
    assert_string_equal(cat(&i, "etc"), t_fmt("%d", -RA_UNSUPPORTED));
    assert_int_equal(i.t.layers.bytes, 10);
    assert_int_equal(i.t.layers.hidden, 6);
    assert_int_equal(i.t.findings.list.n, 0);
    drop(&i);
}

static void whiteouts_concern_lower_layers(void **state)
{
    (void)state;
    struct image i = MAKE("d v\nf v/old x\nd v/sub\nf v/sub/deep y\n", "f v/new z\no v\nf v/sub/again w\n");
    assert_string_equal(t_layers_merged(&i.t), "v v/new=1 v/sub/again=1");
    assert_string_equal(t_layers_changes(&i.t), "1+v 1+v/old 1+v/sub 1+v/sub/deep 2+v/new 2!v 2+v/sub/again");
    drop(&i);
    i = MAKE("f a 1\n", "w a\nf a 2\n");
    assert_string_equal(t_layers_changes(&i.t), "1+a 2-a 2~a");
    assert_string_equal(cat(&i, "a"), "2");
    drop(&i);
    i = MAKE("f a 1\nd b\nf b/c 2\n", "o \n", "f d 3\n");
    assert_string_equal(t_layers_merged(&i.t), "d=1");
    drop(&i);
    i = MAKE("f a 1\n", "w b\nw a/b\nw c/d/e\n");
    assert_string_equal(t_layers_merged(&i.t), "a=1");
    drop(&i);
}

static void kinds_replace_each_other(void **state)
{
    (void)state;
    struct image i = MAKE("d lib\nf lib/a 1\nd lib/sub\nf lib/sub/b 2\nf plain 3\n",
                          "l lib -> usr/lib\nd plain\nf plain/inside 4\n", "d lib\nf lib/fresh 5\n");
    assert_string_equal(t_layers_merged(&i.t), "lib lib/fresh=1 plain plain/inside=1");
    drop(&i);
    i = MAKE("f a 1\n", "f a/b 2\n");
    assert_string_equal(t_layers_merged(&i.t), "a/b=1");
    drop(&i);
    i = MAKE("f a 1\nf a 22\n", "f a 333\n");
    assert_string_equal(t_layers_merged(&i.t), "a=3");
    assert_string_equal(t_layers_changes(&i.t), "1+a 1+a 2~a");
    drop(&i);
}

static void links_lead_on(void **state)
{
    (void)state;
    struct image i =
        MAKE("d usr/lib\nf usr/lib/a 1\nl lib -> usr/lib\nl abs -> /usr/../usr/./lib\nl up -> ../../usr\n",
             "f lib/b 22\nf abs/c 333\nf up/lib/d 4444\nw lib/a\n");
    assert_string_equal(t_layers_merged(&i.t),
                        "abs->/usr/../usr/./lib lib->usr/lib up->../../usr usr/lib usr/lib/b=2 "
                        "usr/lib/c=3 usr/lib/d=4");
    assert_string_equal(cat(&i, "/lib/b"), "22");
    assert_string_equal(cat(&i, "abs/../lib/c"), "333");
    assert_string_equal(cat(&i, "../../up/lib/d"), "4444");
    assert_string_equal(cat(&i, "lib/a"), t_fmt("%d", -RA_NOTFOUND));
    drop(&i);
    i = MAKE("l a -> b\nl b -> a\nl c -> /nowhere\nl d -> e\nf e text\n", "f a/x 1\nf c/y 2\n");
    assert_string_equal(cat(&i, "a"), t_fmt("%d", -RA_NOTFOUND));
    assert_string_equal(cat(&i, "d"), "text");
    assert_string_equal(cat(&i, "/nowhere/y"), "2");
    assert_string_equal(t_layers_merged(&i.t), "a->b b->a c->/nowhere d->e e=4 nowhere/y=1");
    drop(&i);
}

static void hard_links_share(void **state)
{
    (void)state;
    struct image i = MAKE("f a text\nh b = a\nh c = ./b\nh d = missing\n", "f a other\nh e = b\n");
    assert_string_equal(t_layers_merged(&i.t), "a=5 b==a c==./b d==missing e==b");
    assert_string_equal(cat(&i, "a"), "other");
    assert_string_equal(cat(&i, "b"), "text");
    assert_string_equal(cat(&i, "c"), "text");
    assert_string_equal(cat(&i, "e"), "text");
    assert_string_equal(cat(&i, "d"), t_fmt("%d", -RA_NOTFOUND));
    drop(&i);
}

/* --- damage, and harm ---------------------------------------------------------------------------------------- */

static void all_encodings(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    struct ra_digest layers[] = {t_layer_as(s, "f a 1\n", RA_PLAIN), t_layer_as(s, "f b 2\n", RA_GZIP),
                                 t_layer_as(s, "f c 3\n", RA_ZSTD)};
    assert_string_equal(t_layers_said(s, layers, 3), "a=1 b=1 c=1: ");
}

static void damage_is_found(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO cut = {0};
    t_tar_members(&cut, "f a text\nf b more\n");
    cut.len -= 512;
    RA_BUF_AUTO bad = {0};
    t_tar_members(&bad, "f a text\nf b more\n");
    bad.data[1024] ^= 1;
    RA_BUF_AUTO no_tar = {0};
    ra_buf_adds(&no_tar, "{\"spdxVersion\": \"SPDX-2.3\"}");
    RA_BUF_AUTO nothing = {0};
    struct ra_digest layers[] = {t_layer_bytes(s, &cut), t_layer(s, "f c x\n")};
    assert_string_equal(t_layers_said(s, layers, 2), "a=4 b=4 c=1: warning bad-layer");
    layers[0] = t_layer_bytes(s, &bad);
    assert_string_equal(t_layers_said(s, layers, 2), "a=4 c=1: warning bad-layer");
    layers[0] = t_layer_bytes(s, &no_tar);
    assert_string_equal(t_layers_said(s, layers, 2), "c=1: warning bad-layer");
    layers[0] = t_layer_bytes(s, &nothing);
    assert_string_equal(t_layers_said(s, layers, 2), "c=1: ");
    ra_digest_of(RA_SHA256, "gone", 4, &layers[0]);
    assert_string_equal(t_layers_said(s, layers, 2), "c=1: warning missing-blob");
}

static void cut_gzip_is_found(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO bytes = {0};
    struct ra_err err = {0};
    struct ra_key key;
    struct ra_digest d = t_layer(s, "f a text\n");
    t_ok(ra_store_get(s, ra_key_blob(&key, &d), RA_BUF_MAX, &bytes, NULL, &err), &err);
    bytes.len -= 3; /* in the trailer, behind all of the tar */
    d = t_layer_bytes(s, &bytes);
    assert_string_equal(t_layers_said(s, &d, 1), "a=4: warning bad-layer");
}

static void sparse_files_have_holes(void **state)
{
    (void)state;
    RA_AUTO_PTR(ra_store) s = t_reg_new();
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO data = {0};
    RA_BUF_AUTO out = {0};
    struct ra_err err = {0};
    struct t_layers t;
    const char *pax = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.name=big.bin\n"
                      "30 GNU.sparse.realsize=300000\n";
    t_tar_member(&tar, 'x', "pax", "", pax, strlen(pax));
    ra_buf_adds(&data, "2\n4\n3\n200000\n3\n");
    while (data.len < 512)
        ra_buf_addc(&data, '\0');
    ra_buf_adds(&data, "onetwo");
    t_tar_member(&tar, '0', "GNUSparseFile.0/big.bin", "", data.data, data.len);
    t_tar_end(&tar);
    struct ra_digest d = t_layer_bytes(s, &tar);
    d = t_layer_image(s, "app", &d, 1);
    t_ok(t_layers_read(&t, s, &d, &err), &err);
    t_ok(ra_layers_cat(&t.job, &t.layers, "big.bin", &(struct ra_sink){to_buf, &out}, &err), &err);
    assert_int_equal(out.len, 300000);
    assert_memory_equal(out.data, "\0\0\0\0one\0", 8);
    assert_memory_equal(out.data + 199999, "\0two\0", 5);
    assert_int_equal(out.data[299999], 0);
    t_layers_release(&t);
}

/* --- find --file --------------------------------------------------------------------------------------------- */

#define IMAGES 12

static const char *const folders[] = {"", "a/", "a/b/", "c/", "c/b/"};
static const char *const bases[] = {"x", "y", "a", "b", "x.jar"};

/* Whether a tar that has `path` both as a folder and as something else would come of it. */
static bool contradicts(const char *lines, const char *path, bool folder)
{
    if (!folder && (strstr(lines, t_fmt("f %s/", path)) || strstr(lines, t_fmt("l %s/", path)) ||
                    strstr(lines, t_fmt("d %s", path))))
        return true;
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        const char *above = t_fmt("%.*s", (int)(slash - path), path);
        if (strstr(lines, t_fmt("f %s ", above)) || strstr(lines, t_fmt("l %s ", above)))
            return true;
    }
    return folder && (strstr(lines, t_fmt("f %s ", path)) || strstr(lines, t_fmt("l %s ", path)));
}

static const char *add_folders(const char *lines, const char *path)
{
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        const char *line = t_fmt("d %.*s\n", (int)(slash - path), path);
        lines = strstr(lines, line) ? lines : t_fmt("%s%s", lines, line);
    }
    return lines;
}

/* Members that need not make sense with lower layers. `tidy`: no file has the name of a folder. */
static const char *random_layer(uint64_t *seed, bool tidy)
{
    const char *lines = "";
    for (size_t n = 1 + t_random(seed) % 6; n; n--) {
        const char *path = t_fmt("%s%s", folders[t_random(seed) % RA_COUNT(folders)],
                                 bases[t_random(seed) % RA_COUNT(bases)]);
        unsigned what = t_random(seed) % 10;
        bool folder = ra_ends_with(path, "a") || ra_ends_with(path, "b");
        if (tidy && folder && what < 5)
            what = 5;
        if ((what < 6 || what == 9) && contradicts(lines, path, what == 5))
            continue;
        if (what < 6 || what == 9)
            lines = add_folders(lines, path);
        lines = what < 5   ? t_fmt("%sf %s text\n", lines, path)
                : what < 6 ? t_fmt("%sd %s\n", lines, path)
                : what < 8 ? t_fmt("%sw %s\n", lines, path)
                : what < 9 ? t_fmt("%so %s\n", lines, path)
                           : t_fmt("%sl %s -> nowhere\n", lines, path);
    }
    return lines;
}

static bool matches(const char *pattern, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!strchr(pattern, '/'))
        return ra_glob(pattern, slash ? slash + 1 : path);
    return ra_glob(t_fmt("%s%s", *pattern == '/' || *pattern == '*' ? "" : "/", pattern), t_fmt("/%s", path));
}

/* "repo: path path\n", for images that have such a file. */
static const char *brute_force(struct ra_store *s, const struct ra_digest *images, const char *pattern)
{
    RA_BUF_AUTO text = {0};
    for (int i = 0; i < IMAGES; i++) {
        struct t_layers t;
        struct ra_err err = {0};
        size_t before = text.len;
        t_ok(t_layers_read(&t, s, &images[i], &err), &err);
        ra_vec_each (f, &t.layers.merged)
            if (f->kind != RA_MEMBER_FOLDER && matches(pattern, f->path))
                ra_buf_addf(&text, "%s %s", text.len == before ? t_fmt("r%02d:", i) : "", f->path);
        if (text.len > before)
            ra_buf_addc(&text, '\n');
        t_layers_release(&t);
    }
    return t_fmt("%s", ra_buf_str(&text));
}

static const char *searched(struct ra_store *s, const char *pattern)
{
    RA_BUF_AUTO text = {0};
    struct ra_err err = {0};
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = s, .threads = 2, .findings = &findings};
    struct ra_find_images found;
    struct ra_find_criteria criteria = {.created_after = INT64_MIN, .created_before = INT64_MIN};
    ra_strlist_add(&criteria.files, pattern);
    t_ok(ra_find_by_config(&job, &criteria, &found, &err), &err);
    ra_vec_each (image, &found.list) {
        ra_buf_addf(&text, "%s:", image->repository);
        for (size_t i = 0; i < image->n_files; i++)
            ra_buf_addf(&text, " %s", image->files[i].path);
        ra_buf_addc(&text, '\n');
    }
    assert_int_equal(findings.list.n, 0);
    ra_find_images_release(&found);
    ra_strlist_release(&criteria.files);
    ra_findings_release(&findings);
    return t_fmt("%s", ra_buf_str(&text));
}

/* Such files are known to find by another name. */
static bool goes_through_links(struct ra_store *s, const struct ra_digest *image)
{
    struct t_layers t;
    struct ra_err err = {0};
    t_ok(t_layers_read(&t, s, image, &err), &err);
    bool does = strstr(t_layers_merged(&t), "nowhere/");
    t_layers_release(&t);
    return does;
}

static void find_agrees_with_brute_force(void **state)
{
    static const char *const patterns[] = {"/a/b/x", "a/*", "a/b/*", "/c/*/y", "/x",   "/*/?",
                                           "nope",   "x*",  "*.jar", "**/b/y", "/a/**"};
    uint64_t seed = 4711;
    (void)state;
    for (int round = 0; round < 40; round++) {
        RA_AUTO_PTR(ra_store) s = t_reg_new();
        struct ra_digest layers[20], images[IMAGES], own[4];
        bool tidy = round % 2;
        for (size_t i = 0; i < RA_COUNT(layers); i++)
            layers[i] = t_layer(s, random_layer(&seed, tidy));
        for (int i = 0; i < IMAGES; i += !goes_through_links(s, &images[i])) {
            size_t n = 1 + t_random(&seed) % RA_COUNT(own);
            for (size_t k = 0; k < n; k++)
                own[k] = layers[t_random(&seed) % RA_COUNT(layers)];
            images[i] = t_layer_image(s, t_fmt("r%02d", i), own, n);
        }
        for (size_t p = 0; p < (tidy ? RA_COUNT(patterns) : 7); p++)
            assert_string_equal(searched(s, patterns[p]), brute_force(s, images, patterns[p]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(long_names),
        cmocka_unit_test(later_layers_win),
        cmocka_unit_test(whiteouts_concern_lower_layers),
        cmocka_unit_test(kinds_replace_each_other),
        cmocka_unit_test(links_lead_on),
        cmocka_unit_test(hard_links_share),
        cmocka_unit_test(all_encodings),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(cut_gzip_is_found),
        cmocka_unit_test(sparse_files_have_holes),
        cmocka_unit_test(find_agrees_with_brute_force),
    };
    return T_RUN(tests);
}
