/*
 * Writing a storage, or some of its images, into an archive: a backup of ours that is an OCI layout at the same time,
 * or a docker-archive. Format: regadm-archive(5).
 *
 * Safe beside a running registry: tags and manifests are read first, then every blob that they need is looked for,
 * then copied; what is pushed meanwhile is not in it, and what is deleted meanwhile makes the export start over (to a
 * file), or fail. Every blob is hashed while it is copied. A file appears complete or not at all.
 *
 * The same state gives the same bytes, but for the time in the header (see `created`).
 */
#ifndef RA_JOBS_EXPORT_H
#define RA_JOBS_EXPORT_H

#include "base/str.h"
#include "jobs/job.h"

enum ra_export_format { RA_EXPORT_BACKUP, RA_EXPORT_DOCKER };
enum ra_export_compress { RA_COMPRESS_NONE, RA_COMPRESS_GZIP, RA_COMPRESS_ZSTD };

struct ra_export_opts {
    const struct ra_strlist *refs; /* references and patterns; empty: all */
    const char *output;            /* a path; or "-" */
    enum ra_export_format format;
    enum ra_export_compress compress; /* of the whole file */
    bool no_untagged;                 /* only what tags reach, and what is about that */
    bool plain_layers;                /* docker-archives: unpack the layers */
    bool no_verify;                   /* do not hash */
    bool skip_damaged;                /* leave out images that are not whole, instead of failing */
    bool tag_names;                   /* index.json names images by their tag alone */
    bool no_docker_table;             /* no manifest.json */
    bool catalog_only;                /* write the catalogue, and nothing else */
    const char *platform;             /* "os/arch[/variant]": of indexes, only these children; or NULL */
    const char *registry;             /* put before names for other tools: "docker.io"; or NULL */
    /* An earlier backup, or its catalogue: what it has or presupposes is left out; or NULL. */
    const char *since;
    const char *have;    /* a file with digests that the receiver has, "-": standard input; or NULL */
    const char *created; /* RFC 3339 text for the header; or NULL */
};

struct ra_export_image {
    char *repo, *tag; /* tag NULL: untagged */
    struct ra_digest digest;
};

struct ra_export_result { /* starts zeroed */
    RA_VEC(struct ra_export_image) images;
    uint64_t written, bytes; /* blobs in the archive */
    uint64_t omitted;
    uint64_t file_bytes; /* of the archive, before compression */
    struct ra_digest archive_id;
    bool has_id;
};

int ra_export(const struct ra_job *job, const struct ra_export_opts *opts, struct ra_export_result *out,
              struct ra_err *err);
void ra_export_result_release(struct ra_export_result *r);
#define RA_EXPORT_RESULT_AUTO RA_AUTO(ra_export_result, _release)

#endif
