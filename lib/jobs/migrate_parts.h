/*
 * What the files of migrate-v1 share. An image is known by its number in `ids`, everywhere.
 *
 *   migrate.c         the order of things, the report       migrate_layer.c   one pass over a layer
 *   migrate_names.c   old names to new ones                 migrate_judge.c   what that pass means
 *   migrate_chain.c   metadata, chains of parents           migrate_state.c   the file that remembers passes
 *   migrate_look.c    what can be told without reading      migrate_place.c   configs, manifests, publishing
 *                     layers                                migrate_report.c  remarks, findings, counts
 *   v1_list.c         looking before migrating
 */
#ifndef RA_JOBS_MIGRATE_PARTS_H
#define RA_JOBS_MIGRATE_PARTS_H

#include "base/names.h"
#include "format/decompress.h"
#include "jobs/migrate.h"
#include "registry/put.h"

/* Longer chains are no images. (Docker allowed 127.) */
#define RA_V1_CHAIN_MAX 1024

/* --- images --- */

struct ra_mig_remark { /* something to tell about an image or a tag */
    enum ra_severity severity;
    const char *code;
    char *text;
    uint32_t image; /* whose it was, in a tag's list; or RA_NO_NAME */
};
struct ra_mig_remarks {
    struct ra_mig_remark *at;
    size_t n, cap;
};
void ra_mig_remarks_release(struct ra_mig_remarks *r);
void ra_mig_remark(struct ra_mig_remarks *r, enum ra_severity severity, const char *code, const char *fmt,
                   ...) RA_PRINTF(4, 5);
/* The first error, or NULL. */
const struct ra_mig_remark *ra_mig_error(const struct ra_mig_remarks *r);

struct ra_mig_facts {         /* what one pass over a layer found; all of it is remembered by --state */
    uint64_t size;            /* of the file */
    uint64_t unpacked;        /* of its content */
    uint64_t trailing;        /* bytes behind the compressed stream */
    struct ra_digest stored;  /* of the file */
    struct ra_digest simple;  /* of metadata, newline, file; when has_simple */
    struct ra_digest diff_id; /* of its content */
    struct ra_digest tarsum;  /* of metadata and members; when has_tarsum */
    enum ra_encoding encoding;
    bool has_simple, has_tarsum;
    bool empty;  /* no member: no bytes, or zeroes only */
    bool no_end; /* the archive has no end mark: a cut just there would look the same */
};

enum ra_mig_fate {
    RA_FATE_UNKNOWN,
    RA_FATE_KEEP,       /* its bytes are the blob */
    RA_FATE_RECOMPRESS, /* a gzip of its content is */
    RA_FATE_EMPTY,      /* a line of history without a layer */
    RA_FATE_BAD,        /* no tag can have it; the first error among the remarks says why */
};

struct ra_mig_image {
    const char *id;  /* lent from ids */
    uint32_t parent; /* RA_NO_NAME in the base */
    uint32_t child;  /* one that named it as its parent, or RA_NO_NAME */
    bool unreadable; /* its metadata */
    bool salvaged;   /* its metadata is lost, and its parent known all the same */
    bool needed;     /* by a tag that is still to be migrated */
    bool in_progress;
    /* The target has a tag with it: most likely its blob as well, which is not written again. */
    bool expected;
    bool queued;      /* its layer is being taken, or was */
    bool used;        /* by a tag that is migrated */
    bool told;        /* its remarks are among the job's findings */
    bool unshareable; /* its bytes must be copied, whatever `clones` and --link say */
    bool placed;      /* its blob is published, or was there */
    bool from_state;
    enum ra_mig_fate fate;
    int64_t mtime; /* of the layer */
    uint64_t size; /* of the layer */
    struct ra_v1_image meta;
    struct ra_v1_checksum checksum;
    struct ra_mig_facts facts;
    struct ra_blob_id blob;     /* what it becomes: KEEP, RECOMPRESS */
    struct ra_put_blob *parked; /* its bytes, written but invisible; or NULL */
    struct ra_mig_remarks remarks;
};

/* --- tags --- */

