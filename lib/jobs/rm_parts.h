/*
 * The insides of removing: rm.c plans, rm_select.c finds what references mean, rm_retain.c which tags age and number
 * spare, rm_needs.c what goes along and what forbids it, rm_sweep.c removes.
 */
#ifndef RA_JOBS_RM_PARTS_H
#define RA_JOBS_RM_PARTS_H

#include "jobs/mark.h"
#include "jobs/rm.h"
#include "registry/layout.h"

/* A blob that something to be removed led to. */
#define RA_MARK_LOST (RA_BLOB_USER << 5)

struct ra_rm_repo { /* beside survey.repos; arrays beside the repository's own */
    bool *tags, *revs, *layers;
    bool whole, touched;
};

struct ra_rm {
    const struct ra_job *job;
    const struct ra_rm_opts *opts;
    struct ra_survey survey;
    struct ra_rm_repo *repos;
    struct ra_rm_result result;
    int64_t now;
};

/* Marks what the references name: tags, revisions, whole repositories. */
int ra_rm_select(struct ra_rm *rm, struct ra_err *err);
/* Takes tags out again that age and number spare. */
int ra_rm_retain(struct ra_rm *rm, struct ra_err *err);
/* Adds what goes along with revisions; DENIED when something that stays needs one. */
int ra_rm_settle(struct ra_rm *rm, struct ra_err *err);

#endif
