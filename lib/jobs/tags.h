/*
 * The tags of repositories, each with what it amounts to: first their names, then, all at once, the rest. For `tags`.
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

struct ra_tag_list {            /* of a repository; starts zeroed */
    char *repo;                 /* owned */
    RA_VEC(struct ra_tag) list; /* by name, in byte order */
};
void ra_tag_list_release(struct ra_tag_list *l);

/* The names of the tags of `repo`, which must exist; of those that are `wanted`, where that is not NULL. */
int ra_tags_list(const struct ra_job *job, const char *repo, bool (*wanted)(void *arg, const char *tag),
                 void *arg, struct ra_tag_list *out, struct ra_err *err);
/* What the tags of n such lists are. Damage is found, and shows in the lists. Reads in parallel. */
int ra_tags_read(const struct ra_job *job, struct ra_tag_list *lists, size_t n, struct ra_err *err);

enum ra_tag_sort { RA_SORT_NAME, RA_SORT_CREATED, RA_SORT_UPDATED, RA_SORT_SIZE, RA_SORT_VERSION };
/* Sorts: newest and largest first, names and versions ascending. */
void ra_tags_sort(struct ra_tag_list *l, enum ra_tag_sort by);

#endif
