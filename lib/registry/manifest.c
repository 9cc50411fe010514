#include "registry/manifest.h"

struct reader {
    struct ra_json j;
    struct ra_manifest *m;
    struct ra_descriptors fs_layers;
    bool versioned, has_manifests, has_layers, has_config;
    bool too_many;
};

const char *ra_platform_text(const struct ra_platform *p, char out[static RA_PLATFORM_TEXT])
{
    out[0] = '\0';
    if (*p->os || *p->architecture)
        snprintf(out, RA_PLATFORM_TEXT, "%s/%s%s%s", *p->os ? p->os : "unknown",
                 *p->architecture ? p->architecture : "unknown", *p->variant ? "/" : "", p->variant);
    return out;
}

const char *ra_manifest_artifact_type(const struct ra_manifest *m)
{
    if (*m->artifact_type || !m->config)
        return m->artifact_type;
    return m->config->media_type;
}

/* --- descriptors --------------------------------------------------------------------------- */

static void read_platform(struct reader *r, struct ra_descriptor *d)
{
    enum { OS, ARCHITECTURE, VARIANT, OS_VERSION };
    static const struct ra_json_name names[] = {RA_JSON_NAME("os"), RA_JSON_NAME("architecture"),
                                                RA_JSON_NAME("variant"), RA_JSON_NAME("os.version")};
    struct ra_platform *p = &d->platform;
    const char **members[] = {&p->os, &p->architecture, &p->variant, &p->os_version};
    struct ra_json_str key;
    if (!ra_json_open_object(&r->j))
        return;
    d->has_platform = true;
    while (ra_json_next_member(&r->j, &key)) {
        int i = ra_json_key(&key, names, RA_COUNT(names));
        if (i >= 0)
            ra_field_text(&r->j, &r->m->arena, members[i]);
        else
            ra_json_skip(&r->j);
    }
}

static void read_descriptor_member(struct reader *r, const struct ra_json_str *key, struct ra_descriptor *d)
{
    enum { DIGEST, BLOB_SUM, SIZE, MEDIA_TYPE, PLATFORM, ANNOTATIONS, URLS, ARTIFACT_TYPE, DATA };
    static const struct ra_json_name names[] = {
        RA_JSON_NAME("digest"),    RA_JSON_NAME("blobSum"),      RA_JSON_NAME("size"),
        RA_JSON_NAME("mediaType"), RA_JSON_NAME("platform"),     RA_JSON_NAME("annotations"),
        RA_JSON_NAME("urls"),      RA_JSON_NAME("artifactType"), RA_JSON_NAME("data"),
    };
    struct ra_json *j = &r->j;
    struct ra_arena *a = &r->m->arena;
    switch (ra_json_key(key, names, RA_COUNT(names))) {
    case DIGEST:
    case BLOB_SUM:
        ra_field_text(j, a, &d->text);
        break;
    case SIZE:
        ra_json_int(j, &d->size);
        break;
    case MEDIA_TYPE:
        ra_field_text(j, a, &d->media_type);
        break;
    case PLATFORM:
        read_platform(r, d);
        break;
    case ANNOTATIONS:
        ra_field_pairs(j, a, &d->annotations);
        break;
    case URLS:
        ra_field_strings(j, a, &d->urls);
        break;
    case ARTIFACT_TYPE:
        ra_field_text(j, a, &d->artifact_type);
        break;
    case DATA:
        ra_field_text(j, a, &d->data);
        break;
    default:
        ra_json_skip(j);
    }
}

/* Reads on into d, which an earlier duplicate may have filled. */
static void read_descriptor(struct reader *r, struct ra_descriptor *d)
{
    struct ra_json_str key;
    if (ra_json_open_object(&r->j))
        while (ra_json_next_member(&r->j, &key))
            read_descriptor_member(r, &key, d);
    d->valid = ra_digest_parse(d->text, strlen(d->text), &d->digest);
    d->foreign = ra_media_type_foreign(d->media_type);
    if (d->size < 0)
        d->size = -1;
    if (!d->valid)
        r->m->odd |= RA_ODD_DIGEST;
}

static const struct ra_descriptor no_descriptor = {
    .text = "", .size = -1, .media_type = "", .artifact_type = "", .platform = {"", "", "", ""}};

