/* The registry's configuration and its environment, read as the registry reads them; and the YAML below. */
#include "lib/testlib.h"

#include "base/clock.h"
#include "format/yaml.h"
#include "registry/regconfig.h"

#define ENV(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct ra_regconfig loaded(const char *yaml, const char *const *env)
{
    struct ra_regconfig c = {0};
    RA_ERR_AUTO err = {0};
    t_ok(ra_regconfig_parse("config.yml", yaml, yaml ? strlen(yaml) : 0, env, &c, &err), &err);
    return c;
}

static void fails_with(const char *yaml, const char *const *env, enum ra_code code, const char *part)
{
    struct ra_regconfig c = {0};
    RA_ERR_AUTO err = {0};
    t_fails_with(ra_regconfig_parse("config.yml", yaml, yaml ? strlen(yaml) : 0, env, &c, &err), code, &err,
                 part);
    assert_string_equal(c.driver, "");
}

static void root_is(const char *yaml, const char *const *env, const char *root)
{
    RA_REGCONFIG_AUTO c = loaded(yaml, env);
    assert_string_equal(c.driver, "filesystem");
    assert_string_equal(c.root_directory, root);
}

#define FS(root) "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: " root "\n"

static void the_images_own_file(void **state)
{
    (void)state;
    RA_REGCONFIG_AUTO c = loaded(
        "version: 0.1\nlog:\n  fields:\n    service: registry\nstorage:\n  delete:\n    enabled: true\n"
        "  cache:\n    blobdescriptor: inmemory\n  filesystem:\n    rootdirectory: /data\n    maxthreads: "
        "50\n"
        "  tag:\n    concurrencylimit: 8\nhttp:\n  addr: :5000\n  headers:\n    X-Content-Type-Options: "
        "[nosniff]\nauth:\n  htpasswd:\n    realm: basic-realm\n    path: /etc/registry/htpasswd\n",
        NULL);
    assert_string_equal(c.driver, "filesystem");
    assert_string_equal(c.root_directory, "/data");
    assert_int_equal(c.n_params, 2);
    assert_string_equal(ra_regconfig_param(&c, "maxthreads"), "50");
    assert_null(ra_regconfig_param(&c, "nothing"));
    assert_true(c.delete_enabled);
    assert_false(c.read_only);
    assert_int_equal(c.cache, RA_CACHE_INMEMORY);
    assert_string_equal(c.htpasswd_path, "/etc/registry/htpasswd");
    assert_string_equal(c.http_addr, ":5000");
    assert_null(c.proxy_remote);
    assert_true(c.purge_enabled);
    assert_int_equal(c.purge_age, 168 * RA_HOUR);
    assert_int_equal(c.n_ignored, 0);
}

static void defaults(void **state)
{
    (void)state;
    root_is("version: 0.1\nstorage: filesystem\n", NULL, "/var/lib/registry");
    root_is("version: 0.1\nstorage: {filesystem: }\n", NULL, "/var/lib/registry");
    root_is("version: '0.1'\nstorage: {filesystem: {rootdirectory: \"/a b\"}}\n", NULL, "/a b");
    RA_REGCONFIG_AUTO c = loaded("version: 0.1\nstorage: inmemory\n", NULL);
    assert_string_equal(c.driver, "inmemory");
    assert_string_equal(c.root_directory, "");
    assert_int_equal(c.cache, RA_CACHE_NONE);
    assert_false(c.delete_enabled);
}

static void parameters_of_other_drivers(void **state)
{
    (void)state;
    RA_REGCONFIG_AUTO c =
        loaded("version: 0.1\nstorage:\n  s3:\n    region: us-east-1\n    bucket: b\n    secure: false\n"
               "    rootdirectory: /x\n    accesskey:\n    list: [p, {q: r}]\n  cache: {layerinfo: redis}\n",
               NULL);
    assert_string_equal(c.driver, "s3");
    assert_string_equal(c.root_directory, "/x");
    assert_string_equal(ra_regconfig_param(&c, "secure"), "false");
    assert_string_equal(ra_regconfig_param(&c, "accesskey"), "");
    assert_string_equal(ra_regconfig_param(&c, "list.0"), "p");
    assert_string_equal(ra_regconfig_param(&c, "list.1.q"), "r");
    assert_string_equal(c.params[0].key, "region");
    assert_int_equal(c.cache, RA_CACHE_REDIS);
}

static void maintenance(void **state)
{
    (void)state;
    RA_REGCONFIG_AUTO c = loaded(FS("/d") "  maintenance:\n    readonly: {enabled: true}\n    uploadpurging: "
                                          "{enabled: false, age: 24h, "
                                          "interval: 1h, dryrun: false}\n",
                                 NULL);
    assert_true(c.read_only);
    assert_false(c.purge_enabled);
    assert_int_equal(c.purge_age, RA_DAY);
    RA_REGCONFIG_AUTO quoted =
        loaded(FS("/d") "  maintenance: {readonly: {enabled: 'true'}}\n  delete: {enabled: 'true'}\n", NULL);
    assert_false(quoted.read_only);
    assert_false(quoted.delete_enabled);
}

