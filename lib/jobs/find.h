/*
 * Who uses this? Which images look like that? For `find`.
 */
#ifndef RA_JOBS_FIND_H
#define RA_JOBS_FIND_H

#include "base/str.h"
#include "jobs/survey.h"

/* --- a digest: what it is, and what needs it ------------------------------------------------------------------ */

struct ra_user {
    const char *repository;  /* lent from the survey, as tag */
    const char *tag;         /* NULL: an untagged revision */
    struct ra_digest digest; /* of the manifest that the tag points to, or of the revision */
};

struct ra_find_digest { /* starts zeroed */
    struct ra_digest digest;
    bool present;
    uint64_t bytes; /* 0 when it is not there */
    /* "image", "index", "artifact", ... as ra_image_kind says; "config", "layer", "blob"; static. */
    const char *what;
    RA_VEC(struct ra_user) users; /* by repository, then tag; untagged revisions last */
    RA_VEC(const char *) linked;  /* repositories with a layer link to it, needed or not */
    struct ra_survey survey;
};

/* `text` is a digest or the beginning of one (reference.h). NOTFOUND; INVALID when several begin so. */
int ra_find_by_digest(const struct ra_job *job, const char *text, struct ra_find_digest *out,
                      struct ra_err *err);
void ra_find_digest_release(struct ra_find_digest *f);

/* --- images by what their config says -------------------------------------------------------------------------- */

#define RA_FIND_FILES_MAX 32

struct ra_find_criteria {     /* all that are given must hold; lent */
    struct ra_strlist labels; /* "key" or "key=value"; * and ? as in base/str.h */
    struct ra_strlist env;    /* "NAME" or "NAME=value" */
    const char *author;       /* found anywhere in the author, or in the label ...authors; without case */
    const char *os, *architecture;
    int64_t created_after, created_before; /* RA_TIME_NONE: any; an image without a date matches neither */
    uint64_t larger_than;                  /* bytes of manifest, config and layers; 0: any */
    /* Paths of files as a container would see them: * and ? as in base/str.h, a name without slash in any folder.
     * Looked for in the layers of what meets all else, each layer being read once. A file is known by the name that
     * its layer has, also where that leads through a symbolic link. RA_FIND_FILES_MAX of them. */
    struct ra_strlist files;
    bool untagged; /* untagged revisions too, */
    bool no_tags;  /* and tags not */
    /* Which repositories; NULL: all. */
    bool (*wanted)(void *arg, const char *repo);
    void *arg;
};

struct ra_found_file {
    const char *path;              /* without slash in front; lent, as all here */
    uint64_t bytes;                /* 0 for links */
    const struct ra_digest *layer; /* that it is in */
};

struct ra_found {
    const char *repository, *tag; /* tag NULL: untagged; lent from the survey */
    struct ra_digest digest;      /* of the image's own manifest (of a platform, below an index) */
    char *platform;               /* owned; "" when not known; shared among rows of one image */
    int64_t created;
    uint64_t bytes;
    const struct ra_found_file *files; /* that matched; by path */
    size_t n_files;
};

struct ra_find_images {           /* starts zeroed */
    RA_VEC(struct ra_found) list; /* by repository, tag, platform */
    RA_VEC(char *) platforms;     /* private, as the next */
    RA_VEC(struct ra_found_file *) lists;
    struct ra_filesearch *files;
    struct ra_survey survey;
};

int ra_find_by_config(const struct ra_job *job, const struct ra_find_criteria *criteria,
                      struct ra_find_images *out, struct ra_err *err);
void ra_find_images_release(struct ra_find_images *f);

#endif
