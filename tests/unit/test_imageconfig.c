/* Image configs, those of every tool's taste. */
#include "lib/testlib.h"

#include "registry/imageconfig.h"

static struct ra_imageconfig parsed(const char *text)
{
    struct ra_imageconfig c = {0};
    RA_ERR_AUTO err = {0};
    t_ok(ra_imageconfig_parse(&c, text, strlen(text), &err), &err);
    return c;
}

static const char *joined(const struct ra_strings *s)
{
    RA_BUF_AUTO b = {0};
    for (size_t i = 0; i < s->n; i++)
        ra_buf_addf(&b, "%s|", s->at[i]);
    return t_fmt("%s", ra_buf_str(&b));
}

static void all_of_it(void **state)
{
    (void)state;
    RA_IMAGECONFIG_AUTO c =
        parsed("{\"created\":\"2026-11-21T08:36:32.123456789Z\",\"author\":\"A \\u0026 "
               "B\",\"architecture\":\"arm64\",\"variant\":\"v8\","
               "\"os\":\"linux\",\"os.version\":\"1.2\",\"docker_version\":\"20.10\",\"config\":{\"User\":"
               "\"u:g\",\"ExposedPorts\":{"
               "\"80/tcp\":{},\"53/udp\":{}},\"Env\":[\"PATH=/"
               "bin\",\"A=\",\"A=2\",\"AB=3\"],\"Entrypoint\":[\"/e\",\"-x\"],\"Cmd\":[\"c\"],"
               "\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/"
               "w\",\"Labels\":{\"k\":\"v\",\"n\":1},\"StopSignal\":\"SIGTERM\",\"Shell\":"
               "[\"/bin/sh\",\"-c\"],\"OnBuild\":[\"RUN "
               "x\"],\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":30000000000,"
               "\"Timeout\":5,\"StartPeriod\":6,\"Retries\":3}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
               "[\"sha256:1\",\"sha256:2\"]},"
               "\"history\":[{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"ADD "
               "x\"},{\"created_by\":\"CMD y\",\"comment\":\"c\","
               "\"author\":\"a\",\"empty_layer\":true}]}");
    assert_int_equal(c.created, INT64_C(1795250192123456789));
    assert_string_equal(c.created_text, "2026-11-21T08:36:32.123456789Z");
    assert_string_equal(c.author, "A & B");
    assert_string_equal(c.docker_version, "20.10");
    char text[RA_PLATFORM_TEXT];
    assert_string_equal(ra_platform_text(&c.platform, text), "linux/arm64/v8");
    assert_string_equal(c.platform.os_version, "1.2");
    assert_string_equal(c.user, "u:g");
    assert_string_equal(c.working_dir, "/w");
    assert_string_equal(c.stop_signal, "SIGTERM");
    assert_string_equal(joined(&c.env), "PATH=/bin|A=|A=2|AB=3|");
    assert_string_equal(joined(&c.entrypoint), "/e|-x|");
    assert_string_equal(joined(&c.cmd), "c|");
    assert_string_equal(joined(&c.shell), "/bin/sh|-c|");
    assert_string_equal(joined(&c.on_build), "RUN x|");
    assert_string_equal(joined(&c.exposed_ports), "80/tcp|53/udp|");
    assert_string_equal(joined(&c.volumes), "/data|");
    assert_string_equal(joined(&c.diff_ids), "sha256:1|sha256:2|");
    assert_int_equal(c.labels.n, 1);
    assert_string_equal(ra_annotation(&c.labels, "k"), "v");
    assert_string_equal(joined(&c.healthcheck.test), "CMD-SHELL|true|");
    assert_int_equal(c.healthcheck.interval_ns, 30 * RA_SECOND);
    assert_int_equal(c.healthcheck.timeout_ns, 5);
    assert_int_equal(c.healthcheck.start_period_ns, 6);
    assert_int_equal(c.healthcheck.retries, 3);
    assert_int_equal(c.history.n, 2);
    assert_string_equal(c.history.at[0].created, "2020-01-01T00:00:00Z");
    assert_string_equal(c.history.at[0].created_by, "ADD x");
    assert_string_equal(c.history.at[0].comment, "");
    assert_false(c.history.at[0].empty_layer);
    assert_string_equal(c.history.at[1].comment, "c");
    assert_string_equal(c.history.at[1].author, "a");
    assert_true(c.history.at[1].empty_layer);
}

static void nothing_is_absent(void **state)
{
    (void)state;
    RA_IMAGECONFIG_AUTO c = parsed("{}");
    assert_int_equal(c.created, RA_TIME_NONE);
    assert_string_equal(c.created_text, "");
    assert_string_equal(c.platform.os, "");
    assert_string_equal(c.user, "");
    assert_int_equal(c.env.n, 0);
    assert_int_equal(c.history.n, 0);
}