static void refused_files(void **state)
{
    (void)state;
    fails_with("storage: filesystem\n", NULL, RA_INVALID, "it has no version");
    fails_with("version: 0.2\nstorage: filesystem\n", NULL, RA_INVALID,
               "cannot use 'config.yml': its version is '0.2'");
    fails_with("", NULL, RA_INVALID, "it has no version");
    fails_with("version: 0.1\n", NULL, RA_INVALID, "no storage configuration provided");
    fails_with("version: 0.1\nstorage: {cache: {blobdescriptor: inmemory}}\n", NULL, RA_INVALID,
               "no storage configuration provided");
    fails_with("version: 0.1\nstorage: {s3: {}, filesystem: {}}\n", NULL, RA_INVALID,
               "'s3' and 'filesystem'");
    fails_with("version: 0.1\nstorage: [filesystem]\n", NULL, RA_INVALID, "must be a map");
    fails_with("version: 0.1\nstorage: {filesystem: /data}\n", NULL, RA_INVALID,
               "'filesystem' must be a map");
    fails_with("version: 0.1\nstorage: {filesystem\n", NULL, RA_CORRUPT, "line ");
    fails_with(FS("/d") "  maintenance: {uploadpurging: {age: soon}}\n", NULL, RA_INVALID,
               "uploadpurging.age");
}

