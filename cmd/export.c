#include "print.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "jobs/export.h"
#include "registry/storage.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    bool all, no_untagged, plain_layers, verify, skip_damaged, tag_names, docker_table, catalog, timestamp;
    const char *output, *platform, *registry, *since, *have;
    int format, compress;
};

static const struct options defaults = {.verify = true, .docker_table = true, .timestamp = true};

static const char *const formats[] = {"backup", "docker", NULL};
static const char *const compressions[] = {"none", "gzip", "zstd", NULL};

#define OPTION(member) offsetof(struct options, member)

static const struct ra_opt options[] = {
    {"output", 'o', RA_OPT_STR, OPTION(output), "FILE",
     "write to FILE, which appears complete or not at all, over what it held; a device or a fifo is written "
     "in place, and - is standard output",
     .complete = RA_COMPLETE_FILE},
    {"all", 'a', RA_OPT_FLAG, OPTION(all), NULL, "the whole registry"},
    {"format", 'f', RA_OPT_ENUM, OPTION(format), "FORMAT",
     "backup (default): OCI layout with the complete state; docker: a docker-archive and nothing else",
     .choices = formats},
    {"platform", 0, RA_OPT_STR, OPTION(platform), "OS/ARCH", "of multi-platform images only this platform"},
    {"no-untagged", 0, RA_OPT_FLAG, OPTION(no_untagged), NULL,
     "only what tags lead to, with signatures and other things that are about it"},
    {"since", 0, RA_OPT_STR, OPTION(since), "ARCHIVE",
     "an increment: leave out what this earlier backup holds or builds on", .complete = RA_COMPLETE_FILE},
    {"have", 0, RA_OPT_STR, OPTION(have), "FILE",
     "an increment: leave out all digests that stand in FILE; - is standard input",
     .complete = RA_COMPLETE_FILE},
    {"print-catalog", 0, RA_OPT_FLAG, OPTION(catalog), NULL,
     "write the catalogue only: what another registry gives to --have"},
    {"name", 0, RA_OPT_STR, OPTION(registry), "REGISTRY",
     "put REGISTRY/ before the names that other tools read, docker.io for instance"},
    {"tag-names", 0, RA_OPT_FLAG, OPTION(tag_names), NULL,
     "name images in index.json by their tag alone, for oras and umoci"},
    {"plain-layers", 0, RA_OPT_FLAG, OPTION(plain_layers), NULL,
     "with --format docker: unpack the layers, for old Dockers that do not know their compression"},
    {"no-docker-table", 0, RA_OPT_OFF, OPTION(docker_table), NULL,
     "write no manifest.json beside index.json"},
    {"compress", 'z', RA_OPT_ENUM, OPTION(compress), "METHOD",
     "compress the whole file: none (default), gzip or zstd", .choices = compressions},
    {"skip-damaged", 0, RA_OPT_FLAG, OPTION(skip_damaged), NULL,
     "leave out images that are not whole, and say so, instead of failing"},
    {"no-verify", 0, RA_OPT_OFF, OPTION(verify), NULL,
     "do not compare blobs with their digests while they are copied"},
    {"no-timestamp", 0, RA_OPT_OFF, OPTION(timestamp), NULL,
     "leave the time out of the header, so that the same state gives the same bytes"},
    {0},
};

static int print_json(struct ra_ctx *ctx, const struct ra_export_result *r, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key(&w, "images");
    ra_jsonw_array(&w);
    ra_vec_each (image, &r->images) {
        char text[RA_DIGEST_TEXT];
        ra_digest_text(&image->digest, text);
        ra_auto_free char *ref = image->tag ? ra_asprintf("%s:%s", image->repo, image->tag)
                                            : ra_asprintf("%s@%s", image->repo, text);
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "reference", ref);
        ra_jsonw_key_str(&w, "digest", text);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    ra_jsonw_key(&w, "blobs");
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "written", r->written);
    ra_jsonw_key_u64(&w, "bytes", r->bytes);
    ra_jsonw_key_u64(&w, "omitted", r->omitted);
    ra_jsonw_end(&w);
    ra_jsonw_key_u64(&w, "archive_bytes", r->file_bytes);
    ra_json_digest(&w, "archive_id", r->has_id ? &r->archive_id : NULL);
    return ra_json_close(&w, ctx, err);
}

static void say_result(struct ra_ctx *ctx, const struct options *o, const struct ra_export_result *r)
{
    if (o->catalog)
        return;
    char images[RA_COUNT_OF_TEXT], written[RA_COUNT_OF_TEXT], omitted[RA_COUNT_OF_TEXT], bytes[RA_SIZE_TEXT];
    RA_BUF_AUTO output = {0};
    const char *name = ra_streq(o->output, "-") ? "standard output" : o->output;
    ra_text_safe(&output, name, strlen(name));
    ra_say(ctx, "%s, %s, %s written to '%s'", ra_count_of(r->images.n, "image", images),
           ra_count_of(r->written, "blob", written), ra_size_text(r->file_bytes, bytes), ra_buf_str(&output));
    if (r->omitted)
        ra_say(ctx, "%s left out: the receiver has them", ra_count_of(r->omitted, "blob", omitted));
}