struct ra_mig_tag {
    const struct ra_v1_repo *repo;
    const struct ra_v1_tag *tag;
    uint32_t top;     /* image */
    bool doomed;      /* skipped; remarks say why */
    bool silent;      /* no tag of its own: metadata, or another folder has it too */
    bool expected;    /* the target has tags of all its names already */
    char *targets[2]; /* repositories it goes to; the second only with --library both. Lent from names */
    struct ra_mig_remarks remarks;
};

struct ra_mig { /* the job at work */
    struct ra_job *job;
    const struct ra_v1_source *source;
    const struct ra_migrate_opts *opts;
    struct ra_migration *out;
    struct ra_v1_tree tree;
    RA_VEC(struct ra_mig_tag) tags; /* in the order of the tree */
    struct ra_names ids;
    RA_VEC(struct ra_mig_image) images;
    struct ra_arena arena;      /* the images' strings */
    pthread_mutex_t mutex;      /* guards arena while loading */
    struct ra_mig_state *state; /* NULL without --state */
    struct ra_mig_name_map *names;
    int64_t started;
    bool clones; /* source and target can share bytes */
    bool live;   /* something changed meanwhile */
};

void ra_mig_release(struct ra_mig *m);
/* Threads for small reads of the old tree. */
static inline unsigned ra_mig_width(const struct ra_mig *m)
{
    return ra_io_threads(m->source->images, m->job->threads);
}

/* Reads the tree; what of it cannot be read is a finding. */
int ra_mig_scan(struct ra_mig *m, struct ra_err *err);
/* Sets the image's fate: RA_FATE_BAD, with an error among its remarks that says why. */
void ra_mig_spoil(struct ra_mig_image *image, const char *code, const char *fmt, ...) RA_PRINTF(3, 4);
/* Has the tag skipped, with an error among its remarks that says why. */
void ra_mig_doom(struct ra_mig_tag *t, const char *code, const char *fmt, ...) RA_PRINTF(3, 4);

/* --- migrate_names.c --- */

struct ra_mig_name_map;
int ra_mig_name_map_new(const struct ra_migrate_opts *opts, struct ra_mig_name_map **out, struct ra_err *err);
void ra_mig_name_map_free(struct ra_mig_name_map *m);
/* The repositories that an old one becomes: malloc'd, the second NULL but with --library both. They may be illegal. */
void ra_mig_name_map_apply(const struct ra_mig_name_map *m, const char *old, char *targets[2]);
/* Says that there is such a repository; when all were said, finds the renames of those that are not there. */
void ra_mig_name_map_see(struct ra_mig_name_map *m, const char *old);
void ra_mig_name_map_find_unused(const struct ra_mig_name_map *m, struct ra_findings *findings);
/* Whether the patterns (none: all) ask for that tag, by its old or a new name. */
bool ra_mig_wants(const struct ra_migrate_opts *opts, const char *old, char *const targets[2],
                  const char *tag);

/* --- migrate_chain.c --- */

/* Whether tags reach image i of m->tree through metadata that can be read. */
bool ra_mig_is_reached(const struct ra_mig *m, uint32_t i);

/* Reads the metadata of every image that the tags need, and of their ancestors. */
int ra_mig_chain_load_all(struct ra_mig *m, struct ra_err *err);
/* The chain of a tag, base first: how many, or 0 with a remark on the tag that says why it is none. `out` has room
 * for RA_V1_CHAIN_MAX. */
size_t ra_mig_chain_of(struct ra_mig *m, struct ra_mig_tag *t, uint32_t *out);
/* Compares the chain with the `ancestry` of its top. */
void ra_mig_chain_check_ancestry(struct ra_mig *m, struct ra_mig_tag *t, const uint32_t *chain, size_t n);

/* --- migrate_look.c --- */

/* Finds out what can be known of image i before its layer is read: size, checksum, whether it was ever finished. */
void ra_mig_look_at_image(struct ra_mig *m, uint32_t i);

/* --- migrate_layer.c --- */

