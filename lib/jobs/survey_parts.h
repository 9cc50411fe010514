/*
 * The insides of reading a storage: shared by survey*.c and by nobody else. The steps, each over all threads:
 *
 * survey_blobs.c      the inventory of blobs/
 * survey_flat.c       the same, where all of the storage is listed in one go, and what else is kept of that
 * survey_find.c       which repositories there are
 * survey_list.c       the names in each: tags, revisions, layer links, uploads
 * survey_links.c      what the links of tags and revisions say
 * survey_manifests.c  the manifests that they name
 * survey.c            puts them in order, repeats what vanished, and answers questions about the result
 */
#ifndef RA_JOBS_SURVEY_PARTS_H
#define RA_JOBS_SURVEY_PARTS_H

#include "base/names.h"
#include "jobs/sure.h"
#include "jobs/survey.h"
#include "registry/layout.h"

/* A flag of ours beside enum ra_repo_flags: something vanished while the repository was read. */
#define RA_REPO_AGAIN (1u << 16)

struct ra_survey_worker { /* what belongs to one thread */
    struct ra_arena *arena;
    struct ra_buf buf;
    struct ra_refs refs;
    RA_VEC(struct ra_digest) digests;
    RA_VEC(const char *) names;
    RA_VEC(uint32_t) ids;
    RA_VEC(struct ra_survey_repo) repos;
    RA_VEC(struct ra_survey_link) links;
    struct ra_key key;
};

/* A repository's layer links that passed by in a flat listing. */
struct ra_survey_passed_links {
    bool wanted;
    RA_VEC(uint32_t) blobs;
};
struct ra_survey_passed {
    pthread_mutex_t lock;
    struct ra_names repos;
    RA_VEC(struct ra_survey_passed_links) layers; /* by the number of the name */
};

struct ra_survey_run {
    const struct ra_job *job;
    const struct ra_survey_opts *opts;
    struct ra_survey *out;
    struct ra_survey_worker *workers;
    unsigned threads;
    bool listed; /* the store answers from a listing: sizes of links cost nothing, reading them does */
    struct ra_survey_passed passed; /* what was not left in the listing */
};

static inline bool ra_survey_wants(const struct ra_survey_run *run, unsigned what)
{
    return run->opts->want & what;
}

/* Whether all blobs are wanted in the table. */
static inline bool ra_survey_inventory(const struct ra_survey_run *run)
{
    return ra_survey_wants(run, RA_SURVEY_BLOBS | RA_SURVEY_SIZES);
}

static inline bool ra_survey_is_young(const struct ra_survey_run *run, int64_t mtime)
{
    return run->opts->cutoff && mtime > run->opts->cutoff;
}

/* Calls fn for every entry below prefix. NOTFOUND when there is no such folder. */
int ra_survey_each(const struct ra_survey_run *run, const char *prefix, enum ra_list_mode mode,
                   const char *leaf, unsigned want,
                   int (*fn)(void *arg, const struct ra_entry *e, struct ra_err *err), void *arg,
                   struct ra_err *err);

void ra_survey_sort_digests(struct ra_survey_worker *w);
/* A part of a repository that is a symbolic link may be another's, or no part at all: what is behind it is not this
 * repository's to lose. */
void ra_survey_spare_linked(const struct ra_survey_run *run, struct ra_survey_worker *w,
                            struct ra_survey_repo *repo, const char *path);
/* Remembers where a link leads, if that is in the tree. */
bool ra_survey_note_link(const struct ra_survey_run *run, struct ra_survey_worker *w, const char *path,
                         bool alias);
/* Something of a repository that is no folder where one belongs, and was not followed. What may have been in it is
 * nobody's to lose: the repository is protected. */
void ra_survey_find_odd(const struct ra_survey_run *run, struct ra_survey_repo *repo, const char *path,
                        bool link);
/* Whether an entry of LEVEL, or of LEAF with want == 0, is a link. */
bool ra_survey_is_link(const struct ra_survey_run *run, const struct ra_entry *e);
/* Whether there may be odd things: elsewhere an object beside folders is nobody's. */
bool ra_survey_has_folders(const struct ra_survey_run *run);

int ra_survey_blobs(struct ra_survey_run *run, struct ra_err *err);
/* Of struct ra_flatlist_opts, for a listing of RA_V2 with an inventory and of RA_REPOSITORIES without; `arg` is the
 * run. */
bool ra_survey_keep(void *arg, const char *before, const struct ra_entry *e);
/* Adds the layer links of a repository that were not kept to w->digests, which are sorted then, each once. */
void ra_survey_add_passed(struct ra_survey_run *run, struct ra_survey_worker *w, const char *repo);
void ra_survey_forget_passed(struct ra_survey_run *run);
int ra_survey_find_repos(struct ra_survey_run *run, struct ra_err *err);
/* Looks into a repository's folder again; the flags that tell what is in it are set anew. */
int ra_survey_look_again(struct ra_survey_run *run, struct ra_survey_worker *w, struct ra_survey_repo *repo,
                         struct ra_err *err);
/* Both for the repositories with numbers which[0..n). */
int ra_survey_list(struct ra_survey_run *run, const uint32_t *which, size_t n, struct ra_err *err);
int ra_survey_links(struct ra_survey_run *run, const uint32_t *which, size_t n, struct ra_err *err);
int ra_survey_manifests(struct ra_survey_run *run, struct ra_err *err);

#endif
