/*
 * YAML 1.1 (libyaml) as a small tree, for configuration: the first document of the text. Anchors are resolved by
 * copying, `<<` merges maps, of duplicate keys the last counts. Tags are ignored.
 *
 * Limits: RA_YAML_MAX bytes, RA_YAML_DEPTH levels, RA_YAML_NODES values after the copying (aliases of aliases grow
 * without bound): over them RA_TOOBIG. Threads: a tree belongs to one thread at a time.
 */
#ifndef RA_FORMAT_YAML_H
#define RA_FORMAT_YAML_H

#include "base/arena.h"
#include "base/err.h"

#define RA_YAML_MAX   ((size_t)1 << 20)
#define RA_YAML_DEPTH 64
#define RA_YAML_NODES 10000

enum ra_yaml_type { RA_YAML_NULL, RA_YAML_SCALAR, RA_YAML_LIST, RA_YAML_MAP };

struct ra_yaml { /* lives in the arena, strings too; may be changed by whoever owns that */
    enum ra_yaml_type type;
    bool plain;            /* a scalar without quotes: it may mean a number or a boolean */
    bool made;             /* not from a document: the owner's mark, false at first */
    const char *key;       /* within a map; else NULL */
    const char *text;      /* of a scalar, a NUL in it ends it; else "" */
    struct ra_yaml *first; /* of a list or map, in document order */
    struct ra_yaml *next;  /* in the same list or map */
};

/* An empty text is RA_YAML_NULL. CORRUPT: not YAML ("line 3: ..."); TOOBIG. */
int ra_yaml_parse(struct ra_arena *a, const void *bytes, size_t n, struct ra_yaml **out, struct ra_err *err);

/* The value of a key; NULL when it is not there, or `map` is NULL or no map. */
struct ra_yaml *ra_yaml_get(const struct ra_yaml *map, const char *key);
/* Like ra_yaml_get, made as a null at the end when it is not there. */
struct ra_yaml *ra_yaml_make(struct ra_arena *a, struct ra_yaml *map, const char *key);
/* Makes a map of it without anything in it. */
void ra_yaml_clear(struct ra_yaml *node);

/* The scalar's text; NULL when it is no scalar, or NULL itself. */
const char *ra_yaml_text(const struct ra_yaml *node);
/* A boolean as YAML 1.1 has it (true yes on y ...), without quotes; `otherwise` when it is none. */
bool ra_yaml_bool(const struct ra_yaml *node, bool otherwise);

#endif
