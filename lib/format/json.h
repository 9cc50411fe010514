/*
 * Reading JSON (RFC 8259) where it lies: a pull scanner over bytes in memory that allocates nothing and never
 * recurses. It reads as Go's encoding/json does, because that is what the registry and every client read
 * with: member names of structs match by ra_json_key's fold, invalid UTF-8 inside strings is tolerated, a
 * byte order mark, control characters in strings and trailing bytes are errors.
 *
 * The caller walks down the document. Every value must be consumed by exactly one call - a getter, an _open_
 * or ra_json_skip; getters of a type that is not there skip the value, so code for the expected shape is all
 * one writes:
 *
 *     ra_json_init(&j, bytes, n);
 *     if (ra_json_open_object(&j))
 *         while (ra_json_next_member(&j, &key))
 *             if (ra_json_key(&key, &size_name)) ra_json_int(&j, &size); else ra_json_skip(&j);
 *     return ra_json_finish(&j, err);
 *
 * Errors stick: after the first syntax error every call says false, and ra_json_finish tells what and where.
 * Until it returned 0 the document may still turn out to be no JSON. Threads: a scanner belongs to one
 * thread; the bytes are only read and must outlive it and all strings it gave.
 */
#ifndef RA_FORMAT_JSON_H
#define RA_FORMAT_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/jsonw.h"

/* Containers within containers; deeper is RA_TOOBIG. (Go stops at 10,000.) */
#define RA_JSON_DEPTH 512

enum ra_json_type {
    RA_JSON_NONE, /* no value here: a syntax error, or the end */
    RA_JSON_NULL,
    RA_JSON_BOOL,
    RA_JSON_NUMBER,
    RA_JSON_STRING,
    RA_JSON_ARRAY,
    RA_JSON_OBJECT,
};

struct ra_json { /* private */
    const unsigned char *at, *end, *start;
    unsigned depth;
    bool first;    /* nothing was read yet in the innermost container */
    bool mismatch; /* see ra_json_mismatch */
    enum ra_code code;
    const char *reason;
    uint64_t objects[RA_JSON_DEPTH / 64]; /* a bit a level: object or array */
};

/* A string as it stands between its quotes, lent from the document. */
struct ra_json_str {
    const char *at;
    size_t n;
    bool plain; /* ASCII without escapes: at[0..n) is the string itself */
};

void ra_json_init(struct ra_json *j, const void *bytes, size_t n);

/* The type of the value that comes next; consumes nothing. */
enum ra_json_type ra_json_peek(struct ra_json *j);

/* Enters the object (array) that comes next. False, and the value is consumed, when it is something else. */
bool ra_json_open_object(struct ra_json *j);
bool ra_json_open_array(struct ra_json *j);
/* The next member's name; its value comes next. False: the object is over (and consumed), or an error. */
bool ra_json_next_member(struct ra_json *j, struct ra_json_str *key);
/* Whether another element comes next. False: the array is over (and consumed), or an error. */
bool ra_json_next_element(struct ra_json *j);

/* Each consumes the next value. False and *out untouched when it has another type; ra_json_int also when it
 * is no integer literal (2.0 and 1e3 are none, as in Go) or does not fit. */
bool ra_json_string(struct ra_json *j, struct ra_json_str *out);
bool ra_json_int(struct ra_json *j, int64_t *out);
bool ra_json_bool(struct ra_json *j, bool *out);
/* Any value, however deep. False on a syntax error. */
bool ra_json_skip(struct ra_json *j);
/* Any value, and the bytes it occupies (without white space around it). */
bool ra_json_span(struct ra_json *j, const char **at, size_t *n);
/* The next string from here on, name or value, at whatever level; the structure is not looked at. False at
 * the end. For another look at a document that a scanner has accepted; ra_json_finish says nothing about it. */
bool ra_json_next_string(struct ra_json *j, struct ra_json_str *out);
/* Any value, written on through w: numbers as they stand, strings made valid UTF-8. What was written when an
 * error comes up is closed properly. False on a syntax error. */
bool ra_json_copy(struct ra_json *j, struct ra_jsonw *w);

/* Whether a getter or _open_ met a value of another type than it asked for, null not counted: what makes Go's
 * decoder refuse a document that is well-formed JSON. */
static inline bool ra_json_mismatch(const struct ra_json *j)
{
    return j->mismatch;
}

/* To be called when the top value is consumed: only white space may follow. 0; CORRUPT "not JSON: ... at byte
 * N"; TOOBIG when nested too deeply. */
int ra_json_finish(struct ra_json *j, struct ra_err *err);

/* --- strings ------------------------------------------------------------------------------------------------ */

/* Decodes into out[0..cap), always NUL-terminated when cap > 0, and returns the length of the whole, like
 * snprintf. Bytes that are not UTF-8 and lone surrogates become U+FFFD, one each; NULs (\u0000) are kept. The
 * decoded length is at most 3 * s->n. Cut between characters. */
size_t ra_json_decode(const struct ra_json_str *s, char *out, size_t cap);
/* A malloc'd copy. *n, which may be NULL, gets its length. */
char *ra_json_str_dup(const struct ra_json_str *s, size_t *n);
/* A copy in an arena that is safe as a C string: NULs become U+FFFD as well. */
const char *ra_json_text(const struct ra_json_str *s, struct ra_arena *a);
/* Whether the decoded string is exactly `text` (UTF-8). */
bool ra_json_str_is(const struct ra_json_str *s, const char *text);

/* A member name to look for. Declare tables of them:
 *     static const struct ra_json_name names[] = {RA_JSON_NAME("size"), ...};
 */
struct ra_json_name {
    const char *text; /* ASCII */
    size_t n;
};
#define RA_JSON_NAME(literal)        \
    {                                \
        literal, sizeof(literal) - 1 \
    }

/* The index of the name that the key matches, or -1. An exact match is preferred; else Go's fold decides:
 * ASCII letters without case, U+017F as 's', U+212A as 'k'. */
int ra_json_key(const struct ra_json_str *key, const struct ra_json_name *names, size_t count);

#endif
