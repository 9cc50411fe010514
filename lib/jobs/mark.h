/*
 * Which blobs a storage needs, and which links nothing needs: every repository judged by what it alone reaches, the
 * blobs by all of them together. Nothing is removed here.
 *
 * Roots of a repository: what its tags point to (of a tag that cannot be read, all it ever pointed to); revisions
 * whose link is damaged or names another digest, or whose manifest is of no known kind; revisions, and blobs of layer
 * links, younger than `cutoff`; unless untagged ones are to go, every revision. What they reach is told by
 * jobs/reach.h. A repository with something that could not be read or understood (RA_REPO_PROTECT) keeps all its links,
 * and all they name.
 *
 * Without delete_untagged the survey's own cutoff should be the same: it tells which untagged revisions are young.
 *
 * It looks at links again only where nothing reaches them: their age, and what a layer link holds (a digest of another
 * algorithm is an alias, whose content counts). Findings: bad-link, unreadable, dangling-tag.
 */
#ifndef RA_JOBS_MARK_H
#define RA_JOBS_MARK_H

#include "jobs/reach.h"

/* Flags of blobs in the survey's table, set by marking. */
enum ra_mark_flag {
    RA_MARK_KEPT = RA_BLOB_USER,        /* some repository needs it */
    RA_MARK_TAGGED = RA_BLOB_USER << 1, /* and would if untagged revisions went */
    RA_MARK_DOOMED = RA_BLOB_USER << 2, /* to be removed: set by the collector */
    RA_MARK_COUNTED = RA_BLOB_USER << 3,
    /* Bits 4 and 5 are others': gc_parts.h, rm_parts.h, du.h. */
    RA_MARK_UNTAGGED = RA_BLOB_USER << 6, /* an untagged revision that stays needs it */
    RA_MARK_RECENT = RA_BLOB_USER << 7,   /* something young needs it: for so long it stays in any case */
};

/* What becomes of a blob that is there, once all is marked and its own age is known (RA_BLOB_YOUNG). */
enum ra_mark_fate {
    RA_FATE_NEEDED,
    RA_FATE_UNTAGGED, /* stays unless untagged revisions go */
    RA_FATE_YOUNG, /* stays for its age, or that of a link that leads to it: later it would be one of the others */
    RA_FATE_FREE, /* can go */
};
enum ra_mark_fate ra_mark_fate(unsigned flags);
/* Why nothing can be said of any blob: some repository, or some of its links, may have been overlooked, and may need
 * it; or there are blobs and no repositories at all. NULL: nothing was. */
const char *ra_mark_overlooked(const struct ra_survey *s);

struct ra_mark_opts {
    bool delete_untagged;
    int64_t cutoff; /* links changed after it are in use */
    /* Called for every blob that a repository reaches, once a repository, from any thread; may be NULL. `tagged`: also
     * without its untagged revisions. Present or not. */
    void (*reached)(void *arg, size_t repo, uint32_t blob, bool tagged);
    void *arg;
};

struct ra_mark_repo { /* beside survey.repos */
    /* Places in repo->revs and repo->layers that nothing reaches; RA_REV_NO_LINK ones among the former, and layer
     * folders without link among the latter (see n_empty_layers: they are the last). Sorted otherwise. */
    struct ra_ids revs, layers;
    uint32_t n_empty_layers;
    uint32_t n_untagged; /* revisions that would go too with delete_untagged, zero with it */
};

struct ra_mark {
    struct ra_mark_repo *repos; /* as many as the survey's */
    size_t n;
};

int ra_mark_run(const struct ra_job *job, const struct ra_survey *s, const struct ra_mark_opts *opts,
                struct ra_mark *out, struct ra_err *err);
void ra_mark_release(struct ra_mark *m);
#define RA_MARK_AUTO RA_AUTO(ra_mark, _release)

#endif
