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
    bool missing;    /* the manifest, or the link to it, is not there: kind is unknown */
    bool unreadable; /* it is there, but cannot be read, or is no manifest */
    enum ra_manifest_kind kind;
    char *media_type; /* owned; "" when not known */
    uint64_t bytes;   /* manifest, children, configs, layers: each blob once, by the descriptors' sizes */
    int64_t created;  /* the latest of its configs; RA_TIME_NONE */
    RA_VEC(char *) platforms; /* "os/arch[/variant]", owned, in the manifest's order, without attestations */
    size_t missing_blobs;     /* configs and layers that are not there (if they were looked at) */
};

/* Its kind as the outputs name it: "image", "index", "artifact", "schema1", "unknown", "missing". */
const char *ra_image_kind(const struct ra_image *image);

/* Blobs that were there when they were looked at, about 44 bytes each: who reads many images hands the same to all, and
 * what they share is looked at once. Begins as RA_KNOWN_BLOBS_INIT. Threads: any. */
struct ra_known_blobs {
    pthread_mutex_t mutex;
    struct ra_digest_set there;
};
#define RA_KNOWN_BLOBS_INIT                \
    {                                      \
        .mutex = PTHREAD_MUTEX_INITIALIZER \
    }
void ra_known_blobs_release(struct ra_known_blobs *k);

/* Whether to look for configs and layers: see missing_blobs. */
enum ra_image_look {
    RA_LOOK_IF_CHEAP, /* not where each costs a request */
    RA_LOOK_NEVER,
    RA_LOOK_ALWAYS,
};
/* Fills *out for a manifest of a repository; `at` says where findings belong, `known` may be NULL. Damage is not an
 * error: it is found, and shows in *out. Fails when cancelled. */
int ra_image_read(const struct ra_job *job, const struct ra_place *at, const struct ra_digest *digest,
                  enum ra_image_look look, struct ra_known_blobs *known, struct ra_image *out,
                  struct ra_err *err);
void ra_image_release(struct ra_image *image);
/* "linux/amd64, linux/arm64" appended. */
void ra_image_platforms(const struct ra_image *image, struct ra_buf *out);

#endif
