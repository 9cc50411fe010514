/*
 * What an import is going to do, whatever the archive's format: blobs with where each comes from, images with the
 * names they get, and which blobs belong to which image. Private to lib/jobs/import*.c.
 *
 *     import.c         opens, recognises the format, and runs the stages
 *     import_oci.c     index.json -> plan
 *     import_docker.c  manifest.json or `repositories` -> plan; makes the manifests
 *     import_layer.c   a layer of a docker-archive: compressed, or kept, its diff id checked
 *     import_backup.c  a backup of ours, read from front to back without a plan
 *     import_restore.c its blobs and links into the storage
 *     import_mirror.c  tags that a backup does not have
 *     import_plan.c    blobs and the links among them
 *     import_names.c   what an image is called here
 *     import_copy.c    blobs into the storage
 */
#ifndef RA_JOBS_IMPORT_PLAN_H
#define RA_JOBS_IMPORT_PLAN_H

#include "base/names.h"
#include "base/vec.h"
#include "format/members.h"
#include "jobs/import.h"
#include "registry/manifest.h"
#include "registry/put.h"

struct import_blob { /* by the number of its digest; an archive may hold hundreds of thousands */
    uint64_t size;
    uint32_t from;              /* the index of its member, or of bytes that are made here */
    uint32_t first_ref, n_refs; /* of a manifest, in `refs`: what it refers to, subjects not counted */
    bool member : 1, made : 1;  /* what `from` is; neither: nothing */
    bool manifest : 1;
    bool planned : 1; /* size and origin are set */
    bool missing : 1; /* neither in the archive nor in the storage */
    bool present : 1; /* in the storage already */
    bool stored : 1;  /* made here, and waiting to be published */
    bool needed : 1;  /* by an image that is not left out */
};

struct import_image {
    struct ra_import_image pub; /* repo and tag are owned, here */
    char *source;               /* the name in the archive, or NULL */
    char *home;                 /* of a thing without a name: its repository, when the archive says so */
    struct ra_digest *was;      /* owned: what the tag held when it was first looked at; NULL: nothing */
    size_t docker;              /* its number in import_docker.c's table */
    uint32_t root;              /* its manifest's number, or RA_NONE while that is not made yet */
    uint32_t subject;           /* the number of what it is about, or RA_NONE */
    bool bare;                  /* the name in the archive is a tag alone */
    bool dropped;               /* not selected */
    bool looked;                /* `was` is known */
};

/* Sealed blobs that wait for the rest of the archive to prove sound; see ra_import_park. */
#define IMPORT_PARKED_MAX 256
struct import_parked {
    pthread_mutex_t mutex;
    struct ra_put_blob *at[IMPORT_PARKED_MAX];
    size_t n;
    bool spilled; /* more came than can wait: all go in as they come */
};

struct import_doomed { /* a tag that a mirror does not have */
    char *repo, *tag;
    int64_t mtime;
};

struct import_docker;
struct import_backup;

struct ra_import {
    const struct ra_job *job;
    struct ra_import_opts opts;
    const char *kind;
    struct ra_members *members;
    struct ra_digest_set *digests; /* those of the members, and all others that are spoken of */
    RA_VEC(struct import_blob) blobs;
    RA_VEC(uint32_t) refs;      /* of all manifests, one after the other */
    RA_VEC(struct ra_buf) made; /* bytes that are made here */
    RA_VEC(struct import_image) images;
    struct import_docker *docker;
    struct import_backup *backup;
    struct import_parked parked;
    RA_VEC(size_t) shown; /* the images that are not dropped */
    struct ra_import_counts counts;
    size_t replacing, removing;
    RA_VEC(struct import_doomed) doomed;
    bool mirror_listed;        /* only repositories that the backup has are mirrored */
    struct ra_names tags;      /* "repo:tag" of those that may be written, see ra_import_guard_tags */
    RA_VEC(size_t) tags_image; /* and beside them their images */
};

/* Where blobs go: nowhere in a dry run, when they are only verified. */
static inline struct ra_store *ra_import_target(const struct ra_import *im)
{
    return im->job->dry_run ? NULL : im->job->store;
}

/* --- import_plan.c --- */

