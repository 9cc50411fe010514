#include "jobs/rm_parts.h"

#include "base/clock.h"
#include "jobs/image.h"

struct dated {
    uint32_t place; /* of the tag in its repository */
    const char *name;
    int64_t time; /* RA_TIME_NONE: not known, or not asked for */
};

struct dated_tags {
    struct dated *at;
    size_t n, cap;
};

/* The image's own date; its damage is none of our business here, only that the date is not known. */
static int64_t created(const struct ra_rm *rm, const char *repo, const struct ra_survey_tag *tag)
{
    struct ra_findings unheard = RA_FINDINGS_INIT;
    struct ra_job job = *rm->job;
    struct ra_image image = {0};
    struct ra_digest d;
    job.findings = &unheard;
    ra_blobs_digest(rm->survey.blobs, tag->target, &d);
    struct ra_place at = {.repository = repo, .tag = tag->name};
    int rc = ra_image_read(&job, &at, &d, RA_LOOK_NEVER, NULL, &image, NULL);
    int64_t time = rc == 0 && !image.missing ? image.created : RA_TIME_NONE;
    ra_image_release(&image);
    ra_findings_release(&unheard);
    return time;
}

static void collect(const struct ra_rm *rm, size_t i, struct dated_tags *out)
{
    const struct ra_survey_repo *repo = &rm->survey.repos.at[i];
    for (uint32_t k = 0; k < repo->n_tags; k++) {
        const struct ra_survey_tag *tag = &repo->tags[k];
        if (!rm->repos[i].tags[k])
            continue;
        int64_t time = rm->opts->by == RA_RM_BY_UPDATED ? tag->mtime : RA_TIME_NONE;
        if (rm->opts->by == RA_RM_BY_CREATED && tag->target != RA_NONE)
            time = created(rm, repo->name, tag);
        *ra_vec_push(out) = (struct dated){k, tag->name, time};
    }
}

/* Newest first; of equals the name decides, so that two runs agree. */
static int by_time(const void *a, const void *b)
{
    const struct dated *left = a, *right = b;
    if (left->time != right->time)
        return left->time > right->time ? -1 : 1;
    return strcmp(right->name, left->name);
}

static int by_version(const void *a, const void *b)
{
    const struct dated *left = a, *right = b;
    int order = ra_version_cmp(right->name, left->name);
    return order ? order : strcmp(right->name, left->name);
}

static bool has_digit(const char *s)
{
    return strpbrk(s, "0123456789") != NULL;
}

/* Whether nothing can be said of a tag's age: then it stays. */
static bool unknown(const struct ra_rm *rm, const struct dated *tag)
{
    return rm->opts->by == RA_RM_BY_VERSION ? !has_digit(tag->name) : tag->time == RA_TIME_NONE;
}

static bool spared(const struct ra_rm *rm, const struct dated *tag, uint64_t *newer)
{
    if (unknown(rm, tag))
        return true;
    if (rm->opts->keep_last != RA_RM_NO_LIMIT && (*newer)++ < rm->opts->keep_last)
        return true;
    return rm->opts->has_age && tag->time > rm->now - rm->opts->older_than;
}

int ra_rm_retain(struct ra_rm *rm, struct ra_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && rm->opts->by != RA_RM_BY_NONE && i < rm->survey.repos.n; i++) {
        struct dated_tags tags = {0};
        uint64_t newer = 0;
        collect(rm, i, &tags);
        if (tags.n)
            qsort(tags.at, tags.n, sizeof(*tags.at), rm->opts->by == RA_RM_BY_VERSION ? by_version : by_time);
        ra_vec_each (tag, &tags)
            rm->repos[i].tags[tag->place] = !spared(rm, tag, &newer);
        ra_vec_release(&tags);
        rc = ra_check_cancelled(err);
    }
    return rc;
}
