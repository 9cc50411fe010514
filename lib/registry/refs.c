#include "registry/manifest.h"
#include "format/json.h"

struct reader {
    struct ra_json j;
    struct ra_refs *refs;
    struct ra_manifest_facts facts;
};

const char *ra_ref_role_name(enum ra_ref_role role)
{
    static const char *const names[] = {
        [RA_REF_CONFIG] = "config",       [RA_REF_LAYER] = "layer",     [RA_REF_FOREIGN] = "foreign",
        [RA_REF_CHILD] = "child",         [RA_REF_SUBJECT] = "subject", [RA_REF_BLOB] = "blob",
        [RA_REF_MENTIONED] = "mentioned",
    };
    return names[role];
}

static void clear(struct ra_refs *r)
{
    r->kind = RA_MANIFEST_UNKNOWN;
    r->odd = 0;
    r->malformed = 0;
    r->list.n = 0;
}

void ra_refs_release(struct ra_refs *r)
{
    ra_vec_release(&r->list);
    clear(r);
}

/* ra_vec_push would zero what is filled right away: it is felt here, a million times in a run. */
static struct ra_ref *push(struct ra_refs *r)
{
    if (r->list.n == r->list.cap)
        r->list.at = ra_vec_grow_(r->list.at, &r->list.cap, sizeof(*r->list.at));
    return &r->list.at[r->list.n++];
}

static void add(struct ra_refs *r, const struct ra_digest *digest, enum ra_ref_role role)
{
    *push(r) = (struct ra_ref){.digest = *digest, .role = role, .size = -1};
}

/* --- what stands in the places for references --------------------------------------------------------------- */

static bool parse_digest(const struct ra_json_str *s, struct ra_digest *out)
{
    char text[RA_DIGEST_TEXT];
    if (s->plain)
        return ra_digest_parse(s->at, s->n, out);
    size_t n = ra_json_decode(s, text, sizeof(text));
    return n < sizeof(text) && ra_digest_parse(text, n, out);
}

static void add_string(struct reader *r)
{
    struct ra_json_str s;
    struct ra_digest digest;
    if (!ra_json_string(&r->j, &s))
        return;
    if (parse_digest(&s, &digest))
        add(r->refs, &digest, RA_REF_MENTIONED);
    else
        r->refs->malformed++;
}

/* What an index names need not be a manifest. False when its media type does not tell. */
static bool settle_entry(const struct ra_json_str *type, enum ra_ref_role *role)
{
    static const enum ra_ref_role roles[] = {[RA_ENTRY_MANIFEST] = RA_REF_CHILD,
                                             [RA_ENTRY_LAYER] = RA_REF_LAYER,
                                             [RA_ENTRY_BLOB] = RA_REF_BLOB,
                                             [RA_ENTRY_UNKNOWN] = RA_REF_CHILD};
    enum ra_entry_type entry = ra_media_type_entry_json(type);
    *role = roles[entry];
    return entry != RA_ENTRY_UNKNOWN;
}

/* A descriptor, or an element of schema 1's fsLayers; *type gets its media type. False when it is none. */
static bool read_descriptor(struct reader *r, enum ra_ref_role role, struct ra_json_str *type)
{
    enum { DIGEST, BLOB_SUM, SIZE, MEDIA_TYPE };
    static const struct ra_json_name names[] = {RA_JSON_NAME("digest"), RA_JSON_NAME("blobSum"),
                                                RA_JSON_NAME("size"), RA_JSON_NAME("mediaType")};
    struct ra_refs *refs = r->refs;
    size_t before = refs->list.n, malformed = refs->malformed;
    int64_t size = -1;
    struct ra_json_str key;
    if (!ra_json_open_object(&r->j))
        return false;
    while (ra_json_next_member(&r->j, &key)) {
        switch (ra_json_key(&key, names, RA_COUNT(names))) {
        case DIGEST:
        case BLOB_SUM:
            add_string(r);
            break;
        case SIZE:
            ra_json_int(&r->j, &size);
            break;
        case MEDIA_TYPE:
            ra_json_string(&r->j, type);
            break;
        default:
            ra_json_skip(&r->j);
        }
    }
    if (refs->list.n == before && refs->malformed == malformed)
        refs->malformed++;
    bool untyped = role == RA_REF_CHILD && !settle_entry(type, &role);
    if (role == RA_REF_LAYER && ra_media_type_foreign_json(type))
        role = RA_REF_FOREIGN;
    for (size_t i = before; i < refs->list.n; i++) {
        refs->list.at[i].role = role;
        refs->list.at[i].untyped = untyped;
        refs->list.at[i].size = size < 0 ? -1 : size;
    }
    return true;
}

static void read_config(struct reader *r)
{
    read_descriptor(r, RA_REF_CONFIG, &r->facts.config_type);
}

static void read_subject(struct reader *r)
{
    struct ra_json_str type = {"", 0, true};
    read_descriptor(r, RA_REF_SUBJECT, &type);
}

static void read_list(struct reader *r, enum ra_ref_role role)
{
    if (!ra_json_open_array(&r->j))
        return;
    while (ra_json_next_element(&r->j)) {
        struct ra_json_str type = {"", 0, true};
        if (!read_descriptor(r, role, &type))
            r->refs->malformed++;
    }
}

