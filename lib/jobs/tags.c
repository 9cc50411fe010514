#include "jobs/tags.h"

#include "jobs/sure.h"
#include "registry/layout.h"

void ra_tag_list_release(struct ra_tag_list *l)
{
    ra_vec_each (tag, &l->list) {
        free(tag->name);
        ra_image_release(&tag->image);
    }
    ra_vec_release(&l->list);
}

struct collector {
    const struct ra_tags_opts *opts;
    struct ra_tag_list *out;
};

static int collect(void *arg, const char *tag, struct ra_err *err)
{
    struct collector *c = arg;
    (void)err;
    if (!c->opts->wanted || c->opts->wanted(c->opts->arg, tag))
        *ra_vec_push(&c->out->list) =
            (struct ra_tag){.name = ra_strdup(tag), .updated = RA_TIME_NONE, .image.created = RA_TIME_NONE};
    return 0;
}

struct reading {
    const struct ra_job *job;
    const char *repo;
    struct ra_tag *tags;
};

static void find_bad_link(const struct reading *r, const struct ra_tag *tag, const char *key, int rc,
                          const struct ra_err *why)
{
    struct ra_place place = {.path = key, .repository = r->repo, .tag = tag->name};
    if (rc == -RA_NOTFOUND)
        ra_find(r->job->findings, RA_NOTE, "bad-link", &place, "a tag folder without a link: no tag");
    else
        ra_find(r->job->findings, RA_ERROR, rc == -RA_CORRUPT ? "bad-link" : "unreadable", &place, "%s",
                ra_err_text(why));
}

static int read_tag(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    const struct reading *r = arg;
    struct ra_tag *tag = &r->tags[i];
    struct ra_key key;
    struct ra_digest digest;
    RA_ERR_AUTO reading = {0};
    (void)worker;
    int rc = ra_link_read(r->job->store, ra_key_tag_current(&key, r->repo, tag->name), &digest, &tag->updated,
                          &reading);
    if (rc < 0) {
        tag->image.missing = true;
        find_bad_link(r, tag, key.s, rc, &reading);
        return 0;
    }
    tag->has_digest = true;
    struct ra_place place = {.repository = r->repo, .tag = tag->name};
    rc = ra_image_read(r->job, &place, &digest, false, &tag->image, err);
    ra_progress_add(r->job->progress, 1, 0);
    return rc;
}

static bool all_missing(const struct ra_tag *tags, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!tags[i].has_digest || !tags[i].image.missing)
            return false;
    return true;
}

int ra_tags_read(const struct ra_job *job, const char *repo, const struct ra_tags_opts *opts,
                 struct ra_tag_list *out, struct ra_err *err)
{
    struct collector c = {.opts = opts, .out = out};
    size_t before = out->list.n;
    int rc = ra_tags_each(job->store, repo, collect, &c, err);
    size_t n = out->list.n - before;
    if (rc < 0 || opts->names_only || n == 0)
        return rc;
    struct reading r = {.job = job, .repo = repo, .tags = out->list.at + before};
    ra_progress_phase(job->progress, "reading tags", n, 0);
    rc = ra_parallel(ra_job_io_threads(job), n, read_tag, &r, err);
    if (rc == 0 && all_missing(r.tags, n))
        ra_sure_find_no_blobs(job);
    return rc;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare(const void *left, const void *right, void *arg)
{
    const struct ra_tag *a = left, *b = right;
    int order = 0;
    switch (*(const enum ra_tag_sort *)arg) {
    case RA_SORT_CREATED:
        order = compare_numbers(a->image.created, b->image.created);
        break;
    case RA_SORT_UPDATED:
        order = compare_numbers(a->updated, b->updated);
        break;
    case RA_SORT_SIZE:
        order = a->image.bytes < b->image.bytes ? 1 : a->image.bytes > b->image.bytes ? -1 : 0;
        break;
    case RA_SORT_VERSION:
        order = ra_version_cmp(a->name, b->name);
        break;
    case RA_SORT_NAME:
        break;
    }
    return order ? order : strcmp(a->name, b->name);
}

void ra_tags_sort(struct ra_tag_list *l, enum ra_tag_sort by)
{
    if (l->list.n)
        qsort_r(l->list.at, l->list.n, sizeof(*l->list.at), compare, &by);
}
