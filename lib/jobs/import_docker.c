#include "jobs/import_docker.h"

#include "base/jsonw.h"
#include "base/num.h"
#include "registry/imageconfig.h"
#include "registry/layout.h"
#include "registry/read.h"

#define CONFIG_MAX ((size_t)4 << 20)

void ra_import_docker_free(struct import_docker *d)
{
    if (!d)
        return;
    ra_vec_each (image, &d->images) {
        ra_buf_release(&image->config);
        ra_vec_release(&image->layers);
        for (size_t i = 0; i < image->n_chain; i++)
            free(image->chain[i]);
        free(image->chain);
    }
    ra_vec_release(&d->images);
    ra_vec_release(&d->done_members);
    ra_vec_release(&d->done);
    ra_docker_images_release(&d->table);
    free(d);
}

/* --- what the archive says ---------------------------------------------------------------------------------- */

/* "sha256:<hex>" and "blobs/sha256/<hex>" promise what the bytes are; "<hex>.json" does not: bazel edits configs. */
static int check_config_name(const char *path, const struct ra_buf *config, struct ra_err *err)
{
    struct ra_digest said, is;
    const char *hex = strstr(path, "sha256");
    if (!hex || (hex[6] != ':' && hex[6] != '/') ||
        !ra_digest_parse_hex(RA_SHA256, hex + 7, strlen(hex + 7), &said))
        return 0;
    ra_digest_of(RA_SHA256, ra_buf_str(config), config->len, &is);
    return ra_digest_eq(&said, &is) ? 0 : ra_fail(err, RA_CORRUPT, "its bytes are not what its name says");
}

static int read_config(struct ra_import *im, const char *path, struct docker_image *out,
                       struct ra_imageconfig *c, struct ra_err *err)
{
    int rc = ra_members_get(im->members, path, CONFIG_MAX, &out->config, err);
    if (rc == 0)
        rc = check_config_name(path, &out->config, err);
    if (rc == 0)
        rc = ra_imageconfig_parse(c, ra_buf_str(&out->config), out->config.len, err);
    return rc < 0 ? ra_wrap(err, rc, "config '%s'", path) : 0;
}

static int plan_layers(struct ra_import *im, const struct ra_docker_image *from,
                       const struct ra_imageconfig *c, struct docker_image *out, struct ra_err *err)
{
    if (from->layers.n != c->diff_ids.n)
        return ra_fail(err, RA_CORRUPT, "config '%s' counts %zu layers, manifest.json %zu", from->config,
                       c->diff_ids.n, from->layers.n);
    for (size_t i = 0; i < from->layers.n; i++) {
        struct docker_layer *l = ra_vec_push(&out->layers);
        const char *diff_id = c->diff_ids.at[i];
        if (!ra_digest_parse(diff_id, strlen(diff_id), &l->diff_id) || l->diff_id.alg != RA_SHA256)
            return ra_fail(err, RA_CORRUPT, "config '%s': '%.100s' is no diff id", from->config, diff_id);
        int rc = ra_members_find(im->members, from->layers.at[i], &l->member, err);
        if (rc < 0)
            return ra_wrap(err, rc, "layer %zu of config '%s'", i + 1, from->config);
    }
    return 0;
}

static int plan_image(struct ra_import *im, size_t i, struct ra_err *err)
{
    RA_IMAGECONFIG_AUTO c = {0};
    const struct ra_docker_image *from = &im->docker->table.at[i];
    struct docker_image *out = &im->docker->images.at[i];
    if (im->docker->old)
        return ra_import_old_plan(im, i, err);
    int rc = read_config(im, from->config, out, &c, err);
    return rc < 0 ? rc : plan_layers(im, from, &c, out, err);
}

static void add_names(struct ra_import *im, size_t i)
{
    const struct ra_docker_image *from = &im->docker->table.at[i];
    for (size_t k = 0; k < from->tags.n; k++)
        ra_import_add_image(im, from->tags.at[k], false, RA_NONE)->docker = i;
    if (from->tags.n == 0)
        ra_import_add_image(im, NULL, false, RA_NONE)->docker = i;
}

