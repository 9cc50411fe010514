#include "carry.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/num.h"

struct options {
    bool verify;
};

static const struct ra_opt options[] = {
    {"verify", 0, RA_OPT_FLAG, offsetof(struct options, verify), NULL,
     "read all of it, and compare every blob with its digest"},
    {0},
};

static void json_images(struct ra_jsonw *w, const struct ra_import *im)
{
    const struct ra_import_image *image;
    ra_jsonw_key(w, "images");
    ra_jsonw_array(w);
    for (size_t i = 0; (image = ra_import_image(im, i)); i++) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "repository", image->repo);
        ra_jsonw_key_str(w, "tag", image->tag);
        ra_json_digest(w, "digest", image->has_digest ? &image->digest : NULL);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_catalog(struct ra_jsonw *w, const struct ra_backup *b)
{
    struct ra_backup_totals totals;
    char text[RA_DIGEST_TEXT];
    ra_backup_totals(b, &totals);
    ra_json_digest(w, "archive_id", &b->id);
    ra_jsonw_key_bool(w, "increment", b->kind == RA_BACKUP_INCREMENT);
    ra_jsonw_key_str(w, "created", b->created);
    ra_jsonw_key(w, "parents");
    ra_jsonw_array(w);
    ra_vec_each (parent, &b->parents)
        ra_jsonw_str(w, ra_digest_text(parent, text));
    ra_jsonw_end(w);
    ra_jsonw_key_u64(w, "repositories", b->repos.n);
    ra_jsonw_key_u64(w, "revisions", b->revs.n);
    ra_jsonw_key(w, "blobs");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "carried", totals.carried);
    ra_jsonw_key_u64(w, "bytes", totals.bytes);
    ra_jsonw_key_u64(w, "presupposed", totals.omitted);
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_import *im, bool verified, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_str(&w, "kind", ra_import_kind(im));
    ra_jsonw_key_bool(&w, "verified", verified);
    json_images(&w, im);
    if (ra_import_catalog(im))
        json_catalog(&w, ra_import_catalog(im));
    return ra_json_close(&w, ctx, err);
}

static void print_table(const struct ra_import *im)
{
    static const struct ra_column columns[] = {
        {"REPOSITORY", .elastic = true}, {"TAG", .elastic = true}, {"DIGEST"}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    const struct ra_import_image *image;
    char brief[RA_SHORT_DIGEST];
    for (size_t i = 0; (image = ra_import_image(im, i)); i++) {
        ra_cell(rows, image->repo);
        ra_cell(rows, image->tag ? image->tag : "-");
        ra_cell(rows, image->has_digest ? ra_digest_short(&image->digest, brief) : "-");
    }
    ra_rows_print(rows, stdout);
}

static void say_catalog(struct ra_ctx *ctx, const struct ra_backup *b)
{
    struct ra_backup_totals totals;
    char carried[RA_COUNT_OF_TEXT], bytes[RA_SIZE_TEXT], count[RA_COUNT_OF_TEXT], text[RA_DIGEST_TEXT];
    RA_BUF_AUTO created = {0};
    ra_backup_totals(b, &totals);
    if (b->created)
        ra_text_safe(&created, b->created, strlen(b->created));
    ra_say(ctx, "%s%s%s, %s", b->kind == RA_BACKUP_FULL ? "backup" : "increment", b->created ? " of " : "",
           ra_buf_str(&created), ra_digest_text(&b->id, text));
    ra_say(ctx, "%s (%s)", ra_count_of(totals.carried, "blob", carried), ra_size_text(totals.bytes, bytes));
    if (totals.omitted)
        ra_say(ctx, "builds on %s not in it", ra_count_of(totals.omitted, "blob", count));
    if (b->parents.n > 1)
        ra_say(ctx, "builds on %s, which builds on %s", ra_digest_text(&b->parents.at[0], text),
               ra_count_of(b->parents.n - 1, "backup", count));
    else if (b->parents.n)
        ra_say(ctx, "builds on %s", ra_digest_text(&b->parents.at[0], text));
    if (b->left_out)
        ra_say(ctx, "damage kept %s out of it", ra_count_of(b->left_out, "tag", count));
}

static int show(struct ra_ctx *ctx, struct ra_import_opts *opts, bool verify, struct ra_err *err)
{
    RA_AUTO_PTR(ra_import) im = NULL;
    int rc = ra_import_open(&ctx->job, opts, &im, err);
    if (rc == 0 && verify)
        rc = ra_import_run(im, err);
    ra_end_progress(ctx);
    if (rc < 0)
        return rc;
    if (ctx->g.json)
        return print_json(ctx, im, verify, err);
    if (ctx->g.names_only)
        return ra_archive_print_names(im), 0;
    print_table(im);
    if (ra_import_catalog(im))
        say_catalog(ctx, ra_import_catalog(im));
    else
        ra_say(ctx, "%s", ra_import_kind(im));
    if (verify)
        ra_say(ctx, ra_findings_worst(&ctx->findings) > RA_NOTE
                        ? "not whole; what is there has the right digests"
                        : "whole, all digests are right");
    ra_print_findings(ctx, false); /* advice is about storages */
    return 0;
}

/* An import into nothing: the same readers, the same checks. */
static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    const char *path;
    int rc = ra_archive_path(ctx, &path, err);
    if (rc < 0)
        return rc;
    RA_AUTO_PTR(ra_store) nothing = ra_mem_open();
    struct ra_import_opts opts = {
        .path = path,
        .look = true,
        .allow_missing = true,
        .keep_host = true,
        .compression = RA_LAYER_NONE,
        .env = (const char *const *)environ,
    };
    ctx->job.store = nothing;
    ctx->job.dry_run = true;
    rc = show(ctx, &opts, o->verify, err);
    ctx->job.store = NULL;
    return rc;
}

static const struct ra_example examples[] = {
    {"archive backup.tar", "What a backup holds"},
    {"archive --verify backup.tar", "Whether it can be relied on"},
    {"archive - <app.tar.gz", "What is in somebody's docker save"},
    {0},
};

const struct ra_cmd ra_cmd_archive = {
    .name = "archive",
    .group = "Carry",
    .summary = "list or verify an archive, without a registry",
    .operands = "[FILE|DIRECTORY|-]",
    .max = 1,
    .complete = RA_COMPLETE_FILE,
    .prose = "Shows which images a backup, an OCI archive or a docker-archive holds, under the names they "
             "have in it. With --verify all of it is read: every blob is compared with its digest, layers of "
             "docker-archives with their diff ids, and a backup with its end record.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_LONG | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
