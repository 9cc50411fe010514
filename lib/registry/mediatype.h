/*
 * Media types, and how a manifest's kind follows from them and from the few members that decide.
 * Sources: distribution (schema2, manifestlist, ocischema, manifest store), OCI image spec 1.1, OCI
 * distribution spec 1.1, OCI image spec 1.1.0-rc2 (artifact manifest), moby's pull code (config types of old
 * images).
 */
#ifndef RA_REGISTRY_MEDIATYPE_H
#define RA_REGISTRY_MEDIATYPE_H

#include "format/json.h"

#define RA_MT_DOCKER_SCHEMA1        "application/vnd.docker.distribution.manifest.v1+json"
#define RA_MT_DOCKER_SCHEMA1_SIGNED "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define RA_MT_DOCKER_MANIFEST       "application/vnd.docker.distribution.manifest.v2+json"
#define RA_MT_DOCKER_LIST           "application/vnd.docker.distribution.manifest.list.v2+json"
#define RA_MT_DOCKER_CONFIG         "application/vnd.docker.container.image.v1+json"
#define RA_MT_DOCKER_LAYER          "application/vnd.docker.image.rootfs.diff.tar"
#define RA_MT_DOCKER_LAYER_GZIP     "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define RA_MT_DOCKER_FOREIGN        "application/vnd.docker.image.rootfs.foreign.diff.tar"
#define RA_MT_DOCKER_FOREIGN_GZIP   "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
#define RA_MT_OCI_MANIFEST          "application/vnd.oci.image.manifest.v1+json"
#define RA_MT_OCI_INDEX             "application/vnd.oci.image.index.v1+json"
#define RA_MT_OCI_ARTIFACT          "application/vnd.oci.artifact.manifest.v1+json"
#define RA_MT_OCI_CONFIG            "application/vnd.oci.image.config.v1+json"
#define RA_MT_OCI_EMPTY             "application/vnd.oci.empty.v1+json"
#define RA_MT_OCI_LAYER             "application/vnd.oci.image.layer.v1.tar"
#define RA_MT_OCI_LAYER_GZIP        "application/vnd.oci.image.layer.v1.tar+gzip"
#define RA_MT_OCI_LAYER_ZSTD        "application/vnd.oci.image.layer.v1.tar+zstd"
#define RA_MT_OCI_FOREIGN           "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define RA_MT_OCI_FOREIGN_GZIP      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
#define RA_MT_OCI_FOREIGN_ZSTD      "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
#define RA_MT_BUILDKIT_CACHE        "application/vnd.buildkit.cacheconfig.v0"

enum ra_manifest_kind {
    RA_MANIFEST_UNKNOWN,
    RA_MANIFEST_IMAGE,
    RA_MANIFEST_INDEX,    /* OCI index or Docker manifest list */
    RA_MANIFEST_ARTIFACT, /* OCI artifact manifest; or an image manifest with an artifactType or a config that
                             is no container image's: Helm charts, cosign signatures, Docker plugins */
    RA_MANIFEST_SCHEMA1,
};
/* "unknown", "image", "index", "artifact", "schema1" */
const char *ra_manifest_kind_name(enum ra_manifest_kind kind);

enum ra_manifest_odd {
    /* schemaVersion is not the integer 2 (1 for schema 1): the registry refuses it. */
    RA_ODD_VERSION = 1 << 0,
    /* Both `manifests` and `layers` or `config` (CVE-2021-41190): the registry refuses it. */
    RA_ODD_AMBIGUOUS = 1 << 1,
    RA_ODD_TYPE = 1 << 2,   /* some known member has another JSON type than it must: Go refuses the whole */
    RA_ODD_DIGEST = 1 << 3, /* some reference is no digest, or has none */
    /* Neither a schemaVersion nor a mediaType: an image config, or any JSON. With RA_ODD_VERSION. */
    RA_ODD_NO_MANIFEST = 1 << 4,
};

/* Whether it is an OCI index's or a Docker manifest list's. */
bool ra_media_type_index(const char *media_type);
/* Whether a layer's media type says that its bytes come from elsewhere and need not be in the registry. */
bool ra_media_type_foreign(const char *media_type);
/* Whether a config's media type is a container image's ("" and the types that old Docker wrote count, as in
 * Docker). */
bool ra_media_type_image_config(const char *media_type);
/* The same of a string still in its document. */
bool ra_media_type_foreign_json(const struct ra_json_str *media_type);

/* What an entry of an index is, by its media type. A cache of BuildKit is an index of layers and of its config: they
 * have layer links, and no revision links. */
enum ra_entry_type {
    RA_ENTRY_MANIFEST,
    RA_ENTRY_LAYER,
    RA_ENTRY_BLOB,    /* neither */
    RA_ENTRY_UNKNOWN, /* no media type, or one that is not known: it may be a manifest */
};
enum ra_entry_type ra_media_type_entry(const char *media_type);
/* The same of a string still in its document. */
enum ra_entry_type ra_media_type_entry_json(const struct ra_json_str *media_type);

/* What decides. Strings of length 0: absent. */
struct ra_manifest_facts {
    int64_t schema_version; /* -1: absent, or no integer */
    bool versioned;         /* such a member is there, whatever its type */
    struct ra_json_str media_type, artifact_type, config_type;
    bool manifests, layers, config; /* such a member is there, and not null */
};
/* The kind; *odd gets RA_ODD_VERSION, RA_ODD_AMBIGUOUS and RA_ODD_NO_MANIFEST as they apply. */
enum ra_manifest_kind ra_manifest_decide(const struct ra_manifest_facts *facts, unsigned *odd);

#endif