static bool comes(struct reader *r)
{
    return ra_json_peek(&r->j) != RA_JSON_NULL;
}

static void read_member(struct reader *r, const struct ra_json_str *key)
{
    enum { CONFIG, LAYERS, MANIFESTS, BLOBS, SUBJECT, FS_LAYERS, MEDIA_TYPE, SCHEMA_VERSION, ARTIFACT_TYPE };
    static const struct ra_json_name names[] = {
        RA_JSON_NAME("config"),    RA_JSON_NAME("layers"),        RA_JSON_NAME("manifests"),
        RA_JSON_NAME("blobs"),     RA_JSON_NAME("subject"),       RA_JSON_NAME("fsLayers"),
        RA_JSON_NAME("mediaType"), RA_JSON_NAME("schemaVersion"), RA_JSON_NAME("artifactType"),
    };
    struct ra_manifest_facts *facts = &r->facts;
    switch (ra_json_key(key, names, RA_COUNT(names))) {
    case CONFIG:
        facts->config = comes(r);
        read_config(r);
        break;
    case LAYERS:
        facts->layers = comes(r);
        read_list(r, RA_REF_LAYER);
        break;
    case MANIFESTS:
        facts->manifests = comes(r);
        read_list(r, RA_REF_CHILD);
        break;
    case BLOBS:
        read_list(r, RA_REF_BLOB);
        break;
    case SUBJECT:
        read_subject(r);
        break;
    case FS_LAYERS:
        read_list(r, RA_REF_LAYER);
        break;
    case MEDIA_TYPE:
        ra_json_string(&r->j, &facts->media_type);
        break;
    case SCHEMA_VERSION:
        facts->versioned = true;
        ra_json_int(&r->j, &facts->schema_version);
        break;
    case ARTIFACT_TYPE:
        ra_json_string(&r->j, &facts->artifact_type);
        break;
    default:
        ra_json_skip(&r->j);
    }
}

/* --- what stands anywhere --------------------------------------------------------------------------- */

static size_t hex_run(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && ((p[n] >= '0' && p[n] <= '9') || (p[n] >= 'a' && p[n] <= 'f')))
        n++;
    return n;
}

/* Adds what looks like a digest at p, where "sha" stands; more hex digits than it needs may follow. */
static void mention_at(struct ra_refs *r, const char *p, const char *end)
{
    struct ra_digest digest;
    if (end - p < 7 || p[6] != ':')
        return;
    int alg = ra_alg_find(p, 6);
    if (alg < 0)
        return;
    size_t digits = 2 * ra_alg_size((enum ra_alg)alg);
    if (hex_run(p + 7, end) >= digits && ra_digest_parse_hex((enum ra_alg)alg, p + 7, digits, &digest))
        add(r, &digest, RA_REF_MENTIONED);
}

static void mention_all(struct ra_refs *r, const char *p, size_t n)
{
    const char *end = p + n;
    for (; (p = memmem(p, (size_t)(end - p), "sha", 3)); p += 3)
        mention_at(r, p, end);
}

void ra_refs_scan(struct ra_refs *r, const void *bytes, size_t n)
{
    clear(r);
    if (n > 0)
        mention_all(r, bytes, n);
}

/* String by string, since a digest may be written with escapes. */
static void mention_strings(struct ra_refs *r, const void *bytes, size_t n)
{
    struct ra_json j;
    struct ra_json_str s;
    ra_json_init(&j, bytes, n);
    while (ra_json_next_string(&j, &s)) {
        if (s.plain) {
            mention_all(r, s.at, s.n);
            continue;
        }
        size_t length;
        ra_auto_free char *text = ra_json_str_dup(&s, &length);
        mention_all(r, text, length);
    }
}

int ra_refs_read(struct ra_refs *refs, const void *bytes, size_t n, struct ra_err *err)
{
    struct reader r = {.refs = refs, .facts = {.schema_version = -1}};
    struct ra_json_str key;
    clear(refs);
    if (n > RA_MANIFEST_MAX)
        return ra_fail(err, RA_TOOBIG, "the manifest has %zu bytes, more than %zu", n, RA_MANIFEST_MAX);
    ra_json_init(&r.j, bytes, n);
    bool object = ra_json_open_object(&r.j);
    while (object && ra_json_next_member(&r.j, &key))
        read_member(&r, &key);
    int rc = ra_json_finish(&r.j, err);
    if (rc == 0 && !object)
        rc = ra_fail(err, RA_CORRUPT, "not a manifest: not a JSON object");
    if (rc != 0) {
        clear(refs);
        return rc;
    }
    refs->odd = (ra_json_mismatch(&r.j) ? RA_ODD_TYPE : 0U) | (refs->malformed ? RA_ODD_DIGEST : 0U);
    refs->kind = ra_manifest_decide(&r.facts, &refs->odd);
    if (refs->kind == RA_MANIFEST_UNKNOWN || refs->odd & (RA_ODD_VERSION | RA_ODD_TYPE))
        mention_strings(refs, bytes, n);
    return 0;
}
