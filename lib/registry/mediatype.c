#include "registry/mediatype.h"

#include "base/str.h"

static const struct ra_json_name foreign_types[] = {
    RA_JSON_NAME(RA_MT_DOCKER_FOREIGN),   RA_JSON_NAME(RA_MT_DOCKER_FOREIGN_GZIP),
    RA_JSON_NAME(RA_MT_OCI_FOREIGN),      RA_JSON_NAME(RA_MT_OCI_FOREIGN_GZIP),
    RA_JSON_NAME(RA_MT_OCI_FOREIGN_ZSTD),
};

/* The last three are what Docker 1.10 and proxies of its time made of configs (moby issue 22378): Docker
 * pulls them. */
static const struct ra_json_name config_types[] = {
    RA_JSON_NAME(RA_MT_DOCKER_CONFIG),
    RA_JSON_NAME(RA_MT_OCI_CONFIG),
    RA_JSON_NAME("application/octet-stream"),
    RA_JSON_NAME("application/json"),
    RA_JSON_NAME("text/html"),
};

static const struct {
    const char *media_type;
    enum ra_manifest_kind kind;
} manifest_types[] = {
    {RA_MT_DOCKER_MANIFEST, RA_MANIFEST_IMAGE},
    {RA_MT_OCI_MANIFEST, RA_MANIFEST_IMAGE},
    {RA_MT_DOCKER_LIST, RA_MANIFEST_INDEX},
    {RA_MT_OCI_INDEX, RA_MANIFEST_INDEX},
    {RA_MT_OCI_ARTIFACT, RA_MANIFEST_ARTIFACT},
    {RA_MT_DOCKER_SCHEMA1, RA_MANIFEST_SCHEMA1},
    {RA_MT_DOCKER_SCHEMA1_SIGNED, RA_MANIFEST_SCHEMA1},
};

const char *ra_manifest_kind_name(enum ra_manifest_kind kind)
{
    static const char *const names[] = {
        [RA_MANIFEST_UNKNOWN] = "unknown",   [RA_MANIFEST_IMAGE] = "image",     [RA_MANIFEST_INDEX] = "index",
        [RA_MANIFEST_ARTIFACT] = "artifact", [RA_MANIFEST_SCHEMA1] = "schema1",
    };
    return names[kind];
}

static bool one_of(const struct ra_json_str *s, const struct ra_json_name *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((!s->plain || s->n == types[i].n) && ra_json_str_is(s, types[i].text))
            return true;
    return false;
}

static bool image_config(const struct ra_json_str *type)
{
    return type->n == 0 || one_of(type, config_types, RA_COUNT(config_types));
}

bool ra_media_type_foreign_json(const struct ra_json_str *media_type)
{
    return one_of(media_type, foreign_types, RA_COUNT(foreign_types));
}

static enum ra_manifest_kind kind_of_type(const struct ra_json_str *media_type)
{
    for (size_t i = 0; i < RA_COUNT(manifest_types); i++)
        if (ra_json_str_is(media_type, manifest_types[i].media_type))
            return manifest_types[i].kind;
    return RA_MANIFEST_UNKNOWN;
}

bool ra_media_type_index(const char *media_type)
{
    return kind_of_type(&(struct ra_json_str){media_type, strlen(media_type), true}) == RA_MANIFEST_INDEX;
}

bool ra_media_type_foreign(const char *media_type)
{
    return ra_media_type_foreign_json(&(struct ra_json_str){media_type, strlen(media_type), true});
}

bool ra_media_type_image_config(const char *media_type)
{
    return image_config(&(struct ra_json_str){media_type, strlen(media_type), true});
}

enum ra_entry_type ra_media_type_entry(const char *media_type)
{
    static const char *const layers[] = {"application/vnd.oci.image.layer.",
                                         "application/vnd.docker.image.rootfs."};
    static const char *const blobs[] = {RA_MT_BUILDKIT_CACHE, RA_MT_DOCKER_CONFIG, RA_MT_OCI_CONFIG,
                                        RA_MT_OCI_EMPTY};
    for (size_t i = 0; i < RA_COUNT(manifest_types); i++)
        if (ra_streq(media_type, manifest_types[i].media_type))
            return RA_ENTRY_MANIFEST;
    for (size_t i = 0; i < RA_COUNT(layers); i++)
        if (ra_starts_with(media_type, layers[i]))
            return RA_ENTRY_LAYER;
    for (size_t i = 0; i < RA_COUNT(blobs); i++)
        if (ra_streq(media_type, blobs[i]))
            return RA_ENTRY_BLOB;
    return RA_ENTRY_UNKNOWN;
}

enum ra_entry_type ra_media_type_entry_json(const struct ra_json_str *media_type)
{
    char text[128];
    size_t n = ra_json_decode(media_type, text, sizeof(text));
    return n < sizeof(text) && !memchr(text, '\0', n) ? ra_media_type_entry(text) : RA_ENTRY_UNKNOWN;
}

/* Before artifacts are told from images. */
static enum ra_manifest_kind base_kind(const struct ra_manifest_facts *facts)
{
    if (facts->schema_version == 1)
        return RA_MANIFEST_SCHEMA1;
    if (facts->media_type.n > 0)
        return kind_of_type(&facts->media_type);
    if (facts->schema_version != 2)
        return RA_MANIFEST_UNKNOWN;
    return facts->manifests ? RA_MANIFEST_INDEX : RA_MANIFEST_IMAGE;
}

static bool version_fits(const struct ra_manifest_facts *facts, enum ra_manifest_kind kind)
{
    bool typed = facts->media_type.n > 0;
    switch (kind) {
    case RA_MANIFEST_SCHEMA1:
        return facts->schema_version == 1 && (!typed || kind_of_type(&facts->media_type) == kind);
    case RA_MANIFEST_ARTIFACT: /* the one kind that has no schemaVersion */
        return true;
    default:
        return facts->schema_version == 2;
    }
}

enum ra_manifest_kind ra_manifest_decide(const struct ra_manifest_facts *facts, unsigned *odd)
{
    enum ra_manifest_kind kind = base_kind(facts);
    if (!version_fits(facts, kind))
        *odd |= RA_ODD_VERSION;
    if (facts->manifests && (facts->layers || facts->config))
        *odd |= RA_ODD_AMBIGUOUS;
    if (!facts->versioned && facts->media_type.n == 0)
        *odd |= RA_ODD_NO_MANIFEST;
    if (kind == RA_MANIFEST_IMAGE && (facts->artifact_type.n > 0 || !image_config(&facts->config_type)))
        return RA_MANIFEST_ARTIFACT;
    return kind;
}
