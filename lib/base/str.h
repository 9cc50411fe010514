/*
 * Small questions about strings, and making foreign text safe to show.
 */
#ifndef RA_BASE_STR_H
#define RA_BASE_STR_H

#include "base/buf.h"

static inline bool ra_streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}
bool ra_starts_with(const char *s, const char *prefix);
bool ra_ends_with(const char *s, const char *suffix);
/* Whether a path, whose components '/' parts, is `folder` or lies below it. `folder` has no '/' at its end. */
bool ra_is_at_or_below(const char *path, const char *folder);

/* Whether text matches the pattern: `*` any run without '/', `**` any run, `?` one character but '/',
 * everything else itself. Linear in the product of the lengths; no recursion. */
bool ra_glob(const char *pattern, const char *text);
/* Whether s has a character that ra_glob treats specially. */
bool ra_has_glob(const char *s);

/* Steps of inserting, deleting, replacing or swapping neighbours from a to b; strings over 63 bytes are far
 * apart. */
unsigned ra_edit_distance(const char *a, const char *b);

/* Orders version-like strings: runs of digits as numbers, a leading 'v' ignored, a semver pre-release
 * ("-rc.1") before its release; what has no digit at all comes before what has, by bytes. Negative, 0,
 * positive. */
int ra_version_cmp(const char *a, const char *b);

/* Whether a terminal may take the character for a command: control characters, DEL, C1 controls, bidirectional
 * overrides. */
bool ra_is_harmful(uint32_t cp);

/* Appends text so that it can do a terminal no harm: control characters, DEL, C1 controls, bidirectional
 * overrides and bytes that are not UTF-8 become \n \t \xNN or \u{NNNN}; the rest stays as it is. */
void ra_text_safe(struct ra_buf *out, const char *s, size_t n);

/* Decodes one UTF-8 sequence at s[0..n): its length, and *cp; 0 when it is not well formed (overlong,
 * surrogate, over U+10FFFF, cut). */
size_t ra_utf8_decode(const char *s, size_t n, uint32_t *cp);

/* Whether the user's locale (LC_CTYPE) is one of UTF-8, so that a terminal shows more than ASCII. */
bool ra_locale_is_utf8(void);

/* Columns that a UTF-8 text takes on a terminal. */
size_t ra_text_width(const char *s);

/* The value of NAME in a list of NAME=value that ends with NULL, or NULL; an empty value counts as none. */
const char *ra_env_get(const char *const *env, const char *name);

/* A list of strings that are lent. Starts zeroed. */
struct ra_strlist {
    const char **at;
    size_t n, cap;
};
void ra_strlist_add(struct ra_strlist *l, const char *s);
void ra_strlist_release(struct ra_strlist *l);

#endif
