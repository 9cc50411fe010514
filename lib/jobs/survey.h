/*
 * A storage, read once and in parallel, as a graph: repositories with their tags, revisions, layer links and
 * uploads; every manifest that a revision or a tag names, read and taken apart; and all digests in one table
 * of numbers (registry/blobs.h). ls, tags, du, find, fsck, gc, rm, export and report all start from it.
 *
 *     RA_SURVEY_AUTO s = {0};
 *     struct ra_survey_opts o = {.want = RA_SURVEY_TAG_TIMES | RA_SURVEY_MANIFESTS};
 *     int rc = ra_survey_read(job, &o, &s, err);
 *     ra_vec_each (repo, &s.repos) ...
 *
 * What cannot be read becomes a finding (code unreadable, bad-link, link-mismatch, bad-manifest, not-understood,
 * illegal-name, odd-file, vanished, no-repositories, no-blobs), and a flag on what depends on it, so that whoever
 * deletes knows what to leave alone: a repository that is RA_REPO_PROTECT may need anything that its links name; a
 * survey that is not `complete` may have overlooked whole repositories, and then no blob may go. Only what makes the
 * whole survey pointless is an error: a `repositories` folder that is there and cannot be listed is not, a signal is.
 *
 * A path that was listed and is gone when it is read makes its repository be read again, up to three times;
 * after that it is a finding, and protects.
 *
 * Order: repositories by name (component by component, as the registry lists them), tags by name, revisions
 * by digest, uploads by id; the same whatever the number of threads. Numbers of blobs may differ from run to
 * run. Memory: 40 to 48 bytes a digest, 24 and 4 a reference for each manifest, 40 a tag, 12 a revision, 4 a
 * layer link. Threads: while it is read ra_job_cold_threads of them may be at work; afterwards it only changes
 * through ra_blobs_*, and may be read from any.
 */
#ifndef RA_JOBS_SURVEY_H
#define RA_JOBS_SURVEY_H

#include "base/arena.h"
#include "jobs/job.h"
#include "registry/blobs.h"
#include "registry/manifest.h"

enum ra_survey_want {
    RA_SURVEY_BLOBS = 1 << 0, /* every blob is in the table, RA_BLOB_PRESENT (its folder is; see SIZES) */
    /* And RA_BLOB_SIZED: then PRESENT says that the data is there. Implies BLOBS; in a bucket BLOBS implies it. */
    RA_SURVEY_SIZES = 1 << 1,
    RA_SURVEY_REVISIONS = 1 << 2, /* revisions; tags are always read */
    RA_SURVEY_MANIFESTS = 1 << 3, /* manifests of tags, and of revisions if they are read: `manifests` */
    /* Also the manifests that those name as children, all the way down. What is called a manifest by no media type and
     * no link, and does not look like one, is none: it is not among `manifests`, and no finding is made. */
    RA_SURVEY_CHILDREN = 1 << 4,
    RA_SURVEY_TAG_TIMES = 1 << 5, /* mtime of tags */
    RA_SURVEY_HISTORY = 1 << 6,   /* history of tags */
    RA_SURVEY_LAYERS = 1 << 7,    /* layer links */
    RA_SURVEY_UPLOADS = 1 << 8,   /* uploads */
    RA_SURVEY_NAMES = 1 << 9,     /* by itself: nothing but the names and flags of repositories */
    /* With REVISIONS: read their links even where each is a request over a network. Else, there, one of the right size
     * is taken to name the digest of its path. */
    RA_SURVEY_LINKS = 1 << 10,
    /* With SIZES: the bytes that files occupy, instead of their lengths. DISPUTED then says nothing. */
    RA_SURVEY_DISK = 1 << 11,
};

struct ra_survey_opts {
    unsigned want; /* enum ra_survey_want */
    /* Which repositories are read; NULL: all. Called from any thread. */
    bool (*wanted)(void *arg, const char *repo);
    void *arg;
    /* Revisions whose link changed after it are RA_REV_YOUNG, blobs that were looked at RA_BLOB_YOUNG: with SIZES, all.
     * 0: nobody asks. */
    int64_t cutoff;
};

enum ra_manifest_state {
    RA_STATE_OK,  /* wholly understood */
    RA_STATE_ODD, /* read, but of unknown kind or odd: refs hold all that was found in it */
    /* No JSON, cut, or other bytes than its digest's: refs hold what looks like a digest in it. Or moved aside by fsck:
     * there are none. Protects */
    RA_STATE_BROKEN,
    RA_STATE_OTHER,      /* JSON, but no manifest: an image config; refs likewise. Protects */
    RA_STATE_TOO_BIG,    /* protects */
    RA_STATE_UNREADABLE, /* the system would not give it. Protects */
    RA_STATE_MISSING,    /* not there */
};

/* A manifest. Its references lie in `refs` grouped by role (enum ra_ref_role), count[role] of each, in the
 * order of the document: see ra_survey_refs. Numbers are of `blobs`. */
#define RA_ROLES (RA_REF_MENTIONED + 1)
struct ra_survey_manifest {
    uint32_t blob;
    uint32_t bytes; /* its size */
    uint8_t state;  /* enum ra_manifest_state */
    uint8_t kind;   /* enum ra_manifest_kind */
    uint16_t count[RA_ROLES];
    uint32_t refs[];
};

