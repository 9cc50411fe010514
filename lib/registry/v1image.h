/*
 * The JSON files of an old image: its metadata and its ancestry. Member names match without case, as in Go; what has
 * an unexpected type is absent. Strings are "" when absent and live in the arena that is given.
 */
#ifndef RA_REGISTRY_V1IMAGE_H
#define RA_REGISTRY_V1IMAGE_H

#include "base/arena.h"
#include "base/err.h"

/* Metadata of more bytes is no metadata. */
#define RA_V1_JSON_MAX ((size_t)8 << 20)

struct ra_v1_image {
    const char *parent;     /* an id; "" in the base of a chain */
    const char *created;    /* as it stands, when it is a time */
    const char *created_by; /* container_config.Cmd, joined with blanks */
    const char *author, *comment;
    const char *architecture, *os; /* as they stand */
};

/* CORRUPT when the bytes are no JSON object in UTF-8, when its id is not `id`, or its parent is no id. */
int ra_v1_image_parse(struct ra_v1_image *out, struct ra_arena *arena, const char *id, const void *bytes,
                      size_t n, struct ra_err *err);

/* The ids of an `ancestry` file. CORRUPT when it is no array of ids that begins with `id`. */
int ra_v1_ancestry_parse(struct ra_strings *out, struct ra_arena *arena, const char *id, const void *bytes,
                         size_t n, struct ra_err *err);

#endif
