/*
 * The insides of marking, shared by mark.c (what reaches what) and mark_links.c (what must be looked at again).
 */
#ifndef RA_JOBS_MARK_PARTS_H
#define RA_JOBS_MARK_PARTS_H

#include "jobs/mark.h"
#include "jobs/sure.h"
#include "registry/layout.h"

struct ra_marking { /* one thread's, going from repository to repository */
    const struct ra_job *job;
    const struct ra_survey *survey;
    const struct ra_mark_opts *opts;
    struct ra_reach *reach;
    const struct ra_survey_repo *repo;
    struct ra_mark_repo *out;
    struct ra_buf buf;
    struct ra_key key;
    struct ra_ids empty;
    size_t n_marked; /* of what is reached: those that have their flags */
};

enum ra_mark_link {
    RA_LINK_KEEP,   /* nobody knows */
    RA_LINK_YOUNG,  /* to be kept too */
    RA_LINK_DROP,   /* old enough to go */
    RA_LINK_ABSENT, /* a folder without link */
};

/* Looks at the age of a revision link. */
int ra_mark_look_revision(struct ra_marking *m, uint32_t revision, enum ra_mark_link *out,
                          struct ra_err *err);
/* Reads a layer link. When it is to be kept, or was reached already, what it names is reached too. */
int ra_mark_look_layer(struct ra_marking *m, uint32_t layer, bool reached, enum ra_mark_link *out,
                       struct ra_err *err);
bool ra_mark_is_alias(const struct ra_marking *m, uint32_t layer);
/* Reaches what layer links hold whose paths are no digests ("tarsum", of the first registries). */
int ra_mark_odd_layers(struct ra_marking *m, struct ra_err *err);
/* Reaches the signatures that old registries put beside revisions of schema 1, of those that are reached. */
int ra_mark_signatures(struct ra_marking *m, struct ra_err *err);

#endif
