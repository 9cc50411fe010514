/* Any bytes through the scanner: what it accepts can be copied, and the copy reads and copies the same. */
#include "format/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int copy(const void *bytes, size_t n, bool pretty, struct ra_buf *out)
{
    struct ra_json j;
    struct ra_jsonw w;
    ra_json_init(&j, bytes, n);
    ra_jsonw_to_buf(&w, out, pretty);
    ra_json_copy(&j, &w);
    ra_jsonw_finish(&w, NULL);
    return ra_json_finish(&j, NULL);
}

static int skip(const void *bytes, size_t n)
{
    struct ra_json j;
    ra_json_init(&j, bytes, n);
    ra_json_skip(&j);
    return ra_json_finish(&j, NULL);
}

static void visit_strings(const void *bytes, size_t n)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("key"), RA_JSON_NAME("mediaType")};
    struct ra_json j;
    struct ra_json_str s;
    ra_json_init(&j, bytes, n);
    while (ra_json_next_string(&j, &s)) {
        size_t length;
        char cut[5];
        ra_auto_free char *text = ra_json_str_dup(&s, &length);
        assert(length <= 3 * s.n && text[length] == '\0');
        assert(ra_json_decode(&s, cut, sizeof(cut)) == length);
        assert(strlen(text) != length || ra_json_str_is(&s, text));
        ra_json_key(&s, names, RA_COUNT(names));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RA_BUF_AUTO once = {0};
    RA_BUF_AUTO twice = {0};
    RA_BUF_AUTO pretty = {0};
    int rc = skip(data, size);
    assert(copy(data, size, false, &once) == rc);
    visit_strings(data, size);
    /* Even of a broken document the copy is whole. */
    assert(copy(once.data, once.len, false, &twice) == 0);
    assert(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    assert(copy(once.data, once.len, true, &pretty) == 0);
    ra_buf_clear(&twice);
    assert(copy(pretty.data, pretty.len, false, &twice) == 0);
    assert(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    return 0;
}
