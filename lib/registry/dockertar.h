/*
 * The table of contents of a docker-archive: manifest.json (since Docker 1.10) and `repositories` (before). What the
 * paths in it name is for the caller to look up (format/members.h).
 */
#ifndef RA_REGISTRY_DOCKERTAR_H
#define RA_REGISTRY_DOCKERTAR_H

#include "base/arena.h"
#include "base/err.h"

#define RA_DOCKERTAR_MAX ((size_t)20 << 20) /* bytes of manifest.json */

struct ra_docker_image {
    const char *config;       /* path of the config; of an old archive: the id of the topmost layer */
    struct ra_strings tags;   /* "name:tag", or "name" */
    struct ra_strings layers; /* paths, base first; empty in an old archive */
};

struct ra_docker_images { /* owns all in it; starts zeroed */
    struct ra_docker_image *at;
    size_t n, cap;
    struct ra_arena arena; /* private */
};
void ra_docker_images_release(struct ra_docker_images *d);
#define RA_DOCKER_IMAGES_AUTO RA_AUTO(ra_docker_images, _release)

/* Each fills *out (released first). CORRUPT: no JSON, or not of the form; TOOBIG: nested too deeply. */
int ra_docker_manifest_parse(const void *bytes, size_t n, struct ra_docker_images *out, struct ra_err *err);
int ra_docker_repositories_parse(const void *bytes, size_t n, struct ra_docker_images *out,
                                 struct ra_err *err);

#endif
