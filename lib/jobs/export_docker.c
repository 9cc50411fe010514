#include "jobs/export_copy.h"

#include "base/jsonw.h"
#include "registry/read.h"

/* skopeo reads no larger manifest.json. */
#define DOCKER_TABLE_MAX ((size_t)1 << 20)
/* More tags than these do not fit into it anyhow. */
#define DOCKER_TAGS_MAX 4000

/* --- manifest.json ------------------------------------------------------------------------------------------ */

/* Whether an archive of that format can hold it. */
static bool at_hand(const struct ra_export_plan *p, const struct ra_descriptor *d)
{
    uint32_t id = RA_NONE;
    if (!d->valid)
        return false;
    if (p->opts->format == RA_EXPORT_BACKUP)
        return ra_digest_set_find(&p->state.digests, &d->digest) != RA_NONE;
    id = ra_blobs_find(p->survey.blobs, &d->digest);
    return id != RA_NONE && (ra_blobs_flags(p->survey.blobs, id) & RA_BLOB_PRESENT);
}

/* The image that a name means for a tool without indexes: of an index the wanted platform, else linux/amd64, else the
 * first image that runs anywhere; what goes with images, attestations for one, has no platform or an unknown one. */
static const struct ra_descriptor *pick_child(const struct ra_export_plan *p, const struct ra_manifest *m)
{
    const char *want = p->opts->platform ? p->opts->platform : "linux/amd64";
    const struct ra_descriptor *first = NULL, *unsaid = NULL;
    for (size_t i = 0; i < m->manifests.n; i++) {
        const struct ra_descriptor *c = &m->manifests.at[i];
        char text[RA_PLATFORM_TEXT];
        if (!at_hand(p, c))
            continue;
        if (c->has_platform && ra_export_platform_is(&c->platform, want))
            return c;
        if (c->has_platform && !first && !ra_starts_with(ra_platform_text(&c->platform, text), "unknown"))
            first = c;
        unsaid = unsaid || c->has_platform ? unsaid : c;
    }
    return p->opts->platform ? NULL : first ? first : unsaid;
}

static int load_manifest(struct ra_export_plan *p, const struct ra_digest *d, struct ra_manifest *m,
                         struct ra_err *err)
{
    RA_BUF_AUTO bytes = {0};
    struct ra_digest is;
    char text[RA_DIGEST_TEXT];
    int rc = ra_manifest_load(p->job->store, d, &bytes, m, err);
    if (rc == -RA_NOTFOUND)
        p->vanished = true;
    if (rc < 0 || p->opts->no_verify)
        return rc;
    ra_digest_of(d->alg, ra_buf_str(&bytes), bytes.len, &is);
    return ra_digest_eq(&is, d)
               ? 0
               : ra_fail(err, RA_CORRUPT, "manifest %s is damaged: its bytes are not what its digest says",
                         ra_digest_text(d, text));
}

/* Of indexes in an index so many are looked into. */
#define NESTED_MAX 16

/* The image that an index means: its own, or else that of an index in it. */
static bool find_image(struct ra_export_plan *p, const struct ra_manifest *index, unsigned *left,
                       struct ra_digest *out)
{
    const struct ra_descriptor *child = pick_child(p, index);
    if (child && !ra_media_type_index(child->media_type))
        return *out = child->digest, true;
    for (size_t i = 0; *left > 0 && i < index->manifests.n; i++) {
        RA_MANIFEST_AUTO below = {0};
        const struct ra_descriptor *c = &index->manifests.at[i];
        if (!ra_media_type_index(c->media_type) || !at_hand(p, c))
            continue;
        --*left;
        if (load_manifest(p, &c->digest, &below, NULL) == 0 && below.kind == RA_MANIFEST_INDEX &&
            find_image(p, &below, left, out))
            return true;
    }
    return false;
}

static int load_image(struct ra_export_plan *p, const struct ra_digest *d, struct ra_manifest *m,
                      struct ra_err *err)
{
    struct ra_digest image;
    unsigned left = NESTED_MAX;
    int rc = load_manifest(p, d, m, err);
    if (rc < 0 || m->kind != RA_MANIFEST_INDEX || !find_image(p, m, &left, &image))
        return rc;
    return load_manifest(p, &image, m, err);
}

static bool carried(const struct ra_export_plan *p, const struct ra_descriptor *d)
{
    uint32_t number = d->valid ? ra_digest_set_find(&p->state.digests, &d->digest) : RA_NONE;
    return number != RA_NONE && p->state.blobs.at[number].listed && p->state.blobs.at[number].in;
}

