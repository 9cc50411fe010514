/* Reading JSON as Go's encoding/json reads it. */
#include "lib/testlib.h"

#include "format/json.h"

/* 0 when the whole of text[0..n) is one JSON value, else the negative code. */
static int check(const char *text, size_t n)
{
    /* An allocation of its own size: a sanitizer sees a byte read too far. */
    ra_auto_free char *exact = ra_memdup(text, n);
    struct ra_json j;
    ra_json_init(&j, exact, n);
    ra_json_skip(&j);
    return ra_json_finish(&j, NULL);
}

#define GOOD(text) assert_int_equal(check(text, sizeof(text) - 1), 0)
#define BAD(text)  assert_int_equal(check(text, sizeof(text) - 1), -RA_CORRUPT)

static void grammar_accepted(void **state)
{
    (void)state;
    GOOD("null");
    GOOD(" \t\r\n true \n");
    GOOD("false");
    GOOD("0");
    GOOD("-0");
    GOOD("-12.5e+10");
    GOOD("1E400");
    GOOD("123456789012345678901234567890123456789012345678901234567890");
    GOOD("\"\"");
    GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDC33\"");
    GOOD("\"\x7f\xff\xc3\"");
    GOOD("[]");
    GOOD("[ ]");
    GOOD("{ }");
    GOOD("[1,[2,{\"a\":[]}],\"x\"]");
    GOOD("{\"a\":1 , \"a\" : {\"b\":null}}");
    GOOD("\"0123456789abcdef0123456789abcdef0123456789abcde\\n\"");
}

static void grammar_refused(void **state)
{
    (void)state;
    BAD("");
    BAD("  ");
    BAD("\xef\xbb\xbf{}");
    BAD("{} x");
    BAD("{}\0");
    BAD("{}{}");
    BAD("nul");
    BAD("nulL");
    BAD("True");
    BAD("01");
    BAD("+1");
    BAD("1.");
    BAD(".5");
    BAD("1e");
    BAD("1e+");
    BAD("-");
    BAD("0x10");
    BAD("NaN");
    BAD("\"");
    BAD("\"\\");
    BAD("\"\\x\"");
    BAD("\"\\u12\"");
    BAD("\"\\u12g4\"");
    BAD("\"\\u123");
    BAD("\"a\nb\"");
    BAD("\"a\0b\"");
    BAD("\"0123456789abcdef\x1f\"");
    BAD("'a'");
    BAD("[");
    BAD("[1");
    BAD("[1,]");
    BAD("[,1]");
    BAD("[1 2]");
    BAD("[1}");
    BAD("{\"a\":1]");
    BAD("{\"a\"}");
    BAD("{\"a\":}");
    BAD("{\"a\":1,}");
    BAD("{,}");
    BAD("{a:1}");
    BAD("{\"a\" 1}");
    BAD("{1:1}");
    BAD("[1]]");
    BAD("/**/1");
}

static void cut_anywhere_is_an_error(void **state)
{
    (void)state;
    static const char text[] =
        "{\"key\": [1.5e3, \"v\\u00e4lue\", true, false, null, {\"n\": {}}], \"last\": \"x\"}";
    for (size_t n = 0; n < sizeof(text) - 1; n++)
        assert_int_equal(check(text, n), -RA_CORRUPT);
    assert_int_equal(check(text, sizeof(text) - 1), 0);
}

static void errors_say_where(void **state)
{
    (void)state;
    struct ra_json j;
    RA_ERR_AUTO err = {0};
    ra_json_init(&j, "[1, x]", 6);
    assert_false(ra_json_skip(&j));
    t_fails_with(ra_json_finish(&j, &err), RA_CORRUPT, &err, "not JSON: unexpected byte at byte 4");
    ra_json_init(&j, "{\"a\"", 4);
    assert_false(ra_json_skip(&j));
    t_fails_with(ra_json_finish(&j, &err), RA_CORRUPT, &err, "the text ends too early at byte 4");
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    char text[2 * RA_JSON_DEPTH + 2];
    memset(text, '[', RA_JSON_DEPTH);
    memset(text + RA_JSON_DEPTH, ']', RA_JSON_DEPTH);
    assert_int_equal(check(text, 2 * RA_JSON_DEPTH), 0);
    memset(text, '[', RA_JSON_DEPTH + 1);
    memset(text + RA_JSON_DEPTH + 1, ']', RA_JSON_DEPTH + 1);
    assert_int_equal(check(text, 2 * RA_JSON_DEPTH + 2), -RA_TOOBIG);
}

