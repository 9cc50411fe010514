#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/num.h"
#include "jobs/gc.h"
#include "registry/regconfig.h"

struct options {
    bool delete_untagged, prune_repositories;
    int64_t min_age, uploads_age;
};

static const struct options defaults = {.min_age = RA_GC_MIN_AGE, .uploads_age = 7 * RA_DAY};

static const struct ra_opt options[] = {
    {"delete-untagged", 'm', RA_OPT_FLAG, offsetof(struct options, delete_untagged), NULL,
     "also remove revisions that no tag reaches"},
    {"min-age", 0, RA_OPT_AGE, offsetof(struct options, min_age), "AGE",
     "leave alone what changed less than AGE ago (default " RA_GC_MIN_AGE_TEXT ")"},
    {"uploads-age", 0, RA_OPT_AGE, offsetof(struct options, uploads_age), "AGE",
     "remove uploads that nothing happened to for AGE (default 168h)"},
    {"prune-repositories", 0, RA_OPT_FLAG, offsetof(struct options, prune_repositories), NULL,
     "remove repositories that nothing is left of"},
    {0},
};

/* --- for programs ------------------------------------------------------------------------------------------- */

static void json_count(struct ra_jsonw *w, const char *key, const struct ra_gc_count *c)
{
    ra_jsonw_key(w, key);
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "kept", c->kept);
    ra_jsonw_key_u64(w, "removed", c->removed);
}

static void json_sized(struct ra_jsonw *w, const char *key, const struct ra_gc_count *c, bool kept)
{
    json_count(w, key, c);
    if (kept)
        ra_jsonw_key_u64(w, "kept_bytes", c->kept_bytes);
    ra_jsonw_key_u64(w, "removed_bytes", c->removed_bytes);
    ra_jsonw_end(w);
}

static void json_plain(struct ra_jsonw *w, const char *key, const struct ra_gc_count *c)
{
    json_count(w, key, c);
    ra_jsonw_end(w);
}

static void json_some(struct ra_jsonw *w, const char *key, const struct ra_gc_some *some,
                      const uint64_t *revisions)
{
    ra_jsonw_key(w, key);
    ra_jsonw_object(w);
    if (revisions)
        ra_jsonw_key_u64(w, "revisions", *revisions);
    ra_jsonw_key_u64(w, "blobs", some->blobs);
    ra_jsonw_key_u64(w, "bytes", some->bytes);
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_gc_result *r, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    ra_jsonw_key_bool(&w, "delete_untagged", o->delete_untagged);
    ra_jsonw_key_u64(&w, "repositories", r->repositories.kept);
    ra_jsonw_key_u64(&w, "repositories_removed", r->repositories.removed);
    json_plain(&w, "revisions", &r->revisions);
    json_plain(&w, "tag_history", &r->history);
    json_plain(&w, "layer_links", &r->layer_links);
    json_sized(&w, "blobs", &r->blobs, true);
    json_sized(&w, "uploads", &r->uploads, false);
    json_plain(&w, "multipart_uploads", &r->parts);
    if (!ctx->g.dry_run)
        ra_jsonw_key_u64(&w, "leftovers_removed", r->leftovers);
    json_some(&w, "untagged", &r->untagged, &r->untagged_revisions);
    json_some(&w, "young", &r->young, NULL);
    return ra_json_close(&w, ctx, err);
}

/* --- for people --------------------------------------------------------------------------------------------- */

static void add_row(struct ra_rows *rows, const char *what, const struct ra_gc_count *c, bool sized)
{
    ra_cell(rows, what);
    ra_cell_count(rows, c->kept);
    sized ? ra_cell_size(rows, c->kept_bytes) : ra_cell(rows, "");
    ra_cell_count(rows, c->removed);
    sized ? ra_cell_size(rows, c->removed_bytes) : ra_cell(rows, "");
}

