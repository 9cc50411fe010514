#include "jobs/image.h"

#include "base/num.h"
#include "registry/layout.h"

const char *ra_image_kind(const struct ra_image *image)
{
    return image->missing ? "missing" : ra_manifest_kind_name(image->kind);
}

void ra_image_release(struct ra_image *image)
{
    ra_vec_each (p, &image->platforms)
        free(*p);
    ra_vec_release(&image->platforms);
    free(image->media_type);
    *image = (struct ra_image){0};
}

void ra_image_platforms(const struct ra_image *image, struct ra_buf *out)
{
    ra_vec_each (p, &image->platforms)
        ra_buf_addf(out, "%s%s", p == image->platforms.at ? "" : ", ", *p);
}

void ra_known_blobs_release(struct ra_known_blobs *k)
{
    ra_digest_set_release(&k->there);
    pthread_mutex_destroy(&k->mutex);
}

/* What is needed while an image is added up. */
struct sum {
    const struct ra_job *job;
    const struct ra_place *at;
    struct ra_image *image;
    struct ra_digest_set seen;
    struct ra_known_blobs *known; /* or NULL */
    /* The descriptor that led here named the platform: what the config says is no news. */
    bool platform_known;
    bool look; /* whether blobs are there */
};

static bool is_known(const struct sum *sum, const struct ra_digest *digest)
{
    if (!sum->known)
        return false;
    RA_LOCKED(&sum->known->mutex);
    return ra_digest_set_find(&sum->known->there, digest) != RA_NONE;
}

static void remember(const struct sum *sum, const struct ra_digest *digest)
{
    if (!sum->known)
        return;
    RA_LOCKED(&sum->known->mutex);
    ra_digest_set_add(&sum->known->there, digest, NULL);
}

static void add_platform(struct sum *sum, const struct ra_platform *platform)
{
    char text[RA_PLATFORM_TEXT];
    if (!*ra_platform_text(platform, text) || ra_streq(text, "unknown/unknown"))
        return;
    ra_vec_each (p, &sum->image->platforms)
        if (ra_streq(*p, text))
            return;
    *ra_vec_push(&sum->image->platforms) = ra_strdup(text);
}

static void find_missing(struct sum *sum, const struct ra_digest *digest, const char *what, const char *why)
{
    struct ra_key key;
    char text[RA_DIGEST_TEXT];
    struct ra_place place = *sum->at;
    place.path = ra_key_blob(&key, digest);
    place.digest = digest;
    sum->image->missing_blobs++;
    ra_find(sum->job->findings, RA_ERROR, "missing-blob", &place, "the %s %s is not there%s%s", what,
            ra_digest_text(digest, text), why ? ": " : "", why ? why : "");
}

/* Looks at a blob: its size, or what its descriptor says. */
static uint64_t look_at(struct sum *sum, const struct ra_descriptor *d, const char *what)
{
    uint64_t size = d->size >= 0 ? (uint64_t)d->size : 0, actual;
    bool needed = d->size < 0 || (sum->look && !is_known(sum, &d->digest));
    int rc = needed ? ra_blob_size(sum->job->store, &d->digest, &actual, NULL) : 0;
    if (rc == -RA_NOTFOUND && d->foreign)
        return 0;
    if (rc == -RA_NOTFOUND)
        find_missing(sum, &d->digest, what, NULL);
    else if (rc == 0 && needed)
        remember(sum, &d->digest);
    return rc == 0 && d->size < 0 ? actual : size;
}

/* Adds a blob that a descriptor names, once. */
static void add_blob(struct sum *sum, const struct ra_descriptor *d, const char *what)
{
    bool fresh;
    if (!d->valid)
        return;
    ra_digest_set_add(&sum->seen, &d->digest, &fresh);
    if (fresh)
        sum->image->bytes = ra_add_sat(sum->image->bytes, look_at(sum, d, what));
}

static void read_config(struct sum *sum, const struct ra_descriptor *d)
{
    RA_BUF_AUTO bytes = {0};
    RA_IMAGECONFIG_AUTO config = {0};
    RA_ERR_AUTO err = {0};
    struct ra_key key;
    if (!ra_media_type_image_config(d->media_type))
        return;
    int rc = ra_imageconfig_load(sum->job->store, &d->digest, &bytes, &config, &err);
    if (rc == -RA_NOTFOUND)
        return;
    if (rc == 0)
        remember(sum, &d->digest);
    if (rc < 0) {
        struct ra_place place = *sum->at;
        place.path = ra_key_blob(&key, &d->digest);
        place.digest = &d->digest;
        ra_find_failed_read(sum->job->findings, RA_WARNING, "bad-config", &place,
                            "cannot read the image config", &err);
        return;
    }
    if (!sum->platform_known)
        add_platform(sum, &config.platform);
    if (config.created != RA_TIME_NONE && config.created > sum->image->created)
        sum->image->created = config.created;
}

