/* What the files of fsck share. Not for others. */
#ifndef RA_JOBS_FSCK_PARTS_H
#define RA_JOBS_FSCK_PARTS_H

#include "jobs/fsck.h"
#include "jobs/reach.h"
#include "jobs/survey.h"

/* Of blobs, in the survey's table. */
enum ra_fsck_flag {
    RA_FSCK_NEEDED = RA_BLOB_USER,      /* some revision or tag reaches it */
    RA_FSCK_TAGGED = RA_BLOB_USER << 1, /* some tag does */
    RA_FSCK_BAD = RA_BLOB_USER << 2,    /* missing where it is needed, or corrupt */
    RA_FSCK_CORRUPT = RA_BLOB_USER << 3,
    RA_FSCK_MISSING = RA_BLOB_USER << 4,
    RA_FSCK_SIZE = RA_BLOB_USER << 5, /* its size is not what a manifest says */
};

struct ra_fsck {
    const struct ra_job *job;
    struct ra_fsck_opts opts;
    struct ra_fsck_result result;
    struct ra_survey survey;
    pthread_mutex_t mutex; /* over fixes and result, while threads work */
    RA_VEC(struct ra_fix) fixes;
};

void ra_fsck_add_fix(struct ra_fsck *f, const struct ra_fix *fix);
/* The fix that would mend what `key` describes, or NULL; once they are sorted. */
struct ra_fix *ra_fsck_fix_of(struct ra_fsck *f, const struct ra_fix *key);
void ra_fsck_digest(const struct ra_fsck *f, uint32_t blob, struct ra_digest *out);
/* Whether there is a link now that can be read: a registry that is pushed to may have written it since its folder was
 * listed, or since it was found bad. */
bool ra_fsck_link_reads(const struct ra_fsck *f, const char *key);

/* The roles in which a manifest cannot do without what it names. A child that is not there is a sparse index, a subject
 * may be gone: neither is damage. */
#define RA_FSCK_HELD 3
extern const enum ra_ref_role ra_fsck_held[RA_FSCK_HELD];

/* Links, tags, manifests and what they name (fsck_graph.c), */
int ra_fsck_graph(struct ra_fsck *f, struct ra_err *err);
/* and whether what an index names is there without a revision link. If its bytes are nowhere, the index is sparse. */
bool ra_fsck_is_unlinked(struct ra_fsck *f, const struct ra_survey_repo *repo, uint32_t child);
/* Names the tags that damaged blobs concern, once all are known (fsck_blame.c). */
int ra_fsck_blame(struct ra_fsck *f, struct ra_err *err);
/* The bytes of blobs (fsck_read.c). */
int ra_fsck_read(struct ra_fsck *f, struct ra_err *err);
/* Everything that lies in the tree: foreign files, leftovers, owners (fsck_tree.c). */
int ra_fsck_tree(struct ra_fsck *f, struct ra_err *err);

/* Tells the findings what the fixes did about them (fsck_mark.c). */
void ra_fsck_mark_mended(struct ra_fsck *f);

/* One blob of a source, from front to back (fsck_source.c). */
struct ra_source_blob;
int ra_source_blob_open(const struct ra_fsck_source *s, const struct ra_digest *d,
                        struct ra_source_blob **out, struct ra_err *err);
ssize_t ra_source_blob_read(struct ra_source_blob *b, void *p, size_t n, struct ra_err *err);
void ra_source_blob_close(struct ra_source_blob *b); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_source_blob, ra_source_blob_close)

#endif
