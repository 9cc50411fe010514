/*
 * Images by what their config says: each distinct image is looked at once, in parallel, however many tags have it.
 */
#include "jobs/find_parts.h"

#include "base/clock.h"
#include "base/num.h"
#include "jobs/reach.h"
#include "registry/layout.h"
#include "registry/read.h"

#define MATCHES RA_BLOB_USER

void ra_find_images_release(struct ra_find_images *f)
{
    ra_vec_each (platform, &f->platforms)
        free(*platform);
    ra_vec_release(&f->platforms);
    ra_vec_each (files, &f->lists)
        free(*files);
    ra_vec_release(&f->lists);
    ra_filesearch_free(f->files);
    ra_vec_release(&f->list);
    ra_survey_release(&f->survey);
    *f = (struct ra_find_images){0};
}

/* What is known of a matching image; beside the survey's manifests. */
struct facts {
    char *platform; /* NULL: no match */
    int64_t created;
    uint64_t bytes;
    struct ra_found_file *files;
    size_t n_files;
};

struct looking {
    const struct ra_job *job;
    const struct ra_find_criteria *criteria;
    struct ra_survey *survey;
    struct facts *facts;
};

/* --- one image ----------------------------------------------------------- */

/* "key" or "key=value" against a pair; both sides may be patterns. */
static bool pair_matches(const char *wanted, const char *key, const char *value)
{
    size_t n = strcspn(wanted, "=");
    ra_auto_free char *name = ra_strndup(wanted, n);
    return ra_glob(name, key) && (!wanted[n] || ra_glob(wanted + n + 1, value));
}

static bool has_label(const struct ra_annotations *labels, const char *wanted)
{
    for (size_t i = 0; i < labels->n; i++)
        if (pair_matches(wanted, labels->at[i].key, labels->at[i].value))
            return true;
    return false;
}

static bool has_env(const struct ra_strings *env, const char *wanted)
{
    for (size_t i = 0; i < env->n; i++) {
        size_t n = strcspn(env->at[i], "=");
        ra_auto_free char *name = ra_strndup(env->at[i], n);
        if (pair_matches(wanted, name, env->at[i][n] ? env->at[i] + n + 1 : ""))
            return true;
    }
    return false;
}

static bool has_author(const struct ra_imageconfig *c, const char *wanted)
{
    const char *label = ra_annotation(&c->labels, "org.opencontainers.image.authors");
    return strcasestr(c->author, wanted) || (label && strcasestr(label, wanted));
}

static bool is_of_time(const struct ra_find_criteria *f, int64_t created)
{
    if (f->created_after == RA_TIME_NONE && f->created_before == RA_TIME_NONE)
        return true;
    if (created == RA_TIME_NONE)
        return false;
    return (f->created_after == RA_TIME_NONE || created > f->created_after) &&
           (f->created_before == RA_TIME_NONE || created < f->created_before);
}

static bool config_matches(const struct ra_find_criteria *f, const struct ra_imageconfig *c)
{
    for (size_t i = 0; i < f->labels.n; i++)
        if (!has_label(&c->labels, f->labels.at[i]))
            return false;
    for (size_t i = 0; i < f->env.n; i++)
        if (!has_env(&c->env, f->env.at[i]))
            return false;
    if (f->author && !has_author(c, f->author))
        return false;
    if ((f->os && !ra_streq(f->os, c->platform.os)) ||
        (f->architecture && !ra_streq(f->architecture, c->platform.architecture)))
        return false;
    return is_of_time(f, c->created);
}

static uint64_t bytes_of(const struct ra_manifest *m, size_t own)
{
    RA_AUTO(ra_digest_set, _release) seen = {0};
    uint64_t sum = own;
    if (m->config && m->config->size > 0)
        sum = ra_add_sat(sum, (uint64_t)m->config->size);
    for (size_t i = 0; i < m->layers.n; i++) {
        bool fresh = false;
        if (m->layers.at[i].valid)
            ra_digest_set_add(&seen, &m->layers.at[i].digest, &fresh);
        if (fresh && m->layers.at[i].size > 0)
            sum = ra_add_sat(sum, (uint64_t)m->layers.at[i].size);
    }
    return sum;
}

/* A config that cannot be read matches nothing; that it cannot is said. */
static int load_config(struct looking *l, const struct ra_manifest *m, struct ra_imageconfig *c)
{
    RA_BUF_AUTO bytes = {0};
    RA_ERR_AUTO err = {0};
    if (!m->config || !m->config->valid || !ra_media_type_image_config(m->config->media_type))
        return -RA_UNSUPPORTED;
    struct ra_key key;
    const struct ra_place at = {.path = ra_key_blob(&key, &m->config->digest), .digest = &m->config->digest};
    int rc = ra_imageconfig_load(l->job->store, &m->config->digest, &bytes, c, &err);
    if (rc == -RA_NOTFOUND)
        ra_find(l->job->findings, RA_WARNING, "missing-blob", &at, "the image config is not there");
    else if (rc < 0)
        ra_find_failed_read(l->job->findings, RA_WARNING, "bad-config", &at, "cannot read an image config",
                            &err);
    return rc;
}

static int look_at(void *arg, size_t i, unsigned worker, struct ra_err *err)
{
    (void)worker;
    (void)err;
    struct looking *l = arg;
    const struct ra_survey_manifest *listed = l->survey->manifests.at[i];
    struct facts *facts = &l->facts[i];
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    RA_IMAGECONFIG_AUTO config = {0};
    struct ra_digest digest;
    char platform[RA_PLATFORM_TEXT];
    ra_progress_add(l->job->progress, 1, 0);
    ra_blobs_digest(l->survey->blobs, listed->blob, &digest);
    if (listed->kind != RA_MANIFEST_IMAGE || ra_manifest_load(l->job->store, &digest, &bytes, &m, NULL) < 0 ||
        load_config(l, &m, &config) < 0)
        return 0;
    facts->bytes = bytes_of(&m, bytes.len);
    if (!config_matches(l->criteria, &config) ||
        (l->criteria->larger_than && facts->bytes <= l->criteria->larger_than))
        return 0;
    facts->created = config.created;
    facts->platform = ra_strdup(ra_platform_text(&config.platform, platform));
    return 0;
}

