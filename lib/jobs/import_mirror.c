#include "jobs/import_plan.h"

#include "base/names.h"
#include "jobs/survey.h"
#include "registry/layout.h"

/* Tags of the storage that a backup does not have: found before anything is done, removed after all that it has is
 * there. Manifests and blobs are left to the collector. */

static void keep_names(const struct ra_import *im, struct ra_names *kept, struct ra_names *repos)
{
    RA_BUF_AUTO full = {0};
    ra_vec_each (image, &im->images) {
        ra_buf_clear(&full);
        ra_buf_addf(&full, "%s:%s", image->pub.repo, image->pub.tag);
        ra_names_add(kept, ra_buf_str(&full), full.len, NULL);
        ra_names_add(repos, image->pub.repo, strlen(image->pub.repo), NULL);
    }
}

static void doom(struct ra_import *im, const char *repo, const struct ra_survey_tag *tag)
{
    *ra_vec_push(&im->doomed) = (struct import_doomed){ra_strdup(repo), ra_strdup(tag->name), tag->mtime};
    im->removing++;
}

static void compare(struct ra_import *im, const struct ra_survey *s, const struct ra_names *kept,
                    const struct ra_names *repos)
{
    RA_BUF_AUTO full = {0};
    ra_vec_each (repo, &s->repos) {
        /* A backup of some repositories says nothing about the others. */
        if (im->mirror_listed && ra_names_find(repos, repo->name, strlen(repo->name)) == RA_NO_NAME)
            continue;
        for (uint32_t i = 0; i < repo->n_tags; i++) {
            ra_buf_clear(&full);
            ra_buf_addf(&full, "%s:%s", repo->name, repo->tags[i].name);
            if (ra_names_find(kept, ra_buf_str(&full), full.len) == RA_NO_NAME)
                doom(im, repo->name, &repo->tags[i]);
        }
    }
}

int ra_import_mirror_plan(struct ra_import *im, struct ra_err *err)
{
    RA_SURVEY_AUTO s = {0};
    RA_NAMES_AUTO kept = {0};
    RA_NAMES_AUTO repos = {0};
    struct ra_survey_opts opts = {.want = RA_SURVEY_TAG_TIMES};
    keep_names(im, &kept, &repos);
    int rc = ra_survey_read(im->job, &opts, &s, err);
    if (rc == -RA_NOTFOUND)
        return ra_err_clear(err), 0;
    if (rc == 0)
        compare(im, &s, &kept, &repos);
    return rc;
}

/* Whether the tag was pushed again while the question waited, or the archive was read. */
static bool is_renewed(const struct ra_import *im, const struct import_doomed *d)
{
    struct ra_key key;
    struct ra_stat st;
    int rc = ra_store_stat(im->job->store, ra_key_tag_current(&key, d->repo, d->tag), &st, NULL);
    return rc == 0 && st.mtime != d->mtime;
}

/* The history before the current link: cut off between the two, it is a tag still, that the next run finds. */
static int remove_tag(const struct ra_import *im, const struct import_doomed *d, struct ra_err *err)
{
    struct ra_key key;
    size_t keep = strlen(ra_key_tags(&key, d->repo));
    size_t folder = strlen(ra_key_tag(&key, d->repo, d->tag));
    int rc = ra_store_remove_prefix(im->job->store, ra_key_tag_index(&key, d->repo, d->tag), folder,
                                    RA_ANY_AGE, NULL, NULL, err);
    if (rc == 0 || rc == -RA_NOTFOUND)
        rc = ra_store_remove_prefix(im->job->store, ra_key_tag(&key, d->repo, d->tag), keep, RA_ANY_AGE, NULL,
                                    NULL, err);
    return rc;
}

int ra_import_mirror(struct ra_import *im, struct ra_err *err)
{
    ra_vec_each (d, &im->doomed) {
        int rc = ra_check_cancelled(err);
        if (rc == 0 && is_renewed(im, d)) {
            ra_find(im->job->findings, RA_WARNING, "changed",
                    &(struct ra_place){.repository = d->repo, .tag = d->tag},
                    "the tag was written since it was looked at, and stays");
            continue;
        }
        if (rc == 0)
            rc = remove_tag(im, d, err);
        if (rc < 0 && rc != -RA_NOTFOUND)
            return rc;
        ra_err_clear(err);
    }
    return 0;
}
