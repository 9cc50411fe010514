/*
 * The insides of the collector: gc.c plans, gc_items.c names what goes, gc_unlinked.c what of it may surprise,
 * gc_sweep.c removes it, gc_uploads.c what was begun and never ended, gc_tidy.c clears up behind.
 */
#ifndef RA_JOBS_GC_PARTS_H
#define RA_JOBS_GC_PARTS_H

#include "jobs/gc.h"
#include "jobs/mark.h"
#include "jobs/sure.h"
#include "registry/layout.h"

/* A blob's folder without data in it. */
#define RA_MARK_HOLLOW (RA_BLOB_USER << 4)

struct ra_gc {
    const struct ra_job *job;
    struct ra_gc_opts opts;
    struct ra_survey survey;
    struct ra_mark mark;
    struct ra_gc_result result;
    bool *pruned; /* beside survey.repos: those that go whole */
    int64_t cutoff, uploads_cutoff;
    struct ra_arena arena;
    struct ra_strings parts; /* keys of stale uploads in parts */
};

/* Something that goes: its key, and how much of that names a folder that stays. */
struct ra_gc_item {
    const char *key;
    size_t keep;
};
struct ra_gc_visitor {
    int (*visit)(void *arg, const struct ra_gc_item *item, struct ra_err *err);
    void *arg;
};

/* What goes from one repository, in order; key lent to the visitor until it returns. */
int ra_gc_history(const struct ra_gc *gc, size_t repo, const struct ra_gc_visitor *v, struct ra_err *err);
int ra_gc_revisions(const struct ra_gc *gc, size_t repo, const struct ra_gc_visitor *v, struct ra_err *err);
/* How many of a repository go. */
size_t ra_gc_layer_links(const struct ra_gc *gc, size_t i);
int ra_gc_layers(const struct ra_gc *gc, size_t repo, const struct ra_gc_visitor *v, struct ra_err *err);
/* Prefixes, to be removed whole. */
int ra_gc_uploads(const struct ra_gc *gc, size_t repo, const struct ra_gc_visitor *v, struct ra_err *err);
/* What goes from one part of the table of blobs (RA_BLOBS_PARTS). */
int ra_gc_blobs(const struct ra_gc *gc, size_t part, const struct ra_gc_visitor *v, struct ra_err *err);

/* A note for every platform of a tagged index that loses something, as it has no revision link. */
void ra_gc_tell_unlinked(struct ra_gc *gc);

/* Counts the uploads in parts. */
int ra_gc_find_parts(struct ra_gc *gc, struct ra_err *err);
int ra_gc_remove_uploads(struct ra_gc *gc, struct ra_err *err);

bool ra_gc_upload_is_stale(const struct ra_gc *gc, const struct ra_survey_upload *u);
/* Whether nothing is left of a repository once the plan is carried out. */
bool ra_gc_repo_is_empty(const struct ra_gc *gc, size_t repo);

int ra_gc_tidy(struct ra_gc *gc, struct ra_err *err);
int ra_gc_prune_repos(struct ra_gc *gc, struct ra_err *err);

#endif