static bool is_plain_image(const struct ra_export_plan *p, const struct ra_manifest *m)
{
    if (m->kind != RA_MANIFEST_IMAGE || !m->config || !ra_media_type_image_config(m->config->media_type) ||
        !carried(p, m->config))
        return false;
    for (size_t i = 0; i < m->layers.n; i++)
        if (!carried(p, &m->layers.at[i]))
            return false;
    return true;
}

/* A blob lies under its digest; a layer that is unpacked on the way, under its diff id. */
static void put_path(struct ra_jsonw *w, const struct ra_digest *d)
{
    char hex[RA_DIGEST_TEXT], path[RA_DIGEST_TEXT + 16];
    snprintf(path, sizeof(path), "blobs/%s/%s", ra_alg_name(d->alg), ra_digest_hex(d, hex));
    ra_jsonw_str(w, path);
}

static void put_names(struct ra_jsonw *w, const struct ra_export_plan *p, uint32_t digest)
{
    const struct ra_backup *s = &p->state;
    ra_jsonw_key(w, "RepoTags");
    ra_jsonw_array(w);
    ra_vec_each (t, &s->tags) {
        if (t->digest != digest)
            continue;
        ra_auto_free char *name =
            ra_asprintf("%s%s%s:%s", p->opts->registry ? p->opts->registry : "", p->opts->registry ? "/" : "",
                        s->names.at[t->repo], s->names.at[t->name]);
        ra_jsonw_str(w, name);
    }
    ra_jsonw_end(w);
}

static void put_image(struct ra_jsonw *w, const struct ra_export_plan *p, uint32_t digest,
                      const struct ra_manifest *m, const struct ra_digest *layers)
{
    ra_jsonw_object(w);
    ra_jsonw_key(w, "Config");
    put_path(w, &m->config->digest);
    put_names(w, p, digest);
    ra_jsonw_key(w, "Layers");
    ra_jsonw_array(w);
    for (size_t i = 0; i < m->layers.n; i++)
        put_path(w, layers ? &layers[i] : &m->layers.at[i].digest);
    ra_jsonw_end(w);
    ra_jsonw_end(w);
}

int ra_export_put_docker_table(struct ra_export_plan *p, struct ra_buf *out, struct ra_err *err)
{
    const struct ra_backup *s = &p->state;
    ra_auto_free uint8_t *done = ra_calloc(s->blobs.n + 1, 1);
    struct ra_jsonw w;
    size_t images = 0;
    if (p->opts->no_docker_table || s->tags.n > DOCKER_TAGS_MAX)
        return 0;
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_array(&w);
    for (size_t i = 0; i < s->tags.n && out->len <= DOCKER_TABLE_MAX; i++) {
        RA_MANIFEST_AUTO m = {0};
        uint32_t digest = s->tags.at[i].digest;
        if (done[digest]++)
            continue;
        int rc = load_image(p, RA_DIGEST_AT(&s->digests, digest), &m, err);
        if (rc < 0 && rc != -RA_CORRUPT && rc != -RA_TOOBIG)
            return rc;
        ra_err_clear(err);
        if (rc < 0 || !is_plain_image(p, &m))
            continue;
        put_image(&w, p, digest, &m, NULL);
        images++;
    }
    ra_jsonw_end(&w);
    int rc = ra_jsonw_finish(&w, err);
    if (images == 0 || out->len > DOCKER_TABLE_MAX)
        ra_buf_release(out);
    return rc;
}

/* --- a docker-archive alone --------------------------------------------------------------------------------- */

static uint32_t list_blob(struct ra_export_plan *p, const struct ra_descriptor *d, enum export_class class)
{
    uint32_t number = ra_backup_digest(&p->state, &d->digest);
    while (p->blobs.n < p->state.blobs.n)
        ra_vec_push(&p->blobs);
    p->blobs.at[number].class = (uint8_t) class;
    p->state.blobs.at[number] =
        (struct ra_backup_blob){.size = (uint64_t)d->size, .listed = true, .in = true};
    return number;
}

struct unpacked { /* a layer that is carried without its compression */
    uint32_t number;
    struct ra_digest diff_id;
    uint64_t size;
};

struct measure {
    struct ra_hasher *hasher;
    uint64_t size;
};

static int add_up(void *arg, const void *data, size_t n, struct ra_err *err)
{
    (void)err;
    struct measure *m = arg;
    ra_hasher_update(m->hasher, data, n);
    m->size += n;
    return 0;
}

