#include "format/json.h"
#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ONES  0x0101010101010101U
#define HIGHS (0x80 * ONES)

static bool fail(struct ra_json *j, enum ra_code code, const char *reason)
{
    if (j->code != RA_OK)
        return false;
    j->code = code;
    j->reason = reason;
    j->end = j->at; /* nothing can be read any more */
    return false;
}

static bool unexpected(struct ra_json *j)
{
    return fail(j, RA_CORRUPT, j->at == j->end ? "the text ends too early" : "unexpected byte");
}

void ra_json_init(struct ra_json *j, const void *bytes, size_t n)
{
    j->at = j->start = bytes ? bytes : (const void *)"";
    j->end = j->start + n;
    j->depth = 0;
    j->first = j->mismatch = false;
    j->code = RA_OK;
    j->reason = NULL;
}

/* The next byte that is no white space, not consumed; 0 at the end (and for a NUL, which nothing accepts). */
static inline unsigned char look(struct ra_json *j)
{
    const unsigned char *p = j->at;
    while (p < j->end && *p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    j->at = p;
    return p < j->end ? *p : 0;
}

enum ra_json_type ra_json_peek(struct ra_json *j)
{
    static const uint8_t types[256] = {
        ['n'] = RA_JSON_NULL,   ['t'] = RA_JSON_BOOL,   ['f'] = RA_JSON_BOOL,   ['-'] = RA_JSON_NUMBER,
        ['0'] = RA_JSON_NUMBER, ['1'] = RA_JSON_NUMBER, ['2'] = RA_JSON_NUMBER, ['3'] = RA_JSON_NUMBER,
        ['4'] = RA_JSON_NUMBER, ['5'] = RA_JSON_NUMBER, ['6'] = RA_JSON_NUMBER, ['7'] = RA_JSON_NUMBER,
        ['8'] = RA_JSON_NUMBER, ['9'] = RA_JSON_NUMBER, ['"'] = RA_JSON_STRING, ['['] = RA_JSON_ARRAY,
        ['{'] = RA_JSON_OBJECT,
    };
    enum ra_json_type type = types[look(j)];
    if (type == RA_JSON_NONE)
        unexpected(j);
    return type;
}

/* --- scalars ------------------------------------------------------------------------------------------------ */

#ifdef __SSE2__
/* Sixteen bytes at a time; *p ends at a stop, or less than sixteen bytes before the end. True: at a stop. */
static inline bool run_wide(const unsigned char **p, const unsigned char *end, bool *plain)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    unsigned high = 0;
    for (; end - *p >= 16; *p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)*p);
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned stops = (unsigned)_mm_movemask_epi8(stop), highs = (unsigned)_mm_movemask_epi8(v);
        if (stops) {
            high |= highs & ((stops & -stops) - 1);
            *plain &= high == 0;
            *p += __builtin_ctz(stops);
            return true;
        }
        high |= highs;
    }
    *plain &= high == 0;
    return false;
}
#else
/* Eight bytes at a time. In each byte of the three tests the high bit tells; exact up to and including the lowest
 * that is set, which is all that is asked for. */
static inline bool run_wide(const unsigned char **p, const unsigned char *end, bool *plain)
{
    uint64_t high = 0;
    for (; end - *p >= 8; *p += 8) {
        uint64_t w;
        memcpy(&w, *p, sizeof(w));
        w = le64toh(w);
        uint64_t quote = w ^ '"' * ONES, backslash = w ^ '\\' * ONES;
        uint64_t stops =
            (((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | ((w - ' ' * ONES) & ~w)) & HIGHS;
        if (stops) {
            high |= w & ((stops & -stops) - 1);
            *plain &= (high & HIGHS) == 0;
            *p += __builtin_ctzll(stops) / 8;
            return true;
        }
        high |= w;
    }
    *plain &= (high & HIGHS) == 0;
    return false;
}
#endif

/* Moves on to the next quote, backslash or control character; *plain becomes false when a byte outside ASCII was
 * passed. */
static inline const unsigned char *string_run(const unsigned char *p, const unsigned char *end, bool *plain)
{
    if (run_wide(&p, end, plain))
        return p;
    for (; p < end && *p >= ' ' && *p != '"' && *p != '\\'; p++)
        *plain &= *p < 0x80;
    return p;
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* The length of the escape at p, or 0. */
static size_t escape_length(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 2)
        return 0;
    if (p[1] != 'u')
        return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
    return end - p >= 6 && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]) ? 6 : 0;
}

