#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/clock.h"
#include "jobs/catalog.h"
#include "registry/reference.h"

#include <limits.h>

struct options {
    int sort;
    bool reverse;
};

static const char *const sorts[] = {"name", "size", "tags", "updated", NULL};

static const struct ra_opt options[] = {
    {"sort", 's', RA_OPT_ENUM, offsetof(struct options, sort), "KEY", "sort by name, size, tags or updated",
     .choices = sorts},
    {"reverse", 'r', RA_OPT_FLAG, offsetof(struct options, reverse), NULL, "sort the other way round"},
    {0},
};

static int print_json(struct ra_ctx *ctx, const struct ra_catalog *catalog, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key(&w, "repositories");
    ra_jsonw_array(&w);
    ra_vec_each (entry, &catalog->list) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "name", entry->name);
        ra_jsonw_key_u64(&w, "tags", entry->tags);
        ra_jsonw_key_u64(&w, "revisions", entry->revisions);
        ra_jsonw_key_u64(&w, "bytes", entry->bytes);
        ra_json_time(&w, "updated", entry->updated);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void print_names(const struct ra_catalog *catalog)
{
    ra_vec_each (entry, &catalog->list)
        ra_print_name(entry->name, NULL);
}

static void print_table(const struct ra_catalog *catalog)
{
    static const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                               {"TAGS", RA_RIGHT},
                                               {"REVISIONS", RA_RIGHT},
                                               {"SIZE", RA_RIGHT},
                                               {"UPDATED"},
                                               {""},
                                               {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (entry, &catalog->list) {
        ra_cell(rows, entry->name);
        ra_cell_count(rows, entry->tags);
        ra_cell_count(rows, entry->revisions);
        ra_cell_size(rows, entry->bytes);
        ra_cell_time(rows, entry->updated);
        ra_cell(rows, entry->damaged ? "damaged" : "");
    }
    ra_rows_print(rows, stdout);
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_AUTO(ra_catalog, _release) catalog = {0};
    RA_AUTO(ra_patterns, _release) patterns = {0};
    struct ra_catalog_opts opts = {.wanted = ra_patterns_want,
                                   .arg = &patterns,
                                   .names_only = ctx->g.names_only && o->sort == RA_CATALOG_NAME};
    int rc = ra_patterns_open(ctx, &ctx->operands, &patterns, err);
    if (rc == 0)
        rc = ra_catalog_read(&ctx->job, &opts, &catalog, err);
    if (rc < 0)
        return rc;
    ra_catalog_sort(&catalog, (enum ra_catalog_sort)o->sort);
    if (o->reverse)
        ra_vec_reverse(&catalog.list);
    ra_end_progress(ctx);
    if (ctx->g.json)
        rc = print_json(ctx, &catalog, err);
    else if (ctx->g.names_only)
        print_names(&catalog);
    else
        print_table(&catalog);
    if (catalog.list.n == 0 && ctx->operands.n == 0)
        ra_say(ctx, "the registry is empty: no repositories");
    ra_patterns_say_unmatched(ctx, &patterns);
    return rc;
}

static const struct ra_example examples[] = {
    {"ls", "Everything"},
    {"ls --sort size 'team/**'", "The repositories below team, the largest first"},
    {"--root /srv/registry ls --json", "Another storage, for a program"},
    {0},
};

const struct ra_cmd ra_cmd_ls = {
    .name = "ls",
    .aliases = (const char *const[]){"list", NULL},
    .group = "Look",
    .summary = "list the repositories: tags, revisions, size, last change",
    .operands = "[PATTERN...]",
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REPO,
    .prose = "Lists every repository, or those that match a pattern: * is any run of characters but '/', ** "
             "any run at all; a name also means what lies below it. SIZE counts each blob that the "
             "repository's revisions need once; what repositories share is counted in each of them (`regadm "
             "du` tells the difference).",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
