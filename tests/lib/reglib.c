#include "lib/reglib.h"

#include "base/vec.h"
#include "registry/layout.h"
#include "store/driver.h"
#include "store/mem.h"

#define OCI "application/vnd.oci.image."

struct ra_store *t_reg_new_flat(void)
{
    struct ra_store *s = ra_mem_open();
    ra_mem_set_clock(s, T_OLD);
    return s;
}

struct ra_store *t_reg_new(void)
{
    struct ra_store *s = t_reg_new_flat();
    s->info.caps &= ~(unsigned)(RA_CAP_LIST_FLAT | RA_CAP_LIST_SIZE);
    return s;
}

void t_reg_put(struct ra_store *s, const char *key, const char *text)
{
    struct ra_err err = {0};
    t_ok(ra_store_put(s, key, text, strlen(text), RA_WRITE_REPLACE, &err), &err);
}

void t_reg_link(struct ra_store *s, const char *key, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    t_reg_put(s, key, ra_digest_text(d, text));
}

struct ra_digest t_reg_blob(struct ra_store *s, const char *text)
{
    struct ra_digest d;
    struct ra_key key;
    ra_digest_of(RA_SHA256, text, strlen(text), &d);
    t_reg_put(s, ra_key_blob(&key, &d), text);
    return d;
}

struct ra_digest t_reg_layer(struct ra_store *s, const char *repo, const char *seed)
{
    struct ra_key key;
    struct ra_digest d = t_reg_blob(s, seed);
    t_reg_link(s, ra_key_layer(&key, repo, &d), &d);
    return d;
}

struct ra_digest t_reg_manifest(struct ra_store *s, const char *repo, const char *json)
{
    struct ra_key key;
    struct ra_digest d = t_reg_blob(s, json);
    t_reg_link(s, ra_key_revision(&key, repo, &d), &d);
    return d;
}

static const char *descriptor(struct ra_store *s, const char *type, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    struct ra_stat st = {0};
    struct ra_key key;
    ra_store_stat(s, ra_key_blob(&key, d), &st, NULL);
    return t_fmt("{\"mediaType\":\"%s\",\"size\":%llu,\"digest\":\"%s\"}", type, (unsigned long long)st.size,
                 ra_digest_text(d, text));
}

struct ra_digest t_reg_image(struct ra_store *s, const char *repo, const char *seed,
                             const struct ra_digest *shared, const struct ra_digest *subject)
{
    struct ra_key key;
    struct ra_digest config = t_reg_layer(s, repo, t_fmt("{\"os\":\"linux\",\"seed\":\"%s\"}", seed));
    struct ra_digest layer = t_reg_layer(s, repo, t_fmt("layer of %s", seed));
    if (shared)
        t_reg_link(s, ra_key_layer(&key, repo, shared), shared);
    const char *more = shared ? t_fmt(",%s", descriptor(s, OCI "layer.v1.tar", shared)) : "";
    const char *about =
        subject ? t_fmt(",\"subject\":%s", descriptor(s, OCI "manifest.v1+json", subject)) : "";
    return t_reg_manifest(s, repo,
                          t_fmt("{\"schemaVersion\":2,\"mediaType\":\"" OCI
                                "manifest.v1+json\",\"config\":%s,\"layers\":[%s%s]%s}",
                                descriptor(s, OCI "config.v1+json", &config),
                                descriptor(s, OCI "layer.v1.tar", &layer), more, about));
}

struct ra_digest t_reg_index(struct ra_store *s, const char *repo, const struct ra_digest *children, size_t n)
{
    const char *list = "";
    for (size_t i = 0; i < n; i++)
        list = t_fmt("%s%s%s", list, i ? "," : "", descriptor(s, OCI "manifest.v1+json", &children[i]));
    return t_reg_manifest(
        s, repo,
        t_fmt("{\"schemaVersion\":2,\"mediaType\":\"" OCI "index.v1+json\",\"manifests\":[%s]}", list));
}

void t_reg_tag(struct ra_store *s, const char *repo, const char *tag, const struct ra_digest *d)
{
    struct ra_key key;
    t_reg_link(s, ra_key_tag_history(&key, repo, tag, d), d);
    t_reg_link(s, ra_key_tag_current(&key, repo, tag), d);
}

void t_reg_alias(struct ra_store *s)
{
    struct ra_key key;
    struct ra_digest strong, layer = t_reg_layer(s, "strong", "known by sha512");
    char text[RA_DIGEST_TEXT];
    ra_digest_of(RA_SHA512, "known by sha512", strlen("known by sha512"), &strong);
    t_reg_link(s, ra_key_layer(&key, "strong", &strong), &layer);
    struct ra_digest image = t_reg_manifest(
        s, "strong",
        t_fmt("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":"
              "[{\"mediaType\":\"x\",\"size\":15,\"digest\":\"%s\"}]}",
              ra_digest_text(&strong, text)));
    t_reg_tag(s, "strong", "v1", &image);
}

const char *t_reg_at(const char *repo, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    return t_fmt("%s@%s", repo, ra_digest_text(d, text));
}

bool t_reg_has(struct ra_store *s, const char *key)
{
    struct ra_stat st;
    return ra_store_stat(s, key, &st, NULL) == 0;
}

bool t_reg_has_blob(struct ra_store *s, const struct ra_digest *d)
{
    struct ra_key key;
    return t_reg_has(s, ra_key_blob(&key, d));
}

bool t_reg_has_revision(struct ra_store *s, const char *repo, const struct ra_digest *d)
{
    struct ra_key key;
    return t_reg_has(s, ra_key_revision(&key, repo, d));
}

bool t_reg_has_layer(struct ra_store *s, const char *repo, const struct ra_digest *d)
{
    struct ra_key key;
    return t_reg_has(s, ra_key_layer(&key, repo, d));
}

bool t_reg_has_tag(struct ra_store *s, const char *repo, const char *tag)
{
    struct ra_key key;
    return t_reg_has(s, ra_key_tag_current(&key, repo, tag));
}

void t_reg_remove(struct ra_store *s, const char *key)
{
    struct ra_err err = {0};
    struct ra_removal item = {.key = key};
    t_ok(ra_store_remove(s, &item, 1, RA_ANY_AGE, &err), &err);
    assert_int_equal(item.status, 0);
}

static const char *line_of(struct ra_store *s, const char *key)
{
    struct ra_err err = {0};
    struct ra_digest d;
    char text[RA_DIGEST_TEXT];
    RA_BUF_AUTO bytes = {0};
    t_ok(ra_store_get(s, key, RA_BUF_MAX, &bytes, NULL, &err), &err);
    ra_digest_of(RA_SHA256, ra_buf_str(&bytes), bytes.len, &d);
    return t_fmt("%s %.19s\n", key, ra_digest_text(&d, text));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *t_reg_listing(struct ra_store *s)
{
    struct ra_err err = {0};
    struct ra_list_opts opts = {.mode = RA_LIST_DEEP};
    struct ra_page page;
    RA_AUTO_PTR(ra_list) list = NULL;
    RA_VEC(const char *) lines = {0};
    RA_BUF_AUTO all = {0};
    t_ok(ra_list_open(s, "", &opts, &list, &err), &err);
    while (ra_list_next(list, &page, &err) > 0)
        for (size_t i = 0; i < page.n; i++)
            *ra_vec_push(&lines) = line_of(s, page.at[i].name);
    if (lines.n)
        qsort(lines.at, lines.n, sizeof(*lines.at), compare);
    ra_vec_each (line, &lines)
        ra_buf_adds(&all, *line);
    ra_vec_release(&lines);
    return t_fmt("%s", ra_buf_str(&all));
}
