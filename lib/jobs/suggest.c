#include "jobs/suggest.h"

#include "base/str.h"
#include "jobs/catalog.h"
#include "registry/read.h"
#include "registry/reference.h"

void ra_suggestions_release(struct ra_suggestions *s)
{
    ra_vec_each (name, &s->names)
        free(*name);
    ra_vec_release(&s->names);
}

static bool begins(void *prefix, const char *repo)
{
    return ra_starts_with(repo, prefix);
}

int ra_suggest_repos(const struct ra_job *job, const char *prefix, struct ra_suggestions *out,
                     struct ra_err *err)
{
    RA_AUTO(ra_catalog, _release) catalog = {0};
    ra_auto_free char *begin = ra_strdup(prefix);
    const struct ra_catalog_opts opts = {.wanted = begins, .arg = begin, .names_only = true};
    int rc = ra_catalog_read(job, &opts, &catalog, err);
    ra_vec_each (repo, &catalog.list)
        if (ra_repo_name_valid(repo->name, strlen(repo->name)))
            *ra_vec_push(&out->names) = ra_strdup(repo->name);
    return rc;
}

struct tag_collector {
    const char *repo, *prefix;
    struct ra_suggestions *out;
};

static int collect_tag(void *arg, const char *tag, struct ra_err *err)
{
    (void)err;
    struct tag_collector *c = arg;
    if (ra_starts_with(tag, c->prefix) && ra_tag_valid(tag, strlen(tag)))
        *ra_vec_push(&c->out->names) = ra_asprintf("%s:%s", c->repo, tag);
    return 0;
}

static int suggest_tags(const struct ra_job *job, const char *repo, const char *prefix,
                        struct ra_suggestions *out, struct ra_err *err)
{
    struct tag_collector c = {repo, prefix, out};
    return ra_tags_each(job->store, repo, collect_tag, &c, err);
}

int ra_suggest_refs(const struct ra_job *job, const char *prefix, struct ra_suggestions *out,
                    struct ra_err *err)
{
    const char *colon = strrchr(prefix, ':');
    if (colon && !strchr(colon, '/')) {
        ra_auto_free char *repo = ra_strndup(prefix, (size_t)(colon - prefix));
        return ra_repo_name_valid(repo, strlen(repo)) ? suggest_tags(job, repo, colon + 1, out, err) : 0;
    }
    int rc = ra_suggest_repos(job, prefix, out, err);
    if (rc < 0 || out->names.n != 1)
        return rc;
    ra_auto_free char *repo = ra_strdup(out->names.at[0]);
    return suggest_tags(job, repo, "", out, err);
}