static void print_summary(const struct ra_gc_result *r, bool done)
{
    const struct ra_column columns[] = {{""},           {"KEPT", RA_RIGHT},
                                        {"", RA_RIGHT}, {done ? "REMOVED" : "TO REMOVE", RA_RIGHT},
                                        {"", RA_RIGHT}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    add_row(rows, "repositories", &r->repositories, false);
    add_row(rows, "revisions", &r->revisions, false);
    add_row(rows, "tag history", &r->history, false);
    add_row(rows, "layer links", &r->layer_links, false);
    add_row(rows, "blobs", &r->blobs, true);
    add_row(rows, "uploads", &r->uploads, true);
    if (r->parts.kept || r->parts.removed)
        add_row(rows, "uploads in parts", &r->parts, false);
    ra_rows_print(rows, stdout);
}

static void print_freed(const struct ra_gc_result *r, bool done)
{
    enum { SHOWN = 10 };
    const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                        {"REVISIONS", RA_RIGHT},
                                        {"LAYER LINKS", RA_RIGHT},
                                        {done ? "FREED" : "TO FREE", RA_RIGHT},
                                        {0}};
    if (r->freed.n == 0)
        return;
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < r->freed.n && i < SHOWN; i++) {
        ra_cell(rows, r->freed.at[i].name);
        ra_cell_count(rows, r->freed.at[i].revisions);
        ra_cell_count(rows, r->freed.at[i].layer_links);
        ra_cell_size(rows, r->freed.at[i].bytes);
    }
    putchar('\n');
    ra_rows_print(rows, stdout);
    if (r->freed.n > SHOWN)
        printf("and %zu more\n", r->freed.n - SHOWN);
}

static void print_page(const struct ra_ctx *ctx, const struct ra_gc_result *r, bool done)
{
    ra_progress_hide(ctx->job.progress);
    print_summary(r, done);
    print_freed(r, done);
    fflush(stdout);
    ra_progress_show(ctx->job.progress);
}

/* The registry goes on believing that a blob is there that it has once seen: pushes of it are then lost. */
static void say_restart(const struct ra_ctx *ctx, const struct ra_gc_result *r)
{
    enum ra_regcache cache = ctx->config ? ctx->config->cache : RA_CACHE_NONE;
    if (r->blobs.removed == 0 || ctx->g.dry_run || (ctx->config && cache == RA_CACHE_NONE))
        return;
    if (cache == RA_CACHE_REDIS)
        ra_say(ctx, "now flush the registry's cache in redis: it still knows the removed blobs");
    else if (cache == RA_CACHE_NONE)
        ra_say(ctx, "restart the registry if it runs with a cache: it still knows the removed blobs");
    else
        ra_say(ctx, "now restart the registry: its cache still knows the removed blobs");
}

static void say_untagged(const struct ra_ctx *ctx, const struct ra_gc_result *r)
{
    char revisions[RA_COUNT_OF_TEXT], size[RA_SIZE_TEXT];
    if (r->untagged_revisions && !r->blobs_spared)
        ra_say(ctx, "--delete-untagged would free %s%s more, and remove %s",
               r->untagged_at_most ? "up to " : "", ra_size_text(r->untagged.bytes, size),
               ra_count_of(r->untagged_revisions, "revision", revisions));
}

static void say_young(const struct ra_ctx *ctx, const struct ra_gc_result *r)
{
    const struct options *o = ctx->opts;
    char blobs[RA_COUNT_OF_TEXT], size[RA_SIZE_TEXT], age[RA_AGE_TEXT];
    if (r->young.blobs)
        ra_say(ctx, "%s, %s, younger than %s %s left alone (--min-age)",
               ra_count_of(r->young.blobs, "blob", blobs), ra_size_text(r->young.bytes, size),
               ra_age_text(o->min_age, age),
               ctx->g.dry_run        ? "would be"
               : r->young.blobs == 1 ? "was"
                                     : "were");
}

static int print_path(void *arg RA_UNUSED, const char *path, struct ra_err *err RA_UNUSED)
{
    ra_print_name(path, NULL);
    return 0;
}

/* --- doing it ----------------------------------------------------------------------------------------------- */

