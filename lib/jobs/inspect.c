#include "jobs/inspect.h"

#include "base/num.h"
#include "registry/layout.h"

void ra_inspection_release(struct ra_inspection *in)
{
    ra_vec_each (r, &in->referrers) {
        free(r->artifact_type);
        free(r->tag);
    }
    ra_vec_release(&in->referrers);
    ra_vec_each (tag, &in->tags)
        free(*tag);
    ra_vec_release(&in->tags);
    free(in->repository);
    free(in->tag);
    free(in->layers.at);
    free(in->manifests.at);
    ra_image_release(&in->image);
    ra_buf_release(&in->manifest_bytes);
    ra_buf_release(&in->config_bytes);
    ra_manifest_release(&in->manifest);
    ra_imageconfig_release(&in->config);
    *in = (struct ra_inspection){0};
}

/* --- from the reference to a digest ------------------------------------------------------------------------- */

struct prefix_search {
    const char *text;
    struct ra_digest found;
    size_t matches;
};

static int match_prefix(void *arg, const struct ra_digest *d, struct ra_err *err)
{
    struct prefix_search *search = arg;
    (void)err;
    if (ra_digest_has_prefix(d, search->text)) {
        search->found = *d;
        search->matches++;
    }
    return 0;
}

static int resolve_digest(const struct ra_job *job, const struct ra_inspection *in, const char *text,
                          struct ra_digest *out, struct ra_err *err)
{
    struct prefix_search search = {.text = text};
    struct ra_key key;
    if (ra_digest_parse(text, strlen(text), out)) {
        struct ra_stat st;
        int rc = ra_store_stat(job->store, ra_key_revision(&key, in->repository, out), &st, NULL);
        return rc == -RA_NOTFOUND
                   ? ra_fail(err, RA_NOTFOUND, "the repository '%s' has no manifest %s", in->repository, text)
                   : 0;
    }
    int rc = ra_revisions_each(job->store, in->repository, match_prefix, &search, err);
    if (rc < 0)
        return rc;
    if (search.matches == 0)
        return ra_fail(err, RA_NOTFOUND, "no manifest of '%s' has a digest that begins with '%s'",
                       in->repository, text);
    if (search.matches > 1)
        return ra_hint(err,
                       ra_fail(err, RA_INVALID, "'%s' begins the digests of %zu manifests of '%s'", text,
                               search.matches, in->repository),
                       "write more digits");
    *out = search.found;
    return 0;
}

static int resolve_tag(const struct ra_job *job, struct ra_inspection *in, struct ra_digest *out,
                       struct ra_err *err)
{
    struct ra_key key;
    RA_ERR_AUTO reading = {0};
    int rc = ra_link_read(job->store, ra_key_tag_current(&key, in->repository, in->tag), out, &in->updated,
                          &reading);
    if (rc != -RA_NOTFOUND)
        return rc < 0 ? ra_err_move(err, &reading) : 0;
    rc = ra_fail(err, RA_NOTFOUND, "the repository '%s' has no tag '%s'", in->repository, in->tag);
    return ra_hint(err, rc, "`regadm tags %s` lists its tags", in->repository);
}

static int resolve(const struct ra_job *job, const struct ra_reference *ref, struct ra_inspection *in,
                   struct ra_err *err)
{
    const char *repo;
    if (ref->pattern)
        return ra_fail(err, RA_USAGE, "inspect shows one image: '%s%s%s' is a pattern", ref->repo,
                       ref->tag ? ":" : "", ref->tag ? ref->tag : "");
    int rc = ra_repo_resolve(job->store, ref->repo, &repo, &in->stripped, err);
    const char *hex = ref->tag && ra_streq(ref->repo, "sha256") ? ref->tag : ref->repo;
    if (rc == -RA_NOTFOUND && ra_digest_prefix_valid(hex))
        return ra_hint(err, rc,
                       "a digest is named with its repository, REPO@%s; `regadm find %s` tells which have it",
                       hex, hex);
    if (rc < 0)
        return rc;
    in->repository = ra_strdup(repo);
    if (ref->digest && !ref->tag)
        return resolve_digest(job, in, ref->digest, &in->digest, err);
    in->tag = ra_strdup(ref->tag ? ref->tag : "latest");
    if (strlen(in->tag) > RA_NAME_MAX)
        return ra_fail(err, RA_USAGE, "a tag has %d characters at most", RA_TAG_MAX);
    rc = resolve_tag(job, in, &in->digest, err);
    if (rc == 0 && ref->digest && !ra_digest_has_prefix(&in->digest, ref->digest)) {
        char text[RA_DIGEST_TEXT];
        return ra_fail(err, RA_NOTFOUND, "the tag '%s:%s' points to %s, not to %s", in->repository, in->tag,
                       ra_digest_text(&in->digest, text), ref->digest);
    }
    return rc;
}

