/*
 * A whole storage into another one, between any two stores: what the destination has already is left alone, so
 * that an interrupted copy is taken up where it stopped and a second one costs little. Every blob is hashed on
 * its way and appears only when it is what its digest says.
 *
 * Registries may go on serving the source and taking pushes: copied is what was there when the copy began, and at
 * random what came since.
 *
 * Order: blobs; then layer links, revision links, histories of tags and tags, as registry/put.h writes them. A
 * link whose blob is not there in the source, damaged or unreadable is left out, a tag with its history and with a
 * finding: no link but history leads to what the destination does not have. An image that lacks a layer in the
 * source does so in the destination. Uploads, leftovers and foreign files stay behind. Nothing is removed from the
 * destination, and a tag that is there already and points elsewhere is moved.
 *
 * Memory: about 150 bytes an object of the source, and a buffer a thread.
 */
#ifndef RA_JOBS_COPY_H
#define RA_JOBS_COPY_H

#include "jobs/job.h"

struct ra_copy_count {
    uint64_t copied, bytes, present; /* bytes: of those copied */
};

struct ra_copy_result {
    struct ra_copy_count blobs;
    uint64_t layer_links, revision_links, tags; /* written */
    uint64_t skipped; /* damaged, or left out for it: there is a finding for each blob and tag */
    uint64_t left;    /* objects beside those that are copied: uploads, foreign files */
};

/* From job->store to `to`; with job->dry_run nothing is written, and the links that are there already are counted
 * among those that would be written. The caller holds the destination's lock. */
int ra_copy(const struct ra_job *job, struct ra_store *to, struct ra_copy_result *out, struct ra_err *err);

#endif