static void walking_down(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2,9223372036854775807,-9223372036854775808],\"b\":true,\"c\":\"x\",\"d\":{\"e\":{}}}";
    struct ra_json j;
    struct ra_json_str key, s;
    int64_t sum = 0, value;
    bool b = false;
    ra_json_init(&j, text, sizeof(text) - 1);
    assert_true(ra_json_open_object(&j));
    assert_true(ra_json_next_member(&j, &key));
    assert_true(ra_json_str_is(&key, "a"));
    assert_true(ra_json_open_array(&j));
    while (ra_json_next_element(&j)) {
        assert_true(ra_json_int(&j, &value));
        sum += value;
    }
    assert_int_equal(sum, -2);
    assert_true(ra_json_next_member(&j, &key));
    assert_true(ra_json_bool(&j, &b) && b);
    assert_true(ra_json_next_member(&j, &key));
    assert_true(ra_json_string(&j, &s) && ra_json_str_is(&s, "x"));
    assert_true(ra_json_next_member(&j, &key));
    assert_int_equal(ra_json_peek(&j), RA_JSON_OBJECT);
    assert_true(ra_json_skip(&j));
    assert_false(ra_json_next_member(&j, &key));
    assert_int_equal(ra_json_finish(&j, NULL), 0);
    assert_false(ra_json_mismatch(&j));
}

/* Reads text as an integer; INT64_MAX when it is none. Tells whether Go would have refused it. */
static int64_t integer(const char *text, bool *mismatch)
{
    struct ra_json j;
    int64_t value = INT64_MAX;
    ra_json_init(&j, text, strlen(text));
    ra_json_int(&j, &value);
    assert_int_equal(ra_json_finish(&j, NULL), 0);
    *mismatch = ra_json_mismatch(&j);
    return value;
}

static void integers_as_in_go(void **state)
{
    (void)state;
    static const char *const none[] = {
        "2.0", "1e3",  "9223372036854775808",    "-9223372036854775809", "\"2\"", "[]",
        "{}",  "true", "99999999999999999999999"};
    bool mismatch;
    for (size_t i = 0; i < RA_COUNT(none); i++) {
        assert_int_equal(integer(none[i], &mismatch), INT64_MAX);
        assert_true(mismatch);
    }
    assert_int_equal(integer("-0", &mismatch), 0);
    assert_int_equal(integer("-9223372036854775808", &mismatch), INT64_MIN);
    assert_false(mismatch);
    assert_int_equal(integer("null", &mismatch), INT64_MAX);
    assert_false(mismatch);
}

static void other_types_are_consumed(void **state)
{
    (void)state;
    static const char text[] = "[{\"x\":[1]},[2],\"s\",null,3]";
    struct ra_json j;
    struct ra_json_str s;
    int64_t value = 0;
    bool b;
    ra_json_init(&j, text, sizeof(text) - 1);
    assert_true(ra_json_open_array(&j));
    assert_true(ra_json_next_element(&j));
    assert_false(ra_json_string(&j, &s));
    assert_true(ra_json_next_element(&j));
    assert_false(ra_json_open_object(&j));
    assert_true(ra_json_next_element(&j));
    assert_false(ra_json_bool(&j, &b));
    assert_true(ra_json_mismatch(&j));
    assert_true(ra_json_next_element(&j));
    assert_false(ra_json_open_array(&j));
    assert_true(ra_json_next_element(&j));
    assert_true(ra_json_int(&j, &value));
    assert_int_equal(value, 3);
    assert_false(ra_json_next_element(&j));
    assert_int_equal(ra_json_finish(&j, NULL), 0);
}

static void spans_are_the_bytes(void **state)
{
    (void)state;
    static const char text[] = " { \"a\" : [ 1 , { } ]  , \"b\" : \"x y\" } ";
    struct ra_json j;
    struct ra_json_str key;
    const char *at = "";
    size_t n = 0;
    ra_json_init(&j, text, sizeof(text) - 1);
    assert_true(ra_json_open_object(&j) && ra_json_next_member(&j, &key) && ra_json_span(&j, &at, &n));
    assert_int_equal(n, 11);
    assert_memory_equal(at, "[ 1 , { } ]", n);
    assert_true(ra_json_next_member(&j, &key) && ra_json_span(&j, &at, &n));
    assert_memory_equal(at, "\"x y\"", n);
}

static void errors_stick(void **state)
{
    (void)state;
    struct ra_json j;
    struct ra_json_str s;
    bool b;
    ra_json_init(&j, "[tru, true]", 11);
    assert_true(ra_json_open_array(&j) && ra_json_next_element(&j));
    assert_false(ra_json_bool(&j, &b));
    assert_false(ra_json_next_element(&j));
    assert_false(ra_json_open_object(&j));
    assert_false(ra_json_next_member(&j, &s));
    assert_false(ra_json_skip(&j));
    assert_int_equal(ra_json_finish(&j, NULL), -RA_CORRUPT);
}

