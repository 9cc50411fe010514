#include "registry/dockertar.h"

#include "format/json.h"

void ra_docker_images_release(struct ra_docker_images *d)
{
    ra_arena_release(&d->arena);
    *d = (struct ra_docker_images){0};
}

static const char *decode(struct ra_arena *a, const struct ra_json_str *s)
{
    size_t n = ra_json_decode(s, NULL, 0);
    char *text = ra_arena_alloc(a, n + 1);
    ra_json_decode(s, text, n + 1);
    return text;
}

static void read_strings(struct ra_json *j, struct ra_arena *a, struct ra_strings *out)
{
    struct ra_json_str s;
    if (!ra_json_open_array(j))
        return;
    while (ra_json_next_element(j))
        if (ra_json_string(j, &s))
            *ra_arena_push(a, out) = decode(a, &s);
}

static void read_image(struct ra_json *j, struct ra_docker_images *d)
{
    static const struct ra_json_name names[] = {RA_JSON_NAME("Config"), RA_JSON_NAME("RepoTags"),
                                                RA_JSON_NAME("Layers")};
    struct ra_docker_image image = {0};
    struct ra_json_str key, text;
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key)) {
        switch (ra_json_key(&key, names, RA_COUNT(names))) {
        case 0:
            if (ra_json_string(j, &text))
                image.config = decode(&d->arena, &text);
            break;
        case 1:
            read_strings(j, &d->arena, &image.tags);
            break;
        case 2:
            read_strings(j, &d->arena, &image.layers);
            break;
        default:
            ra_json_skip(j);
        }
    }
    *ra_arena_push(&d->arena, d) = image;
}

static bool is_manifest(const char *text, size_t n)
{
    static const char member[] = "\"schemaVersion\"";
    return memmem(text, n, member, sizeof(member) - 1) != NULL;
}

int ra_docker_manifest_parse(const void *bytes, size_t n, struct ra_docker_images *out, struct ra_err *err)
{
    struct ra_json j;
    ra_docker_images_release(out);
    ra_json_init(&j, bytes, n);
    if (ra_json_open_array(&j))
        while (ra_json_next_element(&j))
            read_image(&j, out);
    int rc = ra_json_finish(&j, err);
    if (rc < 0)
        return rc;
    if (ra_json_mismatch(&j) && is_manifest(bytes, n))
        return ra_hint(
            err,
            ra_fail(err, RA_UNSUPPORTED, "it is the manifest of an image, as in a folder of skopeo's dir:"),
            "have an archive made of it: skopeo copy dir:FOLDER oci-archive:FILE");
    if (ra_json_mismatch(&j))
        return ra_fail(err, RA_CORRUPT, "it does not have the form of a table of images");
    for (size_t i = 0; i < out->n; i++)
        if (!out->at[i].config || !*out->at[i].config)
            return ra_fail(err, RA_CORRUPT, "image %zu has no config", i + 1);
    return 0;
}

/* {"tag": "<id>"}: each an image of its own, since nothing says which ids are the same picture. */
static void read_tags(struct ra_json *j, struct ra_docker_images *d, const char *repo)
{
    struct ra_json_str key, id;
    RA_BUF_AUTO name = {0};
    if (!ra_json_open_object(j))
        return;
    while (ra_json_next_member(j, &key)) {
        if (!ra_json_string(j, &id))
            continue;
        ra_buf_clear(&name);
        ra_buf_addf(&name, "%s:%s", repo, decode(&d->arena, &key));
        struct ra_docker_image *image = ra_arena_push(&d->arena, d);
        image->config = decode(&d->arena, &id);
        *ra_arena_push(&d->arena, &image->tags) = ra_arena_strdup(&d->arena, ra_buf_str(&name));
    }
}

int ra_docker_repositories_parse(const void *bytes, size_t n, struct ra_docker_images *out,
                                 struct ra_err *err)
{
    struct ra_json j;
    struct ra_json_str repo;
    ra_docker_images_release(out);
    ra_json_init(&j, bytes, n);
    if (ra_json_open_object(&j))
        while (ra_json_next_member(&j, &repo))
            read_tags(&j, out, decode(&out->arena, &repo));
    int rc = ra_json_finish(&j, err);
    if (rc == 0 && ra_json_mismatch(&j))
        return ra_fail(err, RA_CORRUPT, "it does not have the form of a table of repositories");
    return rc;
}
