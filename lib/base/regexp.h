/*
 * Extended regular expressions, as --regex takes them: found anywhere in a text.
 */
#ifndef RA_BASE_REGEXP_H
#define RA_BASE_REGEXP_H

#include "base/err.h"

#include <regex.h>

struct ra_regex { /* starts zeroed */
    bool given;
    regex_t compiled;
};

/* `text` NULL: none was given, and everything matches. USAGE when it is empty, or no regular expression. */
int ra_regex_compile(struct ra_regex *r, const char *text, struct ra_err *err);
bool ra_regex_matches(const struct ra_regex *r, const char *text);
void ra_regex_release(struct ra_regex *r);

#endif
