#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/num.h"
#include "jobs/du.h"
#include "jobs/gc.h"
#include "registry/reference.h"

#include <limits.h>

enum { BY_REPOSITORY, BY_TAG, BY_LAYER, BY_MEDIA_TYPE };

struct options {
    int by;
    bool disk, apparent;
    int64_t min_age;
    uint64_t top;
};

static const char *const cuts[] = {"repository", "tag", "layer", "media-type", NULL};

static const struct ra_opt options[] = {
    {"by", 'b', RA_OPT_ENUM, offsetof(struct options, by), "WHAT",
     "list by repository, tag, layer or media-type", .choices = cuts},
    {"top", 0, RA_OPT_UINT, offsetof(struct options, top), "N", "list the N largest only", .min = 1,
     .max = UINT32_MAX},
    {"apparent", 0, RA_OPT_FLAG, offsetof(struct options, apparent), NULL,
     "count the bytes of files (the default)"},
    {"disk", 0, RA_OPT_FLAG, offsetof(struct options, disk), NULL,
     "count the blocks that files occupy on the disk"},
    {"min-age", 0, RA_OPT_AGE, offsetof(struct options, min_age), "AGE",
     "what is younger is not reclaimable, as in gc (default: " RA_GC_MIN_AGE_TEXT ")"},
    {0},
};

static const struct options defaults = {.min_age = RA_GC_MIN_AGE};

