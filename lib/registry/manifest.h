/*
 * Manifests: the JSON documents that name everything else. Two readers of the same bytes:
 * ra_refs_read, which marking calls a hundred thousand times, gives digests and roles only; ra_manifest_parse
 * gives all.
 *
 * Which document it is follows the registry (distribution, manifest store): `schemaVersion` 1 is Docker
 * schema 1; else `mediaType` decides; without one it is an index when it has a non-null `manifests`, else an
 * image manifest. Differing from the registry nothing here is fatal that can be read as a JSON object: what
 * is odd is told in `odd`.
 *
 * The rule for whoever deletes: every reference position counts, whatever the kind (a document with `layers`
 * and `manifests` protects both; of duplicate members each counts). When a document is not wholly understood
 * - unknown media type, a version the registry refuses, a member of a wrong type - every digest that stands
 * anywhere in it counts too, as RA_REF_MENTIONED. What is no JSON at all is RA_CORRUPT: use ra_refs_scan on
 * it.
 *
 * Limits: RA_MANIFEST_MAX bytes (the registry's own), RA_JSON_DEPTH levels, RA_DESCRIPTORS_MAX descriptors a
 * list for ra_manifest_parse. Threads: nothing is shared.
 */
#ifndef RA_REGISTRY_MANIFEST_H
#define RA_REGISTRY_MANIFEST_H

#include "base/arena.h"
#include "base/vec.h"
#include "format/digest.h"
#include "registry/fields.h"
#include "registry/mediatype.h"

#define RA_MANIFEST_MAX ((size_t)4 << 20)
/* More descriptors than this do not fit into RA_MANIFEST_MAX when each has a digest. */
#define RA_DESCRIPTORS_MAX 65536

/* --- for marking --------------------------------------------------------------------------- */

enum ra_ref_role {
    RA_REF_CONFIG,
    RA_REF_LAYER,
    RA_REF_FOREIGN,   /* a layer that need not be here */
    RA_REF_CHILD,     /* a manifest of an index, or what may be one: see `untyped` */
    RA_REF_SUBJECT,   /* what this one is about; not kept alive by it, and it may be missing */
    RA_REF_BLOB,      /* of an OCI artifact manifest; of an index, what is neither a manifest nor a layer */
    RA_REF_MENTIONED, /* stands somewhere in a document that is not wholly understood; may repeat others */
};
const char *ra_ref_role_name(enum ra_ref_role role);

struct ra_ref {
    struct ra_digest digest;
    bool untyped; /* a CHILD whose media type does not tell whether it is a manifest or a blob */
    enum ra_ref_role role;
    int64_t size; /* as the descriptor says; -1 when it says none */
};

struct ra_refs { /* starts zeroed; reused from call to call, so that the steady state allocates nothing */
    enum ra_manifest_kind kind;
    unsigned odd;               /* enum ra_manifest_odd */
    size_t malformed;           /* references whose digest does not parse; they are not in the list */
    RA_VEC(struct ra_ref) list; /* in document order, the mentioned ones last */
};

/* Replaces the content of r by what the manifest refers to. CORRUPT: no JSON object (r is then empty);
 * TOOBIG: over a limit. */
int ra_refs_read(struct ra_refs *r, const void *bytes, size_t n, struct ra_err *err);
/* Replaces the content of r by everything in arbitrary bytes that looks like `sha256:` and 64 lower-case hex
 * digits (sha384, sha512 alike), as RA_REF_MENTIONED: what a broken manifest may have referred to. */
void ra_refs_scan(struct ra_refs *r, const void *bytes, size_t n);
void ra_refs_release(struct ra_refs *r);

/* --- for showing --------------------------------------------------------------------------- */

struct ra_platform { /* strings never NULL, "" when absent */
    const char *os, *architecture, *variant, *os_version;
};
#define RA_PLATFORM_TEXT 128
/* "os/arch" or "os/arch/variant", cut where too long; "" when neither os nor architecture is known. */
const char *ra_platform_text(const struct ra_platform *p, char out[static RA_PLATFORM_TEXT]);

struct ra_descriptor {
    const char *text;        /* the digest as it is written; "" when absent */
    struct ra_digest digest; /* when `valid` */
    bool valid;
    bool has_platform;
    bool foreign;           /* by its media type */
    int64_t size;           /* -1 when absent or no integer from 0 up */
    const char *media_type; /* "" when absent; as the next */
    const char *artifact_type;
    const char *data; /* base64 text of embedded content, or NULL */
    struct ra_platform platform;
    struct ra_annotations annotations;
    struct ra_strings urls;
};

struct ra_descriptors {
    struct ra_descriptor *at;
    size_t n, cap;
};

struct ra_manifest { /* everything in it is owned by it; starts zeroed */
    enum ra_manifest_kind kind;
    unsigned odd;           /* enum ra_manifest_odd */
    int64_t schema_version; /* -1 when absent or no integer */
    const char *media_type; /* as written; else as the registry would serve it; "" when that is not known */
    bool media_type_written;
    const char *artifact_type;     /* as written, "" when absent; see also ra_manifest_artifact_type */
    struct ra_descriptor *config;  /* NULL when absent */
    struct ra_descriptor *subject; /* NULL when absent */
    /* Base first; of schema 1 fsLayers as stored: top first, repetitions included. Of an index, what is no manifest by
     * its media type. */
    struct ra_descriptors layers;
    struct ra_descriptors manifests; /* of an index: the others */
    struct ra_descriptors blobs;     /* of an OCI artifact manifest */
    struct ra_annotations annotations;
    /* schema 1 only; "" and empty otherwise */
    const char *name, *tag, *architecture;
    struct ra_strings history; /* the v1Compatibility strings, themselves JSON; beside `layers`, top first */
    bool has_signatures;       /* the signed form */
    struct ra_arena arena;     /* private */
};

/* Fills m (released first). CORRUPT: no JSON object; TOOBIG: over a limit; m is then empty. As in Go the last
 * of duplicate members wins, objects among them being read into one another. */
int ra_manifest_parse(struct ra_manifest *m, const void *bytes, size_t n, struct ra_err *err);
void ra_manifest_release(struct ra_manifest *m);

/* What a referrers listing calls its type (OCI distribution spec 1.1): artifactType, else the config's media
 * type. */
const char *ra_manifest_artifact_type(const struct ra_manifest *m);

#define RA_MANIFEST_AUTO RA_AUTO(ra_manifest, _release)
#define RA_REFS_AUTO     RA_AUTO(ra_refs, _release)

#endif
