/*
 * A link within the tree makes two names of one thing: what is removed by one is gone by the other too. Nobody can mean
 * that who names one of them, so a repository that a link leads to, or from, is left as it is.
 */
#include "jobs/rm_parts.h"

#include "base/str.h"

struct tie {
    const char *path, *target;
};

static int refuse(const struct ra_rm *rm, const struct tie *t, struct ra_err *err)
{
    for (size_t i = 0; i < rm->survey.repos.n; i++) {
        const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
        bool alias = repo->flags & RA_REPO_ALIAS;
        ra_auto_free char *folder = ra_asprintf(RA_REPOSITORIES "%s", repo->name);
        bool from = ra_survey_is_of_repo(t->path, repo->name) || ra_is_at_or_below(folder, t->path);
        bool to = ra_survey_is_of_repo(t->target, repo->name) || ra_is_at_or_below(folder, t->target);
        if (!(from || to) || !ra_rm_touches(rm, i))
            continue;
        int rc = ra_fail(
            err, RA_DENIED,
            "nothing is removed from '%s': the symbolic link '%s' leads to '%s', and what goes by one "
            "name goes by the other too",
            repo->name, t->path, t->target);
        return ra_hint(err, rc,
                       alias ? "unlink it by hand, which removes that name and nothing else"
                             : "unlink it by hand first, if its name is not needed");
    }
    return 0;
}

/* The link of a tag may be one, or lie in a folder that is; the survey reads through both. */
static int refuse_tag(const struct ra_rm *rm, const char *repo, const char *tag, struct ra_err *err)
{
    struct ra_key key;
    struct tie t = {.path = ra_key_tag_current(&key, repo, tag)};
    ra_auto_free char *target = ra_store_elsewhere(rm->job->store, t.path);
    t.target = target;
    return target ? refuse(rm, &t, err) : 0;
}

int ra_rm_refuse_links(struct ra_rm *rm, struct ra_err *err)
{
    int rc = 0;
    ra_vec_each (link, &rm->survey.links)
        rc = rc ? rc : refuse(rm, &(struct tie){link->path, link->target}, err);
    for (size_t i = 0; rc == 0 && i < rm->survey.repos.n; i++) {
        const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
        for (uint32_t k = 0; rc == 0 && k < repo->n_tags && !(repo->flags & RA_REPO_ALIAS); k++)
            rc = refuse_tag(rm, repo->name, repo->tags[k].name, err);
    }
    return rc;
}