/* --- strings ------------------------------------------------------------------------------------------------ */

/* The decoded string of a document that is one. */
static const char *decoded(const char *text, size_t *n)
{
    struct ra_json j;
    struct ra_json_str s = {0};
    ra_json_init(&j, text, strlen(text));
    assert_true(ra_json_string(&j, &s));
    assert_int_equal(ra_json_finish(&j, NULL), 0);
    char *copy = ra_json_str_dup(&s, n);
    assert_int_equal(ra_json_decode(&s, NULL, 0), *n);
    const char *kept = t_fmt("%s", copy);
    free(copy);
    return kept;
}

static void assert_decodes(const char *text, const char *to)
{
    size_t n;
    assert_string_equal(decoded(text, &n), to);
    assert_int_equal(n, strlen(to));
}

#define FFFD "\xef\xbf\xbd"

static void strings_decode(void **state)
{
    (void)state;
    assert_decodes("\"plain\"", "plain");
    assert_decodes("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    assert_decodes("\"\\u0041\\u00e4\\u20AC\\uD83D\\uDC33\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb3");
    assert_decodes("\"\\ud83d\"", FFFD);
    assert_decodes("\"\\udc33\\ud83dx\"", FFFD FFFD "x");
    assert_decodes("\"\\ud83d\\u0041\"", FFFD "A");
    assert_decodes("\"\\ud83d\\ud83d\\udc33\"", FFFD "\xf0\x9f\x90\xb3");
    assert_decodes("\"a\xff|\xc3|\xe2\x82|\xed\xa0\x80\"",
                   "a" FFFD "|" FFFD "|" FFFD FFFD "|" FFFD FFFD FFFD);
}

static void nuls_are_kept_or_shown(void **state)
{
    (void)state;
    struct ra_json j;
    struct ra_json_str s;
    char out[8];
    ra_json_init(&j, "\"a\\u0000b\"", 10);
    assert_true(ra_json_string(&j, &s));
    assert_int_equal(ra_json_decode(&s, out, sizeof(out)), 3);
    assert_memory_equal(out, "a\0b", 4);
    struct ra_arena a = {0};
    assert_string_equal(ra_json_text(&s, &a), "a" FFFD "b");
    ra_arena_release(&a);
}

static void decoding_cuts_between_characters(void **state)
{
    (void)state;
    struct ra_json_str s = {"a\xe2\x82\xac"
                            "b",
                            5, false};
    char out[8];
    memset(out, 'x', sizeof(out));
    assert_int_equal(ra_json_decode(&s, out, 4), 5);
    assert_string_equal(out, "a");
    assert_int_equal(ra_json_decode(&s, out, 5), 5);
    assert_string_equal(out, "a\xe2\x82\xac");
    assert_int_equal(ra_json_decode(&s, out, 6), 5);
    assert_string_equal(out, "a\xe2\x82\xac"
                             "b");
    struct ra_json_str plain = {"abc", 3, true};
    assert_int_equal(ra_json_decode(&plain, out, 3), 3);
    assert_string_equal(out, "ab");
}

static void plain_means_ascii_without_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain;
    } cases[] = {{"\"\"", true},
                 {"\"abcdefghijklmnopqrstuvwxyz0123456789\"", true},
                 {"\"abcdefghijklmnopqrstuvwxyz012345678\xc3\xa4\"", false},
                 {"\"\xc3\xa4"
                  "bcdefghijklmnopqrstuvwxyz0123456789\"",
                  false},
                 {"\"abc\\n\"", false},
                 {"\"abcdefghijklmnop\\/abcdefghijklmnopqr\"", false},
                 {"\"abc\", \"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"", true}};
    for (size_t i = 0; i < RA_COUNT(cases); i++) {
        struct ra_json j;
        struct ra_json_str s;
        ra_json_init(&j, cases[i].text, strlen(cases[i].text));
        assert_true(ra_json_string(&j, &s));
        assert_int_equal(s.plain, cases[i].plain);
    }
}

static void equality(void **state)
{
    (void)state;
    static const struct ra_json_str odd = {"sha256\\u003aab", 14, false}, plain = {"sha256:ab", 9, true};
    assert_true(ra_json_str_is(&plain, "sha256:ab"));
    assert_true(ra_json_str_is(&odd, "sha256:ab"));
    assert_false(ra_json_str_is(&odd, "sha256:abc"));
    assert_false(ra_json_str_is(&odd, "sha256:a"));
    assert_false(ra_json_str_is(&plain, "sha256:a"));
}

/* --- names -------------------------------------------------------------------------------------------------- */

static int find(const char *raw)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("mediaType"), RA_JSON_NAME("size"),
                                                RA_JSON_NAME("key"), RA_JSON_NAME("SIZE")};
    struct ra_json j;
    struct ra_json_str key;
    const char *text = t_fmt("{\"%s\":1}", raw);
    ra_json_init(&j, text, strlen(text));
    assert_true(ra_json_open_object(&j) && ra_json_next_member(&j, &key));
    return ra_json_key(&key, names, RA_COUNT(names));
}