static void read_one(struct reader *r, struct ra_descriptor **d)
{
    if (ra_json_peek(&r->j) != RA_JSON_OBJECT) {
        ra_json_open_object(&r->j);
        return;
    }
    if (!*d) {
        *d = ra_arena_new(&r->m->arena, struct ra_descriptor);
        **d = no_descriptor;
    }
    read_descriptor(r, *d);
}

static void read_list(struct reader *r, struct ra_descriptors *list)
{
    size_t n = 0;
    if (!ra_json_open_array(&r->j))
        return;
    for (; ra_json_next_element(&r->j); n++) {
        if (n >= RA_DESCRIPTORS_MAX) {
            r->too_many = true;
            ra_json_skip(&r->j);
            continue;
        }
        if (n == list->n)
            *ra_arena_push(&r->m->arena, list) = no_descriptor;
        read_descriptor(r, &list->at[n]);
    }
    list->n = n < list->n ? n : list->n;
}

/* --- the document --------------------------------------------------------------------------- */

static void read_history(struct reader *r)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("v1Compatibility")};
    struct ra_manifest *m = r->m;
    struct ra_json_str key;
    if (!ra_json_open_array(&r->j))
        return;
    m->history.n = 0;
    while (ra_json_next_element(&r->j)) {
        const char **text = ra_arena_push(&m->arena, &m->history);
        *text = "";
        if (!ra_json_open_object(&r->j))
            continue;
        while (ra_json_next_member(&r->j, &key))
            if (ra_json_key(&key, names, RA_COUNT(names)) == 0)
                ra_field_text(&r->j, &m->arena, text);
            else
                ra_json_skip(&r->j);
    }
}

static bool comes(struct reader *r)
{
    return ra_json_peek(&r->j) != RA_JSON_NULL;
}

enum member {
    SCHEMA_VERSION,
    MEDIA_TYPE,
    ARTIFACT_TYPE,
    CONFIG,
    LAYERS,
    MANIFESTS,
    BLOBS,
    SUBJECT,
    ANNOTATIONS,
    NAME,
    TAG,
    ARCHITECTURE,
    FS_LAYERS,
    HISTORY,
    SIGNATURES,
};

static const struct ra_json_name member_names[] = {
    [SCHEMA_VERSION] = RA_JSON_NAME("schemaVersion"),
    [MEDIA_TYPE] = RA_JSON_NAME("mediaType"),
    [ARTIFACT_TYPE] = RA_JSON_NAME("artifactType"),
    [CONFIG] = RA_JSON_NAME("config"),
    [LAYERS] = RA_JSON_NAME("layers"),
    [MANIFESTS] = RA_JSON_NAME("manifests"),
    [BLOBS] = RA_JSON_NAME("blobs"),
    [SUBJECT] = RA_JSON_NAME("subject"),
    [ANNOTATIONS] = RA_JSON_NAME("annotations"),
    [NAME] = RA_JSON_NAME("name"),
    [TAG] = RA_JSON_NAME("tag"),
    [ARCHITECTURE] = RA_JSON_NAME("architecture"),
    [FS_LAYERS] = RA_JSON_NAME("fsLayers"),
    [HISTORY] = RA_JSON_NAME("history"),
    [SIGNATURES] = RA_JSON_NAME("signatures"),
};

/* What only schema 1 has. */
static void read_schema1_member(struct reader *r, int member)
{
    struct ra_manifest *m = r->m;
    switch (member) {
    case NAME:
        ra_field_text(&r->j, &m->arena, &m->name);
        break;
    case TAG:
        ra_field_text(&r->j, &m->arena, &m->tag);
        break;
    case ARCHITECTURE:
        ra_field_text(&r->j, &m->arena, &m->architecture);
        break;
    case FS_LAYERS:
        read_list(r, &r->fs_layers);
        break;
    case HISTORY:
        read_history(r);
        break;
    case SIGNATURES:
        m->has_signatures = comes(r);
        ra_json_skip(&r->j);
        break;
    default:
        ra_json_skip(&r->j);
    }
}

