/* Writing JSON: commas, indentation, escapes, and what happens when the disk is full. */
#include "lib/testlib.h"

#include "base/jsonw.h"
#include <sys/wait.h>

static const char *written(bool pretty, void (*write)(struct ra_jsonw *w))
{
    struct ra_buf b = {0};
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, &b, pretty);
    write(&w);
    assert_int_equal(ra_jsonw_finish(&w, NULL), 0);
    const char *kept = t_fmt("%s", ra_buf_str(&b));
    ra_buf_release(&b);
    return kept;
}

static void everything(struct ra_jsonw *w)
{
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "schema", "regadm/ls/1");
    ra_jsonw_key(w, "empty");
    ra_jsonw_array(w);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "list");
    ra_jsonw_array(w);
    ra_jsonw_u64(w, UINT64_MAX);
    ra_jsonw_i64(w, INT64_MIN);
    ra_jsonw_object(w);
    ra_jsonw_end(w);
    ra_jsonw_null(w);
    ra_jsonw_end(w);
    ra_jsonw_key_bool(w, "yes", true);
    ra_jsonw_key_bool(w, "no", false);
    ra_jsonw_key_str(w, "none", NULL);
    ra_jsonw_key_u64(w, "u", 1);
    ra_jsonw_key_i64(w, "i", -1);
    ra_jsonw_key(w, "raw");
    ra_jsonw_raw(w, "[1,2]", 5);
    ra_jsonw_end(w);
}

static void compact_has_no_blanks(void **state)
{
    (void)state;
    assert_string_equal(
        written(false, everything),
        "{\"schema\":\"regadm/ls/1\",\"empty\":[],\"list\":[18446744073709551615,-9223372036854775808,{},"
        "null],\"yes\":true,\"no\":false,\"none\":null,\"u\":1,\"i\":-1,\"raw\":[1,2]}");
}

static void pretty_is_indented_by_two(void **state)
{
    (void)state;
    assert_string_equal(
        written(true, everything),
        "{\n  \"schema\": \"regadm/ls/1\",\n  \"empty\": [],\n  \"list\": [\n    18446744073709551615,\n"
        "    -9223372036854775808,\n    {},\n    null\n  ],\n  \"yes\": true,\n  \"no\": false,\n"
        "  \"none\": null,\n  \"u\": 1,\n  \"i\": -1,\n  \"raw\": [1,2]\n}\n");
}

static void nested(struct ra_jsonw *w)
{
    for (int i = 0; i < RA_JSONW_DEPTH; i++)
        ra_jsonw_array(w);
    for (int i = 0; i < RA_JSONW_DEPTH; i++)
        ra_jsonw_end(w);
}

static void nests_to_the_limit(void **state)
{
    (void)state;
    const char *compact = written(false, nested), *pretty = written(true, nested);
    assert_int_equal(strlen(compact), 2 * RA_JSONW_DEPTH);
    /* Line k is indented by 2k, on the way in and on the way out; the innermost array is one line. */
    size_t lines = 2 * RA_JSONW_DEPTH - 1, spaces = 2 * (RA_JSONW_DEPTH - 1) * (RA_JSONW_DEPTH - 1);
    assert_int_equal(strlen(pretty), 2 * RA_JSONW_DEPTH + lines + spaces);
}

static void escapes(struct ra_jsonw *w)
{
    ra_jsonw_array(w);
    ra_jsonw_str(w, "a\"b\\c/\b\f\n\r\t\x01\x7f");
    ra_jsonw_strn(w, "a\0b", 3);
    ra_jsonw_str(w, "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xb3");
    ra_jsonw_str(w, "\xff|\xc3|\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80|\xe2\x82");
    ra_jsonw_object(w);
    ra_jsonw_keyn(w, "k\xff\0", 3);
    ra_jsonw_str(w, "");
    ra_jsonw_end(w);
    ra_jsonw_end(w);
}

#define BAD "\xef\xbf\xbd"

static void strings_become_valid_utf8(void **state)
{
    (void)state;
    assert_string_equal(
        written(false, escapes),
        "[\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u007f\",\"a\\u0000b\",\"\xc3\xa4 \xe2\x82\xac "
        "\xf0\x9f\x90\xb3\","
        "\"" BAD "|" BAD "|" BAD BAD BAD "|" BAD BAD "|" BAD BAD BAD BAD "|" BAD BAD "\","
        "{\"k" BAD "\\u0000\":\"\"}]");
}

static void a_file_gets_the_same(void **state)
{
    (void)state;
    const char *path = t_fmt("%s/out.json", t_dir());
    struct ra_jsonw w;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    ra_jsonw_to_file(&w, f, true);
    everything(&w);
    RA_ERR_AUTO err = {0};
    t_ok(ra_jsonw_finish(&w, &err), &err);
    fclose(f);
    assert_string_equal(t_read(path, NULL), written(true, everything));
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    struct ra_jsonw w;
    ra_jsonw_to_file(&w, f, false);
    everything(&w);
    RA_ERR_AUTO err = {0};
    t_fails_with(ra_jsonw_finish(&w, &err), RA_NOSPACE, &err, "cannot write JSON");
    fclose(f);
}

/* Whether it ends by abort(). */
static bool aborts(void (*misuse)(struct ra_jsonw *w))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct ra_buf b = {0};
        struct ra_jsonw w;
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        ra_jsonw_to_buf(&w, &b, false);
        misuse(&w);
        ra_jsonw_finish(&w, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void nothing(struct ra_jsonw *w)
{
    (void)w;
}

static void key_outside(struct ra_jsonw *w)
{
    ra_jsonw_key(w, "k");
}

static void value_without_key(struct ra_jsonw *w)
{
    ra_jsonw_object(w);
    ra_jsonw_null(w);
}

static void end_behind_key(struct ra_jsonw *w)
{
    ra_jsonw_object(w);
    ra_jsonw_key(w, "k");
    ra_jsonw_end(w);
}

static void two_values(struct ra_jsonw *w)
{
    ra_jsonw_null(w);
    ra_jsonw_null(w);
}

static void never_ended(struct ra_jsonw *w)
{
    ra_jsonw_array(w);
}

static void fine(struct ra_jsonw *w)
{
    ra_jsonw_null(w);
}

static void misuse_aborts(void **state)
{
    (void)state;
    assert_false(aborts(fine));
    assert_true(aborts(nothing));
    assert_true(aborts(key_outside));
    assert_true(aborts(value_without_key));
    assert_true(aborts(end_behind_key));
    assert_true(aborts(two_values));
    assert_true(aborts(never_ended));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_has_no_blanks), cmocka_unit_test(pretty_is_indented_by_two),
        cmocka_unit_test(nests_to_the_limit),    cmocka_unit_test(strings_become_valid_utf8),
        cmocka_unit_test(a_file_gets_the_same),  cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(misuse_aborts),
    };
    return T_RUN(tests);
}