int ra_import_docker(struct ra_import *im, bool old, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    const char *name = old ? "repositories" : "manifest.json";
    struct import_docker *d = im->docker = ra_new(struct import_docker);
    im->kind = old ? "docker-archive of before Docker 1.10" : "docker-archive";
    d->old = old;
    int rc = ra_members_get(im->members, name, RA_DOCKERTAR_MAX, &text, err);
    if (rc == 0)
        rc = (old ? ra_docker_repositories_parse : ra_docker_manifest_parse)(ra_buf_str(&text), text.len,
                                                                             &d->table, err);
    if (rc < 0)
        return ra_wrap(err, rc, "%s", name);
    for (size_t i = 0; i < d->table.n && rc == 0; i++) {
        ra_vec_push(&d->images)->root = RA_NONE;
        rc = plan_image(im, i, err);
        add_names(im, i);
    }
    return rc;
}

/* --- what the storage has ----------------------------------------------------------------------------------- */

static bool all_present(struct ra_import *im, const struct ra_manifest *m)
{
    for (size_t i = 0; i < m->layers.n; i++)
        if (!m->layers.at[i].valid || ra_put_has_blob(im->job->store, &m->layers.at[i].digest,
                                                      (uint64_t)m->layers.at[i].size, NULL, NULL) <= 0)
            return false;
    return ra_put_has_blob(im->job->store, &m->config->digest, (uint64_t)m->config->size, NULL, NULL) > 0;
}

/* Whether the tag is this image already, however its layers are compressed: the config's digest says so. */
static bool is_there(struct ra_import *im, const struct docker_image *docker,
                     const struct ra_digest *tag_digest)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    struct ra_digest config;
    if (!docker->config.len)
        return false;
    ra_digest_of(RA_SHA256, ra_buf_str(&docker->config), docker->config.len, &config);
    return ra_manifest_load(im->job->store, tag_digest, &bytes, &m, NULL) == 0 && m.config &&
           m.config->valid && m.layers.n == docker->layers.n && ra_digest_eq(&m.config->digest, &config) &&
           all_present(im, &m);
}

/* Decides before the work is done: what is there, or is to be left alone, need not be compressed. */
int ra_import_docker_decide(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    struct ra_key key;
    struct ra_digest have;
    const struct docker_image *docker = &im->docker->images.at[image->docker];
    if (!image->pub.tag)
        return 0;
    int rc = ra_link_read(im->job->store, ra_key_tag_current(&key, image->pub.repo, image->pub.tag), &have,
                          NULL, err);
    if (rc < 0 && rc != -RA_NOTFOUND && rc != -RA_CORRUPT)
        return rc;
    ra_import_note_tag(image, rc < 0 ? NULL : &have);
    if (rc < 0)
        return ra_err_clear(err), 0;
    if (is_there(im, docker, &have)) {
        image->pub.status = RA_IMPORT_UNCHANGED;
        image->pub.digest = have;
        image->pub.has_digest = true;
    } else if (docker->config.len && !im->opts.replace) {
        return ra_import_decide(im, image, err);
    } else {
        image->pub.status = RA_IMPORT_UPDATED;
    }
    return 0;
}

/* --- making it ---------------------------------------------------------------------------------------------- */

static int layer_once(struct ra_import *im, const struct docker_layer *l, struct import_layer *out,
                      struct ra_err *err)
{
    struct import_docker *d = im->docker;
    for (size_t i = 0; i < d->done_members.n; i++)
        if (d->done_members.at[i] == l->member.index) {
            *out = d->done.at[i];
            if (d->old || !out->checked || ra_digest_eq(&out->diff_id, &l->diff_id))
                return 0;
        }
    int rc = ra_import_layer(im, &l->member, d->old ? NULL : &l->diff_id, out, err);
    if (rc < 0)
        return rc;
    *ra_vec_push(&d->done_members) = l->member.index;
    *ra_vec_push(&d->done) = *out;
    ra_progress_add(im->job->progress, 1, 0);
    int there = ra_put_has_blob(im->job->store, &out->stored.digest, out->stored.size, NULL, err);
    im->counts.present += there > 0;
    im->counts.written += !there;
    im->counts.bytes += there ? 0 : out->stored.size;
    return there < 0 ? there : 0;
}

static const char *oci_type(const char *docker)
{
    return ra_streq(docker, RA_MT_DOCKER_LAYER_GZIP) ? RA_MT_OCI_LAYER_GZIP
           : ra_streq(docker, RA_MT_DOCKER_LAYER)    ? RA_MT_OCI_LAYER
                                                     : docker;
}

static void write_descriptor(struct ra_jsonw *w, const char *type, uint64_t size, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "mediaType", type);
    ra_jsonw_key_u64(w, "size", size);
    ra_jsonw_key_str(w, "digest", ra_digest_text(d, text));
    ra_jsonw_end(w);
}

