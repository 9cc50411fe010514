#include "jobs/du.h"

#include "base/num.h"
#include "base/str.h"
#include "jobs/reach.h"
#include "registry/read.h"

#define NOBODY  0
#define SEVERAL UINT32_MAX

static int descending(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

/* --- by tag ----------------------------------------------------------- */

static int compare_tags(const void *left, const void *right)
{
    const struct ra_du_tag *a = left, *b = right;
    int order = descending(a->bytes, b->bytes);
    order = order ? order : strcmp(a->repository, b->repository);
    return order ? order : strcmp(a->tag, b->tag);
}

struct tagging {
    struct ra_du *du;
    const struct ra_du_opts *opts;
    uint32_t *owners; /* which tag needs a blob: its number + 1 */
    struct ra_reach *reach;
};

static void claim_all(struct tagging *t, uint32_t number, struct ra_du_tag *out)
{
    struct ra_blobs *blobs = t->du->survey.blobs;
    const struct ra_ids *ids = ra_reach_ids(t->reach);
    for (size_t i = 0; i < ids->n; i++) {
        if (!(ra_blobs_flags(blobs, ids->at[i]) & RA_BLOB_PRESENT))
            continue;
        uint32_t *owner = &t->owners[ra_blobs_index(blobs, ids->at[i])];
        out->bytes = ra_add_sat(out->bytes, ra_blobs_size(blobs, ids->at[i]));
        *owner = *owner == NOBODY ? number + 1 : SEVERAL;
    }
}

static bool is_wanted(const struct ra_du_opts *opts, const char *repo)
{
    return !opts->wanted || opts->wanted(opts->arg, repo);
}

static void add_unique(struct tagging *t, struct ra_du_tag *tags)
{
    struct ra_blobs *blobs = t->du->survey.blobs;
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++) {
            uint32_t owner = t->owners[ra_blobs_index(blobs, ids[i])];
            if (owner != NOBODY && owner != SEVERAL)
                tags[owner - 1].unique_bytes =
                    ra_add_sat(tags[owner - 1].unique_bytes, ra_blobs_size(blobs, ids[i]));
        }
    }
}

int ra_du_by_tag(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *du,
                 struct ra_err *err)
{
    ra_auto_free uint32_t *owners = ra_calloc(ra_blobs_count(du->survey.blobs), sizeof(*owners));
    RA_AUTO_PTR(ra_reach) reach = ra_reach_new(&du->survey);
    struct tagging t = {.du = du, .opts = opts, .owners = owners, .reach = reach};
    (void)job;
    ra_vec_each (repo, &du->survey.repos)
        for (uint32_t i = 0; i < repo->n_tags; i++) {
            int rc = ra_check_cancelled(err);
            if (rc < 0)
                return rc;
            if (repo->tags[i].flags & RA_TAG_NO_LINK)
                continue;
            uint32_t number = (uint32_t)du->tags.n;
            struct ra_du_tag *tag = ra_vec_push(&du->tags);
            *tag = (struct ra_du_tag){.repository = repo->name, .tag = repo->tags[i].name};
            ra_reach_begin(reach, repo);
            ra_reach_enter(reach, repo->tags[i].target);
            claim_all(&t, number, tag);
        }
    add_unique(&t, du->tags.at);
    size_t kept = 0;
    for (size_t i = 0; i < du->tags.n; i++)
        if (is_wanted(opts, du->tags.at[i].repository))
            du->tags.at[kept++] = du->tags.at[i];
    du->tags.n = kept;
    if (kept)
        qsort(du->tags.at, kept, sizeof(*du->tags.at), compare_tags);
    return 0;
}

/* --- by layer ----------------------------------------------------------- */

static int compare_blobs(const void *left, const void *right)
{
    const struct ra_du_blob *a = left, *b = right;
    int order = descending(a->bytes, b->bytes);
    return order ? order : ra_digest_cmp(&a->digest, &b->digest);
}

/* How many repositories have a layer link to each blob that is needed. */
static void count_repositories(const struct ra_du *du, uint32_t *counts)
{
    ra_vec_each (repo, &du->survey.repos)
        for (uint32_t i = 0; i < repo->n_layers; i++)
            counts[ra_blobs_index(du->survey.blobs, repo->layers[i])]++;
}

static void find_role(const struct ra_survey *s, enum ra_ref_role role, bool *out, bool value)
{
    for (size_t i = 0; i < s->manifests.n; i++) {
        size_t n;
        const uint32_t *refs = ra_survey_refs(s->manifests.at[i], role, &n);
        for (size_t k = 0; k < n; k++)
            out[ra_blobs_index(s->blobs, refs[k])] = value;
    }
}

