#include "format/json.h"
#include "base/str.h"

#define REPLACEMENT 0xfffd

static unsigned hex4(const char *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static bool is_surrogate(uint32_t cp)
{
    return cp >= 0xd800 && cp <= 0xdfff;
}

/* An escape of four digits, or two of them that are a surrogate pair. */
static size_t decode_u(const char *p, size_t n, uint32_t *cp)
{
    *cp = hex4(p + 2);
    if (!is_surrogate(*cp))
        return 6;
    uint32_t high = *cp, low = n >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : 0;
    *cp = REPLACEMENT;
    if (high >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
        return 6;
    *cp = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* The character at p[0..n), n > 0, of a string that the scanner has accepted; returns how many bytes it
 * takes. */
static size_t decode_one(const char *p, size_t n, uint32_t *cp)
{
    if (*p != '\\') {
        size_t used = ra_utf8_decode(p, n, cp);
        if (used)
            return used;
        *cp = REPLACEMENT;
        return 1;
    }
    if (p[1] == 'u')
        return decode_u(p, n, cp);
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    const char *escape = strchr(escapes, p[1]);
    *cp = (unsigned char)(escape ? escape[1] : p[1]);
    return 2;
}

static size_t encode(uint32_t cp, char out[static 4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3f));
    out[0] = (char)(heads[n] | cp);
    return n;
}

/* `nul` is what a NUL becomes. */
static size_t decode(const struct ra_json_str *s, uint32_t nul, char *out, size_t cap)
{
    size_t total = 0, kept = 0;
    bool room = cap > 0;
    for (size_t i = 0; i < s->n;) {
        uint32_t cp;
        char bytes[4];
        i += decode_one(s->at + i, s->n - i, &cp);
        size_t n = encode(cp ? cp : nul, bytes);
        room = room && total + n < cap;
        if (room) {
            memcpy(out + total, bytes, n);
            kept = total + n;
        }
        total += n;
    }
    if (cap > 0)
        out[kept] = '\0';
    return total;
}

size_t ra_json_decode(const struct ra_json_str *s, char *out, size_t cap)
{
    if (!s->plain || s->n >= cap)
        return decode(s, 0, out, cap);
    memcpy(out, s->at, s->n);
    out[s->n] = '\0';
    return s->n;
}

char *ra_json_str_dup(const struct ra_json_str *s, size_t *n)
{
    size_t cap = (s->plain ? s->n : 3 * s->n) + 1;
    char *copy = ra_malloc(cap);
    size_t length = ra_json_decode(s, copy, cap);
    if (n)
        *n = length;
    return copy;
}

const char *ra_json_text(const struct ra_json_str *s, struct ra_arena *a)
{
    if (s->plain)
        return ra_arena_strndup(a, s->at, s->n);
    size_t cap = decode(s, REPLACEMENT, NULL, 0) + 1;
    char *copy = ra_arena_alloc(a, cap);
    decode(s, REPLACEMENT, copy, cap);
    return copy;
}

bool ra_json_str_is(const struct ra_json_str *s, const char *text)
{
    size_t n = strlen(text);
    if (s->plain)
        return s->n == n && memcmp(s->at, text, n) == 0;
    for (size_t i = 0; i < s->n;) {
        uint32_t cp;
        char bytes[4];
        i += decode_one(s->at + i, s->n - i, &cp);
        size_t length = encode(cp, bytes);
        if (length > n || memcmp(bytes, text, length) != 0)
            return false;
        text += length;
        n -= length;
    }
    return n == 0;
}

/* --- member names ------------------------------------------------------------------------------------------- */

static uint32_t fold(uint32_t cp)
{
    if (cp >= 'A' && cp <= 'Z')
        return cp | 0x20;
    return cp == 0x17f ? 's' : cp == 0x212a ? 'k' : cp;
}

static bool plain_matches(const struct ra_json_str *key, const struct ra_json_name *name)
{
    for (size_t i = 0; i < name->n; i++)
        if (fold((unsigned char)key->at[i]) != fold((unsigned char)name->text[i]))
            return false;
    return true;
}

static bool odd_matches(const struct ra_json_str *key, const struct ra_json_name *name)
{
    size_t k = 0;
    for (size_t i = 0; i < key->n; k++) {
        uint32_t cp;
        i += decode_one(key->at + i, key->n - i, &cp);
        if (k == name->n || fold(cp) != fold((unsigned char)name->text[k]))
            return false;
    }
    return k == name->n;
}

static int find_odd(const struct ra_json_str *key, const struct ra_json_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ra_json_str_is(key, names[i].text))
            return (int)i;
    for (size_t i = 0; i < count; i++)
        if (odd_matches(key, &names[i]))
            return (int)i;
    return -1;
}

int ra_json_key(const struct ra_json_str *key, const struct ra_json_name *names, size_t count)
{
    if (!key->plain)
        return find_odd(key, names, count);
    int folded = -1;
    for (size_t i = 0; i < count; i++) {
        if (key->n != names[i].n)
            continue;
        if (memcmp(key->at, names[i].text, key->n) == 0)
            return (int)i;
        if (folded < 0 && plain_matches(key, &names[i]))
            folded = (int)i;
    }
    return folded;
}

/* --- copying ------------------------------------------------------------------------------------------------ */

static bool copy_string(struct ra_json *j, struct ra_jsonw *w)
{
    struct ra_json_str s;
    if (!ra_json_string(j, &s))
        return false;
    size_t n;
    ra_auto_free char *text = ra_json_str_dup(&s, &n);
    ra_jsonw_strn(w, text, n);
    return true;
}

static bool copy_word(struct ra_json *j, struct ra_jsonw *w)
{
    const char *at;
    size_t n;
    if (!ra_json_span(j, &at, &n))
        return false;
    ra_jsonw_raw(w, at, n);
    return true;
}

/* A scalar as a whole, of a container only the beginning; nothing when that fails. `objects` remembers which
 * sort, by level. */
static bool copy_some(struct ra_json *j, struct ra_jsonw *w, unsigned *depth, bool objects[RA_JSON_DEPTH])
{
    enum ra_json_type type = ra_json_peek(j);
    if (type == RA_JSON_STRING)
        return copy_string(j, w);
    if (type != RA_JSON_OBJECT && type != RA_JSON_ARRAY)
        return copy_word(j, w);
    bool object = type == RA_JSON_OBJECT;
    if (!(object ? ra_json_open_object(j) : ra_json_open_array(j)))
        return false;
    object ? ra_jsonw_object(w) : ra_jsonw_array(w);
    objects[(*depth)++] = object;
    return true;
}

/* A key may have been written already: something must follow it. */
static bool copy_or_null(struct ra_json *j, struct ra_jsonw *w, unsigned *depth, bool objects[RA_JSON_DEPTH])
{
    if (copy_some(j, w, depth, objects))
        return true;
    ra_jsonw_null(w);
    return false;
}

static bool copy_key(struct ra_json *j, struct ra_jsonw *w)
{
    struct ra_json_str key;
    if (!ra_json_next_member(j, &key))
        return false;
    size_t n;
    ra_auto_free char *text = ra_json_str_dup(&key, &n);
    ra_jsonw_keyn(w, text, n);
    return true;
}

bool ra_json_copy(struct ra_json *j, struct ra_jsonw *w)
{
    bool objects[RA_JSON_DEPTH];
    unsigned depth = 0;
    bool ok = copy_or_null(j, w, &depth, objects);
    while (depth > 0) {
        bool more = ok && (objects[depth - 1] ? copy_key(j, w) : ra_json_next_element(j));
        if (more) {
            ok = copy_or_null(j, w, &depth, objects);
            continue;
        }
        ok = ok && j->code == RA_OK;
        ra_jsonw_end(w);
        depth--;
    }
    return ok;
}