/* Docker's schema 2, unless a layer is zstd, which only OCI knows. */
static void write_manifest(struct ra_buf *out, const struct ra_blob_id *config,
                           const struct import_layer *layers, size_t n)
{
    struct ra_jsonw w;
    bool oci = false;
    for (size_t i = 0; i < n; i++)
        oci |= layers[i].zstd;
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "schemaVersion", 2);
    ra_jsonw_key_str(&w, "mediaType", oci ? RA_MT_OCI_MANIFEST : RA_MT_DOCKER_MANIFEST);
    ra_jsonw_key(&w, "config");
    write_descriptor(&w, oci ? RA_MT_OCI_CONFIG : RA_MT_DOCKER_CONFIG, config->size, &config->digest);
    ra_jsonw_key(&w, "layers");
    ra_jsonw_array(&w);
    for (size_t i = 0; i < n; i++)
        if (!layers[i].empty)
            write_descriptor(&w, oci ? oci_type(layers[i].media_type) : layers[i].media_type,
                             layers[i].stored.size, &layers[i].stored.digest);
    ra_jsonw_end(&w);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
}

/* The manifest and what it refers to, as if they had been found in the archive. */
static int plan_manifest(struct ra_import *im, struct docker_image *image, const struct import_layer *layers,
                         struct ra_err *err)
{
    RA_BUF_AUTO manifest = {0};
    size_t n = image->layers.n, n_refs = 0;
    ra_auto_free uint32_t *refs = ra_calloc(n + 1, sizeof(*refs));
    uint32_t config = ra_import_plan_made(im, &image->config);
    write_manifest(&manifest, &(struct ra_blob_id){ra_digest_set_get(im->digests, config), image->config.len},
                   layers, n);
    image->root = ra_import_plan_made(im, &manifest);
    refs[n_refs++] = config;
    for (size_t i = 0; i < n; i++) {
        if (layers[i].empty)
            continue;
        uint32_t number = refs[n_refs++] = ra_import_blob(im, &layers[i].stored.digest);
        im->blobs.at[number] =
            (struct import_blob){.size = layers[i].stored.size, .planned = true, .stored = true};
    }
    im->blobs.at[image->root].manifest = true;
    return ra_import_set_refs(im, image->root, refs, n_refs, err);
}

static int make(struct ra_import *im, struct docker_image *image, struct ra_err *err)
{
    size_t n = image->layers.n;
    ra_auto_free struct import_layer *layers = ra_calloc(n + 1, sizeof(*layers));
    for (size_t i = 0; i < n; i++) {
        /* A member of no bytes is a layer in new archives, whose configs count it, and none in old ones. */
        layers[i].empty = im->docker->old && image->layers.at[i].member.size == 0;
        int rc = layers[i].empty ? 0 : layer_once(im, &image->layers.at[i], &layers[i], err);
        if (rc < 0)
            return rc;
    }
    int rc = im->docker->old ? ra_import_old_config(im, image, layers, err) : 0;
    return rc < 0 ? rc : plan_manifest(im, image, layers, err);
}

static int finish_image(struct ra_import *im, struct import_image *image, struct ra_err *err)
{
    struct docker_image *docker = &im->docker->images.at[image->docker];
    int rc = docker->root == RA_NONE ? make(im, docker, err) : 0;
    if (rc < 0)
        return rc;
    image->root = docker->root;
    image->pub.digest = ra_digest_set_get(im->digests, image->root);
    image->pub.has_digest = true;
    return ra_import_decide(im, image, err);
}

static uint64_t total_size(const struct ra_import *im, size_t *n)
{
    uint64_t bytes = 0;
    *n = 0;
    ra_vec_each (image, &im->docker->images)
        ra_vec_each (layer, &image->layers) {
            bytes = ra_add_sat(bytes, layer->member.size);
            ++*n;
        }
    return bytes;
}

int ra_import_docker_convert(struct ra_import *im, struct ra_err *err)
{
    size_t layers;
    uint64_t bytes = total_size(im, &layers);
    ra_progress_phase(im->job->progress, "packing layers", layers, bytes);
    ra_vec_each (image, &im->images) {
        if (image->dropped || image->pub.status == RA_IMPORT_SKIPPED ||
            image->pub.status == RA_IMPORT_UNCHANGED)
            continue;
        int rc = finish_image(im, image, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