int ra_du_by_layer(const struct ra_job *job, struct ra_du *du, struct ra_err *err)
{
    struct ra_blobs *blobs = du->survey.blobs;
    ra_auto_free uint32_t *counts = ra_calloc(ra_blobs_count(blobs), sizeof(*counts));
    ra_auto_free bool *configs = ra_calloc(ra_blobs_count(blobs), sizeof(*configs));
    (void)job;
    count_repositories(du, counts);
    /* The "{}" of artifacts is both. */
    find_role(&du->survey, RA_REF_CONFIG, configs, true);
    find_role(&du->survey, RA_REF_LAYER, configs, false);
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT | RA_DU_WANTED, 0, &n);
        for (size_t i = 0; i < n; i++) {
            uint32_t index = ra_blobs_index(blobs, ids[i]);
            if (configs[index] || ra_survey_manifest(&du->survey, ids[i]))
                continue;
            struct ra_du_blob *blob = ra_vec_push(&du->layers);
            *blob = (struct ra_du_blob){.bytes = ra_blobs_size(blobs, ids[i]), .repositories = counts[index]};
            ra_blobs_digest(blobs, ids[i], &blob->digest);
        }
    }
    if (du->layers.n)
        qsort(du->layers.at, du->layers.n, sizeof(*du->layers.at), compare_blobs);
    return ra_check_cancelled(err);
}

/* --- by media type ----------------------------------------------------------- */

struct typing {
    const struct ra_job *job;
    struct ra_du *du;
    uint8_t *counted; /* a byte a blob */
    unsigned flags;   /* that a blob must have */
};

static void count(struct typing *t, const char *media_type, uint32_t blob)
{
    struct ra_blobs *blobs = t->du->survey.blobs;
    struct ra_du_type *type = NULL;
    if (blob == RA_NONE || (ra_blobs_flags(blobs, blob) & t->flags) != t->flags ||
        t->counted[ra_blobs_index(blobs, blob)])
        return;
    t->counted[ra_blobs_index(blobs, blob)] = 1;
    ra_vec_each (known, &t->du->types)
        if (ra_streq(known->media_type, media_type))
            type = known;
    if (!type) {
        type = ra_vec_push(&t->du->types);
        type->media_type = ra_strdup(media_type);
    }
    type->blobs++;
    type->bytes = ra_add_sat(type->bytes, ra_blobs_size(blobs, blob));
}

static void count_descriptors(struct typing *t, const struct ra_descriptors *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].valid)
            count(t, list->at[i].media_type, ra_blobs_find(t->du->survey.blobs, &list->at[i].digest));
}

static void count_manifest(struct typing *t, const struct ra_survey_manifest *listed)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    struct ra_digest digest;
    ra_blobs_digest(t->du->survey.blobs, listed->blob, &digest);
    /* What cannot be read has its finding from the survey. */
    if (ra_manifest_load(t->job->store, &digest, &bytes, &m, NULL) < 0)
        return;
    count(t, m.media_type, listed->blob);
    if (m.config && m.config->valid)
        count(t, m.config->media_type, ra_blobs_find(t->du->survey.blobs, &m.config->digest));
    count_descriptors(t, &m.layers);
    count_descriptors(t, &m.blobs);
}

static int compare_types(const void *left, const void *right)
{
    const struct ra_du_type *a = left, *b = right;
    int order = descending(a->bytes, b->bytes);
    return order ? order : strcmp(a->media_type, b->media_type);
}

int ra_du_by_media_type(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *du,
                        struct ra_err *err)
{
    struct ra_blobs *blobs = du->survey.blobs;
    ra_auto_free uint8_t *counted = ra_calloc(ra_blobs_count(blobs), 1);
    struct typing t = {.job = job, .du = du, .counted = counted, .flags = RA_BLOB_PRESENT};
    t.flags |= opts->wanted ? RA_DU_WANTED : 0;
    ra_progress_phase(job->progress, "reading manifests", du->survey.manifests.n, 0);
    for (size_t i = 0; i < du->survey.manifests.n; i++) {
        int rc = ra_check_cancelled(err);
        if (rc < 0)
            return rc;
        count_manifest(&t, du->survey.manifests.at[i]);
        ra_progress_add(job->progress, 1, 0);
    }
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++)
            count(&t, "", ids[i]);
    }
    if (du->types.n)
        qsort(du->types.at, du->types.n, sizeof(*du->types.at), compare_types);
    return 0;
}
