#include "jobs/rm_parts.h"

/* --- removing, and saying what could not be ----------------------------------------------------------------- */

static void not_removed(const struct ra_rm *rm, const char *path, const char *why)
{
    ra_find(rm->job->findings, RA_ERROR, "not-removed", &(struct ra_place){.path = path},
            "it could not be removed: %s", why);
}

static int remove_link(const struct ra_rm *rm, const char *key, size_t keep, struct ra_err *err)
{
    struct ra_removal item = {.key = key, .keep = keep};
    int rc = ra_store_remove(rm->job->store, &item, 1, RA_ANY_AGE, err);
    if (rc == 0 && item.status < 0)
        not_removed(rm, key, item.sys ? strerror(item.sys) : "it is no ordinary file");
    return rc;
}

static int remove_folder(const struct ra_rm *rm, const char *prefix, size_t keep, struct ra_err *err)
{
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_remove_prefix(rm->job->store, prefix, keep, RA_ANY_AGE, NULL, NULL, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (rc < 0 && rc != -RA_NOTFOUND)
        not_removed(rm, prefix, ra_err_text(&trouble));
    return 0;
}

/* --- steps -------------------------------------------------------------------------------------------------- */

/* The current link after the history: cut off between the two, it is a tag still, that the next run finds. A folder
 * without link would be listed by the registry, and found by nobody. */
static int remove_tag(const struct ra_rm *rm, const char *repo, const char *tag, struct ra_err *err)
{
    struct ra_key key;
    size_t keep = strlen(ra_key_tags(&key, repo));
    size_t folder = strlen(ra_key_tag(&key, repo, tag));
    int rc = remove_folder(rm, ra_key_tag_index(&key, repo, tag), folder, err);
    rc = rc ? rc : remove_link(rm, ra_key_tag_current(&key, repo, tag), keep, err);
    return rc ? rc : remove_folder(rm, ra_key_tag(&key, repo, tag), keep, err);
}

static int remove_tags(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    int rc = 0;
    for (uint32_t k = 0; rc == 0 && k < repo->n_tags; k++)
        if (rm->repos[i].tags[k])
            rc = remove_tag(rm, repo->name, repo->tags[k].name, err);
    return rc;
}

static int remove_revisions(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    struct ra_key key;
    struct ra_digest d;
    size_t keep = strlen(ra_key_revisions(&key, repo->name));
    int rc = 0;
    for (uint32_t k = 0; rc == 0 && k < repo->n_revs; k++) {
        if (!rm->repos[i].revs[k])
            continue;
        ra_blobs_digest(rm->survey.blobs, repo->revs[k].blob, &d);
        rc = remove_link(rm, ra_key_revision(&key, repo->name, &d), keep, err);
        rc = rc ? rc : remove_folder(rm, ra_key_revision_folder(&key, repo->name, &d), keep, err);
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
        rc = remove_link(rm, ra_key_layer(&key, repo->name, &d), keep, err);
    }
    return rc;
}

static bool has_others(const struct ra_rm *rm, const char *name, size_t n)
{
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        const char *other = rm->survey.repos.at[i].name;
        if (!rm->repos[i].whole && strncmp(other, name, n) == 0 && (other[n] == '/' || !other[n]))
            return true;
    }
    return false;
}

/* Its own three folders, then the folders around them as far as no other repository lies there. */
static int remove_rest(const struct ra_rm *rm, size_t i, struct ra_err *err)
{
    const char *(*const parts[])(struct ra_key *, const char *) = {ra_key_uploads, ra_key_manifests,
                                                                   ra_key_layers};
    const char *name = rm->survey.repos.at[i].name;
    const size_t keep = strlen(RA_REPOSITORIES);
    struct ra_key key;
    int rc = 0;
    if (!rm->repos[i].whole)
        return 0;
    for (size_t k = 0; rc == 0 && k < RA_COUNT(parts); k++)
        rc = remove_folder(rm, parts[k](&key, name), keep, err);
    for (size_t n = strlen(name); rc == 0 && n > 0 && !has_others(rm, name, n);) {
        ra_auto_free char *folder = ra_strndup(name, n);
        ra_store_prune(rm->job->store, ra_key_repo(&key, folder), keep, RA_ANY_AGE, NULL);
        while (n > 0 && name[--n] != '/')
            ;
    }
    return rc;
}

int ra_rm_sweep(struct ra_rm *rm, struct ra_err *err)
{
    static int (*const steps[])(const struct ra_rm *, size_t, struct ra_err *) = {
        remove_tags, remove_revisions, remove_layers, remove_rest};
    int rc = 0;
    for (size_t step = 0; rc == 0 && step < RA_COUNT(steps); step++) {
        for (size_t i = 0; rc == 0 && i < rm->survey.repos.n; i++) {
            rc = ra_check_cancelled(err);
            if (rc == 0 && rm->repos[i].touched)
                rc = steps[step](rm, i, err);
        }
        /* What points must be gone for good before what it points to. */
        rc = rc ? rc : ra_store_sync(rm->job->store, err);
    }
    return rc;
}
