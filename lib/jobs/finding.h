/*
 * What a job finds wrong: collected while it goes on, sorted and without twins at the end. The codes are listed, with
 * what they mean and what to do, in the one table of finding.c; regadm(1) prints it.
 */
#ifndef RA_JOBS_FINDING_H
#define RA_JOBS_FINDING_H

#include "base/err.h"
#include "base/vec.h"
#include "format/digest.h"
#include <pthread.h>

enum ra_severity { RA_NOTE, RA_WARNING, RA_ERROR };

struct ra_finding {
    enum ra_severity severity;
    const char *code; /* from the table; static */
    char *path;       /* below the root; NULL when there is none. Owned, as the next four */
    char *repository;
    char *tag;
    char *digest;
    char *message;      /* what is wrong and what was done about it */
    const char *action; /* what the same run did about it afterwards: "mended"; static, NULL: nothing */
};

struct ra_findings { /* starts as RA_FINDINGS_INIT */
    pthread_mutex_t mutex;
    RA_VEC(struct ra_finding) list;
};
#define RA_FINDINGS_INIT                   \
    {                                      \
        .mutex = PTHREAD_MUTEX_INITIALIZER \
    }

void ra_findings_release(struct ra_findings *f);

/* Where a finding is; any member may be NULL. Copied. */
struct ra_place {
    const char *path;
    const char *repository;
    const char *tag;
    const struct ra_digest *digest;
};

/* Adds one; safe from any thread. `code` must be in the table (a test and an assertion hold that). */
void ra_find(struct ra_findings *f, enum ra_severity severity, const char *code, const struct ra_place *at,
             const char *fmt, ...) RA_PRINTF(5, 6);

/* Adds what kept something from being read, with what to do about that: `bad`, a code, where the bytes are to blame
 * (CORRUPT, TOOBIG), else unreadable. `what` goes in front: "cannot read its manifest"; NULL: nothing does. */
void ra_find_failed_read(struct ra_findings *f, enum ra_severity severity, const char *bad,
                         const struct ra_place *at, const char *what, const struct ra_err *why);
/* An error, unreadable, whatever was to blame. */
void ra_find_unreadable(struct ra_findings *f, const struct ra_place *at, const struct ra_err *why);
/* The same, and `from` is cleared. A signal is no finding: then negative, with `from` moved to err. */
int ra_find_or_stop(struct ra_findings *f, const struct ra_place *at, struct ra_err *from,
                    struct ra_err *err);

/* Sorts by path, code, repository, tag, digest, message and drops exact twins: the order of printing. */
void ra_findings_sort(struct ra_findings *f);

/* The gravest severity among them, or -1 when there is none. */
int ra_findings_worst(const struct ra_findings *f);

struct ra_finding_code {
    const char *code;
    const char *meaning; /* in a line */
    const char *advice;  /* what to do about it; NULL: nothing, or the messages say so */
};
extern const struct ra_finding_code ra_finding_codes[]; /* sorted by code; ends with {0} */
/* Meaning and advice as one text. The caller's. */
char *ra_finding_explain(const struct ra_finding_code *c);

const char *ra_severity_name(enum ra_severity s);

#endif
