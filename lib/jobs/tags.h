/*
 * The tags of a repository, each with what it amounts to. For `tags`.
 */
#ifndef RA_JOBS_TAGS_H
#define RA_JOBS_TAGS_H

#include "jobs/image.h"

struct ra_tag {
    char *name;            /* owned */
    bool has_digest;       /* false: the link is damaged */
    int64_t updated;       /* when the link was written; RA_TIME_NONE */
    struct ra_image image; /* kind is missing without digest */
};

struct ra_tag_list {            /* starts zeroed */
    RA_VEC(struct ra_tag) list; /* by name, in byte order */
};
void ra_tag_list_release(struct ra_tag_list *l);

struct ra_tags_opts {
    /* Whether a tag is wanted; NULL: all. */
    bool (*wanted)(void *arg, const char *tag);
    void *arg;
    bool names_only; /* fill in nothing but the names */
};

/* Adds the tags of `repo` (which must exist) to *out. Damage is found, and shows in the list. Reads in
 * parallel. */
int ra_tags_read(const struct ra_job *job, const char *repo, const struct ra_tags_opts *opts,
                 struct ra_tag_list *out, struct ra_err *err);

enum ra_tag_sort { RA_SORT_NAME, RA_SORT_CREATED, RA_SORT_UPDATED, RA_SORT_SIZE, RA_SORT_VERSION };
/* Sorts: newest and largest first, names and versions ascending. */
void ra_tags_sort(struct ra_tag_list *l, enum ra_tag_sort by);

#endif
