#include "jobs/catalog.h"

#include "base/clock.h"
#include "base/num.h"

void ra_catalog_release(struct ra_catalog *c)
{
    ra_vec_release(&c->list);
    ra_survey_release(&c->survey);
}

/* Adding up one repository: which blobs it has counted already, a bit each. */
struct adder {
    const struct ra_survey *survey;
    uint8_t *counted;
    struct ra_catalog_entry *entry;
};

static void add_blob(struct adder *a, uint32_t blob, uint64_t bytes)
{
    uint32_t index = ra_blobs_index(a->survey->blobs, blob);
    if (a->counted[index / 8] & 1u << index % 8)
        return;
    a->counted[index / 8] |= (uint8_t)(1u << index % 8);
    a->entry->bytes = ra_add_sat(a->entry->bytes, bytes);
}

static void add_manifest(struct adder *a, uint32_t blob)
{
    static const enum ra_ref_role held[] = {RA_REF_CONFIG, RA_REF_LAYER, RA_REF_BLOB};
    const struct ra_survey_manifest *m = ra_survey_manifest(a->survey, blob);
    if (!m)
        return;
    add_blob(a, blob, m->bytes);
    for (size_t r = 0; r < RA_COUNT(held); r++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(m, held[r], &n);
        for (size_t i = 0; i < n; i++)
            add_blob(a, refs[i], ra_blobs_size(a->survey->blobs, refs[i]));
    }
}

static void add_up(struct adder *a, const struct ra_survey_repo *repo)
{
    for (uint32_t i = 0; i < repo->n_tags; i++) {
        const struct ra_survey_tag *tag = &repo->tags[i];
        a->entry->tags += !(tag->flags & RA_TAG_NO_LINK);
        if (tag->mtime > a->entry->updated)
            a->entry->updated = tag->mtime;
        if (tag->target != RA_NONE)
            add_manifest(a, tag->target);
    }
    for (uint32_t i = 0; i < repo->n_revs; i++) {
        if (repo->revs[i].flags & RA_REV_NO_LINK)
            continue;
        a->entry->revisions++;
        add_manifest(a, repo->revs[i].blob);
    }
}

struct summing {
    struct ra_catalog *catalog;
    size_t bitmap_size;
    uint8_t **bitmaps; /* one a worker */
};

static int sum_repository(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    struct summing *s = arg;
    (void)err;
    if (!s->bitmaps[worker])
        s->bitmaps[worker] = ra_malloc(s->bitmap_size);
    memset(s->bitmaps[worker], 0, s->bitmap_size);
    struct adder a = {
        .survey = &s->catalog->survey, .counted = s->bitmaps[worker], .entry = &s->catalog->list.at[i]};
    add_up(&a, &s->catalog->survey.repos.at[i]);
    return 0;
}

static int sum_all(const struct ra_job *job, struct ra_catalog *c, struct ra_err *err)
{
    ra_blobs_freeze(c->survey.blobs);
    ra_auto_free uint8_t **bitmaps = ra_calloc(job->threads, sizeof(*bitmaps));
    struct summing s = {
        .catalog = c, .bitmap_size = ra_blobs_count(c->survey.blobs) / 8 + 1, .bitmaps = bitmaps};
    int rc = ra_parallel(job->threads, c->list.n, sum_repository, &s, err);
    for (unsigned i = 0; i < job->threads; i++)
        free(bitmaps[i]);
    return rc;
}

int ra_catalog_read(const struct ra_job *job, const struct ra_catalog_opts *opts, struct ra_catalog *out,
                    struct ra_err *err)
{
    unsigned everything = RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS | RA_SURVEY_TAG_TIMES;
    struct ra_survey_opts survey = {
        .want = opts->names_only ? RA_SURVEY_NAMES : everything, .wanted = opts->wanted, .arg = opts->arg};
    *out = (struct ra_catalog){0};
    int rc = ra_survey_read(job, &survey, &out->survey, err);
    if (rc < 0)
        return rc;
    ra_vec_each (repo, &out->survey.repos)
        *ra_vec_push(&out->list) = (struct ra_catalog_entry){
            .name = repo->name, .updated = RA_TIME_NONE, .damaged = repo->flags & RA_REPO_PROTECT};
    return opts->names_only ? 0 : sum_all(job, out, err);
}

static int descending(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare(const void *left, const void *right, void *arg)
{
    const struct ra_catalog_entry *a = left, *b = right;
    int order = 0;
    switch (*(const enum ra_catalog_sort *)arg) {
    case RA_CATALOG_SIZE:
        order = descending(a->bytes, b->bytes);
        break;
    case RA_CATALOG_TAGS:
        order = descending(a->tags, b->tags);
        break;
    case RA_CATALOG_UPDATED:
        order = a->updated < b->updated ? 1 : a->updated > b->updated ? -1 : 0;
        break;
    case RA_CATALOG_NAME:
        break;
    }
    return order ? order : strcmp(a->name, b->name);
}

void ra_catalog_sort(struct ra_catalog *c, enum ra_catalog_sort by)
{
    /* By name they are already as the registry lists them. */
    if (c->list.n && by != RA_CATALOG_NAME)
        qsort_r(c->list.at, c->list.n, sizeof(*c->list.at), compare, &by);
}
