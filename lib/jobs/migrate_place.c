#include "jobs/migrate_parts.h"

#include "registry/read.h"

/* What an image whose layers are all empty gets, because a manifest must have one: a gzip of 1,024 zero bytes, as every
 * Docker makes it. */
static const uint8_t empty_layer[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x09, 0x6e, 0x88, 0x00, 0xff, 0x62,
                                      0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x58, 0x00, 0x08, 0x00, 0x00,
                                      0xff, 0xff, 0x2e, 0xaf, 0xb5, 0xef, 0x00, 0x04, 0x00, 0x00};

struct product { /* what a tag becomes */
    struct ra_v1_step steps[RA_V1_CHAIN_MAX];
    struct ra_digest diff_ids[RA_V1_CHAIN_MAX];
    struct ra_v1_layer layers[RA_V1_CHAIN_MAX];
    uint32_t chain[RA_V1_CHAIN_MAX];
    size_t n, n_layers;
    bool only_empty;
    struct ra_buf config, manifest, lost;
    struct ra_digest config_digest, manifest_digest;
};

static void product_free(struct product *p)
{
    ra_buf_release(&p->config);
    ra_buf_release(&p->manifest);
    ra_buf_release(&p->lost);
    free(p);
}
RA_DEFINE_AUTO_PTR(product, product_free)

struct placing {
    struct ra_mig *m;
    struct ra_put *put; /* NULL in a dry run */
    bool source_failed; /* what went wrong is the old tree's fault: it costs the tag, not the job */
};

/* --- what it becomes ---------------------------------------------------------------------------------------- */

static void add_layer(struct product *p, const struct ra_mig_image *image)
{
    p->diff_ids[p->n_layers] = image->facts.diff_id;
    p->layers[p->n_layers++] = (struct ra_v1_layer){
        .digest = image->blob.digest,
        .size = image->blob.size,
        .gzip = image->fate == RA_FATE_RECOMPRESS || image->facts.encoding == RA_GZIP,
    };
}

static void add_empty_layer(struct product *p)
{
    static const uint8_t content[1024];
    p->only_empty = true;
    p->steps[p->n - 1].empty = false;
    p->layers[0] = (struct ra_v1_layer){.size = sizeof(empty_layer), .gzip = true};
    ra_digest_of(RA_SHA256, content, sizeof(content), &p->diff_ids[0]);
    ra_digest_of(RA_SHA256, empty_layer, sizeof(empty_layer), &p->layers[0].digest);
    p->n_layers = 1;
}

static void add_steps(const struct ra_mig *m, struct product *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct ra_mig_image *image = &m->images.at[p->chain[i]];
        p->steps[i] = (struct ra_v1_step){&image->meta, image->fate == RA_FATE_EMPTY};
        if (image->fate != RA_FATE_EMPTY)
            add_layer(p, image);
    }
    if (p->n_layers == 0)
        add_empty_layer(p);
}

static int write_documents(struct ra_mig *m, struct product *p, struct ra_err *err)
{
    struct ra_key key;
    RA_BUF_AUTO json = {0};
    const char *top = m->images.at[p->chain[p->n - 1]].id;
    enum ra_v1_format format = (enum ra_v1_format)m->opts->format;
    int rc = ra_store_get(m->source->images, ra_v1_image_key(&key, m->source, top, RA_V1_JSON),
                          RA_V1_JSON_MAX, &json, NULL, err);
    if (rc < 0)
        return rc;
    struct ra_v1_recipe recipe = {
        .format = format,
        .json = json.data,
        .json_len = json.len,
        .steps = p->steps,
        .n_steps = p->n,
        .diff_ids = p->diff_ids,
        .n_diff_ids = p->n_layers,
    };
    if ((rc = ra_v1_config(&recipe, &p->config, &p->lost, err)) < 0)
        return rc;
    ra_digest_of(RA_SHA256, p->config.data, p->config.len, &p->config_digest);
    ra_v1_manifest(format, &p->config_digest, p->config.len, p->layers, p->n_layers, &p->manifest);
    ra_digest_of(RA_SHA256, p->manifest.data, p->manifest.len, &p->manifest_digest);
    return 0;
}

/* Docker's layer store refuses more. */
#define LAYERS_MAX 125

