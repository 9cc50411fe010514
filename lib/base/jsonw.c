#include "base/jsonw.h"
#include "base/str.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

static void put(struct ra_jsonw *w, const char *p, size_t n)
{
    if (w->file)
        fwrite(p, 1, n, w->file); /* ra_jsonw_finish asks ferror */
    else
        ra_buf_add(w->buf, p, n);
}

static void new_line(struct ra_jsonw *w)
{
    static const char spaces[] = "\n                                                                ";
    size_t left = 2 * (size_t)w->depth, most = sizeof(spaces) - 2;
    put(w, spaces, 1 + (left < most ? left : most));
    for (left -= left < most ? left : most; left > 0; left -= left < most ? left : most)
        put(w, spaces + 1, left < most ? left : most);
}

static bool in_object(const struct ra_jsonw *w)
{
    unsigned level = w->depth - 1;
    return w->depth > 0 && (w->objects[level / 64] >> level % 64 & 1);
}

static void separate(struct ra_jsonw *w)
{
    if (!w->first)
        put(w, ",", 1);
    if (w->pretty)
        new_line(w);
    w->first = false;
}

/* What stands between the last thing and a value. */
static void before_value(struct ra_jsonw *w)
{
    assert(!w->done && "a second top value");
    assert((!in_object(w) || w->keyed) && "a value without a key");
    if (w->depth > 0 && !w->keyed)
        separate(w);
    w->keyed = false;
    w->done = w->depth == 0;
}

void ra_jsonw_to_file(struct ra_jsonw *w, FILE *file, bool pretty)
{
    *w = (struct ra_jsonw){.file = file, .pretty = pretty};
}

void ra_jsonw_to_buf(struct ra_jsonw *w, struct ra_buf *buf, bool pretty)
{
    *w = (struct ra_jsonw){.buf = buf, .pretty = pretty};
}

int ra_jsonw_finish(struct ra_jsonw *w, struct ra_err *err)
{
    assert(w->done && w->depth == 0 && "an unfinished document");
    if (w->pretty)
        put(w, "\n", 1);
    if (!w->file)
        return 0;
    errno = 0;
    if (fflush(w->file) != 0 || ferror(w->file))
        return ra_fail_errno(err, errno ? errno : EIO, "cannot write JSON");
    return 0;
}

static void begin(struct ra_jsonw *w, bool object)
{
    assert(w->depth < RA_JSONW_DEPTH && "nested too deeply");
    before_value(w);
    uint64_t bit = UINT64_C(1) << w->depth % 64, *word = &w->objects[w->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    w->depth++;
    w->first = true;
    w->done = false;
    put(w, object ? "{" : "[", 1);
}

void ra_jsonw_object(struct ra_jsonw *w)
{
    begin(w, true);
}

void ra_jsonw_array(struct ra_jsonw *w)
{
    begin(w, false);
}

void ra_jsonw_end(struct ra_jsonw *w)
{
    assert(w->depth > 0 && !w->keyed && "an end without a beginning, or behind a key");
    const char *closer = in_object(w) ? "}" : "]";
    w->depth--;
    if (w->pretty && !w->first)
        new_line(w);
    put(w, closer, 1);
    w->first = false;
    w->done = w->depth == 0;
}

static void put_escape(struct ra_jsonw *w, unsigned char c)
{
    static const char named[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    const char *name = c ? strchr(named, c) : NULL;
    char text[8];
    int n = name ? snprintf(text, sizeof(text), "\\%c", name[1]) : snprintf(text, sizeof(text), "\\u%04x", c);
    put(w, text, (size_t)n);
}

/* The length of what can stand as it is, from s on. */
static size_t clean_run(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        unsigned char c = (unsigned char)s[i];
        uint32_t cp;
        size_t length = c < 0x80 ? (c >= ' ' && c != '"' && c != '\\') : ra_utf8_decode(s + i, n - i, &cp);
        if (length == 0 || c == 0x7f || (c > 0x7f && ra_is_harmful(cp)))
            break;
        i += length;
    }
    return i;
}

/* One character that cannot; returns its length. */
static size_t put_unclean(struct ra_jsonw *w, const char *s, size_t n)
{
    char text[16];
    uint32_t cp;
    size_t length = ra_utf8_decode(s, n, &cp);
    if ((unsigned char)*s < 0x7f)
        put_escape(w, (unsigned char)*s);
    else if (length == 0)
        put(w, "\xef\xbf\xbd", 3);
    else
        put(w, text, (size_t)snprintf(text, sizeof(text), "\\u%04x", cp));
    return length ? length : 1;
}

static void put_string(struct ra_jsonw *w, const char *s, size_t n)
{
    put(w, "\"", 1);
    while (n > 0) {
        size_t run = clean_run(s, n);
        put(w, s, run);
        if (run < n)
            run += put_unclean(w, s + run, n - run);
        s += run;
        n -= run;
    }
    put(w, "\"", 1);
}

void ra_jsonw_keyn(struct ra_jsonw *w, const char *key, size_t n)
{
    assert(in_object(w) && !w->keyed && "a key where none can stand");
    separate(w);
    put_string(w, key, n);
    put(w, w->pretty ? ": " : ":", w->pretty ? 2 : 1);
    w->keyed = true;
}

void ra_jsonw_key(struct ra_jsonw *w, const char *key)
{
    ra_jsonw_keyn(w, key, strlen(key));
}

/* Harmful characters of a JSON text, which can stand in its strings only, escaped. */
static void put_text(struct ra_jsonw *w, const char *json, size_t n)
{
    size_t from = 0, length;
    for (size_t i = 0; i < n; i += length ? length : 1) {
        uint32_t cp;
        length = (unsigned char)json[i] < 0x7f ? 1 : ra_utf8_decode(json + i, n - i, &cp);
        if ((unsigned char)json[i] < 0x7f || length == 0 || !ra_is_harmful(cp))
            continue;
        put(w, json + from, i - from);
        put_unclean(w, json + i, length);
        from = i + length;
    }
    put(w, json + from, n - from);
}

void ra_jsonw_raw(struct ra_jsonw *w, const char *json, size_t n)
{
    before_value(w);
    put_text(w, json, n);
}

void ra_jsonw_strn(struct ra_jsonw *w, const char *s, size_t n)
{
    before_value(w);
    put_string(w, s, n);
}

void ra_jsonw_str(struct ra_jsonw *w, const char *s)
{
    if (s)
        ra_jsonw_strn(w, s, strlen(s));
    else
        ra_jsonw_null(w);
}

void ra_jsonw_u64(struct ra_jsonw *w, uint64_t value)
{
    char text[24];
    ra_jsonw_raw(w, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

void ra_jsonw_i64(struct ra_jsonw *w, int64_t value)
{
    char text[24];
    ra_jsonw_raw(w, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, value));
}

void ra_jsonw_bool(struct ra_jsonw *w, bool value)
{
    ra_jsonw_raw(w, value ? "true" : "false", value ? 4 : 5);
}

void ra_jsonw_null(struct ra_jsonw *w)
{
    ra_jsonw_raw(w, "null", 4);
}
