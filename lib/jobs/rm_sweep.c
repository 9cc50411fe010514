#include "jobs/rm_parts.h"

#include "jobs/prune.h"
#include "registry/read.h"

/* --- removing, and saying what could not be ----------------------------------------------------------------- */

static void not_removed(const struct ra_rm *rm, const char *path, const char *why)
{
    ra_find(rm->job->findings, RA_ERROR, "not-removed", &(struct ra_place){.path = path},
            "it could not be removed: %s", why);
}

static void link_not_removed(const struct ra_rm *rm, const struct ra_removal *item)
{
    not_removed(rm, item->key, item->sys ? strerror(item->sys) : "it is no ordinary file");
}

/* *goes becomes false when it stays. */
static int remove_link(const struct ra_rm *rm, const char *key, size_t keep, bool *goes, struct ra_err *err)
{
    struct ra_removal item = {.key = key, .keep = keep};
    int rc = ra_store_remove(rm->job->store, &item, 1, RA_ANY_AGE, err);
    if (rc == 0 && item.status < 0) {
        link_not_removed(rm, &item);
        *goes = false;
    }
    return rc;
}

/* The same. */
static int remove_folder(const struct ra_rm *rm, const char *prefix, size_t keep, int64_t not_after,
                         bool *goes, struct ra_err *err)
{
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_remove_prefix(rm->job->store, prefix, keep, not_after, NULL, NULL, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (rc < 0 && rc != -RA_NOTFOUND) {
        not_removed(rm, prefix, ra_err_text(&trouble));
        *goes = false;
    }
    return 0;
}

static bool is_gone(const struct ra_rm *rm, const char *key)
{
    struct ra_stat st;
    return ra_store_stat(rm->job->store, key, &st, NULL) == -RA_NOTFOUND;
}

/* A link, then the folder around it, with which may go what could not be removed by itself. One finding is enough for
 * what stays. */
static int remove_around(const struct ra_rm *rm, const char *link, const char *folder, size_t keep,
                         bool *goes, struct ra_err *err)
{
    struct ra_removal item = {.key = link, .keep = keep};
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_remove(rm->job->store, &item, 1, RA_ANY_AGE, err);
    if (rc < 0)
        return rc;
    rc = ra_store_remove_prefix(rm->job->store, folder, keep, RA_ANY_AGE, NULL, NULL, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    *goes = item.status == 0 || is_gone(rm, link);
    if (!*goes)
        link_not_removed(rm, &item);
    else if (rc < 0 && rc != -RA_NOTFOUND)
        not_removed(rm, folder, ra_err_text(&trouble));
    return 0;
}

/* --- steps -------------------------------------------------------------------------------------------------- */

/* The current link after the history: cut off between the two, it is a tag still, that the next run finds. A folder
 * without link would be listed by the registry, and found by nobody. */
static int remove_tag(const struct ra_rm *rm, const char *repo, const char *tag, bool *goes,
                      struct ra_err *err)
{
    struct ra_key index, link, folder;
    size_t keep = strlen(ra_key_tags(&link, repo));
    size_t kept = strlen(ra_key_tag(&folder, repo, tag));
    int rc = remove_folder(rm, ra_key_tag_index(&index, repo, tag), kept, RA_ANY_AGE, goes, err);
    if (rc < 0 || !*goes)
        return rc;
    return remove_around(rm, ra_key_tag_current(&link, repo, tag), folder.s, keep, goes, err);
}

static int remove_tags(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    int rc = 0;
    for (uint32_t k = 0; rc == 0 && k < repo->n_tags; k++)
        if (rm->repos[i].tags[k])
            rc = remove_tag(rm, repo->name, repo->tags[k].name, &rm->repos[i].tags[k], err);
    return rc;
}

static int remove_revisions(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    struct ra_key link, folder;
    struct ra_digest d;
    size_t keep = strlen(ra_key_revisions(&link, repo->name));
    int rc = 0;
    for (uint32_t k = 0; rc == 0 && k < repo->n_revs; k++) {
        bool *goes = &rm->repos[i].revs[k];
        if (!*goes)
            continue;
        ra_blobs_digest(rm->survey.blobs, repo->revs[k].blob, &d);
        rc = remove_around(rm, ra_key_revision(&link, repo->name, &d),
                           ra_key_revision_folder(&folder, repo->name, &d), keep, goes, err);
    }
    return rc;
}

static int remove_layers(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    struct ra_key key;
    struct ra_digest d;
    size_t keep = strlen(ra_key_layers(&key, repo->name));
    int rc = 0;
    for (uint32_t k = 0; rc == 0 && k < repo->n_layers; k++) {
        if (!rm->repos[i].layers[k])
            continue;
        ra_blobs_digest(rm->survey.blobs, repo->layers[k], &d);
        rc = remove_link(rm, ra_key_layer(&key, repo->name, &d), keep, &rm->repos[i].layers[k], err);
    }
    return rc;
}

static bool stays(const void *arg, size_t repo)
{
    const struct ra_rm *rm = arg;
    return !rm->repos[repo].whole;
}

/* Its own three folders, but for what came in them since the plan; then what they leave empty. */
static int remove_rest(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const char *(*const parts[])(struct ra_key *, const char *) = {ra_key_uploads, ra_key_manifests,
                                                                   ra_key_layers};
    const char *name = rm->survey.repos.at[i].name;
    const size_t keep = strlen(RA_REPOSITORIES);
    bool *goes = &rm->repos[i].whole;
    struct ra_key key;
    int rc = 0;
    if (!*goes)
        return 0;
    for (size_t k = 0; rc == 0 && k < RA_COUNT(parts); k++)
        rc = remove_folder(rm, parts[k](&key, name), keep, rm->now, goes, err);
    if (rc == 0)
        rc = ra_prune_repo(rm->job, &rm->survey, name, stays, rm, err);
    if (rc < 0 || !*goes || ra_repo_exists(rm->job->store, name, NULL) <= 0)
        return rc;
    ra_find(rm->job->findings, RA_WARNING, "changed", &(struct ra_place){.repository = name},
            "something was written to it since it was looked at, and stays");
    *goes = false;
    return 0;
}

/* --- all of them -------------------------------------------------------------------------------------------- */

static bool has_any(const bool *flags, size_t n)
{
    return memchr(flags, true, n) != NULL;
}

/* The rest needs no second look: it goes by age. */
static bool has_work(const struct ra_rm *rm, enum ra_rm_step step)
{
    bool any = false;
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
        const struct ra_rm_repo *r = &rm->repos[i];
        any |= step == RA_RM_TAGS && has_any(r->tags, repo->n_tags);
        any |= step == RA_RM_REVISIONS && has_any(r->revs, repo->n_revs);
        any |= step == RA_RM_LAYERS && has_any(r->layers, repo->n_layers);
    }
    return any;
}

static int take_step(struct ra_rm *rm, enum ra_rm_step step, struct ra_err *err)
{
    static int (*const steps[RA_RM_STEPS])(const struct ra_rm *, size_t, struct ra_err *) = {
        remove_tags, remove_revisions, remove_layers, remove_rest};
    int rc = has_work(rm, step) ? ra_rm_notice_changes(rm, step, err) : 0;
    for (size_t i = 0; rc == 0 && i < rm->survey.repos.n; i++) {
        rc = ra_check_cancelled(err);
        if (rc == 0 && rm->repos[i].touched)
            rc = steps[step](rm, i, err);
    }
    /* What points must be gone for good before what it points to. */
    return rc ? rc : ra_store_sync(rm->job->store, err);
}

/* Lets the result tell what has gone. */
static void leave_out_what_stays(struct ra_rm *rm)
{
    struct ra_rm_result *result = &rm->result;
    size_t n = 0;
    for (size_t i = 0; i < result->items.n; i++)
        if (*rm->goes.at[i])
            result->items.at[n++] = result->items.at[i];
    result->items.n = n;
    result->layer_links = 0;
    for (size_t i = 0; i < rm->survey.repos.n; i++)
        for (uint32_t k = 0; k < rm->survey.repos.at[i].n_layers; k++)
            result->layer_links += rm->repos[i].layers[k];
}

int ra_rm_sweep(struct ra_rm *rm, struct ra_err *err)
{
    int rc = 0;
    for (int step = 0; rc == 0 && step < RA_RM_STEPS; step++)
        rc = take_step(rm, (enum ra_rm_step)step, err);
    if (rc == 0)
        leave_out_what_stays(rm);
    return rc;
}
