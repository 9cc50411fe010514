/*
 * The repositories of a storage with what they hold. For `ls` and completions.
 */
#ifndef RA_JOBS_CATALOG_H
#define RA_JOBS_CATALOG_H

#include "jobs/survey.h"

struct ra_catalog_entry {
    const char *name; /* lent from the survey */
    uint32_t tags, revisions;
    uint64_t bytes;  /* manifests, configs and layers of its revisions and tags, each blob once */
    int64_t updated; /* when a tag was last written; RA_TIME_NONE */
    bool damaged;    /* something in it could not be read: see the findings */
};

struct ra_catalog {                       /* starts zeroed */
    RA_VEC(struct ra_catalog_entry) list; /* in the registry's order */
    struct ra_survey survey;
};

struct ra_catalog_opts {
    /* Which repositories; NULL: all. Called from any thread. */
    bool (*wanted)(void *arg, const char *repo);
    void *arg;
    bool names_only; /* nothing but the names */
};

int ra_catalog_read(const struct ra_job *job, const struct ra_catalog_opts *opts, struct ra_catalog *out,
                    struct ra_err *err);
void ra_catalog_release(struct ra_catalog *c);

enum ra_catalog_sort { RA_CATALOG_NAME, RA_CATALOG_SIZE, RA_CATALOG_TAGS, RA_CATALOG_UPDATED };
/* Largest and newest first; equals by name. */
void ra_catalog_sort(struct ra_catalog *c, enum ra_catalog_sort by);

#endif