/* --- the manifest, and the one of a platform ---------------------------------------------------------------- */

static int load_manifest(const struct ra_job *job, struct ra_inspection *in, struct ra_err *err)
{
    int rc = ra_manifest_load(job->store, &in->digest, &in->manifest_bytes, &in->manifest, err);
    if (rc == -RA_NOTFOUND) {
        char text[RA_DIGEST_TEXT];
        rc = ra_fail(err, RA_NOTFOUND, "'%s%s%s' points to the manifest %s, which is not there",
                     in->repository, in->tag ? ":" : "", in->tag ? in->tag : "",
                     ra_digest_text(&in->digest, text));
        return ra_hint(err, rc,
                       "push the image again, or remove the tag; `regadm fsck` says what else is amiss");
    }
    return rc;
}

/* "linux/arm" also asks for linux/arm/v7 when nothing fits exactly. */
static const struct ra_descriptor *pick_platform(const struct ra_manifest *m, const char *platform,
                                                 bool exact)
{
    char text[RA_PLATFORM_TEXT];
    size_t n = strlen(platform);
    for (size_t i = 0; i < m->manifests.n; i++) {
        const struct ra_descriptor *d = &m->manifests.at[i];
        if (!d->valid || !d->has_platform)
            continue;
        ra_platform_text(&d->platform, text);
        if (ra_streq(text, platform) || (!exact && strncmp(text, platform, n) == 0 && text[n] == '/'))
            return d;
    }
    return NULL;
}

/* Builders put indexes into indexes; no deeper than this. */
#define NESTED_MAX 8

struct nesting {
    const struct ra_job *job;
    const char *platform;
    bool exact;
    struct ra_digest_set seen;
};

static bool find_platform(struct nesting *n, const struct ra_manifest *m, unsigned depth,
                          struct ra_digest *out);

static bool find_below(struct nesting *n, const struct ra_descriptor *d, unsigned depth,
                       struct ra_digest *out)
{
    RA_BUF_AUTO bytes = {0};
    RA_MANIFEST_AUTO m = {0};
    bool fresh;
    if (!d->valid || depth >= NESTED_MAX || !ra_media_type_index(d->media_type))
        return false;
    ra_digest_set_add(&n->seen, &d->digest, &fresh);
    return fresh && ra_manifest_load(n->job->store, &d->digest, &bytes, &m, NULL) == 0 &&
           m.kind == RA_MANIFEST_INDEX && find_platform(n, &m, depth + 1, out);
}

/* What an index says of its own members goes before what indexes in it say. */
static bool find_platform(struct nesting *n, const struct ra_manifest *m, unsigned depth,
                          struct ra_digest *out)
{
    const struct ra_descriptor *d = pick_platform(m, n->platform, n->exact);
    if (d) {
        if (!find_below(n, d, depth, out))
            *out = d->digest;
        return true;
    }
    for (size_t i = 0; i < m->manifests.n; i++)
        if (find_below(n, &m->manifests.at[i], depth, out))
            return true;
    return false;
}

static bool pick_nested(const struct ra_job *job, const struct ra_manifest *m, const char *platform,
                        struct ra_digest *out)
{
    bool found = false;
    for (unsigned loose = 0; loose < 2 && !found; loose++) {
        struct nesting n = {.job = job, .platform = platform, .exact = !loose};
        found = find_platform(&n, m, 0, out);
        ra_digest_set_release(&n.seen);
    }
    return found;
}

static int no_platform(const struct ra_manifest *m, const char *platform, struct ra_err *err)
{
    RA_BUF_AUTO list = {0};
    char text[RA_PLATFORM_TEXT];
    for (size_t i = 0; i < m->manifests.n; i++)
        if (m->manifests.at[i].has_platform && *ra_platform_text(&m->manifests.at[i].platform, text))
            ra_buf_addf(&list, "%s%s", list.len ? ", " : "", text);
    int rc = ra_fail(err, RA_NOTFOUND, "there is no platform '%s' in it", platform);
    return list.len ? ra_hint(err, rc, "there are: %s", ra_buf_str(&list)) : rc;
}