/* j->at is behind the opening quote. */
static bool scan_string(struct ra_json *j, struct ra_json_str *out)
{
    const unsigned char *begin = j->at;
    bool plain = true;
    for (;;) {
        j->at = string_run(j->at, j->end, &plain);
        if (j->at == j->end || *j->at < ' ')
            return unexpected(j);
        if (*j->at == '"')
            break;
        size_t n = escape_length(j->at, j->end);
        if (n == 0)
            return fail(j, RA_CORRUPT, "bad escape in a string");
        plain = false;
        j->at += n;
    }
    *out = (struct ra_json_str){(const char *)begin, (size_t)(j->at - begin), plain};
    j->at++;
    return true;
}

static const unsigned char *digits(const unsigned char *p, const unsigned char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Moves over one or more digits. */
static bool scan_digits(struct ra_json *j)
{
    const unsigned char *p = digits(j->at, j->end);
    if (p == j->at)
        return unexpected(j);
    j->at = p;
    return true;
}

static bool accept(struct ra_json *j, char one, char other)
{
    bool there = j->at < j->end && (*j->at == one || *j->at == other);
    j->at += there;
    return there;
}

/* *integer: without fraction and exponent. */
static bool scan_number(struct ra_json *j, bool *integer)
{
    *integer = true;
    accept(j, '-', '-');
    if (!accept(j, '0', '0') && !scan_digits(j))
        return false;
    if (accept(j, '.', '.')) {
        *integer = false;
        if (!scan_digits(j))
            return false;
    }
    if (!accept(j, 'e', 'E'))
        return true;
    *integer = false;
    accept(j, '+', '-');
    return scan_digits(j);
}

static bool scan_literal(struct ra_json *j, const char *text, size_t n)
{
    if ((size_t)(j->end - j->at) < n || memcmp(j->at, text, n) != 0)
        return unexpected(j);
    j->at += n;
    return true;
}

static bool scan_word(struct ra_json *j)
{
    switch (*j->at) {
    case 'n':
        return scan_literal(j, "null", 4);
    case 't':
        return scan_literal(j, "true", 4);
    default:
        return scan_literal(j, "false", 5);
    }
}

/* --- containers --------------------------------------------------------------------------------------------- */

static bool enter(struct ra_json *j, bool object)
{
    if (j->depth == RA_JSON_DEPTH)
        return fail(j, RA_TOOBIG, "nested too deeply");
    uint64_t bit = UINT64_C(1) << j->depth % 64, *word = &j->objects[j->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    j->depth++;
    j->at++;
    j->first = true;
    return true;
}

static bool in_object(const struct ra_json *j)
{
    unsigned level = j->depth - 1;
    return j->objects[level / 64] >> level % 64 & 1;
}

/* Whether another item comes in the innermost container, which ends with `closer`. */
static bool next_item(struct ra_json *j, char closer)
{
    unsigned char c = look(j);
    if (c == closer) {
        j->at++;
        j->depth--;
        j->first = false;
        return false;
    }
    if (j->first) {
        j->first = false;
        return j->code == RA_OK;
    }
    if (c != ',')
        return unexpected(j);
    j->at++;
    return true;
}

bool ra_json_next_element(struct ra_json *j)
{
    return next_item(j, ']');
}

bool ra_json_next_member(struct ra_json *j, struct ra_json_str *key)
{
    if (!next_item(j, '}'))
        return false;
    if (look(j) != '"')
        return unexpected(j);
    j->at++;
    if (!scan_string(j, key))
        return false;
    if (look(j) != ':')
        return unexpected(j);
    j->at++;
    return true;
}

/* A scalar as a whole, of a container only the bracket. */
static bool skip_some(struct ra_json *j)
{
    struct ra_json_str s;
    bool integer;
    switch (ra_json_peek(j)) {
    case RA_JSON_OBJECT:
        return enter(j, true);
    case RA_JSON_ARRAY:
        return enter(j, false);
    case RA_JSON_STRING:
        j->at++;
        return scan_string(j, &s);
    case RA_JSON_NUMBER:
        return scan_number(j, &integer);
    case RA_JSON_NULL:
    case RA_JSON_BOOL:
        return scan_word(j);
    default:
        return false;
    }
}

bool ra_json_skip(struct ra_json *j)
{
    unsigned outer = j->depth;
    struct ra_json_str key;
    bool ok = skip_some(j);
    while (ok && j->depth > outer) {
        bool more = in_object(j) ? ra_json_next_member(j, &key) : ra_json_next_element(j);
        ok = more ? skip_some(j) : j->code == RA_OK;
    }
    return ok;
}

bool ra_json_span(struct ra_json *j, const char **at, size_t *n)
{
    look(j);
    const unsigned char *begin = j->at;
    if (!ra_json_skip(j))
        return false;
    *at = (const char *)begin;
    *n = (size_t)(j->at - begin);
    return true;
}

/* Whether a value of this type comes next; another one is consumed. */
static bool expect(struct ra_json *j, enum ra_json_type type)
{
    enum ra_json_type found = ra_json_peek(j);
    if (found == type)
        return true;
    j->mismatch |= found != RA_JSON_NULL && found != RA_JSON_NONE;
    ra_json_skip(j);
    return false;
}

bool ra_json_open_object(struct ra_json *j)
{
    return expect(j, RA_JSON_OBJECT) && enter(j, true);
}

bool ra_json_open_array(struct ra_json *j)
{
    return expect(j, RA_JSON_ARRAY) && enter(j, false);
}

bool ra_json_string(struct ra_json *j, struct ra_json_str *out)
{
    if (!expect(j, RA_JSON_STRING))
        return false;
    j->at++;
    return scan_string(j, out);
}

bool ra_json_next_string(struct ra_json *j, struct ra_json_str *out)
{
    const unsigned char *quote = j->at < j->end ? memchr(j->at, '"', (size_t)(j->end - j->at)) : NULL;
    if (!quote)
        return false;
    j->at = quote + 1;
    return scan_string(j, out);
}

/* An integer literal that the grammar has accepted. */
static bool to_int(const unsigned char *p, const unsigned char *end, int64_t *out)
{
    bool negative = *p == '-';
    int64_t value = 0;
    for (p += negative; p < end; p++) {
        int digit = *p - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* downwards: INT64_MIN has no positive twin */
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

bool ra_json_int(struct ra_json *j, int64_t *out)
{
    if (!expect(j, RA_JSON_NUMBER))
        return false;
    const unsigned char *begin = j->at;
    bool integer;
    if (!scan_number(j, &integer))
        return false;
    if (integer && to_int(begin, j->at, out))
        return true;
    j->mismatch = true;
    return false;
}

bool ra_json_bool(struct ra_json *j, bool *out)
{
    if (!expect(j, RA_JSON_BOOL))
        return false;
    bool value = *j->at == 't';
    if (!scan_word(j))
        return false;
    *out = value;
    return true;
}

int ra_json_finish(struct ra_json *j, struct ra_err *err)
{
    look(j);
    if (j->code == RA_OK && j->at != j->end)
        fail(j, RA_CORRUPT, "something follows the value");
    if (j->code == RA_OK)
        return 0;
    return ra_fail(err, j->code, "not JSON: %s at byte %zu", j->reason, (size_t)(j->at - j->start));
}
