/*
 * Finding one's way in an old registry's tree: its repositories, their tags, and which images there are. Nothing here
 * writes, and nothing that is wrong with one entry keeps the others from being listed.
 */
#ifndef RA_REGISTRY_V1TREE_H
#define RA_REGISTRY_V1TREE_H

#include "base/names.h"
#include "base/vec.h"
#include "registry/layout.h"
#include "registry/v1.h"
#include "store/store.h"

/* --- the storage -------------------------------------------------------------------------------------------- */

/* `images` and `repositories` may be links to other volumes: then each is a store of its own. */
struct ra_v1_source {
    struct ra_store *root, *images, *repositories; /* the latter two may be the first */
    const char *images_at, *repositories_at;       /* prefixes in them; static */
};

/* The folder `path`, or the bucket that it is the s3:// URL of, for reading. NOTFOUND with what was looked for when it
 * is no such tree; UNSUPPORTED for one whose images are kept elsewhere. `follow`: links within may lead out
 * of it. */
int ra_v1_open(const char *path, bool follow, const char *const *env, struct ra_v1_source *out,
               struct ra_err *err);
/* The same for a store that is open already, and now belongs to *out, on failure too. */
int ra_v1_open_store(struct ra_store *store, struct ra_v1_source *out, struct ra_err *err);
void ra_v1_close(struct ra_v1_source *s);

enum ra_v1_file { RA_V1_JSON, RA_V1_LAYER, RA_V1_ANCESTRY, RA_V1_CHECKSUM, RA_V1_INPROGRESS };
/* The key of an image's file in s->images. */
const char *ra_v1_image_key(struct ra_key *k, const struct ra_v1_source *s, const char *id,
                            enum ra_v1_file file);
/* "images/<id>/layer": for messages. */
const char *ra_v1_image_path(struct ra_key *k, const char *id, enum ra_v1_file file);

/* --- what is in it ------------------------------------------------------------------------------------------ */

enum ra_v1_tag_state {
    RA_V1_TAG_FINE,
    RA_V1_TAG_NO_ID,      /* what it holds is no id */
    RA_V1_TAG_METADATA,   /* no tag: what was pushed with another */
    RA_V1_TAG_UNREADABLE, /* `why` says why */
};

struct ra_v1_tag {    /* strings belong to the tree */
    const char *name; /* as it was pushed */
    const char *path; /* "repositories/.../tag_x" */
    char id[RA_V1_ID_MAX + 1];
    enum ra_v1_tag_state state;
    const char *why;
    int64_t mtime;
};

struct ra_v1_repo {
    const char *name; /* as it was pushed: "library/ubuntu", "org/group/project" */
    const char *path; /* "repositories/org/group%252Fproject" */
    unsigned encoded; /* how often the folder's name is: of two folders with one name the higher is newer */
    bool is_private;
    RA_VEC(struct ra_v1_tag) tags; /* sorted by name */
};

struct ra_v1_trouble { /* a folder that could not be looked into */
    const char *path;
    const char *why;
};

struct ra_v1_tree {
    RA_VEC(struct ra_v1_repo) repos; /* sorted by name, the newer of two with one name first */
    RA_VEC(struct ra_v1_trouble) troubles;
    struct ra_names images; /* the ids that have a folder */
    struct ra_arena arena;
};
/* Lists it all; *out starts zeroed. Fails only when cancelled. */
int ra_v1_scan(const struct ra_v1_source *s, struct ra_v1_tree *out, struct ra_err *err);
void ra_v1_tree_release(struct ra_v1_tree *t);

#endif
