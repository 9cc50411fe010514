#include "jobs/prune.h"

#include "registry/layout.h"

int ra_prune(const struct ra_job *job, const char *prefix, size_t keep, int64_t not_after, struct ra_err *err)
{
    RA_ERR_AUTO trouble = {0};
    int rc = ra_store_prune(job->store, prefix, keep, not_after, &trouble);
    if (rc == -RA_CANCELLED)
        return ra_err_move(err, &trouble);
    if (rc < 0 && rc != -RA_NOTFOUND)
        ra_find(job->findings, RA_WARNING, "not-removed", &(struct ra_place){.path = prefix},
                "an empty folder could not be removed: %s", ra_err_text(&trouble));
    return 0;
}

/* Whether a repository that stays is folder name[0..n), or lies below it. */
static bool is_needed(const struct ra_survey *s, const char *name, size_t n,
                      bool (*stays)(const void *arg, size_t repo), const void *arg)
{
    for (size_t i = 0; i < s->repos.n; i++) {
        const char *other = s->repos.at[i].name;
        if (stays(arg, i) && strncmp(other, name, n) == 0 && (other[n] == '/' || !other[n]))
            return true;
    }
    return false;
}

int ra_prune_repo(const struct ra_job *job, const struct ra_survey *s, const char *name,
                  bool (*stays)(const void *arg, size_t repo), const void *arg, struct ra_err *err)
{
    const char *(*const parts[])(struct ra_key *, const char *) = {ra_key_manifests, ra_key_layers,
                                                                   ra_key_uploads};
    const size_t keep = strlen(RA_REPOSITORIES);
    struct ra_key key;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < RA_COUNT(parts); i++)
        rc = ra_prune(job, parts[i](&key, name), keep, RA_ANY_AGE, err);
    for (size_t n = strlen(name); rc == 0 && n > 0 && !is_needed(s, name, n, stays, arg);) {
        ra_auto_free char *folder = ra_strndup(name, n);
        rc = ra_prune(job, ra_key_repo(&key, folder), keep, RA_ANY_AGE, err);
        while (n > 0 && name[--n] != '/')
            ;
    }
    return rc;
}
