/*
 * migrate-v1: the storage of the old Python registry into this one. A tag is migrated whole or not at all, and no
 * damaged image keeps the others from it. Each layer is read once: one pass feeds its checksum, its digest, the
 * decompressor, the digest of the content, the walk through the tar archive and, where the file system cannot share
 * bytes, the copy.
 *
 * Tags go through in groups. Of a group first all layers are read, and kept back, invisible; then what the whole tags
 * need is published, then links, then tags (registry/put.h). So a kill at any point leaves whole tags and perhaps
 * blobs nobody needs yet; what belongs to skipped tags only is never published.
 */
#ifndef RA_JOBS_MIGRATE_H
#define RA_JOBS_MIGRATE_H

#include "base/str.h"
#include "base/vec.h"
#include "jobs/job.h"
#include "registry/v1config.h"
#include "registry/v1tree.h"

enum ra_migrate_library { RA_LIBRARY_STRIP, RA_LIBRARY_KEEP, RA_LIBRARY_BOTH };
enum ra_migrate_trust { RA_TRUST_NEVER, RA_TRUST_VERIFIED, RA_TRUST_ALWAYS };

struct ra_migrate_opts {               /* starts zeroed but for `trust` */
    const struct ra_strlist *patterns; /* repositories or repo:tag, in the old or the new name; none: all */
    bool *matched;                     /* beside them: set for those that something matches; or NULL */
    int library;                       /* enum ra_migrate_library */
    int format;                        /* enum ra_v1_format */
    int trust;                         /* in pushes that were not finished: enum ra_migrate_trust */
    const struct ra_strlist *renames;  /* "OLD=NEW"; may be NULL, as the next two */
    const char *name_map;              /* a file of such lines */
    const char *state;                 /* a file that remembers what layers are */
    uint64_t limit;                    /* most bytes that a layer may unpack to; 0: any */
    bool lowercase;                    /* names */
    bool replace;                      /* a tag that is there and is another image */
    bool strict;                       /* a wrong checksum skips the tags */
    bool salvage;                      /* bridge images whose metadata is lost, by what `ancestry` says */
    bool plain;                        /* keep uncompressed layers as they are */
    bool link;                         /* hard links instead of copies */
};

enum ra_migrate_status { RA_MIGRATED, RA_UNCHANGED, RA_SKIPPED };
const char *ra_migrate_status_name(enum ra_migrate_status s);

struct ra_migrated_tag { /* strings are owned */
    char *source;        /* "library/ubuntu:14.04" */
    char *reference;     /* "ubuntu:14.04"; NULL when there is no legal name for it */
    enum ra_migrate_status status;
    bool has_digest;
    struct ra_digest digest;     /* of the manifest */
    struct ra_findings findings; /* about it and the images it is made of; most are in the job's too */
};

struct ra_migration {                    /* what was done, or would be; starts zeroed */
    RA_VEC(struct ra_migrated_tag) tags; /* sorted by source, then reference */
    struct {
        uint64_t read, kept, recompressed,
            empty; /* images' layers; `read` without those known from the state */
        uint64_t remembered;
        uint64_t unused; /* of tags that are skipped, and no others */
    } layers;
    struct {
        uint64_t verified, mismatched, unverifiable;
    } checksums;
    struct {
        uint64_t images, bytes;
    } orphans;
    struct {
        uint64_t shared, linked, written; /* bytes of blobs that this run published */
    } bytes;
    RA_VEC(char *) renamed;      /* "OLD=NEW", where not just library/ went; owned */
    RA_VEC(char *) private_ones; /* old names; owned */
};
void ra_migration_release(struct ra_migration *m);

/* Fails when it cannot go on at all: the target cannot be written, options make no sense, cancelled. */
int ra_migrate_v1(struct ra_job *job, const struct ra_v1_source *source, const struct ra_migrate_opts *opts,
                  struct ra_migration *out, struct ra_err *err);

/* --- looking before migrating ------------------------------------------------------------------------------- */

struct ra_v1_listed_tag {
    const char *repo, *tag; /* in the tree that was scanned */
    const char *id;         /* "" when the tag is damaged */
    uint64_t images, layer_bytes;
    int64_t updated;
    /* Its chain of images is complete, and each has metadata and a layer: their bytes were not read. */
    bool whole;
};

struct ra_v1_listing {
    struct ra_v1_tree tree;
    RA_VEC(struct ra_v1_listed_tag) tags;
    uint64_t images, orphans;
    uint64_t layer_bytes; /* of images that tags need, each once */
};
void ra_v1_listing_release(struct ra_v1_listing *l);
/* What the tree holds, as far as metadata tells. job->store is not used. `matched` as in struct ra_migrate_opts. */
int ra_v1_list(struct ra_job *job, const struct ra_v1_source *source, const struct ra_strlist *patterns,
               bool *matched, struct ra_v1_listing *out, struct ra_err *err);

#endif
