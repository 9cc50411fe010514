/*
 * Taking away folders that hold nothing, and saying what could not be.
 */
#ifndef RA_JOBS_PRUNE_H
#define RA_JOBS_PRUNE_H

#include "jobs/survey.h"

/* ra_store_prune; a folder that resists is a finding (not-removed), one that is not there is none. CANCELLED. */
int ra_prune(const struct ra_job *job, const char *prefix, size_t keep, int64_t not_after,
             struct ra_err *err);

/* The folders of a repository of which nothing is to be left, and those around it as far as no repository of the survey
 * lies there for which stays(arg, its place) is true. Whatever their age: emptying them has just made them young. */
int ra_prune_repo(const struct ra_job *job, const struct ra_survey *s, const char *name,
                  bool (*stays)(const void *arg, size_t repo), const void *arg, struct ra_err *err);

#endif