static size_t limit(const struct options *o, size_t n)
{
    return o->top && o->top < n ? (size_t)o->top : n;
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

static void json_repos(struct ra_jsonw *w, const struct options *o, const struct ra_du *du)
{
    ra_jsonw_key(w, "repositories");
    ra_jsonw_array(w);
    for (size_t i = 0; i < limit(o, du->repos.n); i++) {
        const struct ra_du_repo *repo = &du->repos.at[i];
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "name", repo->name);
        ra_jsonw_key_u64(w, "bytes", repo->bytes);
        ra_jsonw_key_u64(w, "unique_bytes", repo->unique_bytes);
        ra_jsonw_key_u64(w, "shared_bytes", repo->shared_bytes);
        ra_jsonw_key_u64(w, "untagged_bytes", repo->untagged_bytes);
        ra_jsonw_key_u64(w, "upload_bytes", repo->upload_bytes);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_tags(struct ra_jsonw *w, const struct options *o, const struct ra_du *du)
{
    ra_jsonw_key(w, "tags");
    ra_jsonw_array(w);
    for (size_t i = 0; i < limit(o, du->tags.n); i++) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "repository", du->tags.at[i].repository);
        ra_jsonw_key_str(w, "tag", du->tags.at[i].tag);
        ra_jsonw_key_u64(w, "bytes", du->tags.at[i].bytes);
        ra_jsonw_key_u64(w, "unique_bytes", du->tags.at[i].unique_bytes);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_layers(struct ra_jsonw *w, const struct options *o, const struct ra_du *du)
{
    ra_jsonw_key(w, "layers");
    ra_jsonw_array(w);
    for (size_t i = 0; i < limit(o, du->layers.n); i++) {
        ra_jsonw_object(w);
        ra_json_digest(w, "digest", &du->layers.at[i].digest);
        ra_jsonw_key_u64(w, "bytes", du->layers.at[i].bytes);
        ra_jsonw_key_u64(w, "repositories", du->layers.at[i].repositories);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_types(struct ra_jsonw *w, const struct options *o, const struct ra_du *du)
{
    ra_jsonw_key(w, "media_types");
    ra_jsonw_array(w);
    for (size_t i = 0; i < limit(o, du->types.n); i++) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "media_type", *du->types.at[i].media_type ? du->types.at[i].media_type : NULL);
        ra_jsonw_key_u64(w, "blobs", du->types.at[i].blobs);
        ra_jsonw_key_u64(w, "bytes", du->types.at[i].bytes);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_du *du, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_u64(&w, "bytes", du->bytes);
    ra_jsonw_key_u64(&w, "blobs", du->blobs);
    ra_jsonw_key_u64(&w, "reclaimable_bytes", du->reclaimable_bytes);
    ra_jsonw_key_u64(&w, "untagged_bytes", du->untagged_bytes);
    ra_jsonw_key_u64(&w, "young_bytes", du->young_bytes);
    ra_jsonw_key_u64(&w, "upload_bytes", du->upload_bytes);
    ra_jsonw_key_bool(&w, "complete", !du->overlooked);
    json_repos(&w, o, du);
    if (o->by == BY_TAG)
        json_tags(&w, o, du);
    else if (o->by == BY_LAYER)
        json_layers(&w, o, du);
    else if (o->by == BY_MEDIA_TYPE)
        json_types(&w, o, du);
    return ra_json_close(&w, ctx, err);
}

/* --- tables -------------------------------------------------------------------------------------------------- */

/* A bar of up to ten blocks, on a terminal only: the figure beside it says the same. */
static void bar_cell(struct ra_rows *rows, uint64_t part, uint64_t whole)
{
    static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
                                          "\u258c", "\u258b", "\u258a", "\u2589"};
    RA_BUF_AUTO bar = {0};
    if (ra_stdout_is_terminal() && whole) {
        bool utf8 = ra_locale_is_utf8();
        unsigned n = (unsigned)((double)part / (double)whole * 80 + 0.5);
        for (unsigned i = 0; i < n / 8; i++)
            ra_buf_adds(&bar, utf8 ? "\u2588" : "#");
        ra_buf_adds(&bar, utf8 ? eighths[n % 8] : "");
    }
    ra_cell(rows, ra_buf_str(&bar));
}

static void print_repos(const struct options *o, const struct ra_du *du)
{
    static const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                               {"SIZE", RA_RIGHT},
                                               {""},
                                               {"UNIQUE", RA_RIGHT},
                                               {"SHARED", RA_RIGHT},
                                               {"UNTAGGED", RA_RIGHT},
                                               {"UPLOADS", RA_RIGHT},
                                               {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    uint64_t most = du->repos.n ? du->repos.at[0].bytes : 0;
    for (size_t i = 0; i < limit(o, du->repos.n); i++) {
        const struct ra_du_repo *repo = &du->repos.at[i];
        ra_cell(rows, repo->name);
        ra_cell_size(rows, repo->bytes);
        bar_cell(rows, repo->bytes, most);
        ra_cell_size(rows, repo->unique_bytes);
        ra_cell_size(rows, repo->shared_bytes);
        ra_cell_size(rows, repo->untagged_bytes);
        ra_cell_size(rows, repo->upload_bytes);
    }
    ra_rows_print(rows, stdout);
}

static void print_tags(const struct options *o, const struct ra_du *du)
{
    static const struct ra_column columns[] = {
        {"TAG", .elastic = true}, {"SIZE", RA_RIGHT}, {""}, {"UNIQUE", RA_RIGHT}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < limit(o, du->tags.n); i++) {
        const struct ra_du_tag *tag = &du->tags.at[i];
        ra_cellf(rows, "%s:%s", tag->repository, tag->tag);
        ra_cell_size(rows, tag->bytes);
        bar_cell(rows, tag->bytes, du->tags.at[0].bytes);
        ra_cell_size(rows, tag->unique_bytes);
    }
    ra_rows_print(rows, stdout);
}

static void print_layers(const struct options *o, const struct ra_du *du)
{
    static const struct ra_column columns[] = {
        {"BLOB", .elastic = true}, {"SIZE", RA_RIGHT}, {""}, {"REPOSITORIES", RA_RIGHT}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < limit(o, du->layers.n); i++) {
        char text[RA_DIGEST_TEXT];
        const struct ra_du_blob *layer = &du->layers.at[i];
        ra_cell(rows, ra_digest_text(&layer->digest, text));
        ra_cell_size(rows, layer->bytes);
        bar_cell(rows, layer->bytes, du->layers.at[0].bytes);
        ra_cell_count(rows, layer->repositories);
    }
    ra_rows_print(rows, stdout);
}

static const char *type_name(const struct ra_du_type *type)
{
    return *type->media_type ? type->media_type : "(nothing says)";
}

static void print_types(const struct options *o, const struct ra_du *du)
{
    static const struct ra_column columns[] = {
        {"MEDIA TYPE", .elastic = true}, {"BLOBS", RA_RIGHT}, {"SIZE", RA_RIGHT}, {""}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < limit(o, du->types.n); i++) {
        const struct ra_du_type *type = &du->types.at[i];
        ra_cell(rows, type_name(type));
        ra_cell_count(rows, type->blobs);
        ra_cell_size(rows, type->bytes);
        bar_cell(rows, type->bytes, du->types.at[0].bytes);
    }
    ra_rows_print(rows, stdout);
}

static void print_total(const char *what, uint64_t bytes, const char *how)
{
    char size[RA_SIZE_TEXT];
    printf("%-12s %8s%s%s\n", what, ra_size_text(bytes, size), *how ? "  " : "", how);
}

static void print_reclaimable(const struct options *o, const struct ra_du *du)
{
    char age[RA_AGE_TEXT];
    if (du->overlooked) {
        printf("%-12s %8s  %s\n", "reclaimable", "unknown", du->overlooked);
        return;
    }
    print_total("reclaimable", du->reclaimable_bytes, "nothing needs it: `regadm gc` frees it");
    print_total("untagged", du->untagged_bytes, "only untagged revisions need it: `regadm gc -m` frees it");
    if (du->young_bytes == 0)
        return;
    ra_auto_free char *young =
        ra_asprintf("like these two, but younger than %s: left alone for now", ra_age_text(o->min_age, age));
    print_total("young", du->young_bytes, young);
}

static void print_totals(const struct options *o, const struct ra_du *du)
{
    char count[RA_COUNT_OF_TEXT];
    ra_auto_free char *blobs = ra_asprintf("in %s", ra_count_of(du->blobs, "blob", count));
    print_total("total", du->bytes, blobs);
    print_reclaimable(o, du);
    print_total("uploads", du->upload_bytes, "begun and not ended");
}

/* What the tables have in their first column. */
static void print_names(const struct options *o, const struct ra_du *du)
{
    char text[RA_DIGEST_TEXT];
    for (size_t i = 0; o->by == BY_REPOSITORY && i < limit(o, du->repos.n); i++)
        ra_print_name(du->repos.at[i].name, NULL);
    for (size_t i = 0; o->by == BY_TAG && i < limit(o, du->tags.n); i++)
        ra_print_name(du->tags.at[i].repository, du->tags.at[i].tag);
    for (size_t i = 0; o->by == BY_LAYER && i < limit(o, du->layers.n); i++)
        ra_print_name(ra_digest_text(&du->layers.at[i].digest, text), NULL);
    for (size_t i = 0; o->by == BY_MEDIA_TYPE && i < limit(o, du->types.n); i++)
        ra_print_name(type_name(&du->types.at[i]), NULL);
}

static void print_tables(const struct options *o, const struct ra_du *du)
{
    if (o->by == BY_REPOSITORY)
        print_repos(o, du);
    else if (o->by == BY_TAG)
        print_tags(o, du);
    else if (o->by == BY_LAYER)
        print_layers(o, du);
    else
        print_types(o, du);
    const size_t rows[] = {[BY_REPOSITORY] = du->repos.n,
                           [BY_TAG] = du->tags.n,
                           [BY_LAYER] = du->layers.n,
                           [BY_MEDIA_TYPE] = du->types.n};
    if (rows[o->by])
        putchar('\n');
    print_totals(o, du);
}

static int read_figures(struct ra_ctx *ctx, struct ra_patterns *patterns, struct ra_du *du,
                        struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_du_opts opts = {.min_age = o->min_age,
                              .disk = o->disk,
                              .wanted = ctx->operands.n ? ra_patterns_want : NULL,
                              .arg = patterns};
    int rc = ra_du_read(&ctx->job, &opts, du, err);
    if (rc == 0 && o->by == BY_TAG)
        rc = ra_du_by_tag(&ctx->job, &opts, du, err);
    else if (rc == 0 && o->by == BY_LAYER)
        rc = ra_du_by_layer(&ctx->job, du, err);
    else if (rc == 0 && o->by == BY_MEDIA_TYPE)
        rc = ra_du_by_media_type(&ctx->job, &opts, du, err);
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_AUTO(ra_du, _release) du = {0};
    RA_AUTO(ra_patterns, _release) patterns = {0};
    if (o->disk && o->apparent)
        return ra_fail(err, RA_USAGE, "--disk and --apparent contradict each other");
    int rc = ra_patterns_open(ctx, &ctx->operands, &patterns, err);
    if (rc == 0)
        rc = read_figures(ctx, &patterns, &du, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        rc = print_json(ctx, &du, err);
    else if (ctx->g.names_only)
        print_names(o, &du);
    else
        print_tables(o, &du);
    ra_patterns_say_unmatched(ctx, &patterns);
    return rc;
}

static const struct ra_example examples[] = {
    {"du", "Where the disk went, by repository"},
    {"du --by layer --top 20", "The twenty largest layers, and how many repositories share each"},
    {"du --by tag 'team/**'", "What each tag takes, and what it alone takes"},
    {0},
};

const struct ra_cmd ra_cmd_du = {
    .name = "du",
    .group = "Look",
    .summary = "show where the disk went: shared, unique, untagged, reclaimable",
    .operands = "[PATTERN...]",
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REPO,
    .prose = "Lists repositories by size. SIZE is what a repository needs, each blob once; UNIQUE what "
             "nobody else needs, SHARED the rest; UNTAGGED what only its untagged revisions need; UPLOADS "
             "what unfinished pushes left. The totals below are those of the whole storage, the same that "
             "`gc -n` gives.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