static void add_manifest(struct sum *sum, const struct ra_manifest *m)
{
    if (m->config && m->config->valid) {
        read_config(sum, m->config);
        add_blob(sum, m->config, "config");
    }
    for (size_t i = 0; i < m->layers.n; i++)
        add_blob(sum, &m->layers.at[i], "layer");
    for (size_t i = 0; i < m->blobs.n; i++)
        add_blob(sum, &m->blobs.at[i], "blob");
    if (m->kind == RA_MANIFEST_SCHEMA1 && *m->architecture)
        add_platform(sum,
                     &(struct ra_platform){
                         .os = "linux", .architecture = m->architecture, .variant = "", .os_version = ""});
}

static int add_children(struct sum *sum, const struct ra_manifest *m, unsigned depth, struct ra_err *err);

/* What no media type calls a manifest, and what does not read as one. */
static bool is_blob(const struct ra_descriptor *d, int rc)
{
    return (rc == -RA_CORRUPT || rc == -RA_TOOBIG) && ra_media_type_entry(d->media_type) == RA_ENTRY_UNKNOWN;
}

/* A child that was never pushed (a sparse index) is no damage. */
static int add_child(struct sum *sum, const struct ra_descriptor *d, unsigned depth, struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO child = {0};
    RA_ERR_AUTO reading = {0};
    struct ra_key key;
    bool fresh;
    if (!d->valid)
        return 0;
    ra_digest_set_add(&sum->seen, &d->digest, &fresh);
    if (d->has_platform)
        add_platform(sum, &d->platform);
    if (!fresh)
        return 0;
    int rc = ra_manifest_load(sum->job->store, &d->digest, &bytes, &child, &reading);
    bool blob = is_blob(d, rc);
    sum->image->bytes = ra_add_sat(sum->image->bytes, blob ? look_at(sum, d, "blob") : bytes.len);
    if (rc == -RA_NOTFOUND || blob)
        return 0;
    if (rc < 0) {
        struct ra_place place = *sum->at;
        place.path = ra_key_blob(&key, &d->digest);
        place.digest = &d->digest;
        ra_find_failed_read(sum->job->findings, RA_ERROR, "bad-manifest", &place,
                            "cannot read a manifest of this index", &reading);
        return 0;
    }
    sum->platform_known = d->has_platform;
    add_manifest(sum, &child);
    return add_children(sum, &child, depth + 1, err);
}

static int add_children(struct sum *sum, const struct ra_manifest *m, unsigned depth, struct ra_err *err)
{
    enum { DEEPEST = 32 };
    for (size_t i = 0; depth < DEEPEST && i < m->manifests.n; i++) {
        int rc = ra_check_cancelled(err);
        if (rc == 0)
            rc = add_child(sum, &m->manifests.at[i], depth, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void find_unreadable(struct sum *sum, int rc, const struct ra_err *why)
{
    struct ra_key key;
    char text[RA_DIGEST_TEXT];
    struct ra_image *image = sum->image;
    struct ra_place place = *sum->at;
    place.path = ra_key_blob(&key, &image->digest);
    place.digest = &image->digest;
    image->missing = rc == -RA_NOTFOUND;
    image->unreadable = !image->missing;
    if (image->missing)
        ra_find(sum->job->findings, RA_ERROR, place.tag ? "dangling-tag" : "missing-blob", &place,
                "its manifest %s is not there", ra_digest_text(&image->digest, text));
    else
        ra_find_failed_read(sum->job->findings, RA_ERROR, "bad-manifest", &place, "cannot read its manifest",
                            why);
}

int ra_image_read(const struct ra_job *job, const struct ra_place *at, const struct ra_digest *digest,
                  enum ra_image_look look, struct ra_known_blobs *known, struct ra_image *out,
                  struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    RA_ERR_AUTO reading = {0};
    bool cheap = !(ra_store_info(job->store)->caps & RA_CAP_LIST_FLAT);
    struct sum sum = {.job = job, .at = at, .image = out, .known = known};
    sum.look = look == RA_LOOK_ALWAYS || (look == RA_LOOK_IF_CHEAP && cheap);
    *out = (struct ra_image){.digest = *digest, .created = RA_TIME_NONE};
    int rc = ra_manifest_load(job->store, digest, &bytes, &m, &reading);
    out->bytes = bytes.len;
    out->media_type = ra_strdup(rc == 0 ? m.media_type : "");
    if (rc < 0) {
        find_unreadable(&sum, rc, &reading);
        return ra_check_cancelled(err);
    }
    out->kind = m.kind;
    ra_digest_set_add(&sum.seen, digest, NULL);
    add_manifest(&sum, &m);
    rc = add_children(&sum, &m, 0, err);
    ra_digest_set_release(&sum.seen);
    return rc;
}