static void remark_on(struct ra_mig_tag *t, const struct product *p)
{
    struct ra_v1_platform platform;
    ra_v1_platform(p->steps, p->n, &platform);
    if (platform.architecture_assumed || platform.os_assumed)
        ra_mig_remark(&t->remarks, RA_NOTE, "v1-assumed",
                      "its images do not say what they run on: taken for %s/%s", platform.os,
                      platform.architecture);
    if (p->lost.len)
        ra_mig_remark(&t->remarks, RA_NOTE, "v1-lost", "OCI has no place for what its config says of %s",
                      ra_buf_str(&p->lost));
    if (p->n_layers > LAYERS_MAX)
        ra_mig_remark(&t->remarks, RA_WARNING, "v1-too-deep", "it has %zu layers; Docker takes at most %d",
                      p->n_layers, LAYERS_MAX);
}

/* --- bytes -------------------------------------------------------------------------------------------------- */

/* Makes the layer's file and the blob one on disk: clones, or with --link the same file. UNSUPPORTED where that does
 * not go. */
static int share(struct placing *w, struct ra_mig_image *image, struct ra_err *err)
{
    struct ra_mig *m = w->m;
    struct ra_key key;
    struct ra_stat st;
    RA_AUTO_PTR(ra_reader) reader = NULL;
    int rc = ra_read_open(m->source->images, ra_v1_image_key(&key, m->source, image->id, RA_V1_LAYER), 0,
                          UINT64_MAX, 0, &reader, err);
    w->source_failed = rc < 0;
    if (rc < 0)
        return rc;
    ra_reader_stat(reader, &st);
    if (st.size != image->size || st.mtime != image->mtime)
        return ra_fail(err, RA_UNSUPPORTED, "it changed");
    rc = m->clones ? ra_put_clone(m->job->store, reader, &image->blob.digest, err)
                   : ra_put_link(m->job->store, reader, &image->blob.digest, err);
    if (rc == 0)
        *(m->clones ? &m->out->bytes.shared : &m->out->bytes.linked) += image->blob.size;
    return rc;
}

static int publish_copy(struct placing *w, uint32_t i, struct ra_err *err)
{
    struct ra_mig_image *image = &w->m->images.at[i];
    if (!image->parked) {
        int rc = ra_mig_layer_park(w->m, i, &w->source_failed, err);
        if (rc < 0 || !image->parked)
            return rc;
    }
    w->m->out->bytes.written += image->blob.size;
    return ra_put_blob_publish(ra_steal_ptr(&image->parked), err);
}

static int publish(struct placing *w, uint32_t i, struct ra_err *err)
{
    struct ra_mig *m = w->m;
    struct ra_mig_image *image = &m->images.at[i];
    if (image->placed || image->fate == RA_FATE_EMPTY)
        return 0;
    int there = ra_put_has_blob(m->job->store, &image->blob.digest, image->blob.size, NULL, err);
    image->placed = there > 0;
    if (there != 0)
        return there < 0 ? there : 0;
    bool shareable = image->fate == RA_FATE_KEEP && !image->parked && !image->unshareable;
    int rc = shareable && (m->clones || m->opts->link) ? share(w, image, err) : -RA_UNSUPPORTED;
    if (rc == -RA_UNSUPPORTED) {
        image->unshareable = true;
        ra_err_clear(err);
        rc = publish_copy(w, i, err);
    }
    image->placed = rc == 0;
    return rc;
}

static int publish_all(struct placing *w, const struct product *p, struct ra_err *err)
{
    struct ra_store *store = w->m->job->store;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->n; i++)
        rc = publish(w, p->chain[i], err);
    if (rc == 0 && p->only_empty)
        rc = ra_put_bytes(store, empty_layer, sizeof(empty_layer), NULL, err);
    if (rc == 0)
        rc = ra_put_bytes(store, p->config.data, p->config.len, NULL, err);
    if (rc == 0)
        rc = ra_put_bytes(store, p->manifest.data, p->manifest.len, NULL, err);
    return rc;
}

