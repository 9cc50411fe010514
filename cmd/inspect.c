#include "inspect_files.h"
#include "inspect_page.h"
#include "print.h"
#include "verbs.h"

#include "format/json.h"
#include "jobs/inspect.h"

struct options {
    bool raw, config, files;
    const char *platform, *layer, *cat;
};

static const struct ra_opt options[] = {
    {"raw", 0, RA_OPT_FLAG, offsetof(struct options, raw), NULL, "print the manifest's exact bytes"},
    {"config", 0, RA_OPT_FLAG, offsetof(struct options, config), NULL,
     "print the image config's exact bytes (the registry's config.yml is named before the verb)"},
    {"platform", 0, RA_OPT_STR, offsetof(struct options, platform), "OS/ARCH[/VARIANT]",
     "of a multi-platform image show this platform's"},
    {"files", 0, RA_OPT_FLAG, offsetof(struct options, files), NULL,
     "list the files of the image, as a container sees them"},
    {"layer", 0, RA_OPT_STR, offsetof(struct options, layer), "N|DIGEST|all",
     "list what one layer adds, changes and removes: 1 is the lowest"},
    {"cat", 0, RA_OPT_STR, offsetof(struct options, cat), "PATH", "print one file of the image"},
    {0},
};

static void json_parts(struct ra_jsonw *w, const struct ra_inspection *in)
{
    const struct ra_descriptors *parts = in->manifest.blobs.n ? &in->manifest.blobs : &in->manifest.layers;
    ra_jsonw_key(w, "layers");
    ra_jsonw_array(w);
    for (size_t i = 0; i < parts->n; i++) {
        const struct ra_descriptor *d = &parts->at[i];
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "digest", d->text);
        ra_jsonw_key_str(w, "media_type", *d->media_type ? d->media_type : NULL);
        ra_jsonw_key_i64(w, "bytes", d->size);
        ra_jsonw_key_bool(w, "present", in->layers.at[i]);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_manifests(struct ra_jsonw *w, const struct ra_inspection *in)
{
    char text[RA_PLATFORM_TEXT];
    ra_jsonw_key(w, "manifests");
    ra_jsonw_array(w);
    for (size_t i = 0; i < in->manifest.manifests.n; i++) {
        const struct ra_descriptor *d = &in->manifest.manifests.at[i];
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "digest", d->text);
        ra_jsonw_key_str(w, "media_type", *d->media_type ? d->media_type : NULL);
        ra_jsonw_key_i64(w, "bytes", d->size);
        ra_jsonw_key_str(w, "platform", d->has_platform ? ra_platform_text(&d->platform, text) : NULL);
        ra_jsonw_key_bool(w, "present", in->manifests.at[i]);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_referrers(struct ra_jsonw *w, const struct ra_inspection *in)
{
    ra_jsonw_key(w, "referrers");
    ra_jsonw_array(w);
    ra_vec_each (r, &in->referrers) {
        ra_jsonw_object(w);
        ra_json_digest(w, "digest", &r->digest);
        ra_jsonw_key_str(w, "artifact_type", *r->artifact_type ? r->artifact_type : NULL);
        ra_jsonw_key_u64(w, "bytes", r->bytes);
        ra_jsonw_key_str(w, "tag", r->tag);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_strings(struct ra_jsonw *w, const char *key, char *const *at, size_t n)
{
    ra_jsonw_key(w, key);
    ra_jsonw_array(w);
    for (size_t i = 0; i < n; i++)
        ra_jsonw_str(w, at[i]);
    ra_jsonw_end(w);
}

static bool is_json(const struct ra_buf *bytes)
{
    struct ra_json json;
    ra_json_init(&json, bytes->data, bytes->len);
    return bytes->len && ra_json_skip(&json) && ra_json_finish(&json, NULL) == 0;
}

/* The config as it is stored; null when it is no JSON. */
static void json_config(struct ra_jsonw *w, const struct ra_inspection *in)
{
    struct ra_json json;
    ra_json_init(&json, in->config_bytes.data, in->config_bytes.len);
    ra_jsonw_key(w, "config");
    if (!is_json(&in->config_bytes))
        ra_jsonw_null(w);
    else
        ra_json_copy(&json, w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_inspection *in, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_str(&w, "repository", in->repository);
    ra_jsonw_key_str(&w, "tag", in->tag);
    ra_json_digest(&w, "digest", &in->digest);
    ra_jsonw_key_str(&w, "kind", ra_image_kind(&in->image));
    ra_jsonw_key_str(&w, "media_type", *in->manifest.media_type ? in->manifest.media_type : NULL);
    ra_jsonw_key_u64(&w, "bytes", in->image.bytes);
    json_strings(&w, "platforms", in->image.platforms.at, in->image.platforms.n);
    ra_json_time(&w, "created", in->image.created);
    ra_json_time(&w, "updated", in->updated);
    json_config(&w, in);
    json_parts(&w, in);
    json_manifests(&w, in);
    json_referrers(&w, in);
    json_strings(&w, "tags", in->tags.at, in->tags.n);
    return ra_json_close(&w, ctx, err);
}

static int print_bytes(const struct ra_buf *bytes, struct ra_err *err)
{
    if (fwrite(bytes->data, 1, bytes->len, stdout) != bytes->len || fflush(stdout) != 0)
        return ra_fail_sys(err, "cannot write the output");
    return 0;
}

static int print_config(const struct ra_inspection *in, struct ra_err *err)
{
    if (in->config_bytes.len)
        return print_bytes(&in->config_bytes, err);
    return ra_fail(err, RA_NOTFOUND,
                   in->manifest.config ? "its config is not there, or cannot be read" : "it has no config");
}

static void print_digest(const struct ra_inspection *in)
{
    char text[RA_DIGEST_TEXT];
    puts(ra_digest_text(&in->digest, text));
}

/* The one platform of an index, where there is one alone: builders put attestations beside a single image. */
static const char *only_platform(const struct ra_manifest *m, char out[static RA_PLATFORM_TEXT])
{
    const struct ra_descriptor *only = NULL;
    for (size_t i = 0; i < m->manifests.n; i++) {
        const struct ra_descriptor *d = &m->manifests.at[i];
        if (!d->valid || !d->has_platform || ra_streq(d->platform.os, "unknown"))
            continue;
        if (only)
            return NULL;
        only = d;
    }
    return only ? ra_platform_text(&only->platform, out) : NULL;
}

static int which_platform(const struct ra_manifest *m, const char *what, struct ra_err *err)
{
    RA_BUF_AUTO list = {0};
    char text[RA_PLATFORM_TEXT];
    if (m->manifests.n == 0)
        return ra_fail(err, RA_NOTFOUND, "it is an index that names no image: it has no %s", what);
    for (size_t i = 0; i < m->manifests.n; i++)
        if (m->manifests.at[i].has_platform && *ra_platform_text(&m->manifests.at[i].platform, text))
            ra_buf_addf(&list, "%s%s", list.len ? ", " : "", text);
    int rc = ra_fail(err, RA_NOTFOUND, "it is an index of several images: which one's %s?", what);
    return ra_hint(err, rc, "say it with --platform: %s", list.len ? ra_buf_str(&list) : "OS/ARCH");
}

/* For what only a single image has. */
static int look_at_image(struct ra_ctx *ctx, unsigned want, const char *what, struct ra_inspection *in,
                         struct ra_err *err)
{
    const struct options *o = ctx->opts;
    char platform[RA_PLATFORM_TEXT];
    int rc = ra_inspect(&ctx->job, ctx->operands.at[0], o->platform, want, in, err);
    if (rc < 0 || in->manifest.kind != RA_MANIFEST_INDEX)
        return rc;
    if (!only_platform(&in->manifest, platform))
        return which_platform(&in->manifest, what, err);
    ra_inspection_release(in);
    return ra_inspect(&ctx->job, ctx->operands.at[0], platform, want, in, err);
}

static void say_name(const struct ra_ctx *ctx, const struct ra_inspection *in)
{
    if (in->stripped)
        ra_say(ctx, "it is called '%s' in this storage", in->repository);
}

static int inspect_inside(struct ra_ctx *ctx, struct ra_inspection *in, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    int rc = look_at_image(ctx, o->config ? RA_INSPECT_CONFIG : RA_INSPECT_MANIFEST,
                           o->config ? "config" : "files", in, err);
    if (rc < 0)
        return rc;
    say_name(ctx, in);
    return o->config ? print_config(in, err)
           : o->cat  ? ra_inspect_cat(ctx, in, o->cat, err)
                     : ra_inspect_files(ctx, in, o->layer, err);
}

static int check_options(const struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    bool files = o->files || o->layer;
    if (o->raw + o->config + (o->cat != NULL) + (ctx->g.json || files) > 1)
        return ra_fail(err, RA_USAGE,
                       "only one of --raw, --config, --cat and --json or --files makes sense at a time");
    return 0;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_AUTO(ra_inspection, _release) in = {0};
    int rc = check_options(ctx, err);
    if (rc < 0)
        return rc;
    if (o->config || o->cat || o->files || o->layer)
        return inspect_inside(ctx, &in, err);
    unsigned want = o->raw || ctx->g.names_only ? RA_INSPECT_MANIFEST : RA_INSPECT_EVERYTHING;
    rc = ra_inspect(&ctx->job, ctx->operands.at[0], o->platform, want, &in, err);
    if (rc < 0)
        return rc;
    say_name(ctx, &in);
    if (o->raw)
        return print_bytes(&in.manifest_bytes, err);
    if (ctx->g.json)
        return print_json(ctx, &in, err);
    if (ctx->g.names_only)
        print_digest(&in);
    else
        ra_inspect_page(&in, ra_use_color(ctx, stdout), stdout);
    return 0;
}

static const struct ra_example examples[] = {
    {"inspect team/app:v1", "What an image is, what it runs, what it is made of"},
    {"inspect --platform linux/arm64 team/app:v1", "One platform of it"},
    {"inspect --files team/app:v1", "The files in it, and from which layer each comes"},
    {"inspect --layer 3 team/app:v1", "What its third layer added, changed and removed"},
    {"inspect --cat /etc/os-release team/app:v1", "One file of it"},
    {"inspect --raw team/app:v1 | sha256sum", "The manifest's bytes, whose digest is the image's"},
    {0},
};

const struct ra_cmd ra_cmd_inspect = {
    .name = "inspect",
    .aliases = (const char *const[]){"show", NULL},
    .group = "Look",
    .summary = "show an image: platforms, config, history, layers, referrers",
    .operands = "REF",
    .min = 1,
    .max = 1,
    .complete = RA_COMPLETE_REF,
    .prose = "Shows what a reference points to: REPO (its tag latest), REPO:TAG, REPO@DIGEST, where the "
             "first six or more digits of a digest will do. --files and --cat look into its layers, whatever "
             "they are compressed with.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
