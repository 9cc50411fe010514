#include "carry.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/num.h"

struct options {
    const char *as, *prefix;
    struct ra_strlist select;
    bool keep_host, replace, mirror, allow_missing, skip_diff_ids;
    int compression;
    uint64_t level, max_size;
};

static const char *const compressions[] = {"gzip", "zstd", "none", NULL};

#define OPTION(member) offsetof(struct options, member)

static const struct ra_opt options[] = {
    {"as", 0, RA_OPT_STR, OPTION(as), "REPO[:TAG]", "the name for what the archive holds, instead of its own",
     .complete = RA_COMPLETE_REPO},
    {"prefix", 0, RA_OPT_STR, OPTION(prefix), "PREFIX", "put PREFIX/ before every repository"},
    {"select", 's', RA_OPT_LIST, OPTION(select), "REF",
     "only this repository or repo:tag, under its new name; * matches within a component, ** across. May be "
     "repeated"},
    {"keep-host", 0, RA_OPT_FLAG, OPTION(keep_host), NULL,
     "keep a leading host as part of the name: docker.io/library/x stays so, and does not become x"},
    {"replace", 0, RA_OPT_FLAG, OPTION(replace), NULL,
     "move tags that point to another image; without it they stay"},
    {"mirror", 0, RA_OPT_FLAG, OPTION(mirror), NULL,
     "make the registry equal to a backup: move tags, and remove those that the backup does not have"},
    {"allow-missing", 0, RA_OPT_FLAG, OPTION(allow_missing), NULL,
     "store images and indexes though parts of them are neither in the archive nor in the registry"},
    {"layer-compression", 0, RA_OPT_ENUM, OPTION(compression), "METHOD",
     "what plain layers of a docker-archive become: gzip (default), zstd or none", .choices = compressions},
    {"level", 0, RA_OPT_UINT, OPTION(level), "N",
     "compression level: gzip 1 to 3 (default: 2; 3 is 2 % smaller and takes twice as long), zstd 1 to 19",
     .min = 1, .max = 19},
    {"no-verify-diff-ids", 0, RA_OPT_FLAG, OPTION(skip_diff_ids), NULL,
     "do not unpack the compressed layers of a docker-archive to compare them with the config"},
    {"max-size", 0, RA_OPT_SIZE, OPTION(max_size), "SIZE",
     "refuse a compressed archive, and a layer, that unpacks to more bytes than SIZE"},
    {0},
};

static void json_image(struct ra_jsonw *w, const struct ra_import_image *image)
{
    char text[RA_DIGEST_TEXT];
    ra_auto_free char *ref = image->tag
                                 ? ra_asprintf("%s:%s", image->repo, image->tag)
                                 : ra_asprintf("%s@%s", image->repo, ra_digest_text(&image->digest, text));
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "reference", ref);
    ra_json_digest(w, "digest", image->has_digest ? &image->digest : NULL);
    ra_jsonw_key_str(w, "status", ra_import_status_name(image->status));
    ra_jsonw_end(w);
}

static void json_removed(struct ra_jsonw *w, const struct ra_import *im)
{
    const char *repo, *tag;
    ra_jsonw_key(w, "removed");
    ra_jsonw_array(w);
    for (size_t i = 0; ra_import_removed(im, i, &repo, &tag); i++) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "repository", repo);
        ra_jsonw_key_str(w, "tag", tag);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_import *im, struct ra_err *err)
{
    const struct ra_import_counts *counts = ra_import_counts(im);
    const struct ra_import_image *image;
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    ra_jsonw_key_str(&w, "kind", ra_import_kind(im));
    ra_jsonw_key(&w, "images");
    ra_jsonw_array(&w);
    for (size_t i = 0; (image = ra_import_image(im, i)); i++)
        json_image(&w, image);
    ra_jsonw_end(&w);
    ra_jsonw_key(&w, "blobs");
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "written", counts->written);
    ra_jsonw_key_u64(&w, "bytes", counts->bytes);
    ra_jsonw_key_u64(&w, "present", counts->present);
    ra_jsonw_end(&w);
    json_removed(&w, im);
    return ra_json_close(&w, ctx, err);
}