static void note_links(struct placing *w, const char *repo, const char *tag, const struct product *p)
{
    ra_put_layer(w->put, repo, &p->config_digest);
    for (size_t i = 0; i < p->n_layers; i++)
        ra_put_layer(w->put, repo, &p->layers[i].digest);
    ra_put_revision(w->put, repo, &p->manifest_digest);
    ra_put_tag(w->put, repo, tag, &p->manifest_digest);
}

/* --- tags --------------------------------------------------------------------------------------------------- */

/* What the target has under that name: 1 and *out, 0 when nothing. A broken link counts as nothing: it is replaced. */
static int current(struct ra_mig *m, const char *repo, const char *tag, struct ra_digest *out,
                   struct ra_err *err)
{
    struct ra_key key;
    int rc = ra_link_read(m->job->store, ra_key_tag_current(&key, repo, tag), out, NULL, err);
    if (rc != -RA_NOTFOUND && rc != -RA_CORRUPT)
        return rc < 0 ? rc : 1;
    ra_err_clear(err);
    return 0;
}

static int status_of(struct ra_mig *m, struct ra_mig_tag *t, const char *repo, const struct product *p,
                     enum ra_migrate_status *out, struct ra_err *err)
{
    struct ra_digest there;
    int rc = current(m, repo, t->tag->name, &there, err);
    if (rc < 0)
        return rc;
    *out = RA_MIGRATED;
    if (rc == 0)
        return 0;
    if (ra_digest_eq(&there, &p->manifest_digest)) {
        *out = RA_UNCHANGED;
    } else if (!m->opts->replace) {
        *out = RA_SKIPPED;
        ra_mig_remark(
            &t->remarks, RA_ERROR, "tag-conflict",
            "'%s:%s' is there already and is another image: left as it is (--replace overwrites it)", repo,
            t->tag->name);
    }
    return 0;
}

static int make_product(struct ra_mig *m, struct ra_mig_tag *t, struct product *p)
{
    RA_ERR_AUTO err = {0};
    p->n = ra_mig_chain_of(m, t, p->chain);
    if (p->n == 0)
        return -1;
    add_steps(m, p);
    int rc = write_documents(m, p, &err);
    if (rc == 0)
        remark_on(t, p);
    else
        ra_mig_doom(t, "unreadable", "%s", ra_err_text(&err));
    return rc;
}

static int write_target(struct placing *w, struct ra_mig_tag *t, const char *repo, const struct product *p,
                        enum ra_migrate_status *status, struct ra_err *err)
{
    w->source_failed = false;
    int rc = publish_all(w, p, err);
    if (rc == 0)
        note_links(w, repo, t->tag->name, p);
    if (rc == 0 || !w->source_failed)
        return rc;
    *status = RA_SKIPPED;
    ra_mig_remark(&t->remarks, RA_ERROR, "unreadable", "%s", ra_err_text(err));
    ra_err_clear(err);
    return 0;
}

static int place_target(struct placing *w, struct ra_mig_tag *t, const char *repo, const struct product *p,
                        struct ra_err *err)
{
    enum ra_migrate_status status;
    int rc = status_of(w->m, t, repo, p, &status, err);
    if (rc == 0 && status != RA_SKIPPED && w->put)
        rc = write_target(w, t, repo, p, &status, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; status != RA_SKIPPED && i < p->n; i++)
        w->m->images.at[p->chain[i]].used = true;
    ra_mig_report_tag(w->m, t, repo, status, &p->manifest_digest);
    return 0;
}

static int place_tag(struct placing *w, struct ra_mig_tag *t, struct ra_err *err)
{
    RA_AUTO_PTR(product) p = ra_new(struct product);
    if (t->doomed || make_product(w->m, t, p) < 0)
        return 0;
    ra_mig_adopt_remarks(w->m, t, p->chain, p->n);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < RA_COUNT(t->targets) && t->targets[i]; i++)
        rc = place_target(w, t, t->targets[i], p, err);
    return rc;
}

int ra_mig_place_tags(struct ra_mig *m, struct ra_mig_tag *first, size_t n, struct ra_err *err)
{
    RA_AUTO_PTR(ra_put) put = m->job->dry_run ? NULL : ra_put_new(m->job->store);
    struct placing w = {.m = m, .put = put};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = place_tag(&w, &first[i], err);
    return rc < 0 || !put ? rc : ra_put_finish(put, ra_job_io_threads(m->job), NULL, err);
}