enum ra_tag_flags {
    /* The current link is no digest: `target` is what it seems to mean, or RA_NONE; history is always read. */
    RA_TAG_BAD_LINK = 1 << 0,
    RA_TAG_NO_LINK = 1 << 1,    /* a folder without current link: no tag; given with HISTORY only */
    RA_TAG_ILLEGAL = 1 << 2,    /* a name that the registry does not serve */
    RA_TAG_UNREADABLE = 1 << 3, /* the link could not be read; `target` is RA_NONE */
};

struct ra_survey_tag {
    const char *name;
    int64_t mtime;     /* of the current link; RA_TIME_NONE unless asked for */
    uint32_t *history; /* digests of the index folder, by their paths */
    uint32_t n_history;
    uint32_t target; /* or RA_NONE */
    uint8_t flags;   /* enum ra_tag_flags */
};

enum ra_rev_flags {
    RA_REV_NO_LINK = 1 << 0,  /* a folder without link: deleted, or not written yet. No revision */
    RA_REV_BAD_LINK = 1 << 1, /* the link is no digest: the path counts */
    RA_REV_OTHER = 1 << 2,    /* the link names another digest than the path: both count; see `other` */
    RA_REV_YOUNG = 1 << 3,    /* see `cutoff` */
};

struct ra_survey_rev {
    uint32_t blob;  /* by the path */
    uint32_t other; /* with RA_REV_OTHER; else RA_NONE */
    uint8_t flags;  /* enum ra_rev_flags */
};

struct ra_survey_upload {
    const char *id;
    int64_t started; /* as startedat says; RA_TIME_NONE when it is missing or no time */
    int64_t touched; /* the newest mtime in it */
    uint64_t bytes;
};

enum ra_repo_flags {
    RA_REPO_MANIFESTS = 1 << 0, /* has that folder */
    RA_REPO_LAYERS = 1 << 1,
    RA_REPO_UPLOADS = 1 << 2,
    /* Something in it could not be read or understood: all that its links name may be needed. */
    RA_REPO_PROTECT = 1 << 3,
    /* Worse: its links could not all be listed. With PROTECT. */
    RA_REPO_UNLISTED = 1 << 4,
    RA_REPO_ILLEGAL = 1 << 5, /* a name that the registry does not serve */
    RA_REPO_ALIAS = 1 << 6,   /* by a symbolic link it is another repository under another name */
};

/* A symbolic link among or in the repositories to another place of the tree. */
struct ra_survey_link {
    const char *path, *target; /* keys */
    bool alias;                /* of repositories; else of a part of one */
};

struct ra_survey_repo {
    const char *name;
    _Atomic unsigned flags; /* enum ra_repo_flags */
    uint32_t n_tags, n_revs, n_layers, n_uploads;
    struct ra_survey_tag *tags;
    struct ra_survey_rev *revs;
    uint32_t *layers; /* layer links, by their paths */
    struct ra_survey_upload *uploads;
};

struct ra_survey {
    RA_VEC(struct ra_survey_repo) repos;
    /* In no order. What they lead to is protected, unless they are aliases. */
    RA_VEC(struct ra_survey_link) links;
    struct ra_blobs *blobs;
    _Atomic bool complete;           /* every repository was found (a filter does not count) */
    bool no_repositories;            /* there is no folder of that name at all */
    bool no_blobs;                   /* likewise */
    _Atomic bool algs[RA_ALG_COUNT]; /* with BLOBS: algorithms that have a folder in blobs/ */
    struct {
        struct ra_survey_manifest **at; /* sorted by number, */
        uint32_t *ids;                  /* which stands here once more: for searching */
        size_t n;
    } manifests;
    struct ra_arena *arenas; /* private: the memory of all this */
    size_t n_arenas;
};

/* Fills *out (zeroed before). Negative only when stopped by a signal or when the storage is none at all. */
int ra_survey_read(const struct ra_job *job, const struct ra_survey_opts *opts, struct ra_survey *out,
                   struct ra_err *err);
void ra_survey_release(struct ra_survey *s);
#define RA_SURVEY_AUTO RA_AUTO(ra_survey, _release)

/* By name, or NULL. */
struct ra_survey_repo *ra_survey_find(const struct ra_survey *s, const char *repo);
/* Whether a key is the folder of a repository, or below it. */
bool ra_survey_is_of_repo(const char *key, const char *repo);
/* The manifest with that number, or NULL when none was read. */
const struct ra_survey_manifest *ra_survey_manifest(const struct ra_survey *s, uint32_t blob);
/* The references of one role: *n of them. */
const uint32_t *ra_survey_refs(const struct ra_survey_manifest *m, enum ra_ref_role role, size_t *n);
/* All of them, whatever the role. */
static inline size_t ra_survey_ref_count(const struct ra_survey_manifest *m)
{
    size_t n = 0;
    for (int role = 0; role < RA_ROLES; role++)
        n += m->count[role];
    return n;
}
/* The revision with that digest (RA_REV_NO_LINK ones too), or NULL. */
const struct ra_survey_rev *ra_survey_rev(const struct ra_survey *s, const struct ra_survey_repo *repo,
                                          uint32_t blob);

#endif