/* A tar header names the size, which only unpacking tells: so layers are unpacked once to measure them, and once more
 * to write them. */
static int measure(struct ra_export_plan *p, uint32_t number, struct unpacked *out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_hasher) hasher = ra_hasher_new(RA_SHA256);
    struct measure m = {.hasher = hasher};
    int rc = ra_export_unpack(p, number, (struct ra_sink){add_up, &m}, err);
    if (rc < 0)
        return rc;
    *out = (struct unpacked){.number = number, .size = m.size};
    ra_hasher_final(hasher, &out->diff_id);
    return 0;
}

struct building {
    struct ra_export_plan *p;
    struct ra_jsonw w;
    RA_VEC(struct unpacked) unpacked;
    size_t images;
};

static int unpack_once(struct building *b, const struct ra_descriptor *d, struct ra_digest *diff_id,
                       struct ra_err *err)
{
    char hex[RA_DIGEST_TEXT], name[RA_DIGEST_TEXT + 16];
    uint32_t number = list_blob(b->p, d, EXPORT_LAYER);
    b->p->state.blobs.at[number].in = false;
    ra_vec_each (u, &b->unpacked)
        if (u->number == number)
            return *diff_id = u->diff_id, 0;
    struct unpacked *u = ra_vec_push(&b->unpacked);
    u->number = number;
    int rc = measure(b->p, number, u, err);
    if (rc < 0)
        return rc;
    *diff_id = u->diff_id;
    for (size_t i = 0; i + 1 < b->unpacked.n; i++)
        if (ra_digest_eq(&b->unpacked.at[i].diff_id, diff_id))
            return 0;
    snprintf(name, sizeof(name), "blobs/sha256/%s", ra_digest_hex(diff_id, hex));
    struct export_member *m = ra_export_add_member(b->p, name);
    m->unpack = number;
    m->size = u->size;
    return 0;
}

static int check_image(const struct ra_manifest *m, const char *platform, struct ra_err *err)
{
    if (m->kind != RA_MANIFEST_IMAGE || !m->config || !m->config->valid ||
        !ra_media_type_image_config(m->config->media_type))
        return ra_fail(err, RA_UNSUPPORTED, "it is no image of %s, and a docker-archive holds nothing else",
                       platform ? platform : "a platform");
    for (size_t i = 0; i < m->layers.n; i++)
        if (!m->layers.at[i].valid || m->layers.at[i].size < 0 || m->layers.at[i].foreign)
            return ra_fail(err, RA_UNSUPPORTED, "it has layers that are not in the registry");
    return 0;
}

static struct ra_place place_of(const struct ra_export_plan *p, const struct export_root *root,
                                struct ra_digest *d)
{
    const struct ra_survey_repo *repo = &p->survey.repos.at[root->repo];
    ra_blobs_digest(p->survey.blobs, root->id, d);
    return (struct ra_place){.repository = repo->name,
                             .tag = root->tag == RA_NONE ? NULL : repo->tags[root->tag].name,
                             .digest = d};
}

/* Of several platforms nobody chose one. */
static void tell_platforms(struct ra_export_plan *p, const struct export_root *root)
{
    RA_MANIFEST_AUTO m = {0};
    RA_BUF_AUTO others = {0};
    struct ra_digest digest;
    struct ra_place at = place_of(p, root, &digest);
    char text[RA_PLATFORM_TEXT];
    if (p->opts->platform || load_manifest(p, &digest, &m, NULL) < 0 || m.kind != RA_MANIFEST_INDEX)
        return;
    const struct ra_descriptor *taken = pick_child(p, &m);
    if (!taken || ra_media_type_index(taken->media_type))
        return;
    for (size_t i = 0; i < m.manifests.n; i++) {
        const struct ra_descriptor *c = &m.manifests.at[i];
        if (c == taken || !at_hand(p, c) || !c->has_platform ||
            ra_starts_with(ra_platform_text(&c->platform, text), "unknown"))
            continue;
        ra_buf_addf(&others, "%s%s", others.len ? ", " : "", text);
    }
    if (others.len)
        ra_find(p->job->findings, RA_NOTE, "not-exported", &at,
                "a docker-archive holds one platform: %s is in it, without %s; --platform takes another",
                taken->has_platform ? ra_platform_text(&taken->platform, text) : "one", ra_buf_str(&others));
}

/* A damaged layer makes this attempt worthless, but for what else it finds: the next one leaves all of it out. */
static int go_on(const struct building *b, int rc, struct ra_err *err)
{
    if (rc != -RA_CORRUPT || !b->p->opts->skip_damaged || !b->p->spoilt)
        return rc;
    ra_err_clear(err);
    return 0;
}