static int choose_platform(const struct ra_job *job, const char *platform, struct ra_inspection *in,
                           struct ra_err *err)
{
    if (in->manifest.kind != RA_MANIFEST_INDEX) {
        struct ra_image image = {0};
        int rc = ra_image_read(job, &(struct ra_place){.repository = in->repository}, &in->digest,
                               RA_LOOK_NEVER, NULL, &image, err);
        bool fits = false;
        ra_vec_each (p, &image.platforms)
            fits |=
                ra_starts_with(*p, platform) && (!(*p)[strlen(platform)] || (*p)[strlen(platform)] == '/');
        ra_image_release(&image);
        return rc < 0 || fits
                   ? rc
                   : ra_fail(err, RA_NOTFOUND, "it is one image, and not for the platform '%s'", platform);
    }
    if (!pick_nested(job, &in->manifest, platform, &in->digest))
        return no_platform(&in->manifest, platform, err);
    return load_manifest(job, in, err);
}

static void load_config(const struct ra_job *job, struct ra_inspection *in)
{
    const struct ra_descriptor *d = in->manifest.config;
    RA_ERR_AUTO err = {0};
    if (!d || !d->valid)
        return;
    /* A missing or broken config has its finding from ra_image_read. */
    if (ra_blob_get(job->store, &d->digest, RA_IMAGECONFIG_MAX, &in->config_bytes, &err) < 0)
        return;
    in->has_config =
        ra_media_type_image_config(d->media_type) &&
        ra_imageconfig_parse(&in->config, in->config_bytes.data, in->config_bytes.len, &err) == 0;
}

/* --- what stands around it ---------------------------------------------------------------------------------- */

static bool blob_present(const struct ra_job *job, const struct ra_descriptor *d)
{
    uint64_t size;
    return d->valid && ra_blob_size(job->store, &d->digest, &size, NULL) == 0;
}

static bool revision_present(const struct ra_job *job, const char *repo, const struct ra_descriptor *d)
{
    struct ra_key key;
    struct ra_stat st;
    return d->valid && ra_store_stat(job->store, ra_key_revision(&key, repo, &d->digest), &st, NULL) == 0 &&
           blob_present(job, d);
}

/* What no media type calls a manifest may be a blob. */
static bool entry_present(const struct ra_job *job, const char *repo, const struct ra_descriptor *d)
{
    return revision_present(job, repo, d) ||
           (ra_media_type_entry(d->media_type) == RA_ENTRY_UNKNOWN && blob_present(job, d));
}

static void look_at_parts(const struct ra_job *job, struct ra_inspection *in)
{
    const struct ra_manifest *m = &in->manifest;
    const struct ra_descriptors *parts = m->blobs.n ? &m->blobs : &m->layers;
    in->layers = (struct ra_presence){.at = ra_calloc(parts->n, sizeof(bool)), .n = parts->n};
    for (size_t i = 0; i < parts->n; i++)
        in->layers.at[i] = blob_present(job, &parts->at[i]);
    in->manifests = (struct ra_presence){.at = ra_calloc(m->manifests.n, sizeof(bool)), .n = m->manifests.n};
    for (size_t i = 0; i < m->manifests.n; i++)
        in->manifests.at[i] = entry_present(job, in->repository, &m->manifests.at[i]);
}

static uint64_t manifest_bytes(const struct ra_manifest *m, size_t own)
{
    uint64_t sum = own;
    const struct ra_descriptors *parts[] = {&m->layers, &m->blobs};
    if (m->config && m->config->size > 0)
        sum = ra_add_sat(sum, (uint64_t)m->config->size);
    for (size_t p = 0; p < RA_COUNT(parts); p++)
        for (size_t i = 0; i < parts[p]->n; i++)
            if (parts[p]->at[i].size > 0)
                sum = ra_add_sat(sum, (uint64_t)parts[p]->at[i].size);
    return sum;
}

struct around {
    const struct ra_job *job;
    struct ra_inspection *in;
    struct ra_buf bytes;
    struct ra_manifest manifest;
};

