#include "jobs/du.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "jobs/mark.h"

#include <stdatomic.h>

/* Who needs a blob: nobody, one repository (its number + 1), or several. */
#define NOBODY  0
#define SEVERAL UINT32_MAX

void ra_du_release(struct ra_du *du)
{
    ra_vec_release(&du->repos);
    ra_vec_release(&du->tags);
    ra_vec_release(&du->layers);
    ra_vec_each (type, &du->types)
        free(type->media_type);
    ra_vec_release(&du->types);
    free(du->owners);
    ra_survey_release(&du->survey);
    *du = (struct ra_du){0};
}

struct adding {
    struct ra_survey *survey;
    _Atomic uint32_t *owners;
    struct ra_du_repo *repos; /* beside survey.repos; each is touched by the one thread that marks it */
    const bool *wanted;       /* likewise */
};

static bool is_there(struct ra_blobs *blobs, uint32_t blob)
{
    return ra_blobs_flags(blobs, blob) & RA_BLOB_PRESENT;
}

static void claim(_Atomic uint32_t *owner, uint32_t who)
{
    uint32_t before = NOBODY;
    if (!atomic_compare_exchange_strong(owner, &before, who) && before != who)
        atomic_store(owner, SEVERAL);
}

static void on_reached(void *arg, size_t repo, uint32_t blob, bool tagged)
{
    struct adding *a = arg;
    struct ra_blobs *blobs = a->survey->blobs;
    if (!is_there(blobs, blob))
        return;
    if (a->wanted[repo])
        ra_blobs_set(blobs, blob, RA_DU_WANTED);
    uint64_t size = ra_blobs_size(blobs, blob);
    a->repos[repo].bytes = ra_add_sat(a->repos[repo].bytes, size);
    if (!tagged && !(ra_blobs_flags(blobs, blob) & RA_BLOB_YOUNG))
        a->repos[repo].untagged_bytes = ra_add_sat(a->repos[repo].untagged_bytes, size);
    claim(&a->owners[ra_blobs_index(blobs, blob)], (uint32_t)repo + 1);
}

static void add_blob(struct ra_du *du, enum ra_mark_fate fate, uint64_t size)
{
    uint64_t *part = fate == RA_FATE_FREE       ? &du->reclaimable_bytes
                     : fate == RA_FATE_UNTAGGED ? &du->untagged_bytes
                     : fate == RA_FATE_YOUNG    ? &du->young_bytes
                                                : NULL;
    du->blobs++;
    du->bytes = ra_add_sat(du->bytes, size);
    if (part && !du->overlooked)
        *part = ra_add_sat(*part, size);
}

static void add_totals(struct ra_du *du)
{
    struct ra_blobs *blobs = du->survey.blobs;
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++) {
            uint64_t size = ra_blobs_size(blobs, ids[i]);
            uint32_t owner = du->owners[ra_blobs_index(blobs, ids[i])];
            add_blob(du, ra_mark_fate(ra_blobs_flags(blobs, ids[i])), size);
            if (owner != NOBODY && owner != SEVERAL)
                du->repos.at[owner - 1].unique_bytes = ra_add_sat(du->repos.at[owner - 1].unique_bytes, size);
        }
    }
}

static void add_uploads(struct ra_du *du)
{
    for (size_t r = 0; r < du->survey.repos.n; r++) {
        const struct ra_survey_repo *repo = &du->survey.repos.at[r];
        for (uint32_t i = 0; i < repo->n_uploads; i++)
            du->repos.at[r].upload_bytes = ra_add_sat(du->repos.at[r].upload_bytes, repo->uploads[i].bytes);
        du->upload_bytes = ra_add_sat(du->upload_bytes, du->repos.at[r].upload_bytes);
        du->repos.at[r].shared_bytes = du->repos.at[r].bytes - du->repos.at[r].unique_bytes;
    }
}

static int compare_repos(const void *left, const void *right)
{
    const struct ra_du_repo *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return strcmp(a->name, b->name);
}

static void sort_and_filter(const struct ra_du_opts *opts, struct ra_du *du)
{
    size_t kept = 0;
    for (size_t i = 0; i < du->repos.n; i++)
        if (!opts->wanted || opts->wanted(opts->arg, du->repos.at[i].name))
            du->repos.at[kept++] = du->repos.at[i];
    du->repos.n = kept;
    if (kept)
        qsort(du->repos.at, kept, sizeof(*du->repos.at), compare_repos);
}

static int mark(const struct ra_job *job, const struct ra_du_opts *opts, int64_t cutoff, struct ra_du *du,
                struct ra_err *err)
{
    RA_MARK_AUTO marked = {0};
    size_t n = du->survey.repos.n;
    ra_auto_free bool *wanted = ra_calloc(n + 1, sizeof(*wanted));
    for (size_t i = 0; i < n; i++) {
        const char *name = du->survey.repos.at[i].name;
        *ra_vec_push(&du->repos) = (struct ra_du_repo){.name = name};
        wanted[i] = !opts->wanted || opts->wanted(opts->arg, name);
    }
    du->owners = ra_calloc(ra_blobs_count(du->survey.blobs), sizeof(*du->owners));
    struct adding adding = {.survey = &du->survey,
                            .owners = (_Atomic uint32_t *)du->owners,
                            .repos = du->repos.at,
                            .wanted = wanted};
    struct ra_mark_opts mark_opts = {.cutoff = cutoff, .reached = on_reached, .arg = &adding};
    return ra_mark_run(job, &du->survey, &mark_opts, &marked, err);
}

int ra_du_read(const struct ra_job *job, const struct ra_du_opts *opts, struct ra_du *out, struct ra_err *err)
{
    unsigned want = RA_SURVEY_SIZES | RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS | RA_SURVEY_LAYERS |
                    RA_SURVEY_UPLOADS | (opts->disk ? RA_SURVEY_DISK : 0) | opts->also;
    struct ra_survey_opts survey = {.want = want};
    *out = (struct ra_du){0};
    int64_t now;
    int rc = ra_store_now(job->store, &now, err);
    if (rc < 0)
        return rc;
    survey.cutoff = now - opts->min_age;
    rc = ra_survey_read(job, &survey, &out->survey, err);
    if (rc == 0)
        rc = mark(job, opts, survey.cutoff, out, err);
    if (rc < 0) {
        ra_du_release(out);
        return rc;
    }
    out->overlooked = ra_mark_overlooked(&out->survey);
    add_totals(out);
    add_uploads(out);
    sort_and_filter(opts, out);
    return 0;
}
