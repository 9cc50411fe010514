#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/num.h"
#include "jobs/gc.h"
#include "jobs/rm.h"

#include <limits.h>

struct options {
    bool recursive, untagged, force, keep_referrers;
    const char *regex, *keep_last;
    int by;
    int64_t older_than, min_age;
};

static const struct options defaults = {.older_than = -1, .min_age = RA_GC_MIN_AGE};

static const char *const keys[] = {"none", "created", "updated", "version", NULL};

static const struct ra_opt options[] = {
    {"recursive", 'r', RA_OPT_FLAG, offsetof(struct options, recursive), NULL,
     "remove whole repositories; those nested in them stay"},
    {"untagged", 0, RA_OPT_FLAG, offsetof(struct options, untagged), NULL,
     "remove the revisions of a repository that no tag reaches"},
    {"regex", 0, RA_OPT_STR, offsetof(struct options, regex), "REGEX",
     "only tags in which the extended regular expression is found"},
    {"older-than", 0, RA_OPT_AGE, offsetof(struct options, older_than), "AGE",
     "only tags older than AGE; needs --by"},
    {"keep-last", 0, RA_OPT_STR, offsetof(struct options, keep_last), "N",
     "of these tags keep the N newest of each repository; needs --by"},
    {"by", 0, RA_OPT_ENUM, offsetof(struct options, by), "DATE",
     "what age means: created (the image), updated (the tag) or version (the tag as a version number)",
     .choices = keys},
    {"keep-referrers", 0, RA_OPT_FLAG, offsetof(struct options, keep_referrers), NULL,
     "leave signatures and other referrers of a removed manifest"},
    {"min-age", 0, RA_OPT_AGE, offsetof(struct options, min_age), "AGE",
     "with --untagged: leave alone what was pushed less than AGE ago (default " RA_GC_MIN_AGE_TEXT ")"},
    {"force", 'f', RA_OPT_FLAG, offsetof(struct options, force), NULL,
     "remove a manifest even if something else needs it"},
    {0},
};

static int print_json(struct ra_ctx *ctx, const struct ra_rm_result *r, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    ra_jsonw_key(&w, "removed");
    ra_jsonw_array(&w);
    ra_vec_each (item, &r->items) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "repository", item->repository);
        ra_jsonw_key_str(&w, "tag", item->tag);
        ra_json_digest(&w, "digest", item->has_digest ? &item->digest : NULL);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    ra_jsonw_key_u64(&w, "layer_links", r->layer_links);
    ra_jsonw_key_u64(&w, "bytes", r->bytes);
    ra_jsonw_key_u64(&w, "untagged_bytes", r->untagged_bytes);
    return ra_json_close(&w, ctx, err);
}

static void print_names(const struct ra_rm_result *r)
{
    char digest[RA_DIGEST_TEXT];
    ra_vec_each (item, &r->items) {
        bool revision = !item->tag && item->has_digest;
        ra_auto_free char *name = ra_asprintf("%s%s%s", item->repository, revision ? "@" : "",
                                              revision ? ra_digest_text(&item->digest, digest) : "");
        ra_print_name(name, item->tag);
    }
}

static void print_table(const struct ra_ctx *ctx, const struct ra_rm_result *r)
{
    static const struct ra_column columns[] = {
        {"REPOSITORY", .elastic = true}, {"TAG", .elastic = true}, {"DIGEST"}, {"WHAT GOES"}, {0}};
    char digest[RA_SHORT_DIGEST];
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (item, &r->items) {
        ra_cell(rows, item->repository);
        ra_cell(rows, item->tag ? item->tag : "");
        ra_cell(rows, item->has_digest ? ra_digest_short(&item->digest, digest) : "");
        ra_cell(rows, item->tag ? "tag" : item->has_digest ? "manifest" : "repository");
    }
    ra_progress_hide(ctx->job.progress);
    ra_rows_print(rows, stdout);
    fflush(stdout);
    ra_progress_show(ctx->job.progress);
}

static void print_plan(const struct ra_ctx *ctx, const struct ra_rm_result *r)
{
    if (ctx->g.names_only)
        print_names(r);
    else if (!ctx->g.json)
        print_table(ctx, r);
}

