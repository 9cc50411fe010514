/*
 * What one manifest amounts to: kind, platforms, bytes, when it was made, and what of it is missing. Reads
 * the manifest, those of its children that are there, and their configs; each once.
 */
#ifndef RA_JOBS_IMAGE_H
#define RA_JOBS_IMAGE_H

#include "base/str.h"
#include "jobs/job.h"
#include "registry/read.h"

struct ra_image { /* starts zeroed */
    struct ra_digest digest;
    bool missing;    /* the manifest itself is not there, or cannot be read: kind is unknown */
    bool unreadable; /* ... it is there, but is no manifest */
    enum ra_manifest_kind kind;
    char *media_type; /* owned; "" when not known */
    uint64_t bytes;   /* manifest, children, configs, layers: each blob once, by the descriptors' sizes */
    int64_t created;  /* the latest of its configs; RA_TIME_NONE */
    RA_VEC(char *) platforms; /* "os/arch[/variant]", owned, in the manifest's order, without attestations */
    size_t missing_blobs;     /* configs and layers that are not there (if they were looked at) */
};

/* What design.md calls its kind: "image", "index", "artifact", "schema1", "unknown", "missing". */
const char *ra_image_kind(const struct ra_image *image);
/* Fills *out for a manifest of a repository; `at` says where findings belong. Damage is not an error: it is
 * found, and shows in *out. Fails when cancelled. `thorough`: look also where each blob costs a request. */
int ra_image_read(const struct ra_job *job, const struct ra_place *at, const struct ra_digest *digest,
                  bool thorough, struct ra_image *out, struct ra_err *err);
void ra_image_release(struct ra_image *image);
/* "linux/amd64, linux/arm64" appended. */
void ra_image_platforms(const struct ra_image *image, struct ra_buf *out);

#endif
