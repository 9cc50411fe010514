/*
 * Names that complete what somebody began to type: repositories and tags that a reference could go on with.
 */
#ifndef RA_JOBS_SUGGEST_H
#define RA_JOBS_SUGGEST_H

#include "jobs/job.h"

struct ra_suggestions { /* starts zeroed */
    RA_VEC(char *) names;
};
void ra_suggestions_release(struct ra_suggestions *s);

/* Repositories whose names begin with `prefix`, sorted. Names that the registry does not serve are left out: a
 * shell might stumble over them. */
int ra_suggest_repos(const struct ra_job *job, const char *prefix, struct ra_suggestions *out,
                     struct ra_err *err);
/* The same; and where only one repository is left, or "repo:" is there, its tags as "repo:tag". */
int ra_suggest_refs(const struct ra_job *job, const char *prefix, struct ra_suggestions *out,
                    struct ra_err *err);

#endif
