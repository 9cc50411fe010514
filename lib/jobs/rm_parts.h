/*
 * The insides of removing: rm.c plans, rm_select.c finds what references mean, rm_retain.c which tags age and number
 * spare, rm_needs.c what goes along and what forbids it, rm_links.c which links forbid it, rm_sweep.c removes,
 * rm_changes.c sees to it that nothing goes which has become needed meanwhile.
 */
#ifndef RA_JOBS_RM_PARTS_H
#define RA_JOBS_RM_PARTS_H

#include "jobs/mark.h"
#include "jobs/rm.h"
#include "registry/layout.h"

/* A blob that something to be removed led to. */
#define RA_MARK_LOST (RA_BLOB_USER << 5)

/* What a plan has to know. */
#define RA_RM_SURVEY \
    (RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS | RA_SURVEY_CHILDREN | RA_SURVEY_LAYERS | RA_SURVEY_TAG_TIMES)

enum ra_rm_step { RA_RM_TAGS, RA_RM_REVISIONS, RA_RM_LAYERS, RA_RM_REST, RA_RM_STEPS };

struct ra_rm_repo {             /* beside survey.repos; arrays beside the repository's own */
    bool *tags, *revs, *layers; /* what goes */
    uint32_t *targets;          /* of the tags, as they were before they were taken away in mind */
    bool whole, touched;
    bool unsure; /* it was RA_REPO_PROTECT */
};

struct ra_rm {
    const struct ra_job *job;
    const struct ra_rm_opts *opts;
    struct ra_survey survey;
    struct ra_rm_repo *repos;
    struct ra_rm_result result;
    RA_VEC(const bool *) goes; /* beside result.items: whether it is still to go, or has gone */
    int64_t now;               /* when the plan was begun */
};

/* Marks what the references name: tags, revisions, whole repositories. */
int ra_rm_select(struct ra_rm *rm, struct ra_err *err);
/* Takes tags out again that age and number spare. */
int ra_rm_retain(struct ra_rm *rm, struct ra_err *err);
/* Adds what goes along with revisions; DENIED when something that stays needs one. */
int ra_rm_settle(struct ra_rm *rm, struct ra_err *err);
/* DENIED when a symbolic link leads to, or from, a repository that something is to be removed from. */
int ra_rm_refuse_links(struct ra_rm *rm, struct ra_err *err);
bool ra_rm_touches(const struct ra_rm *rm, size_t repo);
/* Looks again at what `step` and those behind it are about to remove. What was written since stays, and with it what
 * that needs: a finding (changed) each. */
int ra_rm_notice_changes(struct ra_rm *rm, enum ra_rm_step step, struct ra_err *err);

#endif
