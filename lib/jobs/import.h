/*
 * Bringing an archive into a storage: backups of ours, OCI archives and layouts, docker-archives of every generation;
 * recognised by content, from a file, a folder or a pipe.
 *
 *     ra_import_open   reads what the archive says, checks it, decides what would be done; writes nothing
 *     ra_import_run    does it: blobs first, each verified, then links, tags last
 *
 * An archive that is refused leaves nothing behind; what is copied becomes visible only when all that was promised is
 * there and verified (for very large archives: some blobs that nothing points to may stay). Interrupted, it leaves at
 * most such blobs, and another run finds them and goes on.
 *
 * A docker-archive and an OCI archive that are compressed or come through a pipe are spooled to an unnamed file in
 * $TMPDIR, else /var/tmp, since their table of contents stands at the end. A backup is never spooled, unless a part
 * of it is selected.
 */
#ifndef RA_JOBS_IMPORT_H
#define RA_JOBS_IMPORT_H

#include "base/str.h"
#include "jobs/job.h"
#include "registry/backup.h"

enum ra_layer_compression { RA_LAYER_GZIP, RA_LAYER_ZSTD, RA_LAYER_NONE };

struct ra_import_opts {
    const char *path;         /* a file, a folder, or "-" */
    const char *as;           /* REPO or REPO:TAG for what it holds; or NULL */
    const char *prefix;       /* put before every repository, with a '/' between; or NULL */
    struct ra_strlist select; /* only these: references or patterns, by the name they would get; empty: all */
    bool keep_host;           /* "docker.io/library/" and other hosts stay part of the name */
    bool replace;             /* tags that point elsewhere are moved */
    bool mirror;        /* backups: tags that the archive does not have are removed from its repositories */
    bool allow_missing; /* store what refers to things that are neither in the archive nor in the storage */
    bool look;          /* only to see what is in it: nothing needs a name, nothing is presupposed */
    bool skip_diff_ids; /* do not decompress layers of docker-archives to compare them with the config */
    enum ra_layer_compression compression; /* of layers that are plain in a docker-archive */
    unsigned level;                        /* 0: the method's own choice */
    uint64_t max_bytes; /* most bytes that a compressed archive may have unpacked; 0: RA_IMPORT_MAX_BYTES */
    const char *const *env; /* TMPDIR is looked up here */
};
#define RA_IMPORT_MAX_BYTES ((uint64_t)1 << 44)

enum ra_import_status { RA_IMPORT_CREATED, RA_IMPORT_UPDATED, RA_IMPORT_UNCHANGED, RA_IMPORT_SKIPPED };
const char *ra_import_status_name(enum ra_import_status s);

struct ra_import_image {
    const char *repo;
    const char *tag;         /* NULL: stored without a tag */
    struct ra_digest digest; /* of its manifest; known after run only for docker-archives */
    bool has_digest;
    enum ra_import_status status;
};

struct ra_import_counts {
    uint64_t written, bytes; /* blobs */
    uint64_t present;        /* were there already */
};

struct ra_import;
int ra_import_open(const struct ra_job *job, const struct ra_import_opts *opts, struct ra_import **out,
                   struct ra_err *err);
int ra_import_run(struct ra_import *im, struct ra_err *err);
void ra_import_free(struct ra_import *im); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_import, ra_import_free)

/* What kind of archive it is, for people: "docker-archive", "OCI layout", "regadm backup". */
const char *ra_import_kind(const struct ra_import *im);
/* Header and catalogue, when it is a backup; else NULL. Lent. */
const struct ra_backup *ra_import_catalog(const struct ra_import *im);
/* Image number i of n, in order of repository and tag; lent. NULL at the end. */
const struct ra_import_image *ra_import_image(const struct ra_import *im, size_t i);
/* How many tags would be moved to another image. */
size_t ra_import_replacing(const struct ra_import *im);
/* How many tags would be removed (mirror). */
size_t ra_import_removing(const struct ra_import *im);
/* Tag number i of those; false at the end. Strings are lent. */
bool ra_import_removed(const struct ra_import *im, size_t i, const char **repo, const char **tag);
const struct ra_import_counts *ra_import_counts(const struct ra_import *im);

#endif
