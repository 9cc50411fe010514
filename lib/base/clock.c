#include "base/clock.h"

#include <ctype.h>

int64_t ra_time_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * RA_SECOND + t.tv_nsec;
}

double ra_time_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Days since 1970-01-01 of a Gregorian date, counting years from March so that the leap day comes last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned m = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

const char *ra_time_text(int64_t ns, bool fraction, char out[static RA_TIME_TEXT])
{
    if (ns == RA_TIME_NONE) {
        out[0] = '\0';
        return out;
    }
    int64_t seconds = ns / RA_SECOND, rest = ns % RA_SECOND;
    if (rest < 0) {
        rest += RA_SECOND;
        seconds--;
    }
    int64_t days = seconds / 86400, of_day = seconds % 86400, year;
    if (of_day < 0) {
        of_day += 86400;
        days--;
    }
    unsigned month, day;
    date_of(days, &year, &month, &day);
    int n = snprintf(out, RA_TIME_TEXT, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year, month, day,
                     (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
    if (fraction && rest) {
        n += snprintf(out + n, RA_TIME_TEXT - (size_t)n, ".%09d", (int)rest);
        while (out[n - 1] == '0')
            n--;
    }
    snprintf(out + n, RA_TIME_TEXT - (size_t)n, "Z");
    return out;
}

static bool digits(const char **p, const char *end, int count, unsigned *out)
{
    unsigned value = 0;
    for (int i = 0; i < count; i++, ++*p) {
        if (*p == end || !isdigit((unsigned char)**p))
            return false;
        value = value * 10 + (unsigned)(**p - '0');
    }
    *out = value;
    return true;
}

static bool literal(const char **p, const char *end, const char *any)
{
    if (*p == end || !strchr(any, **p))
        return false;
    ++*p;
    return true;
}

static bool parse_fraction(const char **p, const char *end, int64_t *ns)
{
    int64_t place = RA_SECOND / 10;
    *ns = 0;
    if (*p == end || **p != '.')
        return true;
    const char *start = ++*p;
    for (; *p < end && isdigit((unsigned char)**p); ++*p, place /= 10)
        *ns += place * (**p - '0');
    return *p > start;
}

static bool parse_offset(const char **p, const char *end, int64_t *seconds)
{
    *seconds = 0;
    if (literal(p, end, "Zz"))
        return true;
    if (*p == end || (**p != '+' && **p != '-'))
        return false;
    int sign = **p == '-' ? -1 : 1;
    unsigned hours, minutes;
    ++*p;
    if (!digits(p, end, 2, &hours) || !literal(p, end, ":") || !digits(p, end, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
    return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool ra_time_parse(const char *s, size_t n, int64_t *ns)
{
    const char *p = s, *end = s + n;
    unsigned year, month, day, hour, minute, second;
    int64_t fraction, offset;
    if (!digits(&p, end, 4, &year) || !literal(&p, end, "-") || !digits(&p, end, 2, &month) ||
        !literal(&p, end, "-") || !digits(&p, end, 2, &day) || !literal(&p, end, "Tt ") ||
        !digits(&p, end, 2, &hour) || !literal(&p, end, ":") || !digits(&p, end, 2, &minute) ||
        !literal(&p, end, ":") || !digits(&p, end, 2, &second) || !parse_fraction(&p, end, &fraction) ||
        !parse_offset(&p, end, &offset) || p != end)
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    int64_t value;
    if (__builtin_mul_overflow(seconds, RA_SECOND, &value) || __builtin_add_overflow(value, fraction, &value))
        return false;
    *ns = value;
    return true;
}

const char *ra_time_ago(int64_t then, int64_t now, char out[static RA_TIME_TEXT])
{
    static const struct {
        int64_t below, unit;
        const char *name;
    } steps[] = {{RA_HOUR, RA_MINUTE, "minute"},       {2 * RA_DAY, RA_HOUR, "hour"},
                 {14 * RA_DAY, RA_DAY, "day"},         {60 * RA_DAY, 7 * RA_DAY, "week"},
                 {730 * RA_DAY, 30 * RA_DAY, "month"}, {INT64_MAX, 365 * RA_DAY, "year"}};
    if (then == RA_TIME_NONE)
        return snprintf(out, RA_TIME_TEXT, "-"), out;
    if (then > now + RA_MINUTE)
        return snprintf(out, RA_TIME_TEXT, "in the future"), out;
    int64_t passed = now - then;
    if (passed < RA_MINUTE)
        return snprintf(out, RA_TIME_TEXT, "just now"), out;
    size_t i = 0;
    while (passed >= steps[i].below)
        i++;
    long count = (long)(passed / steps[i].unit);
    snprintf(out, RA_TIME_TEXT, "%ld %s%s ago", count, steps[i].name, count == 1 ? "" : "s");
    return out;
}

const char *ra_duration_text(double seconds, char out[static RA_TIME_TEXT])
{
    long s = seconds < 0 || seconds > 1e9 ? 0 : (long)(seconds + 0.5);
    if (s < 60)
        snprintf(out, RA_TIME_TEXT, "%ld s", s);
    else if (s < 3600)
        snprintf(out, RA_TIME_TEXT, "%ld m %ld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, RA_TIME_TEXT, "%ld h %ld m", s / 3600, s / 60 % 60);
    else
        snprintf(out, RA_TIME_TEXT, "%ld d %ld h", s / 86400, s / 3600 % 24);
    return out;
}