static void read_member(struct reader *r, const struct ra_json_str *key)
{
    struct ra_manifest *m = r->m;
    int member = ra_json_key(key, member_names, RA_COUNT(member_names));
    switch (member) {
    case SCHEMA_VERSION:
        r->versioned = true;
        ra_json_int(&r->j, &m->schema_version);
        break;
    case MEDIA_TYPE:
        ra_field_text(&r->j, &m->arena, &m->media_type);
        break;
    case ARTIFACT_TYPE:
        ra_field_text(&r->j, &m->arena, &m->artifact_type);
        break;
    case CONFIG:
        r->has_config = comes(r);
        read_one(r, &m->config);
        break;
    case LAYERS:
        r->has_layers = comes(r);
        read_list(r, &m->layers);
        break;
    case MANIFESTS:
        r->has_manifests = comes(r);
        read_list(r, &m->manifests);
        break;
    case BLOBS:
        read_list(r, &m->blobs);
        break;
    case SUBJECT:
        read_one(r, &m->subject);
        break;
    case ANNOTATIONS:
        ra_field_pairs(&r->j, &m->arena, &m->annotations);
        break;
    default:
        read_schema1_member(r, member);
    }
}

static struct ra_json_str whole(const char *s)
{
    return (struct ra_json_str){s, strlen(s), true};
}

/* What the registry would serve it as. */
static const char *derived_type(enum ra_manifest_kind kind)
{
    switch (kind) {
    case RA_MANIFEST_SCHEMA1: /* distribution 2.8 serves the unsigned form under this type too */
        return RA_MT_DOCKER_SCHEMA1_SIGNED;
    case RA_MANIFEST_INDEX:
        return RA_MT_OCI_INDEX;
    case RA_MANIFEST_IMAGE:
    case RA_MANIFEST_ARTIFACT:
        return RA_MT_OCI_MANIFEST;
    default:
        return "";
    }
}

/* What has layer links instead of revision links. */
static void take_out_blobs(struct ra_manifest *m)
{
    struct ra_descriptors *list = &m->manifests;
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        enum ra_entry_type type = ra_media_type_entry(list->at[i].media_type);
        if (type == RA_ENTRY_LAYER || type == RA_ENTRY_BLOB)
            *ra_arena_push(&m->arena, &m->layers) = list->at[i];
        else
            list->at[kept++] = list->at[i];
    }
    list->n = kept;
}

static void conclude(struct reader *r)
{
    struct ra_manifest *m = r->m;
    struct ra_manifest_facts facts = {
        .schema_version = m->schema_version,
        .versioned = r->versioned,
        .media_type = whole(m->media_type),
        .artifact_type = whole(m->artifact_type),
        .config_type = whole(m->config ? m->config->media_type : ""),
        .manifests = r->has_manifests,
        .layers = r->has_layers,
        .config = r->has_config,
    };
    m->kind = ra_manifest_decide(&facts, &m->odd);
    m->media_type_written = *m->media_type != '\0';
    if (!m->media_type_written)
        m->media_type = derived_type(m->kind);
    if (m->kind == RA_MANIFEST_SCHEMA1)
        m->layers = r->fs_layers;
    take_out_blobs(m);
    if (ra_json_mismatch(&r->j))
        m->odd |= RA_ODD_TYPE;
}

static int read_document(struct reader *r, const void *bytes, size_t n, struct ra_err *err)
{
    struct ra_json_str key;
    ra_json_init(&r->j, bytes, n);
    bool object = ra_json_open_object(&r->j);
    while (object && ra_json_next_member(&r->j, &key))
        read_member(r, &key);
    int rc = ra_json_finish(&r->j, err);
    if (rc != 0)
        return rc;
    if (!object)
        return ra_fail(err, RA_CORRUPT, "not a manifest: not a JSON object");
    if (r->too_many)
        return ra_fail(err, RA_TOOBIG, "the manifest lists more than %d things", RA_DESCRIPTORS_MAX);
    conclude(r);
    return 0;
}

/* A manifest without anything in it: no string of it is NULL. */
static void clear(struct ra_manifest *m)
{
    *m = (struct ra_manifest){.schema_version = -1,
                              .media_type = "",
                              .artifact_type = "",
                              .name = "",
                              .tag = "",
                              .architecture = ""};
}

int ra_manifest_parse(struct ra_manifest *m, const void *bytes, size_t n, struct ra_err *err)
{
    ra_manifest_release(m);
    if (n > RA_MANIFEST_MAX)
        return ra_fail(err, RA_TOOBIG, "the manifest has %zu bytes, more than %zu", n, RA_MANIFEST_MAX);
    struct reader r = {.m = m};
    int rc = read_document(&r, bytes, n, err);
    if (rc != 0)
        ra_manifest_release(m);
    return rc;
}

void ra_manifest_release(struct ra_manifest *m)
{
    ra_arena_release(&m->arena);
    clear(m);
}
