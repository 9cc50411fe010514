#include "jobs/migrate_parts.h"

/* --- remarks ------------------------------------------------------------------------------------------------ */

void ra_mig_remarks_release(struct ra_mig_remarks *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->at[i].text);
    ra_vec_release(r);
}

RA_PRINTF(4, 0)
static void remark(struct ra_mig_remarks *r, enum ra_severity severity, const char *code, const char *fmt,
                   va_list args)
{
    *ra_vec_push(r) = (struct ra_mig_remark){severity, code, ra_vasprintf(fmt, args), RA_NO_NAME};
}

void ra_mig_remark(struct ra_mig_remarks *r, enum ra_severity severity, const char *code, const char *fmt,
                   ...)
{
    va_list args;
    va_start(args, fmt);
    remark(r, severity, code, fmt, args);
    va_end(args);
}

void ra_mig_spoil(struct ra_mig_image *image, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    image->fate = RA_FATE_BAD;
    remark(&image->remarks, RA_ERROR, code, fmt, args);
    va_end(args);
}

void ra_mig_doom(struct ra_mig_tag *t, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    t->doomed = true;
    remark(&t->remarks, RA_ERROR, code, fmt, args);
    va_end(args);
}

const struct ra_mig_remark *ra_mig_error(const struct ra_mig_remarks *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].severity == RA_ERROR)
            return &r->at[i];
    return NULL;
}

void ra_mig_adopt_remarks(struct ra_mig *m, struct ra_mig_tag *t, const uint32_t *chain, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ra_mig_remarks *its = &m->images.at[chain[i]].remarks;
        for (size_t k = 0; k < its->n; k++) {
            ra_mig_remark(&t->remarks, its->at[k].severity, its->at[k].code, "%s", its->at[k].text);
            t->remarks.at[t->remarks.n - 1].image = chain[i];
        }
    }
}

/* --- tags --------------------------------------------------------------------------------------------------- */

const char *ra_migrate_status_name(enum ra_migrate_status s)
{
    static const char *const names[] = {
        [RA_MIGRATED] = "migrated", [RA_UNCHANGED] = "unchanged", [RA_SKIPPED] = "skipped"};
    return names[s];
}

/* What is wrong with an image is told once in all, and with each of its tags. */
static void add_findings(struct ra_mig *m, const struct ra_mig_tag *t, struct ra_findings *own)
{
    for (size_t i = 0; i < t->remarks.n; i++) {
        const struct ra_mig_remark *r = &t->remarks.at[i];
        struct ra_key key;
        struct ra_mig_image *image = r->image == RA_NO_NAME ? NULL : &m->images.at[r->image];
        struct ra_place at = {
            .path = image ? ra_v1_image_path(&key, image->id, RA_V1_LAYER) : t->tag->path,
            .repository = t->repo->name,
            .tag = t->tag->name,
        };
        ra_find(own, r->severity, r->code, &at, "%s", r->text);
        if (!image || !image->told)
            ra_find(m->job->findings, r->severity, r->code, &at, "%s", r->text);
    }
    for (size_t i = 0; i < t->remarks.n; i++)
        if (t->remarks.at[i].image != RA_NO_NAME)
            m->images.at[t->remarks.at[i].image].told = true;
}

void ra_mig_report_tag(struct ra_mig *m, const struct ra_mig_tag *t, const char *repo,
                       enum ra_migrate_status status, const struct ra_digest *digest)
{
    struct ra_migrated_tag *out = ra_vec_push(&m->out->tags);
    pthread_mutex_init(&out->findings.mutex, NULL);
    out->source = ra_asprintf("%s:%s", t->repo->name, t->tag->name);
    out->reference = repo ? ra_asprintf("%s:%s", repo, t->tag->name) : NULL;
    out->status = status;
    out->has_digest = digest;
    if (digest)
        out->digest = *digest;
    add_findings(m, t, &out->findings);
}

/* --- counts ------------------------------------------------------------------------------------------------- */

static void count_checksum(struct ra_migration *out, const struct ra_mig_image *image)
{
    enum ra_mig_verdict verdict = ra_mig_verdict(image);
    out->checksums.unverifiable += verdict == RA_UNVERIFIABLE;
    out->checksums.verified += verdict == RA_VERIFIED;
    out->checksums.mismatched += verdict == RA_MISMATCHED;
}

static void count_image(struct ra_migration *out, const struct ra_mig_image *image)
{
    if (image->fate == RA_FATE_UNKNOWN || !image->queued)
        return;
    out->layers.read += !image->from_state;
    out->layers.remembered += image->from_state;
    if (image->facts.unpacked || image->fate != RA_FATE_BAD)
        count_checksum(out, image);
    if (!image->used) {
        out->layers.unused++;
        return;
    }
    out->layers.kept += image->fate == RA_FATE_KEEP;
    out->layers.recompressed += image->fate == RA_FATE_RECOMPRESS;
    out->layers.empty += image->fate == RA_FATE_EMPTY;
}

static int by_source(const void *a, const void *b)
{
    const struct ra_migrated_tag *x = a, *y = b;
    int order = strcmp(x->source, y->source);
    return order ? order : strcmp(x->reference ? x->reference : "", y->reference ? y->reference : "");
}

void ra_mig_report_counts(struct ra_mig *m)
{
    ra_vec_each (image, &m->images)
        count_image(m->out, image);
    if (m->out->tags.n)
        qsort(m->out->tags.at, m->out->tags.n, sizeof(*m->out->tags.at), by_source);
}

void ra_migration_release(struct ra_migration *m)
{
    ra_vec_each (t, &m->tags) {
        free(t->source);
        free(t->reference);
        ra_findings_release(&t->findings);
    }
    ra_vec_each (s, &m->renamed)
        free(*s);
    ra_vec_each (s, &m->private_ones)
        free(*s);
    ra_vec_release(&m->tags);
    ra_vec_release(&m->renamed);
    ra_vec_release(&m->private_ones);
}
