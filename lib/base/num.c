#include "base/num.h"

#include "base/str.h"

#include <ctype.h>

bool ra_parse_u64(const char *s, uint64_t *out)
{
    uint64_t value = 0;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (!isdigit((unsigned char)*s) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

/* digits with an optional fraction; *end behind them. Not strtod: that takes "inf", "0x1p3" and the locale's
 * comma. */
static bool parse_decimal(const char *s, double *out, const char **end)
{
    double value = 0, place = 1;
    const char *p = s;
    for (; isdigit((unsigned char)*p); p++)
        value = value * 10 + (*p - '0');
    if (p == s)
        return false;
    if (*p == '.' && isdigit((unsigned char)p[1]))
        for (p++; isdigit((unsigned char)*p); p++)
            value += (*p - '0') * (place /= 10);
    *out = value;
    *end = p;
    return true;
}

static bool size_unit(const char *s, double *factor)
{
    static const char letters[] = "kMGTPE";
    *factor = 1;
    if (*s) {
        char c = *s == 'K' ? 'k' : *s;
        c = c == 'm' ? 'M' : c == 'g' ? 'G' : c == 't' ? 'T' : c == 'p' ? 'P' : c;
        const char *letter = strchr(letters, c);
        if (letter && c) {
            bool binary = s[1] == 'i';
            for (const char *l = letters; l <= letter; l++)
                *factor *= binary ? 1024 : 1000;
            s += binary ? 2 : 1;
        }
    }
    return !*s || ra_streq(s, "B") || ra_streq(s, "b");
}

int ra_parse_size(const char *s, uint64_t *bytes, struct ra_err *err)
{
    double number, factor;
    const char *end;
    if (!parse_decimal(s, &number, &end) || !size_unit(end, &factor))
        return ra_fail(err, RA_INVALID, "'%s' is not a size: write a number and a unit, like 500M or 1.5GiB",
                       s);
    if (number * factor >= 1.8e19)
        return ra_fail(err, RA_INVALID, "the size '%s' is too large", s);
    if (!ra_parse_u64(s, bytes))
        *bytes = (uint64_t)(number * factor);
    return 0;
}

static double age_unit(char c)
{
    switch (c) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 7 * 86400;
    default:
        return 0;
    }
}

int ra_parse_age(const char *s, int64_t *ns, struct ra_err *err)
{
    double seconds = 0;
    const char *p = s;
    if (ra_streq(s, "0")) {
        *ns = 0;
        return 0;
    }
    do {
        double number;
        const char *end;
        if (!parse_decimal(p, &number, &end) || age_unit(*end) == 0)
            return ra_fail(err, RA_INVALID,
                           "'%s' is no length of time: write a number and a unit, like 90m, 48h or 7d", s);
        seconds += number * age_unit(*end);
        p = end + 1;
    } while (*p);
    if (seconds > 9e9)
        return ra_fail(err, RA_INVALID, "the time '%s' is too long", s);
    *ns = (int64_t)(seconds * 1e9);
    return 0;
}

const char *ra_age_text(int64_t ns, char out[static RA_AGE_TEXT])
{
    static const char units[] = "wdhm";
    int64_t seconds = ns / 1000000000;
    const char *unit = seconds ? units : "";
    while (*unit && seconds % (int64_t)age_unit(*unit) != 0)
        unit++;
    snprintf(out, RA_AGE_TEXT, "%lld%c", (long long)(seconds / (*unit ? (int64_t)age_unit(*unit) : 1)),
             *unit ? *unit : 's');
    return out;
}

int ra_parse_percent(const char *s, double *fraction, struct ra_err *err)
{
    double number;
    const char *end;
    if (!parse_decimal(s, &number, &end) || !ra_streq(end, "%") || number > 100)
        return ra_fail(err, RA_INVALID, "'%s' is not a percentage: write something like 5%%", s);
    if (number <= 0)
        return ra_fail(err, RA_INVALID, "'%s' would be nothing at all: write something like 5%%", s);
    *fraction = number / 100;
    return 0;
}

const char *ra_size_text(uint64_t bytes, char out[static RA_SIZE_TEXT])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < RA_COUNT(units)) {
        value /= 1000;
        unit++;
    }
    snprintf(out, RA_SIZE_TEXT, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

const char *ra_count_text(uint64_t n, char out[static RA_COUNT_TEXT])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
    char *to = out;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

const char *ra_count_of(uint64_t n, const char *one, char out[static RA_COUNT_OF_TEXT])
{
    char count[RA_COUNT_TEXT];
    snprintf(out, RA_COUNT_OF_TEXT, "%s %.24s%s", ra_count_text(n, count), one, n == 1 ? "" : "s");
    return out;
}
