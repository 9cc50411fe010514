/*
 * What an old image becomes: a config and a manifest that today's clients read. The same image gives the same bytes,
 * always.
 *
 * The config is the metadata of the top image (which holds everything that it inherited), without what only the old
 * registry needed, with the history of the whole chain and the digests of its layers' content. Docker's schema 2 keeps
 * all the rest as it stands; OCI knows fewer members, and loses `OnBuild`, `Healthcheck` and `Shell`.
 */
#ifndef RA_REGISTRY_V1CONFIG_H
#define RA_REGISTRY_V1CONFIG_H

#include "base/buf.h"
#include "format/digest.h"
#include "registry/v1image.h"

enum ra_v1_format { RA_V1_DOCKER, RA_V1_OCI };

struct ra_v1_step { /* one image of the chain */
    const struct ra_v1_image *image;
    bool empty; /* no layer of it is in the manifest */
};

struct ra_v1_recipe {
    enum ra_v1_format format;
    const void *json; /* the top image's metadata as it stands */
    size_t json_len;
    const struct ra_v1_step *steps; /* the base first */
    size_t n_steps;
    const struct ra_digest *diff_ids; /* of the steps that are not empty */
    size_t n_diff_ids;
};

struct ra_v1_platform { /* what the config says, and whether nobody in the chain said so */
    const char *architecture, *variant, *os;
    bool architecture_assumed, os_assumed;
};
/* From the top image, else the nearest below it, else linux/amd64. */
void ra_v1_platform(const struct ra_v1_step *steps, size_t n, struct ra_v1_platform *out);

/* Appends the config. *lost, which may be NULL, gets the names, with commas between, of what the metadata says about
 * how the image behaves and the format has no place for. CORRUPT when json is no JSON object. */
int ra_v1_config(const struct ra_v1_recipe *r, struct ra_buf *out, struct ra_buf *lost, struct ra_err *err);

struct ra_v1_layer {
    struct ra_digest digest;
    uint64_t size;
    bool gzip; /* else a plain tar */
};

/* Appends the manifest for a config of that digest and size, and its layers. */
void ra_v1_manifest(enum ra_v1_format format, const struct ra_digest *config, uint64_t config_size,
                    const struct ra_v1_layer *layers, size_t n, struct ra_buf *out);

#endif