static int add_image(struct building *b, const struct export_root *root, struct ra_err *err)
{
    RA_MANIFEST_AUTO m = {0};
    struct ra_export_plan *p = b->p;
    struct ra_digest digest;
    ra_blobs_digest(p->survey.blobs, root->id, &digest);
    int rc = load_image(p, &digest, &m, err);
    if (rc == 0)
        rc = check_image(&m, p->opts->platform, err);
    if (rc < 0)
        return rc;
    list_blob(p, m.config, EXPORT_CONFIG);
    ra_auto_free struct ra_digest *diff_ids =
        p->opts->plain_layers ? ra_calloc(m.layers.n + 1, sizeof(*diff_ids)) : NULL;
    for (size_t i = 0; i < m.layers.n && rc == 0; i++)
        if (diff_ids)
            rc = go_on(b, unpack_once(b, &m.layers.at[i], &diff_ids[i], err), err);
        else
            list_blob(p, &m.layers.at[i], EXPORT_LAYER);
    if (rc == 0)
        put_image(&b->w, p, ra_backup_digest(&p->state, &digest), &m, diff_ids);
    while (p->blobs.n < p->state.blobs.n)
        ra_vec_push(&p->blobs);
    tell_platforms(p, root);
    b->images++;
    return rc;
}

/* An artifact among images is no reason to go without them; alone it is. */
static int leave_out(struct ra_export_plan *p, const struct export_root *root, struct ra_err *err)
{
    struct ra_digest d;
    struct ra_place at = place_of(p, root, &d);
    if (p->roots.n == 1)
        return -RA_UNSUPPORTED;
    ra_find(p->job->findings, RA_WARNING, "not-exported", &at, "%s; it was left out", ra_err_text(err));
    ra_err_clear(err);
    return 0;
}

static int add_images(struct building *b, struct ra_err *err)
{
    struct ra_export_plan *p = b->p;
    ra_auto_free uint8_t *done = ra_calloc(ra_blobs_count(p->survey.blobs) + 1, 1);
    ra_vec_each (root, &p->roots) {
        const struct ra_survey_repo *repo = &p->survey.repos.at[root->repo];
        if (done[ra_blobs_index(p->survey.blobs, root->id)]++ ||
            (root->tag == RA_NONE && ra_export_is_whole_repo(p, repo->name)))
            continue;
        int rc = add_image(b, root, err);
        if (rc == -RA_UNSUPPORTED)
            rc = leave_out(p, root, err);
        if (rc < 0)
            return ra_wrap(err, rc, "'%s%s%s'", repo->name, root->tag == RA_NONE ? "" : ":",
                           root->tag == RA_NONE ? "" : repo->tags[root->tag].name);
    }
    return 0;
}

/* Names first: an image's table entry lists all tags that it has among what was chosen. */
static void add_tags(struct ra_export_plan *p)
{
    struct ra_backup *s = &p->state;
    ra_vec_each (root, &p->roots) {
        const struct ra_survey_repo *repo = &p->survey.repos.at[root->repo];
        struct ra_digest digest;
        if (root->tag == RA_NONE)
            continue;
        ra_blobs_digest(p->survey.blobs, root->id, &digest);
        *ra_vec_push(&s->tags) = (struct ra_backup_tag){ra_backup_name(s, repo->name),
                                                        ra_backup_name(s, repo->tags[root->tag].name),
                                                        ra_backup_digest(s, &digest)};
    }
    ra_backup_sort(s);
}

int ra_export_build_docker(struct ra_export_plan *p, struct ra_err *err)
{
    struct building b = {.p = p};
    RA_BUF_AUTO text = {0};
    ra_export_add_member(p, "manifest.json");
    add_tags(p);
    ra_jsonw_to_buf(&b.w, &text, false);
    ra_jsonw_array(&b.w);
    int rc = add_images(&b, err);
    if (rc == 0 && p->spoilt)
        rc = ra_fail(err, RA_CORRUPT, "some blobs are damaged");
    ra_vec_release(&b.unpacked);
    if (rc < 0)
        return rc;
    if (b.images == 0)
        return ra_fail(err, RA_NOTFOUND, "there is no image to export");
    ra_jsonw_end(&b.w);
    if ((rc = ra_jsonw_finish(&b.w, err)) < 0)
        return rc;
    ra_buf_add(&p->meta.at[0].bytes, text.data, text.len);
    return 0;
}