/* All that was asked for; or, before it is done, what changes or goes away. */
static void print_table(const struct ra_import *im, bool changes, bool done, FILE *to)
{
    static const struct ra_column columns[] = {
        {"REPOSITORY", .elastic = true}, {"TAG", .elastic = true}, {"DIGEST"}, {"STATUS"}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    const struct ra_import_image *image;
    const char *repo, *tag;
    char brief[RA_SHORT_DIGEST];
    for (size_t i = 0; (image = ra_import_image(im, i)); i++) {
        if (changes && image->status != RA_IMPORT_UPDATED)
            continue;
        ra_cell(rows, image->repo);
        ra_cell(rows, image->tag ? image->tag : "-");
        ra_cell(rows, image->has_digest ? ra_digest_short(&image->digest, brief) : "-");
        bool planned = !done && (image->status == RA_IMPORT_CREATED || image->status == RA_IMPORT_UPDATED);
        ra_cellf(rows, "%s%s", planned ? "to be " : "", ra_import_status_name(image->status));
    }
    for (size_t i = 0; ra_import_removed(im, i, &repo, &tag); i++) {
        ra_cell(rows, repo);
        ra_cell(rows, tag);
        ra_cell(rows, "-");
        ra_cell(rows, done ? "removed" : "to be removed");
    }
    ra_rows_print(rows, to);
}

static void say_counts(struct ra_ctx *ctx, const struct ra_import *im)
{
    const struct ra_import_counts *c = ra_import_counts(im);
    char written[RA_COUNT_OF_TEXT], present[RA_COUNT_TEXT], bytes[RA_SIZE_TEXT];
    ra_say(ctx, "%s: %s%s %s (%s), %s there already", ra_import_catalog(im) ? "backup" : ra_import_kind(im),
           ctx->g.dry_run ? "nothing was changed; " : "", ra_count_of(c->written, "blob", written),
           ctx->g.dry_run ? "would be written" : "written", ra_size_text(c->bytes, bytes),
           ra_count_text(c->present, present));
    if (ra_import_removing(im))
        ra_say(ctx, "%s %s", ra_count_of(ra_import_removing(im), "tag", written),
               ctx->g.dry_run ? "would be removed" : "removed; `regadm gc` gives the space back");
}

static int confirm(struct ra_ctx *ctx, const struct ra_import *im, struct ra_err *err)
{
    size_t moved = ra_import_replacing(im), removed = ra_import_removing(im);
    char tags[RA_COUNT_OF_TEXT];
    if (ctx->g.dry_run || moved + removed == 0)
        return 0;
    if (!ctx->g.yes)
        print_table(im, true, false, stderr);
    ra_count_of(moved, "tag", tags);
    return removed == 0 ? ra_confirm(ctx, err, "Move %s to another image?", tags)
           : moved == 0 ? ra_confirm(ctx, err, "Remove %s?", ra_count_of(removed, "tag", tags))
                        : ra_confirm(ctx, err, "Move %s to another image, and remove %zu?", tags, removed);
}

static int run_import(struct ra_ctx *ctx, const struct ra_import_opts *opts, struct ra_err *err)
{
    RA_AUTO_PTR(ra_import) im = NULL;
    int rc = ra_import_open(&ctx->job, opts, &im, err);
    if (rc == 0)
        rc = confirm(ctx, im, err);
    if (rc == 0)
        rc = ra_import_run(im, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, im, err);
    if (ctx->g.names_only)
        return ra_archive_print_names(im), 0;
    print_table(im, false, !ctx->g.dry_run, stdout);
    say_counts(ctx, im);
    return 0;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    const char *path;
    int rc = ra_archive_path(ctx, &path, err);
    if (rc < 0)
        return rc;
    if (o->compression == RA_LAYER_GZIP && o->level > 3)
        return ra_fail(err, RA_USAGE, "--level for gzip is 1, 2 or 3");
    if (o->mirror && o->prefix)
        return ra_fail(err, RA_USAGE,
                       "--mirror makes the whole registry equal to the backup: --prefix does not go with it");
    struct ra_import_opts opts = {
        .path = path,
        .as = o->as,
        .prefix = o->prefix,
        .select = o->select,
        .keep_host = o->keep_host,
        .replace = o->replace || o->mirror,
        .mirror = o->mirror,
        .allow_missing = o->allow_missing,
        .skip_diff_ids = o->skip_diff_ids,
        .compression = (enum ra_layer_compression)o->compression,
        .level = (unsigned)o->level,
        .max_bytes = o->max_size,
        .env = (const char *const *)environ,
    };
    return run_import(ctx, &opts, err);
}

static const char *const aliases[] = {"load", NULL};

static const struct ra_example examples[] = {
    {"import app.tar", "The images of a docker save, skopeo, podman or any other archive"},
    {"import --as team/app:1.2 image.tar", "One image, under another name"},
    {"import -n backup.tar", "What restoring a backup would do"},
    {"import --mirror --yes backup.tar", "Make the registry what it was when the backup was made"},
    {0},
};

const struct ra_cmd ra_cmd_import = {
    .name = "import",
    .aliases = aliases,
    .group = "Carry",
    .summary = "restore a backup, load image tarballs",
    .operands = "[FILE|DIRECTORY|-]",
    .max = 1,
    .complete = RA_COMPLETE_FILE,
    .prose = "Reads a backup made by `regadm export`, an OCI archive or layout, or a docker-archive of any "
             "age, also compressed and from standard input, and stores what it holds: every digest is "
             "verified, nothing becomes visible before all of it is there, and what is there already is not "
             "written again. A tag that points to another image stays unless --replace is given. "
             "Interrupted, it can simply be run again.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_WRITES | RA_CMD_CREATES | RA_CMD_DRY_RUN | RA_CMD_CONFIRM | RA_CMD_JSON |
             RA_CMD_QUIET,
    .run = run,
};
