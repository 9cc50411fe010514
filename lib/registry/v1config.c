#include "registry/v1config.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/json.h"
#include "registry/manifest.h"
#include "registry/v1.h"

/* A member of the top image's metadata, or one that takes its place. */
struct member {
    struct ra_json_str key;
    const char *name; /* decoded */
    const char *value;
    size_t n;
};
struct members {
    struct ra_arena arena;
    RA_VEC(struct member) list;
};

static void members_release(struct members *m)
{
    ra_vec_release(&m->list);
    ra_arena_release(&m->arena);
}

/* Members of the old registry, and those that are written anew. */
static const struct ra_json_name dropped[] = {
    RA_JSON_NAME("id"),        RA_JSON_NAME("parent"),       RA_JSON_NAME("Size"),
    RA_JSON_NAME("parent_id"), RA_JSON_NAME("layer_id"),     RA_JSON_NAME("throwaway"),
    RA_JSON_NAME("checksum"),  RA_JSON_NAME("rootfs"),       RA_JSON_NAME("history"),
    RA_JSON_NAME("os"),        RA_JSON_NAME("architecture"), RA_JSON_NAME("variant"),
};

static const struct ra_json_name oci_members[] = {
    RA_JSON_NAME("created"),     RA_JSON_NAME("author"), RA_JSON_NAME("os.version"),
    RA_JSON_NAME("os.features"), RA_JSON_NAME("config"),
};

static const struct ra_json_name oci_config[] = {
    RA_JSON_NAME("User"),        RA_JSON_NAME("ExposedPorts"), RA_JSON_NAME("Env"),
    RA_JSON_NAME("Entrypoint"),  RA_JSON_NAME("Cmd"),          RA_JSON_NAME("Volumes"),
    RA_JSON_NAME("WorkingDir"),  RA_JSON_NAME("Labels"),       RA_JSON_NAME("StopSignal"),
    RA_JSON_NAME("ArgsEscaped"),
};

/* What changes how an image behaves, and has no place there. */
static const struct ra_json_name oci_lacks[] = {
    RA_JSON_NAME("OnBuild"),
    RA_JSON_NAME("Healthcheck"),
    RA_JSON_NAME("Shell"),
};

#define KNOWN(key, names) (ra_json_key(key, names, RA_COUNT(names)) >= 0)

static bool is_time(const char *value, size_t n)
{
    int64_t when;
    return n > 2 && value[0] == '"' && ra_time_parse(value + 1, n - 2, &when);
}

static bool keeps(const struct ra_v1_recipe *r, const struct member *m)
{
    static const struct ra_json_name created = RA_JSON_NAME("created");
    if (KNOWN(&m->key, dropped))
        return false;
    if (r->format == RA_V1_OCI && !KNOWN(&m->key, oci_members))
        return false;
    return ra_json_key(&m->key, &created, 1) < 0 || is_time(m->value, m->n);
}

static int read_members(const struct ra_v1_recipe *r, struct members *out, struct ra_err *err)
{
    struct ra_json j;
    struct member m = {0};
    ra_json_init(&j, r->json, r->json_len);
    if (!ra_json_open_object(&j))
        return ra_fail(err, RA_CORRUPT, "it is no JSON object");
    while (ra_json_next_member(&j, &m.key) && ra_json_span(&j, &m.value, &m.n)) {
        if (!keeps(r, &m))
            continue;
        char *name = ra_arena_alloc(&out->arena, 3 * m.key.n + 1);
        ra_json_decode(&m.key, name, 3 * m.key.n + 1);
        m.name = name;
        *ra_vec_push(&out->list) = m;
    }
    return ra_json_finish(&j, err);
}

static void add_value(struct members *m, const char *name, const struct ra_buf *value)
{
    *ra_vec_push(&m->list) = (struct member){
        .name = name,
        .value = ra_arena_strndup(&m->arena, value->data, value->len),
        .n = value->len,
    };
}

static void add_text(struct members *m, const char *name, const char *text)
{
    RA_BUF_AUTO value = {0};
    struct ra_jsonw w;
    if (!*text)
        return;
    ra_jsonw_to_buf(&w, &value, false);
    ra_jsonw_str(&w, text);
    ra_jsonw_finish(&w, NULL);
    add_value(m, name, &value);
}

static void put_text(struct ra_jsonw *w, const char *key, const char *text)
{
    if (*text)
        ra_jsonw_key_str(w, key, text);
}

static void add_history(struct members *m, const struct ra_v1_recipe *r)
{
    RA_BUF_AUTO value = {0};
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, &value, false);
    ra_jsonw_array(&w);
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct ra_v1_image *image = r->steps[i].image;
        ra_jsonw_object(&w);
        put_text(&w, "created", image->created);
        put_text(&w, "created_by", image->created_by);
        put_text(&w, "author", image->author);
        put_text(&w, "comment", image->comment);
        if (r->steps[i].empty)
            ra_jsonw_key_bool(&w, "empty_layer", true);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
    add_value(m, "history", &value);
}