static void environment_alone(void **state)
{
    (void)state;
    root_is(NULL, ENV("PATH=/bin", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x"), "/x");
    root_is(NULL, ENV("REGISTRY_STORAGE=filesystem"), "/var/lib/registry");
    root_is(NULL, ENV("REGISTRY_STORAGE={filesystem: {rootdirectory: /y}}"), "/y");
    fails_with(NULL, ENV("REGISTRY_HTTP_ADDR=:1"), RA_INVALID, "no storage configuration provided");
    fails_with(NULL, NULL, RA_INVALID, "no storage configuration provided");
}

static void environment_over_the_file(void **state)
{
    (void)state;
    root_is(FS("/d"), ENV("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x"), "/x");
    root_is(FS("/d"), ENV("REGISTRY_STORAGE_FILESYSTEM={rootdirectory: /y}"), "/y");
    root_is("version: 0.1\nstorage: {s3: {bucket: b}}\n", ENV("REGISTRY_STORAGE=filesystem"),
            "/var/lib/registry");
    root_is(FS("/d"), ENV("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x", "REGISTRY_STORAGE=filesystem"),
            "/x");
    root_is(FS("/d"),
            ENV("REGISTRY_LOG_LEVEL=debug", "REGISTRY_CONFIGURATION_PATH=/c", "REGISTRYX=1", "REGISTRY_=1"),
            "/d");
    RA_REGCONFIG_AUTO c =
        loaded(FS("/d"),
               ENV("REGISTRY_STORAGE_DELETE_ENABLED=true", "REGISTRY_HTTP_ADDR=:81", "REGISTRY_AUTH=htpasswd",
                   "REGISTRY_AUTH_HTPASSWD_PATH=/h", "REGISTRY_PROXY_REMOTEURL=https://r.example",
                   "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=redis", "REGISTRY_HTTP_TLS_KEY=/k"));
    assert_true(c.delete_enabled);
    assert_string_equal(c.http_addr, ":81");
    assert_string_equal(c.htpasswd_path, "/h");
    assert_string_equal(c.proxy_remote, "https://r.example");
    assert_int_equal(c.cache, RA_CACHE_REDIS);
    assert_int_equal(c.n_ignored, 0);
}

static void environment_matches_keys_without_case(void **state)
{
    (void)state;
    /* What is there is found in any case; a last component is always set in lower case, beside another spelling. */
    RA_REGCONFIG_AUTO c = loaded("version: 0.1\nstorage: {FileSystem: {RootDirectory: /d}}\n",
                                 ENV("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/x"));
    assert_string_equal(c.driver, "FileSystem");
    assert_string_equal(ra_regconfig_param(&c, "RootDirectory"), "/d");
    assert_string_equal(ra_regconfig_param(&c, "rootdirectory"), "/x");
    /* A component in lower case matches nothing, and so makes its map anew. */
    root_is(FS("/d"), ENV("REGISTRY_STORAGE_filesystem_maxthreads=7"), "/var/lib/registry");
    root_is(FS("/d"), ENV("REGISTRY_storage_FILESYSTEM_ROOTDIRECTORY=/x"), "/d");
}

static void values_are_yaml(void **state)
{
    (void)state;
    RA_REGCONFIG_AUTO c =
        loaded(FS("/d"), ENV("REGISTRY_STORAGE_DELETE={enabled: yes}", "REGISTRY_HTTP_ADDR='[::]:5000'"));
    assert_true(c.delete_enabled);
    assert_string_equal(c.http_addr, "[::]:5000");
    fails_with(FS("/d"), ENV("REGISTRY_STORAGE_DELETE={enabled"), RA_CORRUPT, "REGISTRY_STORAGE_DELETE");
    fails_with(FS("/d"), ENV("REGISTRY_STORAGE_DELETE=true"), RA_INVALID, "REGISTRY_STORAGE_DELETE");
    fails_with(FS("/d"), ENV("REGISTRY_STORAGE="), RA_INVALID, "no storage configuration provided");
}

static void two_drivers_by_environment(void **state)
{
    (void)state;
    fails_with(FS("/d"), ENV("REGISTRY_STORAGE_S3_BUCKET=b"), RA_INVALID, "'filesystem' and 's3'");
    fails_with(FS("/d"), ENV("REGISTRY_STORAGE={a: {}, b: {}}"), RA_INVALID, "'a' and 'b'");
}

static void the_maintenance_trap(void **state)
{
    (void)state;
    static const char leaf[] = "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true";
    RA_REGCONFIG_AUTO without = loaded(FS("/d"), ENV(leaf));
    assert_false(without.read_only);
    assert_int_equal(without.n_ignored, 1);
    assert_string_equal(without.ignored[0], "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED");
    RA_REGCONFIG_AUTO with = loaded(FS("/d") "  maintenance: {readonly: {enabled: false}}\n", ENV(leaf));
    assert_false(with.read_only);
    assert_int_equal(with.n_ignored, 1);
    RA_REGCONFIG_AUTO whole = loaded(FS("/d"), ENV("REGISTRY_STORAGE_MAINTENANCE_READONLY={enabled: true}"));
    assert_true(whole.read_only);
    assert_int_equal(whole.n_ignored, 0);
    RA_REGCONFIG_AUTO wholer =
        loaded(FS("/d"), ENV("REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}"));
    assert_true(wholer.read_only);
}

static void nested_parameters_cannot_be_reached(void **state)
{
    (void)state;
    RA_REGCONFIG_AUTO c =
        loaded(FS("/d") "    nested: {a: 1}\n",
               ENV("REGISTRY_STORAGE_FILESYSTEM_NESTED_A=2", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY_X=/x",
                   "REGISTRY_STORAGE_FILESYSTEM_OWN_A=3", "REGISTRY_STORAGE_FILESYSTEM_OWN_B=4"));
    assert_string_equal(ra_regconfig_param(&c, "nested.a"), "1");
    assert_string_equal(c.root_directory, "/d");
    assert_int_equal(c.n_ignored, 2);
    assert_string_equal(ra_regconfig_param(&c, "own.a"), "3");
    assert_string_equal(ra_regconfig_param(&c, "own.b"), "4");
}

static void files(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/config.yml", t_dir());
    RA_REGCONFIG_AUTO c = {0};
    RA_ERR_AUTO err = {0};
    t_fails_with(ra_regconfig_load(path, NULL, &c, &err), RA_NOTFOUND, &err, path);
    t_write(path, FS("/from-file"));
    t_ok(ra_regconfig_load(path, NULL, &c, &err), &err);
    assert_string_equal(c.root_directory, "/from-file");
    t_write(path, "");
    t_fails_with(ra_regconfig_load(path, NULL, &c, &err), RA_INVALID, &err, "it has no version");
    t_ok(ra_regconfig_load(NULL, ENV("REGISTRY_STORAGE=filesystem"), &c, &err), &err);
    assert_string_equal(c.root_directory, "/var/lib/registry");
}

/* --- YAML --------------------------------------------------------------------------------------------------- */

static struct ra_yaml *tree(struct ra_arena *a, const char *text)
{
    struct ra_yaml *root = NULL;
    RA_ERR_AUTO err = {0};
    t_ok(ra_yaml_parse(a, text, strlen(text), &root, &err), &err);
    return root;
}

static void yaml_scalars(void **state)
{
    (void)state;
    struct ra_arena a = {0};
    struct ra_yaml *m = tree(
        &a,
        "{t: true, y: Yes, o: on, f: OFF, q: 'true', odd: tRUE, n: ~, e: , nn: NULL, qn: '', s: !!str true}");
    static const char *const yes[] = {"t", "y", "o", "s"}, *const others[] = {"q",  "odd", "n",     "e",
                                                                              "nn", "qn",  "absent"};
    for (size_t i = 0; i < RA_COUNT(yes); i++)
        assert_true(ra_yaml_bool(ra_yaml_get(m, yes[i]), false));
    assert_false(ra_yaml_bool(ra_yaml_get(m, "f"), true));
    for (size_t i = 0; i < RA_COUNT(others); i++)
        assert_true(ra_yaml_bool(ra_yaml_get(m, others[i]), true) &&
                    !ra_yaml_bool(ra_yaml_get(m, others[i]), false));
    assert_int_equal(ra_yaml_get(m, "nn")->type, RA_YAML_NULL);
    assert_null(ra_yaml_text(ra_yaml_get(m, "nn")));
    assert_string_equal(ra_yaml_text(ra_yaml_get(m, "qn")), "");
    ra_arena_release(&a);
}

static void yaml_anchors_and_merges(void **state)
{
    (void)state;
    struct ra_arena a = {0};
    struct ra_yaml *m = tree(
        &a, "b: &b {x: 1, y: {z: 2}}\nc: {<<: *b, x: 3}\nd: {<<: [{w: 1, x: 4}, *b]}\ne: *b\nx: 1\nx: 2\n");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(m, "c"), "x")), "3");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(ra_yaml_get(m, "c"), "y"), "z")), "2");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(m, "d"), "w")), "1");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(m, "d"), "x")), "4");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(ra_yaml_get(m, "d"), "y"), "z")), "2");
    assert_string_equal(ra_yaml_text(ra_yaml_get(ra_yaml_get(m, "e"), "x")), "1");
    assert_string_equal(ra_yaml_text(ra_yaml_get(m, "x")), "2");
    ra_yaml_make(&a, ra_yaml_get(ra_yaml_get(m, "e"), "y"), "new");
    assert_null(ra_yaml_get(ra_yaml_get(ra_yaml_get(m, "b"), "y"), "new"));
    ra_arena_release(&a);
}