static void add_referrer(struct around *a, const struct ra_digest *digest, const char *tag)
{
    const struct ra_manifest *m = &a->manifest;
    ra_vec_each (r, &a->in->referrers)
        if (ra_digest_eq(&r->digest, digest))
            return;
    *ra_vec_push(&a->in->referrers) = (struct ra_referrer){
        .digest = *digest,
        .artifact_type = ra_strdup(ra_manifest_artifact_type(m)),
        .bytes = manifest_bytes(m, a->bytes.len),
        .tag = tag ? ra_strdup(tag) : NULL,
    };
}

static int look_at_revision(void *arg, const struct ra_digest *d, struct ra_err *err)
{
    struct around *a = arg;
    RA_ERR_AUTO reading = {0};
    if (ra_digest_eq(d, &a->in->digest))
        return ra_check_cancelled(err);
    if (ra_manifest_load(a->job->store, d, &a->bytes, &a->manifest, &reading) < 0)
        return ra_check_cancelled(err);
    const struct ra_descriptor *subject = a->manifest.subject;
    if (subject && subject->valid && ra_digest_eq(&subject->digest, &a->in->digest))
        add_referrer(a, d, NULL);
    return ra_check_cancelled(err);
}

static int look_at_tag(void *arg, const char *tag, struct ra_err *err)
{
    struct around *a = arg;
    struct ra_inspection *in = a->in;
    struct ra_key key;
    struct ra_digest target, subject;
    RA_ERR_AUTO reading = {0};
    if (ra_link_read(a->job->store, ra_key_tag_current(&key, in->repository, tag), &target, NULL, &reading) <
        0)
        return ra_check_cancelled(err);
    if (ra_digest_eq(&target, &in->digest) && !(in->tag && ra_streq(in->tag, tag)))
        *ra_vec_push(&in->tags) = ra_strdup(tag);
    bool signs = ra_tag_is_digest_like(tag, &subject) && ra_digest_eq(&subject, &in->digest);
    /* The fallback tag without an ending holds an index of referrers, which are found by their subject. */
    if (signs && strchr(tag, '.') &&
        ra_manifest_load(a->job->store, &target, &a->bytes, &a->manifest, &reading) == 0)
        add_referrer(a, &target, tag);
    return ra_check_cancelled(err);
}

static int look_around(const struct ra_job *job, struct ra_inspection *in, struct ra_err *err)
{
    struct around a = {.job = job, .in = in};
    look_at_parts(job, in);
    int rc = ra_revisions_each(job->store, in->repository, look_at_revision, &a, err);
    if (rc == 0)
        rc = ra_tags_each(job->store, in->repository, look_at_tag, &a, err);
    ra_buf_release(&a.bytes);
    ra_manifest_release(&a.manifest);
    return rc;
}

/* What is wrong with the bytes says nothing of whose they are. */
static int explain(int rc, const char *reference, struct ra_err *err)
{
    if (rc != -RA_CORRUPT && rc != -RA_TOOBIG)
        return rc;
    ra_wrap(err, rc, "cannot read the manifest of '%s'", reference);
    return ra_hint(err, rc,
                   "`regadm fsck` tells what is damaged; push the image again, or refill it from a backup");
}

int ra_inspect(const struct ra_job *job, const char *reference, const char *platform, unsigned want,
               struct ra_inspection *out, struct ra_err *err)
{
    RA_AUTO(ra_reference, _release) ref = {0};
    *out = (struct ra_inspection){.updated = RA_TIME_NONE};
    int rc = ra_reference_parse(reference, &ref, err);
    if (rc == 0)
        rc = resolve(job, &ref, out, err);
    if (rc == 0)
        rc = explain(load_manifest(job, out, err), reference, err);
    if (rc == 0 && platform)
        rc = choose_platform(job, platform, out, err);
    if (rc == 0 && want & (RA_INSPECT_CONFIG | RA_INSPECT_EVERYTHING))
        load_config(job, out);
    if (rc < 0 || !(want & RA_INSPECT_EVERYTHING))
        return rc;
    struct ra_place place = {.repository = out->repository, .tag = out->tag};
    rc = ra_image_read(job, &place, &out->digest, RA_LOOK_ALWAYS, NULL, &out->image, err);
    return rc < 0 ? rc : look_around(job, out, err);
}
