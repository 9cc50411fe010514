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
    free(l->repo);
}

/* --- their names -------------------------------------------------------------------------------------------- */

struct collector {
    bool (*wanted)(void *arg, const char *tag);
    void *arg;
    struct ra_tag_list *out;
};

static int collect(void *arg, const char *tag, struct ra_err *err)
{
    struct collector *c = arg;
    (void)err;
    if (!c->wanted || c->wanted(c->arg, tag))
        *ra_vec_push(&c->out->list) =
            (struct ra_tag){.name = ra_strdup(tag), .updated = RA_TIME_NONE, .image.created = RA_TIME_NONE};
    return 0;
}

int ra_tags_list(const struct ra_job *job, const char *repo, bool (*wanted)(void *arg, const char *tag),
                 void *arg, struct ra_tag_list *out, struct ra_err *err)
{
    struct collector c = {.wanted = wanted, .arg = arg, .out = out};
    out->repo = ra_strdup(repo);
    return ra_tags_each(job->store, repo, collect, &c, err);
}

/* --- what they are ------------------------------------------------------------------------------------------ */

struct item {
    const char *repo;
    struct ra_tag *tag;
};

struct reading {
    const struct ra_job *job;
    struct ra_known_blobs known;
    RA_VEC(struct item) items;
};

static void find_bad_link(const struct reading *r, const struct item *item, const char *key, int rc,
                          const struct ra_err *why)
{
    struct ra_place place = {.path = key, .repository = item->repo, .tag = item->tag->name};
    if (rc == -RA_NOTFOUND)
        ra_find(r->job->findings, RA_NOTE, "bad-link", &place, "a tag folder without a link: no tag");
    else
        ra_find_failed_read(r->job->findings, RA_ERROR, "bad-link", &place, NULL, why);
}

static int read_tag(void *arg, size_t i, unsigned worker RA_UNUSED, struct ra_err *err)
{
    struct reading *r = arg;
    const struct item *item = &r->items.at[i];
    struct ra_tag *tag = item->tag;
    struct ra_key key;
    struct ra_digest digest;
    RA_ERR_AUTO reading = {0};
    int rc = ra_link_read(r->job->store, ra_key_tag_current(&key, item->repo, tag->name), &digest,
                          &tag->updated, &reading);
    if (rc < 0) {
        tag->image.missing = true;
        find_bad_link(r, item, key.s, rc, &reading);
        return 0;
    }
    tag->has_digest = true;
    struct ra_place place = {.repository = item->repo, .tag = tag->name};
    rc = ra_image_read(r->job, &place, &digest, RA_LOOK_IF_CHEAP, &r->known, &tag->image, err);
    ra_progress_add(r->job->progress, 1, 0);
    return rc;
}

static bool all_missing(const struct ra_tag_list *l)
{
    ra_vec_each (tag, &l->list)
        if (!tag->has_digest || !tag->image.missing)
            return false;
    return l->list.n > 0;
}

static void find_lost_blobs(const struct ra_job *job, const struct ra_tag_list *lists, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (all_missing(&lists[i])) {
            ra_sure_find_no_blobs(job);
            return;
        }
}

int ra_tags_read(const struct ra_job *job, struct ra_tag_list *lists, size_t n, struct ra_err *err)
{
    struct reading r = {.job = job, .known = RA_KNOWN_BLOBS_INIT};
    for (size_t i = 0; i < n; i++)
        ra_vec_each (tag, &lists[i].list)
            *ra_vec_push(&r.items) = (struct item){lists[i].repo, tag};
    ra_progress_phase(job->progress, "reading tags", r.items.n, 0);
    int rc = ra_parallel_io(ra_job_cold_threads(job), r.items.n, read_tag, &r, err);
    ra_vec_release(&r.items);
    ra_known_blobs_release(&r.known);
    if (rc == 0)
        find_lost_blobs(job, lists, n);
    return rc;
}

/* --- in which order ----------------------------------------------------------------------------------------- */

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