static void yaml_limits(void **state)
{
    (void)state;
    static const char laughs[] =
        "a: &a [1,2,3,4,5,6,7,8,9,0]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n";
    static const char *const corrupt[] = {"a: b: c", "[1",           "*nowhere", "{[1]: 2}",
                                          "\t- x",   "a: \"\\xZZ\"", "\xff\xff"};
    struct ra_arena a = {0};
    struct ra_yaml *root;
    RA_ERR_AUTO err = {0};
    t_fails_with(ra_yaml_parse(&a, laughs, strlen(laughs), &root, &err), RA_TOOBIG, &err, "too many values");
    t_fails_with(ra_yaml_parse(&a, "&a [*a]", 7, &root, &err), RA_TOOBIG, &err, "nested too deeply");
    char deep[2 * RA_YAML_DEPTH + 2];
    memset(deep, '[', RA_YAML_DEPTH);
    memset(deep + RA_YAML_DEPTH, ']', RA_YAML_DEPTH);
    t_ok(ra_yaml_parse(&a, deep, 2 * RA_YAML_DEPTH, &root, &err), &err);
    memset(deep, '[', RA_YAML_DEPTH + 1);
    memset(deep + RA_YAML_DEPTH + 1, ']', RA_YAML_DEPTH + 1);
    t_fails(ra_yaml_parse(&a, deep, sizeof(deep), &root, &err), RA_TOOBIG, &err);
    for (size_t i = 0; i < RA_COUNT(corrupt); i++)
        t_fails(ra_yaml_parse(&a, corrupt[i], strlen(corrupt[i]), &root, &err), RA_CORRUPT, &err);
    t_ok(ra_yaml_parse(&a, NULL, 0, &root, &err), &err);
    assert_int_equal(root->type, RA_YAML_NULL);
    t_ok(ra_yaml_parse(&a, "---\na: 1\n---\n]", 14, &root, &err), &err);
    assert_string_equal(ra_yaml_text(ra_yaml_get(root, "a")), "1");
    ra_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_images_own_file),
        cmocka_unit_test(defaults),
        cmocka_unit_test(parameters_of_other_drivers),
        cmocka_unit_test(maintenance),
        cmocka_unit_test(refused_files),
        cmocka_unit_test(environment_alone),
        cmocka_unit_test(environment_over_the_file),
        cmocka_unit_test(environment_matches_keys_without_case),
        cmocka_unit_test(values_are_yaml),
        cmocka_unit_test(two_drivers_by_environment),
        cmocka_unit_test(the_maintenance_trap),
        cmocka_unit_test(nested_parameters_cannot_be_reached),
        cmocka_unit_test(files),
        cmocka_unit_test(yaml_scalars),
        cmocka_unit_test(yaml_anchors_and_merges),
        cmocka_unit_test(yaml_limits),
    };
    return T_RUN(tests);
}
