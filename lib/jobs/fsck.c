#include "jobs/fsck_parts.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "jobs/mark.h"
#include "registry/read.h"

void ra_fsck_free(struct ra_fsck *f)
{
    if (!f)
        return;
    ra_vec_release(&f->fixes);
    ra_survey_release(&f->survey);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}

const struct ra_fsck_result *ra_fsck_result(const struct ra_fsck *f)
{
    return &f->result;
}

void ra_fsck_digest(const struct ra_fsck *f, uint32_t blob, struct ra_digest *out)
{
    ra_blobs_digest(f->survey.blobs, blob, out);
}

bool ra_fsck_link_reads(const struct ra_fsck *f, const char *key)
{
    struct ra_digest held;
    return ra_link_read(f->job->store, key, &held, NULL, NULL) == 0;
}

void ra_fsck_add_fix(struct ra_fsck *f, const struct ra_fix *fix)
{
    RA_LOCKED(&f->mutex);
    *ra_vec_push(&f->fixes) = *fix;
}

static int compare_names(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_fixes(const void *left, const void *right)
{
    const struct ra_fix *a = left, *b = right;
    int order = (int)a->kind - (int)b->kind;
    order = order ? order : compare_names(a->repository, b->repository);
    order = order ? order : compare_names(a->tag, b->tag);
    /* A tag has one fix, whatever its history offers. */
    return order || a->kind == RA_FIX_TAG_LINK ? order : ra_digest_cmp(&a->digest, &b->digest);
}

static void sort_fixes(struct ra_fsck *f)
{
    size_t kept = 0;
    if (f->fixes.n)
        qsort(f->fixes.at, f->fixes.n, sizeof(*f->fixes.at), compare_fixes);
    for (size_t i = 0; i < f->fixes.n; i++)
        if (i == 0 || compare_fixes(&f->fixes.at[kept - 1], &f->fixes.at[i]) != 0)
            f->fixes.at[kept++] = f->fixes.at[i];
    f->fixes.n = kept;
}

struct ra_fix *ra_fsck_fix_of(struct ra_fsck *f, const struct ra_fix *key)
{
    return f->fixes.n ? bsearch(key, f->fixes.at, f->fixes.n, sizeof(*f->fixes.at), compare_fixes) : NULL;
}

const struct ra_fix *ra_fsck_fixes(const struct ra_fsck *f, size_t *n)
{
    *n = f->fixes.n;
    return f->fixes.at;
}

/* One note for all of them: there may be hundreds of thousands, and gc knows what to do. */
static void note_orphans(struct ra_fsck *f)
{
    struct ra_blobs *blobs = f->survey.blobs;
    char count[RA_COUNT_TEXT], size[RA_SIZE_TEXT];
    uint64_t orphans = 0, bytes = 0;
    for (unsigned part = 0; part < RA_BLOBS_PARTS; part++) {
        size_t n;
        ra_auto_free uint32_t *ids = ra_blobs_part(blobs, part, RA_BLOB_PRESENT, 0, &n);
        for (size_t i = 0; i < n; i++) {
            uint64_t own = ra_blobs_size(blobs, ids[i]);
            bool needed = ra_blobs_flags(blobs, ids[i]) & RA_FSCK_NEEDED;
            orphans += !needed;
            bytes = ra_add_sat(bytes, needed ? 0 : own);
            f->result.blobs++;
            f->result.bytes = ra_add_sat(f->result.bytes, own);
        }
    }
    /* What may be needed by what could not be read is no orphan: the findings about that say enough. */
    if (orphans && !ra_mark_overlooked(&f->survey))
        ra_find(f->job->findings, RA_NOTE, "orphan-blobs", NULL,
                "%s %s (%s) that nothing refers to: `regadm gc` removes them", ra_count_text(orphans, count),
                orphans == 1 ? "blob" : "blobs", ra_size_text(bytes, size));
}

/* The date, not the age: the same storage has the same findings tomorrow. */
static void note_uploads(struct ra_fsck *f)
{
    ra_vec_each (repo, &f->survey.repos)
        for (uint32_t i = 0; i < repo->n_uploads; i++) {
            char size[RA_SIZE_TEXT], date[RA_TIME_TEXT];
            ra_find(f->job->findings, RA_NOTE, "upload", &(struct ra_place){.repository = repo->name},
                    "the upload %s (%s) was begun and not ended, last touched on %.10s", repo->uploads[i].id,
                    ra_size_text(repo->uploads[i].bytes, size),
                    ra_time_text(repo->uploads[i].touched, false, date));
        }
}

/* 2.8 knows a repository by its _layers, 3.x by its _manifests. */
static void note_unlisted(struct ra_fsck *f)
{
    ra_vec_each (repo, &f->survey.repos) {
        struct ra_place at = {.repository = repo->name};
        unsigned flags = repo->flags;
        if (!(flags & RA_REPO_LAYERS) && flags & RA_REPO_MANIFESTS)
            ra_find(f->job->findings, RA_WARNING, "unlisted-repository", &at,
                    "it has no folder _layers: registry 2.8 does not list it, and its collector would delete "
                    "its images");
        else if (!(flags & RA_REPO_MANIFESTS))
            ra_find(f->job->findings, RA_NOTE, "unlisted-repository", &at,
                    "it has no folder _manifests: registry 3 does not list it");
    }
}

static int check(struct ra_fsck *f, struct ra_err *err)
{
    struct ra_survey_opts want = {.want = RA_SURVEY_SIZES | RA_SURVEY_REVISIONS | RA_SURVEY_MANIFESTS |
                                          RA_SURVEY_CHILDREN | RA_SURVEY_HISTORY | RA_SURVEY_LAYERS |
                                          RA_SURVEY_UPLOADS | (f->opts.quick ? 0 : RA_SURVEY_LINKS)};
    int rc = ra_survey_read(f->job, &want, &f->survey, err);
    if (rc == 0)
        rc = ra_fsck_graph(f, err);
    if (rc < 0)
        return rc;
    note_orphans(f);
    note_uploads(f);
    note_unlisted(f);
    rc = f->opts.quick ? 0 : ra_fsck_tree(f, err);
    if (rc == 0 && !f->opts.quick)
        rc = ra_fsck_read(f, err);
    return rc < 0 ? rc : ra_fsck_blame(f, err);
}

int ra_fsck_check(const struct ra_job *job, const struct ra_fsck_opts *opts, struct ra_fsck **out,
                  struct ra_err *err)
{
    RA_AUTO_PTR(ra_fsck) f = ra_new(struct ra_fsck);
    f->job = job;
    f->opts = *opts;
    pthread_mutex_init(&f->mutex, NULL);
    int rc = check(f, err);
    if (rc < 0)
        return rc;
    sort_fixes(f);
    *out = ra_steal_ptr(&f);
    return 0;
}