static void names_fold_as_in_go(void **state)
{
    (void)state;
    assert_int_equal(find("mediaType"), 0);
    assert_int_equal(find("MEDIATYPE"), 0);
    assert_int_equal(find("mediatypE"), 0);
    assert_int_equal(find("media\\u0054ype"), 0);
    assert_int_equal(find("size"), 1);
    assert_int_equal(find("SIZE"), 3);
    assert_int_equal(find("Size"), 1);
    assert_int_equal(find("\xc5\xbfize"), 1);
    assert_int_equal(find("\\u017fIZE"), 1);
    assert_int_equal(find("\xe2\x84\xaa"
                          "ey"),
                     2);
    assert_int_equal(find("sizf"), -1);
    assert_int_equal(find("siz"), -1);
    assert_int_equal(find("sizee"), -1);
    assert_int_equal(find("\xff"), -1);
    assert_int_equal(find(""), -1);
    /* '@' and '`' differ from each other by the bit that letters differ by, and are no letters. */
    assert_int_equal(find("s[ze"), -1);
}

/* --- copying, searching ------------------------------------------------------------------------------------- */

static const char *copied(const char *text, bool *ok)
{
    struct ra_json j;
    struct ra_jsonw w;
    RA_BUF_AUTO b = {0};
    ra_json_init(&j, text, strlen(text));
    ra_jsonw_to_buf(&w, &b, false);
    *ok = ra_json_copy(&j, &w);
    assert_int_equal(ra_jsonw_finish(&w, NULL), 0);
    assert_int_equal(check(ra_buf_str(&b), b.len), 0);
    return t_fmt("%s", ra_buf_str(&b));
}

static void copies_are_valid(void **state)
{
    (void)state;
    bool ok;
    assert_string_equal(
        copied(
            " { \"a\" : [ 1.50 , 1e999, \"\\u0041\xff\" ] , \"b\" : {} , \"\\u00e4\" : null, \"t\":true } ",
            &ok),
        "{\"a\":[1.50,1e999,\"A" FFFD "\"],\"b\":{},\"\xc3\xa4\":null,\"t\":true}");
    assert_true(ok);
    assert_string_equal(copied("\"x\"", &ok), "\"x\"");
    assert_true(ok);
    assert_string_equal(copied("{\"a\":[1,{\"b\":tru", &ok), "{\"a\":[1,{\"b\":null}]}");
    assert_false(ok);
    assert_string_equal(copied("", &ok), "null");
    assert_false(ok);
    assert_string_equal(copied("[1,", &ok), "[1,null]");
    assert_false(ok);
}

static void every_string_is_found(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[\"b\",{\"c\\\"\":\"d\"}],\"e\":1}";
    static const char *const found[] = {"a", "b", "c\"", "d", "e"};
    struct ra_json j;
    struct ra_json_str s;
    size_t n = 0;
    ra_json_init(&j, text, sizeof(text) - 1);
    for (; ra_json_next_string(&j, &s); n++)
        assert_true(n < RA_COUNT(found) && ra_json_str_is(&s, found[n]));
    assert_int_equal(n, RA_COUNT(found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar_accepted),
        cmocka_unit_test(grammar_refused),
        cmocka_unit_test(cut_anywhere_is_an_error),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(walking_down),
        cmocka_unit_test(integers_as_in_go),
        cmocka_unit_test(other_types_are_consumed),
        cmocka_unit_test(spans_are_the_bytes),
        cmocka_unit_test(errors_stick),
        cmocka_unit_test(strings_decode),
        cmocka_unit_test(nuls_are_kept_or_shown),
        cmocka_unit_test(equality),
        cmocka_unit_test(decoding_cuts_between_characters),
        cmocka_unit_test(names_fold_as_in_go),
        cmocka_unit_test(plain_means_ascii_without_escapes),
        cmocka_unit_test(copies_are_valid),
        cmocka_unit_test(every_string_is_found),
    };
    return T_RUN(tests);
}