static bool removes_anything(const struct ra_gc_result *r)
{
    return r->revisions.removed || r->history.removed || r->layer_links.removed || r->blobs.removed ||
           r->uploads.removed || r->parts.removed || r->repositories.removed;
}

static int ask(struct ra_ctx *ctx, const struct ra_gc_result *r, struct ra_err *err)
{
    char size[RA_SIZE_TEXT];
    if (ctx->g.yes || !removes_anything(r))
        return 0;
    if (!ctx->g.json)
        print_page(ctx, r, false);
    return ra_confirm(ctx, err, "Remove all this from %s, and free %s?", ra_store_info(ctx->job.store)->where,
                      ra_size_text(ra_add_sat(r->blobs.removed_bytes, r->uploads.removed_bytes), size));
}

static int plan(struct ra_ctx *ctx, struct ra_gc **out, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    const struct ra_gc_opts opts = {.delete_untagged = o->delete_untagged,
                                    .prune_repositories = o->prune_repositories,
                                    .min_age = o->min_age,
                                    .uploads_age = o->uploads_age};
    return ra_gc_plan(&ctx->job, &opts, out, err);
}

/* A plan grows stale while its question waits for an answer: then it is made again, from what is there now. */
static int ask_and_sweep(struct ra_ctx *ctx, struct ra_gc **gc, struct ra_err *err)
{
    const double fresh = 60;
    double asked = ra_time_monotonic();
    int rc = ask(ctx, ra_gc_result(*gc), err);
    if (rc == 0 && ra_time_monotonic() - asked > fresh) {
        ra_gc_free(ra_steal_ptr(gc));
        rc = plan(ctx, gc, err);
    }
    return rc < 0 ? rc : ra_gc_sweep(*gc, err);
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    RA_AUTO_PTR(ra_gc) gc = NULL;
    int rc = plan(ctx, &gc, err);
    if (rc < 0)
        return rc;
    if (ctx->g.verbose && !ctx->g.json && !ctx->g.quiet)
        rc = ra_gc_each(gc, print_path, NULL, err);
    if (rc == 0 && !ctx->g.dry_run)
        rc = ask_and_sweep(ctx, &gc, err);
    if (rc < 0)
        return rc;
    const struct ra_gc_result *r = ra_gc_result(gc);
    ra_end_progress(ctx);
    if (ctx->g.json)
        rc = print_json(ctx, r, err);
    else if (!ctx->g.quiet)
        print_page(ctx, r, !ctx->g.dry_run);
    say_young(ctx, r);
    say_untagged(ctx, r);
    say_restart(ctx, r);
    if (removes_anything(r))
        ra_say_kept_versions(ctx);
    return rc;
}

static const struct ra_example examples[] = {
    {"gc --dry-run", "What would go, and how much that is"},
    {"gc --yes --delete-untagged", "Also what no tag reaches any more, from a timer"},
    {"garbage-collect -m /etc/docker/registry/config.yml", "As the registry itself spells it"},
    {0},
};

const struct ra_cmd ra_cmd_gc = {
    .name = "gc",
    .aliases = (const char *const[]){"garbage-collect", NULL},
    .group = "Change",
    .summary = "remove what nothing needs, and get the space back",
    .operands = "[CONFIG]",
    .max = 1,
    .complete = RA_COMPLETE_FILE,
    .prose = "Removes blobs that no repository needs, layer links that no manifest of their repository "
             "needs, tag history of revisions that are gone, stale uploads, and what registries leave behind "
             "when they are cut off. What cannot be read or understood is reported, and protects all that it "
             "may need. Stop the registry first, or make it read-only: what it was given in the last hour is "
             "safe, but it may still refer to older blobs. See regadm-gc(1) for what is kept and why.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_WRITES | RA_CMD_DRY_RUN | RA_CMD_CONFIRM | RA_CMD_JSON | RA_CMD_QUIET |
             RA_CMD_CONFIG_OPERAND,
    .run = run,
};
