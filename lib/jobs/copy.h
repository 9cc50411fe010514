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
 * destination.
 *
 *     ra_copy_open   lists the source and looks at the destination's tags; writes nothing
 *     ra_copy_run    copies; a dry run counts what it would
 *
 * A tag that the destination has and that points elsewhere there stays, with a finding, and so does its history; what
 * it names in the source comes without it. With `replace` it is moved, unless it was written since it was looked at.
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
    uint64_t layer_links, revision_links, tags; /* written; tags: those that were moved among them */
    uint64_t kept;    /* tags that stay because they point elsewhere: there is a finding for each */
    uint64_t skipped; /* damaged, or left out for it: there is a finding for each blob and tag */
    uint64_t left;    /* objects beside those that are copied: uploads, foreign files */
};

struct ra_copy_moved {
    const char *repo, *tag;
    struct ra_digest digest, previous; /* the source's, and what the destination had */
};

struct ra_copy;

/* From job->store to `to`; the caller holds the destination's lock, unless it is a dry run. */
int ra_copy_open(const struct ra_job *job, struct ra_store *to, bool replace, struct ra_copy **out,
                 struct ra_err *err);
/* Once. */
int ra_copy_run(struct ra_copy *c, struct ra_err *err);
void ra_copy_free(struct ra_copy *c); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_copy, ra_copy_free)

/* How many tags will be moved; after ra_copy_run: were moved. */
size_t ra_copy_moving(const struct ra_copy *c);
/* Number i of them, in order of repository and tag; lent. NULL at the end. */
const struct ra_copy_moved *ra_copy_moved(const struct ra_copy *c, size_t i);
const struct ra_copy_result *ra_copy_result(const struct ra_copy *c); /* complete after ra_copy_run */

#endif