static void odd_types_are_absent(void **state)
{
    (void)state;
    RA_IMAGECONFIG_AUTO c = parsed(
        "{\"created\":12,\"os\":[\"linux\"],\"architecture\":null,\"config\":\"x\",\"rootfs\":[],\"history\":"
        "[null,\"x\",{\"created_by\":5,\"empty_layer\":\"yes\"}]}");
    assert_int_equal(c.created, RA_TIME_NONE);
    assert_string_equal(c.platform.os, "");
    assert_int_equal(c.diff_ids.n, 0);
    assert_int_equal(c.history.n, 3);
    assert_string_equal(c.history.at[2].created_by, "");
    RA_IMAGECONFIG_AUTO d = parsed(
        "{\"created\":\"yesterday\",\"config\":{\"Env\":{\"A\":\"1\"},\"Cmd\":\"run it\",\"Entrypoint\":null,"
        "\"Labels\":[1],\"ExposedPorts\":[\"80\"],\"Healthcheck\":{\"Test\":\"true\",\"Retries\":1.5}}}");
    assert_int_equal(d.created, RA_TIME_NONE);
    assert_string_equal(d.created_text, "yesterday");
    assert_string_equal(joined(&d.cmd), "run it|");
    assert_int_equal(d.env.n + d.entrypoint.n + d.labels.n + d.exposed_ports.n, 0);
    assert_string_equal(joined(&d.healthcheck.test), "true|");
    assert_int_equal(d.healthcheck.retries, 0);
}

static void names_match_without_case(void **state)
{
    (void)state;
    RA_IMAGECONFIG_AUTO c =
        parsed("{\"OS\":\"linux\",\"Architecture\":\"amd64\",\"CONFIG\":{\"user\":\"u\",\"cmd\":[\"x\"]},"
               "\"rootFS\":{\"DIFF_IDS\":[\"a\"]}}");
    assert_string_equal(c.platform.os, "linux");
    assert_string_equal(c.user, "u");
    assert_string_equal(joined(&c.cmd), "x|");
    assert_string_equal(joined(&c.diff_ids), "a|");
}

static void invalid_utf8_still_shows(void **state)
{
    (void)state;
    RA_IMAGECONFIG_AUTO c =
        parsed("{\"author\":\"J\xf6rg\\u0000\",\"os\":\"linux\",\"big\":123456789012345678901234567890}");
    assert_string_equal(c.author, "J\xef\xbf\xbdrg\xef\xbf\xbd");
    assert_string_equal(c.platform.os, "linux");
}

static void what_is_no_object_is_corrupt(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "null", "[]", "\x1f\x8b\x08", "{\"os\":\"linux\"", "{}{}"};
    struct ra_imageconfig c = {0};
    for (size_t i = 0; i < RA_COUNT(texts); i++) {
        RA_ERR_AUTO err = {0};
        t_fails(ra_imageconfig_parse(&c, texts[i], strlen(texts[i]), &err), RA_CORRUPT, &err);
        assert_string_equal(c.platform.os, "");
    }
}

static void limits_hold(void **state)
{
    (void)state;
    ra_auto_free char *big = ra_malloc(RA_IMAGECONFIG_MAX + 1);
    memset(big, ' ', RA_IMAGECONFIG_MAX + 1);
    memcpy(big, "{}", 2);
    RA_IMAGECONFIG_AUTO c = {0};
    RA_ERR_AUTO err = {0};
    t_ok(ra_imageconfig_parse(&c, big, RA_IMAGECONFIG_MAX, &err), &err);
    t_fails(ra_imageconfig_parse(&c, big, RA_IMAGECONFIG_MAX + 1, &err), RA_TOOBIG, &err);
    RA_BUF_AUTO many = {0};
    ra_buf_adds(&many, "{\"history\":[{}");
    for (int i = 0; i < RA_HISTORY_MAX; i++)
        ra_buf_adds(&many, ",{}");
    ra_buf_adds(&many, "],\"os\":\"linux\"}");
    t_ok(ra_imageconfig_parse(&c, many.data, many.len, &err), &err);
    assert_int_equal(c.history.n, RA_HISTORY_MAX);
    assert_string_equal(c.platform.os, "linux");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(nothing_is_absent),
        cmocka_unit_test(odd_types_are_absent),
        cmocka_unit_test(names_match_without_case),
        cmocka_unit_test(invalid_utf8_still_shows),
        cmocka_unit_test(what_is_no_object_is_corrupt),
        cmocka_unit_test(limits_hold),
    };
    return T_RUN(tests);
}
