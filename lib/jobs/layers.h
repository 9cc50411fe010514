/*
 * What is in an image's layers: the files of each as its tar has them, and the files of the image as a container would
 * see them. For `inspect --files`, `inspect --cat`, and `find --file`, which asks for much less of each layer.
 *
 *     RA_AUTO(ra_layers, _release) layers = {0};
 *     ra_layers_read(job, &place, &manifest, &layers, err);     all layers, in parallel
 *     ra_layers_merge(&layers, err);
 *     ra_vec_each (file, &layers.merged) ...
 *
 * Layering is that of OCI images: a later layer's file replaces an earlier one, `.wh.NAME` removes NAME,
 * `.wh..wh..opq` all that lower layers have in its folder; a path that leads through symbolic links means the place
 * that they lead to, within the image. Of a layer that cannot be read, or not to its end, what was read counts; that
 * is a finding (missing-blob, bad-layer, unreadable), as are names that no container gets (odd-member).
 *
 * Bounds, against layers made to do harm: RA_LAYERS_FILES members and RA_LAYERS_TEXT bytes of names in all layers of
 * an image, names of 255 and paths of 4096 bytes, 40 symbolic links on a path; RA_LAYERTAR_MAX bytes a layer.
 */
#ifndef RA_JOBS_LAYERS_H
#define RA_JOBS_LAYERS_H

#include "format/layertar.h"
#include "jobs/job.h"
#include "registry/manifest.h"

#define RA_LAYERS_FILES ((size_t)4 << 20)
#define RA_LAYERS_TEXT  ((size_t)512 << 20)
#define RA_LAYER_PATH   4096
#define RA_LAYER_NAME   255

/* --- one layer, member by member ------------------------------------------------------------------------------ */

/* What a member of a layer does to the image. */
enum ra_layer_act {
    RA_ACT_PUT,    /* it is there, under `path` */
    RA_ACT_REMOVE, /* a whiteout: `path` of lower layers goes */
    RA_ACT_EMPTY,  /* an opaque folder: what lower layers have below `path` goes ("": all) */
    RA_ACT_NONE,   /* the root itself, or what some tools leave for themselves */
    RA_ACT_ODD,    /* a name that leads out of the image, or is too long: no container gets it */
};
/* Judges the name of a member and writes its path: no slash in front or at the end, no empty or "." components. */
enum ra_layer_act ra_layer_judge(const char *name, char path[static RA_LAYER_PATH + 1]);

/* Visits the members in order, from 0 on, until visit returns something else than 0: 1 ends it well. Then the rest
 * of the layer has not been checked; else it was, to its last byte. CORRUPT, TOOBIG, NOTFOUND, ... */
int ra_layer_each(const struct ra_job *job, const struct ra_digest *layer,
                  int (*visit)(void *arg, uint32_t number, const struct ra_member *m, struct ra_layertar *t,
                               struct ra_err *err),
                  void *arg, struct ra_err *err);
/* The finding for a layer that ra_layer_each could not read. `foreign`: by its media type it is kept elsewhere. */
void ra_layer_find(const struct ra_job *job, const struct ra_place *at, bool foreign, int rc,
                   const struct ra_err *why);

/* --- an image ------------------------------------------------------------------------------------------------- */

/* Against the layers below. */
enum ra_change {
    RA_CHANGE_ADDED,
    RA_CHANGE_CHANGED,
    RA_CHANGE_SAME,    /* a folder that was there with the same mode and owner */
    RA_CHANGE_REMOVED, /* a whiteout */
    RA_CHANGE_EMPTIED, /* an opaque folder */
    RA_CHANGE_ODD,     /* RA_ACT_ODD: not part of the image */
};
/* "added", "changed", "same", "removed", "emptied", "odd" */
const char *ra_change_name(enum ra_change change);

struct ra_file {
    /* Lent, as link; of a whiteout that of what it removes; the name as it stands if it is odd. */
    const char *path;
    const char *link; /* of links as they stand; else "" */
    uint64_t size;
    int64_t mtime;
    uint32_t mode, uid, gid;
    uint32_t member; /* which of its layer's tar */
    uint16_t layer;  /* in struct ra_layers */
    uint8_t kind;    /* enum ra_member_kind */
    uint8_t change;  /* enum ra_change; ADDED instead of CHANGED and SAME until merged */
    uint8_t act;     /* enum ra_layer_act */
};

struct ra_layer {
    struct ra_digest digest;
    const char *media_type; /* lent from the manifest */
    int64_t stored;         /* bytes, as the manifest says; -1 when it does not */
    bool present;
    bool whole;                   /* read to its end */
    RA_VEC(struct ra_file) files; /* in the tar's order, without RA_ACT_NONE */
    struct ra_arena arena;        /* private */
};

struct ra_layers {                 /* starts zeroed */
    RA_VEC(struct ra_layer) list;  /* base first */
    RA_VEC(struct ra_file) merged; /* what a container sees, by path; hard links are links still */
    uint64_t bytes;                /* of files in merged */
    uint64_t hidden;               /* of files that later layers replace or remove */
    struct ra_layertree *tree;     /* private */
};

/* Reads all layers of an image's manifest; those of a foreign media type only when they are there. Damage is found;
 * TOOBIG over the bounds, and CANCELLED, are errors. */
int ra_layers_read(const struct ra_job *job, const struct ra_place *at, const struct ra_manifest *m,
                   struct ra_layers *out, struct ra_err *err);
/* Puts them on top of each other: fills `merged` and the rest. TOOBIG where links make paths of more than
 * RA_LAYERS_TEXT bytes in all. */
int ra_layers_merge(struct ra_layers *layers, struct ra_err *err);
/* Writes the content of one file of the merged image, symbolic links followed within it. NOTFOUND; UNSUPPORTED for
 * what has no content, a folder or a device. */
int ra_layers_cat(const struct ra_job *job, const struct ra_layers *layers, const char *path,
                  const struct ra_sink *to, struct ra_err *err);
void ra_layers_release(struct ra_layers *layers);

#endif
