/*
 * What manifests of one repository lead to: themselves, every digest they refer to, and on from those that are
 * revisions of the same repository, down to the layers; and the referrers there (signatures, attestations) of all
 * that was reached. A subject is no reason to be kept: it is not followed.
 *
 *     RA_AUTO_PTR(ra_reach) r = ra_reach_new(survey);
 *     ra_reach_begin(r, repo);
 *     ra_reach_enter(r, tag->target);
 *     ra_vec_each (id, ra_reach_ids(r)) ...
 *
 * A manifest that is no revision of the repository leads on to its children all the same: a tag whose revision link
 * was lost still means its image. So does what an index names by a media type that does not say whether it is one.
 *
 * The survey must have been read with REVISIONS and MANIFESTS, and no digest may have been added to its table since.
 * Threads: one ra_reach belongs to one thread; any number may work on a survey.
 */
#ifndef RA_JOBS_REACH_H
#define RA_JOBS_REACH_H

#include "jobs/survey.h"

struct ra_ids {
    uint32_t *at;
    size_t n, cap;
};

struct ra_reach;
struct ra_reach *ra_reach_new(const struct ra_survey *s);
void ra_reach_free(struct ra_reach *r);
RA_DEFINE_AUTO_PTR(ra_reach, ra_reach_free)

/* Forgets what was reached, and goes on in this repository. */
void ra_reach_begin(struct ra_reach *r, const struct ra_survey_repo *repo);
/* Reaches a manifest and all it leads to. RA_NONE does nothing. */
void ra_reach_enter(struct ra_reach *r, uint32_t manifest);
/* Reaches a blob, and its referrers, but nothing that it refers to. RA_NONE does nothing. */
void ra_reach_touch(struct ra_reach *r, uint32_t blob);
bool ra_reach_has(const struct ra_reach *r, uint32_t id);
/* All that was reached since the beginning, in the order of reaching; lent until the next call. */
const struct ra_ids *ra_reach_ids(const struct ra_reach *r);

#endif
