/*
 * The JSON scanner beside jansson: both accept the same documents and see the same values in them, in written-out
 * cases, in every corpus of the fuzz targets and in thousands of documents made by chance and then damaged.
 * jansson is stricter in what Go, and so the scanner, lets pass; those documents are left out: bytes that are
 * not UTF-8, half surrogate pairs, NULs in names, and numbers that a double cannot hold.
 */
#include "lib/testlib.h"

#include "base/buf.h"
#include "format/json.h"

#include <dirent.h>
#include <jansson.h>

#define JANSSON_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static json_t *value(struct ra_json *j);

static json_t *text_of(const struct ra_json_str *s)
{
    size_t n;
    ra_auto_free char *text = ra_json_str_dup(s, &n);
    return json_stringn_nocheck(text, n);
}

static json_t *object(struct ra_json *j)
{
    json_t *made = json_object();
    struct ra_json_str key;
    ra_json_open_object(j);
    while (ra_json_next_member(j, &key)) {
        json_t *name = text_of(&key);
        json_object_setn_new_nocheck(made, json_string_value(name), json_string_length(name), value(j));
        json_decref(name);
    }
    return made;
}

static json_t *array(struct ra_json *j)
{
    json_t *made = json_array();
    ra_json_open_array(j);
    while (ra_json_next_element(j))
        json_array_append_new(made, value(j));
    return made;
}

static json_t *number(struct ra_json *j)
{
    const char *at;
    size_t n;
    if (!ra_json_span(j, &at, &n))
        return json_null();
    ra_auto_free char *text = ra_strndup(at, n);
    double d = strtod(text, NULL);
    return d - d == 0 ? json_real(d) : json_null(); /* json_real takes no infinity */
}

static json_t *value(struct ra_json *j)
{
    struct ra_json_str s;
    bool b;
    switch (ra_json_peek(j)) {
    case RA_JSON_OBJECT:
        return object(j);
    case RA_JSON_ARRAY:
        return array(j);
    case RA_JSON_NUMBER:
        return number(j);
    case RA_JSON_STRING:
        return ra_json_string(j, &s) ? text_of(&s) : json_null();
    case RA_JSON_BOOL:
        return ra_json_bool(j, &b) ? json_boolean(b) : json_null();
    default:
        ra_json_skip(j);
        return json_null();
    }
}

static bool comparable(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code != json_error_invalid_utf8 && code != json_error_numeric_overflow &&
           code != json_error_null_byte_in_key && code != json_error_stack_overflow &&
           !strstr(error->text, "invalid Unicode");
}

/* Says what differs, or NULL. *counted: whether the two could be compared at all. */
static const char *difference(const char *bytes, size_t n, bool *counted)
{
    struct ra_json j;
    json_error_t error = {0};
    json_t *theirs = json_loadb(bytes, n, JANSSON_FLAGS, &error);
    ra_json_init(&j, bytes, n);
    json_t *ours = value(&j);
    int rc = ra_json_finish(&j, NULL);
    const char *said = NULL;
    *counted = (theirs || comparable(&error)) && rc != -RA_TOOBIG;
    if (*counted && (rc == 0) != (theirs != NULL))
        said = rc == 0 ? t_fmt("only the scanner accepts it; jansson: %s", error.text)
                       : "only jansson accepts it";
    else if (*counted && theirs && !json_equal(ours, theirs))
        said = "both accept it, and see different values";
    json_decref(ours);
    json_decref(theirs);
    return said;
}

static bool compare(const char *what, const char *bytes, size_t n)
{
    bool counted;
    const char *said = difference(bytes, n, &counted);
    if (said)
        fail_msg("%s: %s: %.*s", what, said, (int)n, bytes);
    return counted;
}

static void written_out(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "tru",
        "0",
        "-",
        "01",
        "1.5e3",
        "1.",
        "\"\"",
        "\"\\u0041\\ud83d\\udc33\"",
        "\"\\u0000\"",
        "\"\t\"",
        "[1,]",
        "[,1]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\" 1}",
        "[1 2]",
        "[[[[]]]]",
        "{} {}",
        "\"\\x\"",
        "[true,false,null]",
        "{\"\":{\"\":[]}}",
        "123456789012345678",
        "-0.0",
        "1e-5",
        "nul",
        "'a'",
        "// x",
    };
    for (size_t i = 0; i < RA_COUNT(texts); i++)
        assert_true(compare("written out", texts[i], strlen(texts[i])));
}

static unsigned compare_corpus(const char *folder)
{
    unsigned compared = 0;
    DIR *d = opendir(t_source(folder));
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        size_t n;
        if (e->d_type != DT_REG)
            continue;
        const char *path = t_fmt("%s/%s", t_source(folder), e->d_name);
        const char *bytes = t_read(path, &n);
        compared += compare(e->d_name, bytes, n);
    }
    closedir(d);
    return compared;
}

static void corpora(void **state)
{
    (void)state;
    assert_true(compare_corpus("tests/fuzz/corpus/json") >= 4);
    assert_true(compare_corpus("tests/fuzz/corpus/manifest") >= 4);
}

/* --- documents made by chance --- */

static void make_value(struct ra_jsonw *w, uint64_t *seed, unsigned depth)
{
    static const char *const strings[] = {"", "sha256:00", "a\"b\\c", "\x01\n\t",
                                          "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb3"};
    switch (t_random(seed) % (depth < 5 ? 7 : 5)) {
    case 0:
        ra_jsonw_null(w);
        break;
    case 1:
        ra_jsonw_bool(w, t_random(seed) & 1);
        break;
    case 2:
        ra_jsonw_i64(w, (int64_t)t_random(seed) >> 12);
        break;
    case 3:
    case 4:
        ra_jsonw_str(w, strings[t_random(seed) % RA_COUNT(strings)]);
        break;
    case 5:
        ra_jsonw_array(w);
        for (unsigned n = t_random(seed) % 5; n; n--)
            make_value(w, seed, depth + 1);
        ra_jsonw_end(w);
        break;
    default:
        ra_jsonw_object(w);
        for (unsigned n = t_random(seed) % 5; n; n--) {
            ra_jsonw_key(w, t_fmt("k%u", n % 3));
            make_value(w, seed, depth + 1);
        }
        ra_jsonw_end(w);
    }
}

static void damage(struct ra_buf *b, uint64_t *seed)
{
    static const char bytes[] = "{}[]\",:\\0123456789eE+-.truefalsn \t\n\x01u";
    for (unsigned n = 1 + t_random(seed) % 3; n && b->len; n--)
        b->data[t_random(seed) % b->len] = bytes[t_random(seed) % (sizeof(bytes) - 1)];
    if (t_random(seed) % 4 == 0)
        b->len = t_random(seed) % (b->len + 1);
}

static void by_chance(void **state)
{
    (void)state;
    uint64_t seed = 20261121;
    unsigned compared = 0;
    for (int i = 0; i < 4000; i++) {
        RA_BUF_AUTO text = {0};
        struct ra_jsonw w;
        ra_jsonw_to_buf(&w, &text, i % 2);
        make_value(&w, &seed, 0);
        t_ok(ra_jsonw_finish(&w, NULL), NULL);
        assert_true(compare("whole", (char *)text.data, text.len));
        damage(&text, &seed);
        compared += compare("damaged", (char *)text.data, text.len);
    }
    assert_true(compared > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_out),
        cmocka_unit_test(corpora),
        cmocka_unit_test(by_chance),
    };
    return T_RUN(tests);
}