static void add_rootfs(struct members *m, const struct ra_v1_recipe *r)
{
    RA_BUF_AUTO value = {0};
    struct ra_jsonw w;
    char text[RA_DIGEST_TEXT];
    ra_jsonw_to_buf(&w, &value, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_str(&w, "type", "layers");
    ra_jsonw_key(&w, "diff_ids");
    ra_jsonw_array(&w);
    for (size_t i = 0; i < r->n_diff_ids; i++)
        ra_jsonw_str(&w, ra_digest_text(&r->diff_ids[i], text));
    ra_jsonw_end(&w);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
    add_value(m, "rootfs", &value);
}

void ra_v1_platform(const struct ra_v1_step *steps, size_t n, struct ra_v1_platform *out)
{
    const char *architecture = "", *os = "";
    for (size_t i = n; i-- > 0;) {
        if (!*architecture)
            architecture = steps[i].image->architecture;
        if (!*os)
            os = steps[i].image->os;
    }
    out->architecture_assumed = !*architecture;
    out->os_assumed = !*os;
    out->os = *os ? os : "linux";
    out->architecture = ra_v1_architecture(*architecture ? architecture : "amd64", &out->variant);
}

static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->value < y->value ? -1 : x->value > y->value;
}

static bool says_nothing(const char *value, size_t n)
{
    return (n == 4 && memcmp(value, "null", 4) == 0) || strspn(value, "[]{}\" \t\r\n") >= n;
}

/* Passes over a member that OCI does not know. */
static void lose(struct ra_json *j, const struct ra_json_str *key, struct ra_buf *lost)
{
    const char *value;
    size_t n;
    int i = ra_json_key(key, oci_lacks, RA_COUNT(oci_lacks));
    if (ra_json_span(j, &value, &n) && lost && i >= 0 && !says_nothing(value, n))
        ra_buf_addf(lost, "%s%s", lost->len ? ", " : "", oci_lacks[i].text);
}

/* Members of `config` that OCI knows; anything but an object becomes none. */
static void copy_oci_config(struct ra_jsonw *w, struct ra_json *j, struct ra_buf *lost)
{
    struct ra_json_str key;
    ra_jsonw_object(w);
    if (ra_json_open_object(j))
        while (ra_json_next_member(j, &key)) {
            int known = ra_json_key(&key, oci_config, RA_COUNT(oci_config));
            if (known < 0) {
                lose(j, &key, lost);
                continue;
            }
            ra_jsonw_key(w, oci_config[known].text);
            ra_json_copy(j, w);
        }
    ra_jsonw_end(w);
}

static void write_member(struct ra_jsonw *w, const struct member *m, enum ra_v1_format format,
                         struct ra_buf *lost)
{
    struct ra_json j;
    ra_json_init(&j, m->value, m->n);
    ra_jsonw_key(w, m->name);
    if (format == RA_V1_OCI && ra_streq(m->name, "config"))
        copy_oci_config(w, &j, lost);
    else
        ra_json_copy(&j, w);
}

int ra_v1_config(const struct ra_v1_recipe *r, struct ra_buf *out, struct ra_buf *lost, struct ra_err *err)
{
    RA_AUTO(members, _release) m = {0};
    struct ra_v1_platform platform;
    struct ra_jsonw w;
    int rc = read_members(r, &m, err);
    if (rc < 0)
        return rc;
    ra_v1_platform(r->steps, r->n_steps, &platform);
    add_text(&m, "architecture", platform.architecture);
    add_text(&m, "variant", platform.variant);
    add_text(&m, "os", platform.os);
    add_history(&m, r);
    add_rootfs(&m, r);
    qsort(m.list.at, m.list.n, sizeof(*m.list.at), by_name);
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_object(&w);
    for (size_t i = 0; i < m.list.n; i++)
        /* Of twins the last one counts, as for every reader. */
        if (i + 1 == m.list.n || !ra_streq(m.list.at[i].name, m.list.at[i + 1].name))
            write_member(&w, &m.list.at[i], r->format, lost);
    ra_jsonw_end(&w);
    return ra_jsonw_finish(&w, err);
}

static void put_descriptor(struct ra_jsonw *w, const char *media_type, uint64_t size,
                           const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "mediaType", media_type);
    ra_jsonw_key_u64(w, "size", size);
    ra_jsonw_key_str(w, "digest", ra_digest_text(d, text));
    ra_jsonw_end(w);
}

void ra_v1_manifest(enum ra_v1_format format, const struct ra_digest *config, uint64_t config_size,
                    const struct ra_v1_layer *layers, size_t n, struct ra_buf *out)
{
    static const struct {
        const char *manifest, *config, *gzip, *plain;
    } types[] = {
        [RA_V1_DOCKER] = {RA_MT_DOCKER_MANIFEST, RA_MT_DOCKER_CONFIG, RA_MT_DOCKER_LAYER_GZIP,
                          RA_MT_DOCKER_LAYER},
        [RA_V1_OCI] = {RA_MT_OCI_MANIFEST, RA_MT_OCI_CONFIG, RA_MT_OCI_LAYER_GZIP, RA_MT_OCI_LAYER},
    };
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "schemaVersion", 2);
    ra_jsonw_key_str(&w, "mediaType", types[format].manifest);
    ra_jsonw_key(&w, "config");
    put_descriptor(&w, types[format].config, config_size, config);
    ra_jsonw_key(&w, "layers");
    ra_jsonw_array(&w);
    for (size_t i = 0; i < n; i++)
        put_descriptor(&w, layers[i].gzip ? types[format].gzip : types[format].plain, layers[i].size,
                       &layers[i].digest);
    ra_jsonw_end(&w);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
}