static void print_names(const struct ra_export_result *r)
{
    ra_vec_each (image, &r->images)
        if (image->tag)
            ra_print_name(image->repo, image->tag);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static int check(const struct ra_ctx *ctx, const struct options *o, struct ra_err *err)
{
    if (!o->all && ctx->operands.n == 0)
        return ra_fail(err, RA_USAGE, "name images or repositories, or say --all");
    if (o->all && ctx->operands.n)
        return ra_fail(err, RA_USAGE, "--all leaves nothing to name; -o '%s' would write to that file",
                       ctx->operands.at[0]);
    if (o->platform && !strchr(o->platform, '/'))
        return ra_fail(err, RA_USAGE, "'%s' is no platform: write OS/ARCH, linux/amd64 for instance",
                       o->platform);
    bool piped = !o->output || ra_streq(o->output, "-");
    if (piped && ra_stdout_is_terminal() && !o->catalog)
        return ra_fail(err, RA_USAGE, "an archive does no good on a terminal: use -o FILE, or a pipe");
    if (piped && ctx->g.json)
        return ra_fail(err, RA_USAGE, "--json needs -o FILE: standard output has the archive");
    if (o->since && o->output && is_same_file(o->since, o->output))
        return ra_fail(err, RA_USAGE, "'%s' is what --since builds on: write the increment to another file",
                       o->output);
    if (o->format == RA_EXPORT_DOCKER && (o->since || o->have || o->catalog))
        return ra_fail(err, RA_USAGE, "a docker-archive has no increments and no catalogue");
    if (o->format != RA_EXPORT_DOCKER && o->plain_layers)
        return ra_fail(err, RA_USAGE, "--plain-layers needs --format docker: a backup keeps what is stored");
    return 0;
}

/* SOURCE_DATE_EPOCH is the convention for reproducible files. */
static const char *timestamp(const struct options *o, char out[static RA_TIME_TEXT])
{
    const char *epoch = ra_env_get((const char *const *)environ, "SOURCE_DATE_EPOCH");
    uint64_t seconds;
    if (!o->timestamp)
        return NULL;
    if (epoch && ra_parse_u64(epoch, &seconds) && seconds < (uint64_t)INT64_MAX / RA_SECOND)
        return ra_time_text((int64_t)seconds * RA_SECOND, false, out);
    return ra_time_text(ra_time_now(), false, out);
}

/* "export team/app app.tar" is what somebody means who forgets -o. */
static int hint_output(const struct ra_ctx *ctx, int rc, struct ra_err *err)
{
    const struct ra_strlist *names = &ctx->operands;
    const char *last = names->n ? names->at[names->n - 1] : "";
    bool file = ra_ends_with(last, ".tar") || ra_ends_with(last, "gz") || ra_ends_with(last, ".zst");
    return file ? ra_hint(err, rc, "-o '%s' would write to that file", last) : rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    struct options *o = ctx->opts;
    RA_EXPORT_RESULT_AUTO result = {0};
    char time[RA_TIME_TEXT];
    int rc = check(ctx, o, err);
    if (rc < 0)
        return rc;
    if (!o->output)
        o->output = "-";
    ctx->output = o->output;
    struct ra_export_opts opts = {
        .refs = &ctx->operands,
        .output = o->output,
        .format = (enum ra_export_format)o->format,
        .compress = (enum ra_export_compress)o->compress,
        .no_untagged = o->no_untagged,
        .plain_layers = o->plain_layers,
        .no_verify = !o->verify,
        .skip_damaged = o->skip_damaged,
        .tag_names = o->tag_names,
        .no_docker_table = !o->docker_table,
        .catalog_only = o->catalog,
        .platform = o->platform,
        .registry = o->registry,
        .since = o->since,
        .have = o->have,
        .created = timestamp(o, time),
    };
    if ((rc = ra_export(&ctx->job, &opts, &result, err)) < 0)
        return rc == -RA_NOTFOUND ? hint_output(ctx, rc, err) : rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, &result, err);
    if (ctx->g.names_only && !ra_streq(o->output, "-"))
        print_names(&result);
    say_result(ctx, o, &result);
    return 0;
}

static const char *const aliases[] = {"save", NULL};

static const struct ra_example examples[] = {
    {"export --all -o backup.tar", "The whole registry; restore it with regadm import"},
    {"export --all --since backup.tar -o tuesday.tar", "What has come since"},
    {"export --all | ssh host regadm import", "To another machine, without a file"},
    {"export team/app:1.2 -o app.tar", "One image, for docker load, podman load, skopeo, ctr and regadm"},
    {0},
};

const struct ra_cmd ra_cmd_export = {
    .name = "export",
    .aliases = aliases,
    .group = "Carry",
    .summary = "back up the registry, save images as tarballs",
    .operands = "[REF|PATTERN...]",
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REF,
    .prose = "Writes images, repositories or the whole registry into one tar file, which regadm import "
             "restores and other tools read as an OCI archive or a docker-archive. Every blob is compared "
             "with its digest on the way; a damaged one is named and makes the export fail, unless "
             "--skip-damaged is given. The registry may go on serving and taking pushes meanwhile.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
