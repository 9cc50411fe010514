/*
 * Collecting garbage: a plan made from one survey, and the sweep that carries it out.
 *
 *     RA_AUTO_PTR(ra_gc) gc = NULL;
 *     ra_gc_plan(job, &opts, &gc, err);          reads only
 *     ra_gc_result(gc)                           what would be kept and removed
 *     ra_gc_sweep(gc, err);                      removes; the result then tells what was done
 *
 * What is kept and why: jobs/mark.h. Removed, in this order, each step complete before the next begins: entries of
 * tags' histories whose revision is not or no longer there; revisions; layer links; blobs; stale uploads
 * (in a bucket those in parts too); then what the registry's own writing left over, signatures of removed revisions and
 * folders that hold nothing. Cut anywhere, nothing that was reachable is missing, and the next run finishes the work.
 *
 * Ages: `cutoff` is taken before anything is read; whatever changed after it stays, and is looked at again right before
 * it would go. Blobs are left alone altogether when some repository may have been overlooked: a finding tells so.
 */
#ifndef RA_JOBS_GC_H
#define RA_JOBS_GC_H

#include "base/clock.h"
#include "jobs/job.h"

/* What is younger stays unless somebody says otherwise, and how people write that. */
#define RA_GC_MIN_AGE      RA_HOUR
#define RA_GC_MIN_AGE_TEXT "1h"

struct ra_gc_opts {
    bool delete_untagged;
    bool prune_repositories; /* repositories with nothing left go too, unless their own folder is young */
    int64_t min_age;         /* nanoseconds; what is younger stays */
    int64_t uploads_age;     /* uploads untouched for longer go */
};

struct ra_gc_count {
    uint64_t kept, removed, kept_bytes, removed_bytes;
};

struct ra_gc_some {
    uint64_t blobs, bytes;
};

struct ra_gc_freed {
    const char *name; /* lent from the ra_gc */
    /* Of removed blobs that this repository had links to, each blob counted in one repository. */
    uint64_t bytes;
    uint64_t revisions, layer_links;
};

struct ra_gc_result {
    struct ra_gc_count repositories, revisions, history, layer_links, blobs, uploads;
    /* In a bucket: uploads in parts, of the registry or of anybody else below its tree, that were never completed. They
     * take space that no listing shows. */
    struct ra_gc_count parts;
    uint64_t leftovers; /* removed; counted by the sweep alone */
    /* What untagged revisions alone keep, beyond what goes anyway; zero with delete_untagged. */
    uint64_t untagged_revisions;
    struct ra_gc_some untagged;
    bool untagged_at_most;   /* of so many, the links alone were asked for their age */
    struct ra_gc_some young; /* what nothing needs and min_age keeps */
    bool blobs_spared;       /* no blob may go, see above */
    struct {
        struct ra_gc_freed *at; /* those that free anything, most bytes first */
        size_t n, cap;
    } freed;
};

struct ra_gc;
/* `job` must outlive *out. */
int ra_gc_plan(const struct ra_job *job, const struct ra_gc_opts *opts, struct ra_gc **out,
               struct ra_err *err);
const struct ra_gc_result *ra_gc_result(const struct ra_gc *gc);
/* Calls fn for every path below the root that the plan removes, sorted within its kind; leftovers are not among
 * them. */
int ra_gc_each(const struct ra_gc *gc, int (*fn)(void *arg, const char *path, struct ra_err *err), void *arg,
               struct ra_err *err);
/* Once. What cannot be removed is a finding (not-removed) and stops nothing else. */
int ra_gc_sweep(struct ra_gc *gc, struct ra_err *err);
void ra_gc_free(struct ra_gc *gc);
RA_DEFINE_AUTO_PTR(ra_gc, ra_gc_free)

#endif
