/*
 * Everything about one manifest of a repository. For `inspect`.
 */
#ifndef RA_JOBS_INSPECT_H
#define RA_JOBS_INSPECT_H

#include "jobs/image.h"

struct ra_referrer {
    struct ra_digest digest;
    char *artifact_type; /* owned, "" when not known */
    uint64_t bytes;      /* manifest, config and layers */
    char *tag; /* owned: the digest-like tag that made it known ("sha256-....sig"); NULL: by its subject */
};

/* Whether the blob behind a descriptor is there; beside the arrays of the manifest. */
struct ra_presence {
    bool *at;
    size_t n;
};

struct ra_inspection {       /* starts zeroed */
    char *repository;        /* owned, as the storage calls it */
    bool stripped;           /* the reference named a host in front of it */
    char *tag;               /* owned; NULL when asked for by digest */
    struct ra_digest digest; /* of the manifest shown */
    struct ra_image image;
    struct ra_buf manifest_bytes;
    struct ra_manifest manifest;
    struct ra_buf config_bytes; /* empty when there is no config, or it is not there */
    struct ra_imageconfig config;
    bool has_config;              /* config is a container image's, and parsed */
    int64_t updated;              /* of the tag */
    struct ra_presence layers;    /* beside manifest.layers (or .blobs, for an OCI artifact manifest) */
    struct ra_presence manifests; /* beside manifest.manifests: a child counts when the repository has it */
    RA_VEC(struct ra_referrer) referrers;
    RA_VEC(char *) tags; /* other tags on this digest, owned */
};
void ra_inspection_release(struct ra_inspection *in);

enum ra_inspect_want {
    RA_INSPECT_MANIFEST = 0,        /* find the manifest, read its bytes: for --raw */
    RA_INSPECT_CONFIG = 1 << 0,     /* and its config */
    RA_INSPECT_EVERYTHING = 1 << 1, /* and all the rest */
};

/* The manifest that a reference names ("repo" means repo:latest), or with `platform` ("linux/arm64",
 * "linux/arm/v7") the one of that platform below an index. NOTFOUND with what there is instead; USAGE;
 * INVALID for a digest prefix that fits several. */
int ra_inspect(const struct ra_job *job, const char *reference, const char *platform, unsigned want,
               struct ra_inspection *out, struct ra_err *err);

#endif
