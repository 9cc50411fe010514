/*
 * What an export writes, and where in the archive. Private to lib/jobs/export*.c.
 *
 *     export.c         the stages; starting over
 *     export_select.c  references -> repositories, tags, manifests; what they need
 *     export_state.c   those -> the catalogue; increments
 *     export_index.c   index.json and manifest.json for other tools
 *     export_docker.c  a docker-archive instead
 *     export_layout.c  which member lies where
 *     export_write.c   the bytes: in order into a pipe, or in parallel into a file
 */
#ifndef RA_JOBS_EXPORT_PLAN_H
#define RA_JOBS_EXPORT_PLAN_H

#include "base/vec.h"
#include "jobs/export.h"
#include "jobs/survey.h"
#include "registry/backup.h"

enum export_class { EXPORT_MANIFEST, EXPORT_CONFIG, EXPORT_LAYER };

struct export_blob {          /* beside the state's blobs, by the same numbers */
    uint32_t first_repo : 29; /* that needs it: blobs of one repository lie together */
    uint32_t class : 2;       /* enum export_class */
    bool child : 1;           /* some index has it: it is no root of its own */
};

/* A member that is not a blob as it is stored. */
struct export_member {
    const char *name; /* static or owned by the plan's arena */
    struct ra_buf bytes;
    bool catalog;    /* the catalogue instead of bytes */
    uint32_t unpack; /* a blob whose unpacked bytes it is; RA_NONE: not that */
    uint64_t size, position;
};

struct export_root { /* an image that was chosen */
    uint32_t repo;   /* number of the survey's repository */
    uint32_t tag;    /* of its tags, or RA_NONE */
    uint32_t id;     /* the survey's number of its manifest */
};

struct ra_export_plan {
    const struct ra_job *job;
    const struct ra_export_opts *opts;
    struct ra_survey survey;
    RA_VEC(struct export_root) roots;
    uint64_t left_out; /* tags that damage keeps out; a repository that cannot be read counts as one */
    uint32_t *stamps; /* by the survey's index: the repository, plus one, that a manifest was last added to */
    uint8_t *health;  /* by the survey's index: enum health of export_select.c */
    uint8_t *inside;  /* likewise, of indexes in indexes: enum inside */
    struct ra_digest_set bad;       /* blobs that turned out damaged when they were read */
    uint32_t bad_before;            /* of them from an earlier attempt */
    _Atomic bool spoilt;            /* this attempt met with one */
    struct ra_digest_set have;      /* what the receiver has */
    RA_VEC(struct ra_digest) chain; /* the backups that this one builds on, the last one first */
    struct ra_backup state;
    RA_VEC(struct export_blob) blobs;
    RA_VEC(struct export_member) meta; /* before the blobs */
    RA_VEC(uint32_t) order;            /* of the blobs */
    struct export_member end;          /* behind them */
    uint64_t area;                     /* position of the first blob's header */
    uint64_t base;                     /* of its data */
    uint64_t size;                     /* of the archive */
    struct ra_digest index;            /* sha256 of index.json */
    _Atomic bool vanished;             /* something went away while it was being read */
    pthread_mutex_t mutex;             /* over `bad`, while there are threads */
    struct ra_arena arena;
};
void ra_export_plan_release(struct ra_export_plan *p);

/* --- export_select.c --- */
int ra_export_select(struct ra_export_plan *p, struct ra_err *err);
/* Whether a blob is there, and was not found to be damaged. */
bool ra_export_has_blob(const struct ra_export_plan *p, uint32_t id);
/* Whether a manifest, and all that it needs, is there. */
bool ra_export_whole(struct ra_export_plan *p, uint32_t id);
/* Whether of a root with that repository all is exported, not only what tags reach. */
bool ra_export_is_whole_repo(const struct ra_export_plan *p, const char *repo);
/* "linux/arm" is every variant of it. */
bool ra_export_platform_is(const struct ra_platform *have, const char *want);
/* Whether a child of an index is wanted (--platform): for what the index says of it, or for what is in it. */
bool ra_export_wants_child(struct ra_export_plan *p, uint32_t index, uint32_t child);

/* --- export_state.c --- */
int ra_export_read_have(struct ra_export_plan *p, struct ra_err *err);
/* Needs the survey; what follows does not. */
void ra_export_build_state(struct ra_export_plan *p);
/* Brings it into order, and reads the media types of its manifests. */
int ra_export_finish_state(struct ra_export_plan *p, struct ra_err *err);

/* --- export_index.c --- */
int ra_export_put_index(struct ra_export_plan *p, struct ra_buf *out, struct ra_err *err);
/* Appends manifest.json; nothing when it would be of no use. */
int ra_export_put_docker_table(struct ra_export_plan *p, struct ra_buf *out, struct ra_err *err);

/* --- export_docker.c --- */
int ra_export_build_docker(struct ra_export_plan *p, struct ra_err *err);

/* --- export_layout.c --- */
/* Puts blobs in order and gives each its place; needs the state, gives it its offsets. */
int ra_export_arrange(struct ra_export_plan *p, struct ra_err *err);
/* Appends the header of blob i of the order, as it stands at `position`. */
void ra_export_put_blob_header(const struct ra_export_plan *p, size_t i, uint64_t position,
                               struct ra_buf *out);
/* Where that header stands. */
uint64_t ra_export_blob_position(const struct ra_export_plan *p, size_t i);
struct export_member *ra_export_add_member(struct ra_export_plan *p, const char *name);

/* --- export_write.c --- */
/* Whether it goes out in order and cannot be taken back: standard output, or a device or fifo that is written in
 * place. */
bool ra_export_is_stream(const struct ra_export_plan *p);
/* CORRUPT: there were damaged blobs, which are in p->bad now. NOTFOUND, and p->vanished: some went away. */
int ra_export_write(struct ra_export_plan *p, struct ra_err *err);
/* Reads and hashes all blobs, and nothing else. */
int ra_export_check_blobs(struct ra_export_plan *p, struct ra_err *err);

#endif