static void say_bytes(const struct ra_ctx *ctx, const struct ra_rm_result *r)
{
    char size[RA_SIZE_TEXT], untagged[RA_SIZE_TEXT];
    const char *later = r->young ? ", as soon as it is older than " RA_GC_MIN_AGE_TEXT " (--min-age)" : "";
    if (r->items.n == 0)
        ra_say(ctx, "nothing matches: nothing to remove");
    else if (r->stranded)
        ra_say(ctx,
               "no repository is left: gc removes no blob of a bucket without one (regadm-store(7)); remove "
               "the rest with the bucket's own tools");
    else if (r->untagged_bytes > r->bytes)
        ra_say(ctx, "`regadm gc` can then free %s more, with --delete-untagged %s more%s",
               ra_size_text(r->bytes, size), ra_size_text(r->untagged_bytes, untagged), later);
    else
        ra_say(ctx, "`regadm gc` can then free %s more%s", ra_size_text(r->bytes, size), later);
}

static int check(const struct options *o, uint64_t *keep_last, struct ra_err *err)
{
    bool limited = o->keep_last || o->older_than >= 0;
    if (o->keep_last && !ra_parse_u64(o->keep_last, keep_last))
        return ra_fail(err, RA_USAGE, "--keep-last needs a number, not '%s'", o->keep_last);
    if (limited && o->by == RA_RM_BY_NONE)
        return ra_fail(err, RA_USAGE, "--older-than and --keep-last need --by: created, updated or version");
    if (!limited && o->by != RA_RM_BY_NONE)
        return ra_fail(err, RA_USAGE, "--by needs --older-than or --keep-last");
    if (o->older_than >= 0 && o->by == RA_RM_BY_VERSION)
        return ra_fail(err, RA_USAGE, "a version has no age: use --keep-last, or --by created or updated");
    if ((o->recursive || o->untagged) && (limited || o->regex))
        return ra_fail(err, RA_USAGE, "--regex, --older-than and --keep-last choose tags, not repositories");
    if (o->recursive && o->untagged)
        return ra_fail(err, RA_USAGE, "--recursive and --untagged exclude each other");
    return 0;
}

static int carry_out(struct ra_ctx *ctx, struct ra_rm *rm, struct ra_err *err)
{
    const struct ra_rm_result *r = ra_rm_result(rm);
    if (ctx->g.dry_run || r->items.n == 0)
        return 0;
    int rc = ra_confirm(ctx, err, "Remove all this from %s?", ra_store_info(ctx->job.store)->where);
    if (rc == 0)
        rc = ra_rm_sweep(rm, err);
    if (rc == 0)
        ra_say_kept_versions(ctx);
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_rm_opts opts = {.refs = &ctx->operands,
                              .regex = o->regex,
                              .recursive = o->recursive,
                              .untagged = o->untagged,
                              .force = o->force,
                              .keep_referrers = o->keep_referrers,
                              .by = (enum ra_rm_by)o->by,
                              .has_age = o->older_than >= 0,
                              .older_than = o->older_than,
                              .keep_last = RA_RM_NO_LIMIT,
                              .min_age = o->min_age};
    RA_AUTO_PTR(ra_rm) rm = NULL;
    int rc = check(o, &opts.keep_last, err);
    rc = rc ? rc : ra_rm_plan(&ctx->job, &opts, &rm, err);
    if (rc < 0)
        return rc;
    print_plan(ctx, ra_rm_result(rm));
    say_bytes(ctx, ra_rm_result(rm));
    rc = carry_out(ctx, rm, err);
    if (rc == 0 && ctx->g.json)
        rc = print_json(ctx, ra_rm_result(rm), err);
    return rc;
}

static const struct ra_example examples[] = {
    {"rm team/app:v1", "One tag; its manifest stays until nothing needs it"},
    {"rm --keep-last 10 --by updated 'team/*:build-*'", "All builds but the ten newest of each repository"},
    {"rm -r old/project", "A repository, with its entry in the catalogue"},
    {"rm --untagged --dry-run team/app", "What no tag reaches any more"},
    {0},
};

const struct ra_cmd ra_cmd_rm = {
    .name = "rm",
    .aliases = (const char *const[]){"delete", NULL},
    .group = "Change",
    .summary = "remove tags, manifests and repositories",
    .operands = "REF...",
    .min = 1,
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REF,
    .prose = "REPO:TAG removes that tag alone, REPO@DIGEST the manifest and all tags on it, -r REPO the "
             "repository. With a manifest go its signatures and other referrers. What a remaining index or "
             "referrer needs is refused. Patterns: * is any run of characters but '/', ** any run at all. "
             "The space comes back with `regadm gc`.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_WRITES | RA_CMD_DRY_RUN | RA_CMD_CONFIRM | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