/* --- all of them ----------------------------------------------------------- */

static size_t index_of(const struct ra_survey *s, uint32_t blob)
{
    size_t low = 0, high = s->manifests.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->manifests.at[middle]->blob < blob)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_matches(struct looking *l, struct ra_find_images *out, const struct ra_ids *ids,
                        const char *repo, const char *tag)
{
    for (size_t i = 0; i < ids->n; i++) {
        if (!ra_survey_manifest(l->survey, ids->at[i]) ||
            !(ra_blobs_flags(l->survey->blobs, ids->at[i]) & MATCHES))
            continue;
        const struct facts *facts = &l->facts[index_of(l->survey, ids->at[i])];
        struct ra_found *found = ra_vec_push(&out->list);
        *found = (struct ra_found){.repository = repo,
                                   .tag = tag,
                                   .platform = facts->platform,
                                   .created = facts->created,
                                   .bytes = facts->bytes,
                                   .files = facts->files,
                                   .n_files = facts->n_files};
        ra_blobs_digest(l->survey->blobs, ids->at[i], &found->digest);
    }
}

static void search_repository(struct looking *l, struct ra_find_images *out,
                              const struct ra_survey_repo *repo)
{
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(l->survey);
    RA_AUTO_PTR(ra_reach) tagged = ra_reach_new(l->survey);
    ra_reach_begin(tagged, repo);
    for (uint32_t i = 0; i < repo->n_tags; i++) {
        ra_reach_begin(reach, repo);
        ra_reach_enter(reach, repo->tags[i].target);
        ra_reach_enter(tagged, repo->tags[i].target);
        if (!l->criteria->no_tags)
            add_matches(l, out, ra_reach_ids(reach), repo->name, repo->tags[i].name);
    }
    for (uint32_t i = 0; l->criteria->untagged && i < repo->n_revs; i++) {
        const struct ra_ids one = {.at = &repo->revs[i].blob, .n = 1};
        if (!(repo->revs[i].flags & RA_REV_NO_LINK) && !ra_reach_has(tagged, repo->revs[i].blob))
            add_matches(l, out, &one, repo->name, NULL);
    }
}

static int compare(const void *left, const void *right)
{
    const struct ra_found *a = left, *b = right;
    int order = strcmp(a->repository, b->repository);
    if (!order && (!a->tag || !b->tag))
        order = (a->tag == NULL) - (b->tag == NULL);
    else if (!order)
        order = strcmp(a->tag, b->tag);
    order = order ? order : strcmp(a->platform, b->platform);
    return order ? order : ra_digest_cmp(&a->digest, &b->digest);
}

/* Of the images that meet all else those that have the files too. */
static int look_into_layers(struct looking *l, struct ra_find_images *out, struct ra_err *err)
{
    const struct ra_survey *s = l->survey;
    RA_VEC(const struct ra_survey_manifest *) images = {0};
    for (size_t i = 0; i < s->manifests.n; i++)
        if (l->facts[i].platform)
            *ra_vec_push(&images) = s->manifests.at[i];
    int rc =
        ra_filesearch_read(l->job, &l->criteria->files, l->survey, images.at, images.n, &out->files, err);
    ra_vec_release(&images);
    for (size_t i = 0; rc == 0 && i < s->manifests.n; i++) {
        struct facts *facts = &l->facts[i];
        if (!facts->platform)
            continue;
        if (ra_filesearch_judge(out->files, s->manifests.at[i], &facts->files, &facts->n_files))
            *ra_vec_push(&out->lists) = facts->files;
        else
            free(ra_steal_ptr(&facts->platform));
    }
    return rc;
}

static void keep_matches(struct looking *l, struct ra_find_images *out)
{
    for (size_t i = 0; i < l->survey->manifests.n; i++) {
        if (!l->facts[i].platform)
            continue;
        ra_blobs_set(l->survey->blobs, l->survey->manifests.at[i]->blob, MATCHES);
        *ra_vec_push(&out->platforms) = l->facts[i].platform;
    }
}

int ra_find_by_config(const struct ra_job *job, const struct ra_find_criteria *criteria,
                      struct ra_find_images *out, struct ra_err *err)
{
    struct ra_survey_opts want = {
        .want = RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS, .wanted = criteria->wanted, .arg = criteria->arg};
    *out = (struct ra_find_images){0};
    int rc = ra_survey_read(job, &want, &out->survey, err);
    if (rc < 0)
        return rc;
    size_t n = out->survey.manifests.n;
    ra_auto_free struct facts *facts = ra_calloc(n, sizeof(*facts));
    struct looking l = {.job = job, .criteria = criteria, .survey = &out->survey, .facts = facts};
    ra_progress_phase(job->progress, "looking at images", n, 0);
    rc = ra_parallel(ra_job_io_threads(job), n, look_at, &l, err);
    if (rc == 0 && criteria->files.n)
        rc = look_into_layers(&l, out, err);
    keep_matches(&l, out);
    if (rc < 0)
        return rc;
    ra_vec_each (repo, &out->survey.repos)
        search_repository(&l, out, repo);
    if (out->list.n)
        qsort(out->list.at, out->list.n, sizeof(*out->list.at), compare);
    return 0;
}
