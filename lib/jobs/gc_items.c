#include "jobs/gc_parts.h"

/* Revisions that go are few; their places are sorted. */
static bool is_dropped(const struct ra_mark_repo *mark, uint32_t place)
{
    size_t low = 0, high = mark->revs.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mark->revs.at[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mark->revs.n && mark->revs.at[low] == place;
}

static bool stays(const struct ra_gc *gc, size_t i, const struct ra_survey_tag *tag, uint32_t digest)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    if (digest == tag->target || tag->flags & (RA_TAG_BAD_LINK | RA_TAG_UNREADABLE))
        return true;
    const struct ra_survey_rev *rev = ra_survey_rev(&gc->survey, repo, digest);
    return rev && !is_dropped(&gc->mark.repos[i], (uint32_t)(rev - repo->revs));
}

/* A folder that is no tag goes with its last entry. */
static size_t kept_of_tag(const struct ra_survey_repo *repo, const struct ra_survey_tag *tag)
{
    struct ra_key key;
    return strlen(tag->flags & RA_TAG_NO_LINK ? ra_key_tags(&key, repo->name)
                                              : ra_key_tag(&key, repo->name, tag->name));
}

int ra_gc_history(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    struct ra_key key;
    struct ra_digest d;
    int rc = 0;
    for (uint32_t t = 0; t < repo->n_tags && !(repo->flags & (RA_REPO_PROTECT | RA_REPO_ALIAS)); t++) {
        const struct ra_survey_tag *tag = &repo->tags[t];
        size_t keep = kept_of_tag(repo, tag);
        for (uint32_t k = 0; rc == 0 && k < tag->n_history; k++) {
            if (stays(gc, i, tag, tag->history[k]))
                continue;
            ra_blobs_digest(gc->survey.blobs, tag->history[k], &d);
            struct ra_gc_item item = {ra_key_tag_history(&key, repo->name, tag->name, &d), keep};
            rc = v->visit(v->arg, &item, err);
        }
    }
    return rc;
}

int ra_gc_revisions(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    struct ra_key key;
    struct ra_digest d;
    int rc = 0;
    size_t keep = strlen(ra_key_revisions(&key, repo->name));
    ra_vec_each (place, &gc->mark.repos[i].revs) {
        if (repo->flags & RA_REPO_ALIAS || repo->revs[*place].flags & RA_REV_NO_LINK)
            continue;
        ra_blobs_digest(gc->survey.blobs, repo->revs[*place].blob, &d);
        struct ra_gc_item item = {ra_key_revision(&key, repo->name, &d), keep};
        if ((rc = v->visit(v->arg, &item, err)) < 0)
            break;
    }
    return rc;
}

size_t ra_gc_layer_links(const struct ra_gc *gc, size_t i)
{
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    bool alias = gc->survey.repos.at[i].flags & RA_REPO_ALIAS;
    return alias ? 0 : mark->layers.n - mark->n_empty_layers;
}

int ra_gc_layers(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    struct ra_key key;
    struct ra_digest d;
    int rc = 0;
    size_t keep = strlen(ra_key_layers(&key, repo->name));
    for (size_t k = 0; rc == 0 && k < ra_gc_layer_links(gc, i); k++) {
        ra_blobs_digest(gc->survey.blobs, repo->layers[mark->layers.at[k]], &d);
        struct ra_gc_item item = {ra_key_layer(&key, repo->name, &d), keep};
        rc = v->visit(v->arg, &item, err);
    }
    return rc;
}

bool ra_gc_upload_is_stale(const struct ra_gc *gc, const struct ra_survey_upload *u)
{
    return u->started <= gc->uploads_cutoff && u->touched <= gc->uploads_cutoff;
}

int ra_gc_uploads(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    struct ra_key key;
    int rc = 0;
    size_t keep = strlen(ra_key_uploads(&key, repo->name));
    for (uint32_t k = 0; rc == 0 && k < repo->n_uploads; k++) {
        if (repo->flags & RA_REPO_ALIAS || !ra_gc_upload_is_stale(gc, &repo->uploads[k]))
            continue;
        struct ra_gc_item item = {ra_key_upload(&key, repo->name, repo->uploads[k].id), keep};
        rc = v->visit(v->arg, &item, err);
    }
    return rc;
}

int ra_gc_blobs(const struct ra_gc *gc, size_t part, const struct ra_gc_visitor *v, struct ra_err *err)
{
    struct ra_key key;
    struct ra_digest d;
    size_t n;
    int rc = 0;
    ra_auto_free uint32_t *ids = ra_blobs_part(gc->survey.blobs, (unsigned)part, RA_MARK_DOOMED, 0, &n);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        ra_blobs_digest(gc->survey.blobs, ids[i], &d);
        struct ra_gc_item item = {ra_key_blob(&key, &d), strlen(RA_BLOBS)};
        rc = v->visit(v->arg, &item, err);
    }
    return rc;
}

bool ra_gc_repo_is_empty(const struct ra_gc *gc, size_t i)
{
    const struct ra_survey_repo *repo = &gc->survey.repos.at[i];
    const struct ra_mark_repo *mark = &gc->mark.repos[i];
    bool any = repo->flags & (RA_REPO_PROTECT | RA_REPO_ALIAS) || repo->n_revs > mark->revs.n ||
               repo->n_layers > mark->layers.n;
    for (uint32_t k = 0; k < repo->n_tags; k++)
        any |= !(repo->tags[k].flags & RA_TAG_NO_LINK);
    for (uint32_t k = 0; k < repo->n_uploads; k++)
        any |= !ra_gc_upload_is_stale(gc, &repo->uploads[k]);
    return !any;
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

struct teller {
    int (*fn)(void *arg, const char *path, struct ra_err *err);
    void *arg;
};

static int tell(void *arg, const struct ra_gc_item *item, struct ra_err *err)
{
    struct teller *teller = arg;
    return teller->fn(teller->arg, item->key, err);
}

int ra_gc_each(const struct ra_gc *gc, int (*fn)(void *arg, const char *path, struct ra_err *err), void *arg,
               struct ra_err *err)
{
    static const struct {
        int (*of)(const struct ra_gc *gc, size_t i, const struct ra_gc_visitor *v, struct ra_err *err);
        bool blobs;
    } steps[] = {{ra_gc_history, false},
                 {ra_gc_revisions, false},
                 {ra_gc_layers, false},
                 {ra_gc_blobs, true},
                 {ra_gc_uploads, false}};
    struct teller teller = {fn, arg};
    struct ra_gc_visitor v = {tell, &teller};
    int rc = 0;
    for (size_t k = 0; k < RA_COUNT(steps); k++) {
        size_t n = steps[k].blobs ? RA_BLOBS_PARTS : gc->survey.repos.n;
        for (size_t i = 0; rc == 0 && i < n; i++)
            rc = steps[k].of(gc, i, &v, err);
    }
    for (size_t i = 0; rc == 0 && i < gc->parts.n; i++)
        rc = fn(arg, gc->parts.at[i], err);
    return rc;
}
