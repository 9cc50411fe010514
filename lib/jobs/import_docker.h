/*
 * The images of a docker-archive on their way to manifests. Private to import_docker.c and import_old.c.
 */
#ifndef RA_JOBS_IMPORT_DOCKER_H
#define RA_JOBS_IMPORT_DOCKER_H

#include "jobs/import_plan.h"
#include "registry/dockertar.h"

struct docker_layer {
    struct ra_found member;
    struct ra_digest diff_id; /* as the config says; not in old archives */
};

struct docker_image {
    struct ra_buf config; /* its bytes; of an old archive not before its layers are known */
    RA_VEC(struct docker_layer) layers;
    char **chain; /* of an old archive: the ids, base first */
    size_t n_chain;
    uint32_t root; /* its manifest, once made */
};

struct import_docker {
    struct ra_docker_images table;
    RA_VEC(struct docker_image) images; /* as in the table */
    bool old;
    /* What became of members, so that a layer that several images share is done once. */
    RA_VEC(uint32_t) done_members;
    RA_VEC(struct import_layer) done;
};

/* Finds the layers of image i of an old archive: its chain of parents. */
int ra_import_old_plan(struct ra_import *im, size_t i, struct ra_err *err);
/* Makes the config of an old image once its layers are known: layers[k] belongs to chain[k]. */
int ra_import_old_config(struct ra_import *im, struct docker_image *image, const struct import_layer *layers,
                         struct ra_err *err);

#endif