struct ra_mig_pass { /* one pass over a layer */
    struct ra_reader *reader;
    const struct ra_buf *json;
    bool want_simple, want_tarsum;
    uint64_t limit;
    bool recompress;           /* whatever it is */
    bool plain;                /* plain tar is kept as it is */
    bool copy;                 /* what is kept is written too; else only what is compressed anew */
    struct ra_store *write_to; /* NULL: only look */
    struct ra_progress *progress;
    struct ra_mig_facts facts; /* out */
    struct ra_put_blob *blob;  /* out: what was written, sealed; or NULL */
    struct ra_blob_id blob_id; /* out: what it is, or would be */
    bool target_failed;        /* out: the failure is the target's, not the layer's */
};
#define RA_MIG_PASS_AUTO RA_AUTO(ra_mig_pass, _release)
/* CORRUPT, UNSUPPORTED, TOOBIG: the layer's fault. */
int ra_mig_layer_pass(struct ra_mig_pass *p, struct ra_err *err);
void ra_mig_pass_release(struct ra_mig_pass *p);

/* Reads the layer of image i, unless the state knows it, judges it and parks what the target needs of it. Fails only
 * when the target does, or cancelled. */
int ra_mig_layer_take(struct ra_mig *m, uint32_t i, struct ra_err *err);
/* Parks the bytes of an image that was judged already, unless the target has them. *source_failed tells whose fault a
 * failure is. */
int ra_mig_layer_park(struct ra_mig *m, uint32_t i, bool *source_failed, struct ra_err *err);

/* --- migrate_judge.c --- */

enum ra_mig_verdict { RA_UNVERIFIABLE, RA_VERIFIED, RA_MISMATCHED };
/* What the stored checksum says: the one over the file, else the one over the members. */
enum ra_mig_verdict ra_mig_verdict(const struct ra_mig_image *image);
/* Whether it takes the members' sum to say anything. */
static inline bool ra_mig_wants_tarsum(const struct ra_mig_image *image)
{
    return image->checksum.has_tarsum && !image->checksum.has_simple;
}
/* Sets fate and remarks from facts. */
void ra_mig_judge_layer(const struct ra_mig *m, struct ra_mig_image *image);
/* The same for a layer of no bytes at all, which was nowhere read. */
void ra_mig_judge_zero_bytes(const struct ra_mig *m, struct ra_mig_image *image, const struct ra_buf *json);
/* Whether facts alone say that the bytes can be a blob as they are. */
bool ra_mig_facts_keep(const struct ra_mig_facts *f, bool plain);

/* --- migrate_state.c --- */

struct ra_mig_state;
int ra_mig_state_open(const char *path, const char *source, bool dry_run, struct ra_mig_state **out,
                      struct ra_err *err);
void ra_mig_state_close(struct ra_mig_state *s); /* NULL is fine */
/* What is remembered of the layer, when it, its metadata and what the options make of it are still the same: true, and
 * *facts and *blob are filled. NULL knows nothing. */
bool ra_mig_state_find(struct ra_mig_state *s, const struct ra_migrate_opts *opts,
                       const struct ra_mig_image *image, const struct ra_buf *json,
                       struct ra_mig_facts *facts, struct ra_blob_id *blob);
/* Remembers; safe from any thread. */
void ra_mig_state_add(struct ra_mig_state *s, const struct ra_mig_image *image, const struct ra_buf *json);
/* Writes down what was added since. */
int ra_mig_state_save(struct ra_mig_state *s, struct ra_err *err);

/* --- migrate_report.c --- */

/* Adds what is to be told about the images of a tag to its own remarks. */
void ra_mig_adopt_remarks(struct ra_mig *m, struct ra_mig_tag *t, const uint32_t *chain, size_t n);
/* Puts one line into the report, and its remarks among the findings. `repo` and `digest` may be NULL. */
void ra_mig_report_tag(struct ra_mig *m, const struct ra_mig_tag *t, const char *repo,
                       enum ra_migrate_status status, const struct ra_digest *digest);
/* Counts, when all tags are through. */
void ra_mig_report_counts(struct ra_mig *m);

/* --- migrate_place.c --- */

/* Migrates the tags first[0 .. n) whose layers have all been taken. */
int ra_mig_place_tags(struct ra_mig *m, struct ra_mig_tag *first, size_t n, struct ra_err *err);

#endif
