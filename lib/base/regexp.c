#include "base/regexp.h"

int ra_regex_compile(struct ra_regex *r, const char *text, struct ra_err *err)
{
    char why[128];
    if (text && !*text)
        return ra_fail(err, RA_USAGE, "an empty regular expression would match everything");
    int code = text ? regcomp(&r->compiled, text, REG_EXTENDED | REG_NOSUB) : 0;
    r->given = text && code == 0;
    if (code == 0)
        return 0;
    regerror(code, &r->compiled, why, sizeof(why));
    return ra_fail(err, RA_USAGE, "'%s' is no regular expression: %s", text, why);
}

bool ra_regex_matches(const struct ra_regex *r, const char *text)
{
    return !r->given || regexec(&r->compiled, text, 0, NULL, 0) == 0;
}

void ra_regex_release(struct ra_regex *r)
{
    if (r->given)
        regfree(&r->compiled);
    r->given = false;
}