/* The blob's number; it is planned for later where it is new. */
uint32_t ra_import_blob(struct ra_import *im, const struct ra_digest *d);
/* Bytes that are made here. */
uint32_t ra_import_plan_made(struct ra_import *im, const struct ra_buf *bytes);
/* Notes what a manifest refers to. TOOBIG when all together are too much. */
int ra_import_set_refs(struct ra_import *im, uint32_t number, const uint32_t *refs, size_t n,
                       struct ra_err *err);
struct import_image *ra_import_add_image(struct ra_import *im, const char *source, bool bare, uint32_t root);
/* Plans a manifest and all it refers to, from the top. `what` names it in messages. */
int ra_import_plan_graph(struct ra_import *im, uint32_t root, const char *media_type, uint64_t size,
                         struct ra_err *err);
/* Reads a manifest that is planned and verifies its digest. */
int ra_import_read_manifest(struct ra_import *im, uint32_t number, struct ra_buf *out, struct ra_err *err);
/* Calls visit for a root and all below it, each once. */
int ra_import_each(const struct ra_import *im, uint32_t root,
                   int (*visit)(void *arg, uint32_t number, struct ra_err *err), void *arg,
                   struct ra_err *err);
/* Marks what is needed; fails, or finds, when some of it is missing. */
int ra_import_check_complete(struct ra_import *im, struct ra_err *err);
/* Links and tags of all images. */
int ra_import_write_links(struct ra_import *im, struct ra_err *err);

/* --- import_names.c --- */

/* Gives every image its repository and tag, drops what is not selected, and looks at the tags that are there. */
int ra_import_name_all(struct ra_import *im, struct ra_err *err);
/* What becomes of an image whose digest is known now. */
int ra_import_decide(struct ra_import *im, struct import_image *image, struct ra_err *err);
/* Notes what its tag holds, NULL: nothing, the first time that anybody looks. */
void ra_import_note_tag(struct import_image *image, const struct ra_digest *have);
/* Has `put` leave tags alone that somebody wrote after they were looked at, as while the question waited: each is a
 * finding, and its image skipped. */
void ra_import_guard_tags(struct ra_import *im, struct ra_put *put);
/* A repository of an archive under the name it gets here, by --keep-host and --prefix alone. INVALID. */
int ra_import_rename(const struct ra_import_opts *opts, const char *repo, char **out, struct ra_err *err);

/* --- import_copy.c --- */

/* NOSPACE when the storage has no room for so much; asked before anything is written. */
int ra_import_check_room(const struct ra_import *im, uint64_t bytes, struct ra_err *err);
int ra_import_copy_all(struct ra_import *im, struct ra_err *err);
/* Keeps a sealed blob until ra_import_publish; takes it over. Any thread. */
int ra_import_park(struct ra_import *im, struct ra_put_blob *blob, struct ra_err *err);
int ra_import_publish(struct ra_import *im, struct ra_err *err);
void ra_import_unpark(struct ra_import *im);

/* --- import_oci.c --- */

int ra_import_oci(struct ra_import *im, struct ra_err *err);
/* Whether there is an index.json that has anything in it. 1, 0, negative. */
int ra_import_is_oci(struct ra_import *im, struct ra_err *err);

/* --- import_docker.c, import_layer.c --- */

int ra_import_docker(struct ra_import *im, bool old, struct ra_err *err);
/* What becomes of an image by what its tag holds now, before its layers are packed. */
int ra_import_docker_decide(struct ra_import *im, struct import_image *image, struct ra_err *err);
/* Turns the images that are still wanted into manifests, and their layers into blobs. */
int ra_import_docker_convert(struct ra_import *im, struct ra_err *err);
void ra_import_docker_free(struct import_docker *d);

struct import_layer { /* what became of a member that is a layer */
    struct ra_blob_id stored;
    struct ra_digest diff_id;
    const char *media_type; /* Docker's */
    bool checked;           /* diff_id is known */
    bool zstd;
    bool empty; /* no layer at all: a member of 0 bytes, as old Dockers wrote for nothing */
};
/* Makes a blob of it: as it is when compressed, else compressed as the options say. CORRUPT when `want` (may be NULL)
 * is not its diff id. */
int ra_import_layer(struct ra_import *im, const struct ra_found *member, const struct ra_digest *want,
                    struct import_layer *out, struct ra_err *err);

/* --- import_mirror.c --- */

int ra_import_mirror_plan(struct ra_import *im, struct ra_err *err);
int ra_import_mirror(struct ra_import *im, struct ra_err *err);

#endif
