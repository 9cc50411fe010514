/*
 * Times as nanoseconds since 1970 UTC, and RFC 3339 text. No time zone database, no locale.
 */
#ifndef RA_BASE_CLOCK_H
#define RA_BASE_CLOCK_H

#include "base/prelude.h"

#define RA_SECOND ((int64_t)1000000000)
#define RA_MINUTE (60 * RA_SECOND)
#define RA_HOUR   (60 * RA_MINUTE)
#define RA_DAY    (24 * RA_HOUR)
/* A time that is not known. */
#define RA_TIME_NONE INT64_MIN

/* Now, by the system's clock. */
int64_t ra_time_now(void);
/* Seconds that pass, for measuring; never jumps. */
double ra_time_monotonic(void);

#define RA_TIME_TEXT 40
/* "2026-11-21T08:36:32Z", with a fraction of up to nine digits when there is one and `fraction` asks for it;
 * "" for RA_TIME_NONE. */
const char *ra_time_text(int64_t ns, bool fraction, char out[static RA_TIME_TEXT]);
/* The whole of s[0..n) as RFC 3339 with 'T' (or 't', or a space) and 'Z' or an offset; false when it is not,
 * or lies outside 1678..2262. */
bool ra_time_parse(const char *s, size_t n, int64_t *ns);

/* "just now", "5 minutes ago", "3 hours ago", "2 days ago", "7 weeks ago", "11 months ago", "4 years ago",
 * "in the future"; "-" for RA_TIME_NONE. */
const char *ra_time_ago(int64_t then, int64_t now, char out[static RA_TIME_TEXT]);
/* "45 s", "3 m 20 s", "5 h 10 m", "2 d 3 h": for ETAs and limits. */
const char *ra_duration_text(double seconds, char out[static RA_TIME_TEXT]);

#endif
