/*
 * Is a storage sound? Checks links, tags, manifests and what they name, the shape of the tree, and the bytes of blobs
 * against their digests; and mends what can be mended with certainty.
 *
 *     RA_AUTO_PTR(ra_fsck) fsck = NULL;
 *     ra_fsck_check(job, &opts, &fsck, err);      reads only; findings go to job->findings
 *     ra_fsck_fixes(fsck, &n)                     what a repair would do
 *     ra_fsck_repair(fsck, from, err);
 *
 * Severity: damage to something a tag reaches is an error that names the tags; damage elsewhere is a warning; orphans
 * and leftovers are notes.
 */
#ifndef RA_JOBS_FSCK_H
#define RA_JOBS_FSCK_H

#include "jobs/job.h"

struct ra_fsck_opts {
    bool quick;                /* structure and sizes; no blob but the manifests is read */
    double sample;             /* read this fraction of the blobs, one at least; 0 or 1: all */
    double seconds;            /* begin no further blob after that long, but one at least; 0: no limit */
    uint64_t bytes_per_second; /* 0: no limit */
    const char *state;         /* file that says where the last run stopped, read and written; or NULL */
};

struct ra_fsck_result {
    uint64_t blobs_checked, bytes_checked; /* read and hashed */
    uint64_t blobs, bytes;                 /* there */
    uint64_t repaired;                     /* fixes that ra_fsck_repair made */
    bool stopped_early;                    /* by `seconds` */
};

enum ra_fix_kind {
    RA_FIX_LAYER_LINK,
    RA_FIX_REVISION_LINK,
    RA_FIX_TAG_LINK,
    RA_FIX_QUARANTINE, /* a corrupt blob is moved aside, and refilled when there is a source */
    RA_FIX_REFILL,     /* a missing blob is fetched from the source */
};

struct ra_fix {
    enum ra_fix_kind kind;
    const char *repository; /* NULL for blobs; lent, as tag */
    const char *tag;
    struct ra_digest digest;
    /* A revision of which only an index speaks: its link is written when all blobs it needs are there, as what was
     * deleted would be damage otherwise. */
    bool child;
    bool misled; /* a tag whose link can be read, and points to `was`, which is no manifest */
    struct ra_digest was;
    const char *action; /* what ra_fsck_repair did: "mended", "moved aside"; NULL: nothing */
};

struct ra_fsck;
/* `job` must outlive *out. */
int ra_fsck_check(const struct ra_job *job, const struct ra_fsck_opts *opts, struct ra_fsck **out,
                  struct ra_err *err);
const struct ra_fsck_result *ra_fsck_result(const struct ra_fsck *f);
/* What can be repaired, sorted; RA_FIX_REFILL wants a source, and is passed over without. Lent. */
const struct ra_fix *ra_fsck_fixes(const struct ra_fsck *f, size_t *n);

/* Where missing and corrupt blobs are fetched from. */
struct ra_fsck_source;
/* Another storage, lent. */
struct ra_fsck_source *ra_fsck_source_store(struct ra_store *store);
/* Whether the path is that of an archive: a file, or the folder of an OCI layout. */
bool ra_fsck_source_is_archive(const char *path);
/* A backup of ours, an OCI archive or layout: what carries blobs under their digests. A compressed one is unpacked into
 * an unnamed file in TMPDIR of `env`. */
int ra_fsck_source_archive(const struct ra_job *job, const char *path, const char *const *env,
                           struct ra_fsck_source **out, struct ra_err *err);
void ra_fsck_source_free(struct ra_fsck_source *s); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_fsck_source, ra_fsck_source_free)

/* Carries the fixes out: blobs first, each verified when it is fetched from `from` (NULL: none), and a corrupt one
 * moved aside before that takes its place; then links, tags last, but for tags that are whole again by now. What cannot
 * be mended is a finding (not-repaired); findings of what was mended say so. */
int ra_fsck_repair(struct ra_fsck *f, const struct ra_fsck_source *from, struct ra_err *err);
void ra_fsck_free(struct ra_fsck *f);
RA_DEFINE_AUTO_PTR(ra_fsck, ra_fsck_free)

#endif
