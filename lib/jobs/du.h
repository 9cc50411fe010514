/*
 * Where the disk went. The figures come from the same survey and the same marking as the collector's, so that what is
 * reclaimable here is what `gc -n` says.
 */
#ifndef RA_JOBS_DU_H
#define RA_JOBS_DU_H

#include "jobs/survey.h"

struct ra_du_opts {
    int64_t min_age; /* what is younger counts as needed, as in the collector */
    bool disk;       /* count the blocks that files occupy instead of their bytes */
    unsigned also;   /* what else the survey is to hold: enum ra_survey_want */
    /* Which repositories are listed; NULL: all. Sharing is judged over the whole storage all the same. */
    bool (*wanted)(void *arg, const char *repo);
    void *arg;
};

struct ra_du_repo {
    const char *name;        /* lent from the survey */
    uint64_t bytes;          /* blobs that it needs, untagged revisions included, each once */
    uint64_t unique_bytes;   /* of those: that no other repository needs */
    uint64_t shared_bytes;   /* the rest */
    uint64_t untagged_bytes; /* of `bytes`: that only its untagged revisions need, those that are not young */
    uint64_t upload_bytes;   /* unfinished uploads */
};

/* A tag with what it needs. */
struct ra_du_tag {
    const char *repository, *tag; /* lent from the survey */
    uint64_t bytes;
    uint64_t unique_bytes; /* that no other tag of the storage needs */
};

/* A blob with how many repositories need it. */
struct ra_du_blob {
    struct ra_digest digest;
    uint64_t bytes;
    uint32_t repositories;
};

/* All blobs of one sort: "manifest", or a media type as the descriptors have it; "" for blobs that nothing
 * describes. */
struct ra_du_type {
    char *media_type; /* owned */
    uint64_t blobs, bytes;
};

struct ra_du {                  /* starts zeroed */
    uint64_t bytes, blobs;      /* every blob in the storage */
    uint64_t reclaimable_bytes; /* of those: that nothing needs: what `gc` would free */
    uint64_t untagged_bytes;    /* that only untagged revisions need: what `gc -m` would free beyond that */
    uint64_t young_bytes;       /* that would be among these two were they old enough */
    /* Why these three are not known, and zero (see ra_mark_overlooked); or NULL. */
    const char *overlooked;
    uint64_t upload_bytes;
    RA_VEC(struct ra_du_repo) repos;  /* most bytes first, equals by name */
    RA_VEC(struct ra_du_tag) tags;    /* after ra_du_by_tag */
    RA_VEC(struct ra_du_blob) layers; /* after ra_du_by_layer */
    RA_VEC(struct ra_du_type) types;  /* after ra_du_by_media_type */
    struct ra_survey survey;
    uint32_t *owners; /* private: beside the blobs' indexes */
};

int ra_du_read(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *out,
               struct ra_err *err);
void ra_du_release(struct ra_du *du);

/* Other ways to cut the same figures; each fills its list, most bytes first. After ra_du_read. */
int ra_du_by_tag(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *du,
                 struct ra_err *err);
/* Blobs that one of the wanted repositories needs, and that are neither manifests nor configs. */
int ra_du_by_layer(const struct ra_job *job, struct ra_du *du, struct ra_err *err);
/* Reads every manifest once more, for the media types. With `wanted` only blobs that one of these repositories needs,
 * otherwise also those that none does. */
int ra_du_by_media_type(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *du,
                        struct ra_err *err);

/* Private: a flag of blobs that a wanted repository needs. */
#define RA_DU_WANTED (RA_BLOB_USER << 4)

#endif
