#include "jobs/export_plan.h"

#include "base/file.h"

#include <fcntl.h>

/* A registry that deletes while it is read makes an export start over so often. */
#define ATTEMPTS 4

void ra_export_result_release(struct ra_export_result *r)
{
    ra_vec_each (image, &r->images) {
        free(image->repo);
        free(image->tag);
    }
    ra_vec_release(&r->images);
}

void ra_export_plan_release(struct ra_export_plan *p)
{
    ra_survey_release(&p->survey);
    ra_vec_release(&p->roots);
    free(p->stamps);
    free(p->health);
    free(p->inside);
    ra_digest_set_release(&p->bad);
    ra_digest_set_release(&p->have);
    ra_vec_release(&p->chain);
    ra_backup_release(&p->state);
    ra_vec_release(&p->blobs);
    ra_vec_each (m, &p->meta)
        ra_buf_release(&m->bytes);
    ra_vec_release(&p->meta);
    ra_vec_release(&p->order);
    ra_buf_release(&p->end.bytes);
    ra_arena_release(&p->arena);
}

static int put_stdout(void *arg, const void *data, size_t n, struct ra_err *err)
{
    return ra_fd_write_all(*(int *)arg, "the catalogue", data, n, err);
}

static int write_catalog(struct ra_export_plan *p, struct ra_err *err)
{
    const char *output = p->opts->output;
    RA_AUTO_PTR(ra_atomic_file) file = NULL;
    ra_auto_fd int place = -1;
    int fd = STDOUT_FILENO, rc = 0;
    if (!ra_export_is_stream(p)) {
        if ((rc = ra_atomic_open(output, 0666, &file, err)) < 0)
            return rc;
        fd = ra_atomic_fd(file);
    } else if (!ra_streq(output, "-")) {
        if ((fd = place = open(output, O_WRONLY | O_NOCTTY | O_CLOEXEC)) < 0)
            return ra_fail_sys(err, "cannot open '%s'", output);
    }
    rc = ra_backup_write_catalog(&p->state, (struct ra_sink){put_stdout, &fd}, err);
    return rc < 0 || !file ? rc : ra_atomic_commit(ra_steal_ptr(&file), err);
}

static void list_images(const struct ra_export_plan *p, struct ra_export_result *out)
{
    ra_vec_each (root, &p->roots) {
        const struct ra_survey_repo *repo = &p->survey.repos.at[root->repo];
        if (root->tag == RA_NONE && ra_export_is_whole_repo(p, repo->name))
            continue;
        struct ra_export_image *image = ra_vec_push(&out->images);
        image->repo = ra_strdup(repo->name);
        image->tag = root->tag == RA_NONE ? NULL : ra_strdup(repo->tags[root->tag].name);
        ra_blobs_digest(p->survey.blobs, root->id, &image->digest);
    }
}

/* A backup's state says all again that the survey found, which is as large. */
static void forget_survey(struct ra_export_plan *p)
{
    ra_survey_release(&p->survey);
    p->survey = (struct ra_survey){0};
    free(ra_steal_ptr(&p->stamps));
    free(ra_steal_ptr(&p->health));
    free(ra_steal_ptr(&p->inside));
    ra_give_back_memory();
}

static int plan(struct ra_export_plan *p, struct ra_export_result *out, struct ra_err *err)
{
    bool backup = p->opts->format == RA_EXPORT_BACKUP;
    int rc = ra_export_select(p, err);
    if (rc == 0 && p->roots.n == 0 && p->opts->refs->n)
        rc = ra_fail(err, RA_NOTFOUND, "there is nothing to export");
    if (rc < 0)
        return rc;
    list_images(p, out);
    if (!backup && (rc = ra_export_build_docker(p, err)) < 0)
        return rc;
    if (backup) {
        ra_give_back_memory();
        ra_export_build_state(p);
        forget_survey(p);
        rc = ra_export_finish_state(p, err);
    }
    return rc < 0 ? rc : ra_export_arrange(p, err);
}

static int attempt(struct ra_export_plan *p, struct ra_export_result *out, struct ra_err *err)
{
    int rc = plan(p, out, err);
    if (rc == 0 && p->opts->catalog_only)
        return write_catalog(p, err);
    /* A pipe takes nothing back, and a compressor is fed in order: it would find one damaged blob an attempt. */
    if (rc == 0 && (ra_export_is_stream(p) || p->opts->compress) && p->opts->skip_damaged)
        rc = ra_export_check_blobs(p, err);
    return rc < 0 ? rc : ra_export_write(p, err);
}

static void count(const struct ra_export_plan *p, struct ra_export_result *out)
{
    struct ra_backup_totals totals;
    ra_backup_totals(&p->state, &totals);
    out->written = totals.carried;
    out->bytes = totals.bytes;
    out->file_bytes = p->opts->catalog_only ? 0 : p->size;
    out->omitted = p->opts->format == RA_EXPORT_BACKUP ? totals.omitted : 0;
    ra_vec_each (m, &p->meta) {
        out->written += m->unpack != RA_NONE;
        out->bytes += m->unpack != RA_NONE ? m->size : 0;
    }
    out->archive_id = p->state.id;
    out->has_id = p->opts->format == RA_EXPORT_BACKUP;
}

/* Whether it makes sense to plan anew: something went away while it was being read, or was found to be damaged and may
 * be left out. What is in a pipe already cannot be taken back. */
static bool start_over(const struct ra_export_plan *p, int rc, unsigned attempts)
{
    bool fewer = rc == -RA_CORRUPT && p->opts->skip_damaged && p->bad.n > p->bad_before;
    bool again = rc == -RA_NOTFOUND && p->vanished && !ra_export_is_stream(p);
    return attempts < ATTEMPTS && (again || fewer);
}

/* Forgets an attempt, but what was learnt about damage and what the receiver has. */
static void reset(struct ra_export_plan *p)
{
    struct ra_export_plan kept = {.job = p->job,
                                  .opts = p->opts,
                                  .bad = p->bad,
                                  .bad_before = p->bad.n,
                                  .have = p->have,
                                  .mutex = PTHREAD_MUTEX_INITIALIZER};
    memcpy(&kept.chain, &p->chain, sizeof(kept.chain));
    memset(&p->chain, 0, sizeof(p->chain));
    p->bad = p->have = (struct ra_digest_set){0};
    ra_export_plan_release(p);
    *p = kept;
}

int ra_export(const struct ra_job *job, const struct ra_export_opts *opts, struct ra_export_result *out,
              struct ra_err *err)
{
    __attribute__((cleanup(ra_export_plan_release))) struct ra_export_plan p = {
        .job = job, .opts = opts, .mutex = PTHREAD_MUTEX_INITIALIZER};
    int rc = ra_export_read_have(&p, err);
    for (unsigned attempts = 1; rc == 0; attempts++) {
        rc = attempt(&p, out, err);
        if (rc == 0)
            return count(&p, out), 0;
        if (!start_over(&p, rc, attempts))
            break;
        ra_err_clear(err);
        reset(&p);
        ra_export_result_release(out);
        rc = 0;
    }
    return ra_wrap(err, rc, "cannot export");
}
