/*
 * Removing tags, manifests and repositories: a plan made from one survey, and the sweep that carries it out.
 *
 * REPO:TAG removes the tag alone, REPO@DIGEST the revision and every tag on it, REPO (recursive) the
 * repository with its entry in the catalogue, never one nested in it. With a manifest go its signatures and
 * other referrers, and tags that stand for its digest (sha256-<hex>.sig). A manifest that a remaining index
 * needs, or that remaining referrers speak of, is refused. Layer links that nothing in the repository needs
 * afterwards go too; blobs are the collector's.
 *
 * Order of removal: tags, revisions, layer links, folders; cut anywhere, what remains works. A plan may grow old while
 * its question waits: before each of these steps the repositories that it touches are read again, and what has changed
 * is left alone with all that it needs.
 */
#ifndef RA_JOBS_RM_H
#define RA_JOBS_RM_H

#include "base/str.h"
#include "jobs/job.h"

/* What --older-than and --keep-last go by. */
enum ra_rm_by {
    RA_RM_BY_NONE,
    RA_RM_BY_CREATED, /* the image's own date */
    RA_RM_BY_UPDATED, /* when the tag was last moved */
    RA_RM_BY_VERSION, /* the tag as a version number; for keep_last alone */
};

#define RA_RM_NO_LIMIT UINT64_MAX

struct ra_rm_opts {
    const struct ra_strlist *refs; /* as people write them, patterns too */
    const char *regex;             /* of the tags only those in which it is found; or NULL */
    bool recursive;                /* refs are repositories, to be removed whole */
    bool untagged;                 /* refs are repositories, whose unreached revisions go */
    bool force;                    /* also what something else needs */
    bool keep_referrers;
    enum ra_rm_by by;
    bool has_age;
    int64_t older_than; /* with has_age: of the tags only those that are older; unknown is not older */
    uint64_t keep_last; /* of the tags in each repository the newest so many stay, and those of unknown age */
    int64_t min_age;    /* untagged: younger ones stay */
};

struct ra_rm_item {
    const char *repository; /* lent from the ra_rm, as the tag */
    const char *tag;        /* NULL: a revision, or the whole repository */
    struct ra_digest digest;
    bool has_digest; /* neither tag nor digest: the whole repository */
};

struct ra_rm_result {
    struct {
        /* Repositories by name; in each tags by name, then revisions by digest; of one that goes whole itself and
         * its tags. */
        struct ra_rm_item *at;
        size_t n, cap;
    } items;
    uint64_t layer_links;
    uint64_t bytes;          /* what gc can free afterwards */
    uint64_t untagged_bytes; /* and what it can with delete_untagged */
    bool stranded;           /* no repository of a bucket is left, without which gc takes none of its blobs */
    bool young; /* but some of that only when it is older than the hour that gc waits by itself */
};

struct ra_rm;
/* USAGE for a reference that makes no sense; NOTFOUND for one that names nothing (a pattern may match nothing); DENIED
 * for what something else needs. `job` and the options must outlive *out. */
int ra_rm_plan(const struct ra_job *job, const struct ra_rm_opts *opts, struct ra_rm **out,
               struct ra_err *err);
const struct ra_rm_result *ra_rm_result(const struct ra_rm *rm);
/* Once. What cannot be removed is a finding (not-removed), as is what changed since the plan (changed); neither stops
 * what does not depend on it. The result's items and layer_links then are those that have gone, its bytes still the
 * plan's. */
int ra_rm_sweep(struct ra_rm *rm, struct ra_err *err);
void ra_rm_free(struct ra_rm *rm);
RA_DEFINE_AUTO_PTR(ra_rm, ra_rm_free)

#endif
