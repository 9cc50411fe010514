#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/regexp.h"
#include "jobs/catalog.h"
#include "jobs/tags.h"

#include <limits.h>

struct options {
    int sort;
    bool digests, all, reverse;
    const char *filter, *regex;
};

static const char *const sorts[] = {"name", "created", "updated", "size", "version", NULL};

static const struct ra_opt options[] = {
    {"sort", 's', RA_OPT_ENUM, offsetof(struct options, sort), "KEY",
     "sort by name, created, updated, size or version", .choices = sorts},
    {"reverse", 'r', RA_OPT_FLAG, offsetof(struct options, reverse), NULL, "sort the other way round"},
    {"filter", 0, RA_OPT_STR, offsetof(struct options, filter), "PATTERN",
     "only tags that match the pattern: * is any run of characters"},
    {"regex", 0, RA_OPT_STR, offsetof(struct options, regex), "REGEX",
     "only tags in which the extended regular expression is found"},
    {"digests", 'd', RA_OPT_FLAG, offsetof(struct options, digests), NULL, "show digests in full"},
    {"all", 'a', RA_OPT_FLAG, offsetof(struct options, all), NULL,
     "show tags that stand for digests too: sha256-....sig"},
    {0},
};

struct filter {
    const struct options *o;
    const char *pattern; /* the tag part of the operand; or NULL */
    struct ra_regex regex;
};

static bool is_wanted(void *arg, const char *tag)
{
    const struct filter *f = arg;
    if (f->pattern && !ra_glob(f->pattern, tag))
        return false;
    if (f->o->filter && !ra_glob(f->o->filter, tag))
        return false;
    if (!ra_regex_matches(&f->regex, tag))
        return false;
    return f->o->all || f->pattern || !ra_tag_is_digest_like(tag, NULL);
}

struct answers {
    RA_VEC(struct ra_tag_list) list; /* a repository that two operands ask for is there twice */
    bool several; /* repositories, or there might have been: each tag is shown with its own */
};

static void answers_release(struct answers *a)
{
    ra_vec_each (one, &a->list)
        ra_tag_list_release(one);
    ra_vec_release(&a->list);
}

static int list_repo(struct ra_ctx *ctx, struct filter *filter, const char *repo, struct answers *out,
                     struct ra_err *err)
{
    struct ra_tag_list *answer = ra_vec_push(&out->list);
    *answer = (struct ra_tag_list){0};
    return ra_tags_list(&ctx->job, repo, is_wanted, filter, answer, err);
}

static int list_named(struct ra_ctx *ctx, struct filter *filter, const char *name, struct answers *out,
                      struct ra_err *err)
{
    const char *repo;
    bool stripped;
    int rc = ra_repo_resolve(ctx->job.store, name, &repo, &stripped, err);
    if (rc < 0)
        return rc;
    if (stripped)
        ra_say_actual_name(ctx, name, repo);
    return list_repo(ctx, filter, repo, out, err);
}

static int list_matching(struct ra_ctx *ctx, struct filter *filter, const char *pattern, struct answers *out,
                         struct ra_err *err)
{
    struct ra_strlist one = {.at = &pattern, .n = 1};
    RA_AUTO(ra_patterns, _release) patterns = {0};
    RA_AUTO(ra_catalog, _release) catalog = {0};
    struct ra_catalog_opts opts = {.wanted = ra_patterns_want, .arg = &patterns, .names_only = true};
    int rc = ra_patterns_open(ctx, &one, &patterns, err);
    if (rc == 0)
        rc = ra_catalog_read(&ctx->job, &opts, &catalog, err);
    for (size_t i = 0; rc == 0 && i < catalog.list.n; i++)
        rc = list_repo(ctx, filter, catalog.list.at[i].name, out, err);
    if (rc == 0)
        ra_patterns_say_unmatched(ctx, &patterns);
    out->several = true;
    return rc;
}

/* As with repositories, what nothing matches is a mistake that should not look like there being none. */
static void say_unmatched(struct ra_ctx *ctx, const struct filter *f, const char *operand,
                          const struct answers *answers, size_t from)
{
    RA_BUF_AUTO safe = {0};
    bool any = from == answers->list.n || !(f->pattern || f->o->filter || f->regex.given);
    for (size_t i = from; i < answers->list.n; i++)
        any |= answers->list.at[i].list.n > 0;
    if (any)
        return;
    ra_text_safe(&safe, operand, strlen(operand));
    ra_say(ctx, f->pattern ? "no tag matches '%s'" : "no tag of '%s' matches", ra_buf_str(&safe));
    ctx->partial = true;
}

static int list_one(struct ra_ctx *ctx, struct filter *filter, const char *operand, struct answers *out,
                    struct ra_err *err)
{
    RA_AUTO(ra_reference, _release) ref = {0};
    size_t before = out->list.n;
    int rc = ra_reference_parse(operand, &ref, err);
    if (rc == 0 && ref.digest)
        rc = ra_fail(err, RA_USAGE, "'%s': tags wants repositories, REPO or REPO:PATTERN", operand);
    if (rc < 0)
        return rc;
    filter->pattern = ref.tag;
    rc = ra_has_glob(ref.repo) ? list_matching(ctx, filter, ref.repo, out, err)
                               : list_named(ctx, filter, ref.repo, out, err);
    if (rc == 0)
        say_unmatched(ctx, filter, operand, out, before);
    return rc;
}

static void json_tag(struct ra_jsonw *w, const struct ra_tag *tag)
{
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "tag", tag->name);
    ra_json_digest(w, "digest", tag->has_digest ? &tag->image.digest : NULL);
    ra_jsonw_key_str(w, "kind", ra_image_kind(&tag->image));
    ra_jsonw_key_str(w, "media_type",
                     tag->image.media_type && *tag->image.media_type ? tag->image.media_type : NULL);
    ra_jsonw_key(w, "platforms");
    ra_jsonw_array(w);
    ra_vec_each (p, &tag->image.platforms)
        ra_jsonw_str(w, *p);
    ra_jsonw_end(w);
    ra_jsonw_key_u64(w, "bytes", tag->image.bytes);
    ra_json_time(w, "created", tag->image.created);
    ra_json_time(w, "updated", tag->updated);
    ra_jsonw_key_u64(w, "missing_blobs", tag->image.missing_blobs);
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct answers *answers, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key(&w, "repositories");
    ra_jsonw_array(&w);
    ra_vec_each (answer, &answers->list) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "name", answer->repo);
        ra_jsonw_key(&w, "tags");
        ra_jsonw_array(&w);
        ra_vec_each (tag, &answer->list)
            json_tag(&w, tag);
        ra_jsonw_end(&w);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void print_names(const struct answers *answers)
{
    ra_vec_each (answer, &answers->list)
        ra_vec_each (tag, &answer->list)
            ra_print_name(answers->several ? answer->repo : tag->name, answers->several ? tag->name : NULL);
}

static void kind_cell(struct ra_rows *rows, const struct ra_image *image)
{
    RA_BUF_AUTO text = {0};
    ra_cell(rows, ra_kind_text(image, &text));
}

static void print_table(const struct options *o, const struct answers *answers)
{
    const struct ra_column columns[] = {
        {"REPOSITORY", .elastic = true, .hidden = !answers->several},
        {"TAG", .elastic = true},
        {"DIGEST", .minor = o->digests ? 0 : 3},
        {"KIND", .minor = 2},
        {"PLATFORMS", .elastic = true},
        {"SIZE", RA_RIGHT},
        {"CREATED", .minor = 1},
        {"UPDATED"},
        {0},
    };
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (answer, &answers->list)
        ra_vec_each (tag, &answer->list) {
            char text[RA_DIGEST_TEXT], brief[RA_SHORT_DIGEST];
            RA_BUF_AUTO platforms = {0};
            ra_image_platforms(&tag->image, &platforms);
            ra_cell(rows, answer->repo);
            ra_cell(rows, tag->name);
            ra_cell(rows, !tag->has_digest ? "-"
                          : o->digests     ? ra_digest_text(&tag->image.digest, text)
                                           : ra_digest_short(&tag->image.digest, brief));
            kind_cell(rows, &tag->image);
            ra_cell(rows, platforms.len ? platforms.data : "-");
            ra_cell_size(rows, tag->image.bytes);
            ra_cell_time(rows, tag->image.created);
            ra_cell_time(rows, tag->updated);
        }
    ra_rows_print(rows, stdout);
}

static int list_all(struct ra_ctx *ctx, struct filter *filter, struct answers *answers, struct ra_err *err)
{
    answers->several = ctx->operands.n > 1;
    for (size_t i = 0; i < ctx->operands.n; i++) {
        int rc = list_one(ctx, filter, ctx->operands.at[i], answers, err);
        if (rc == -RA_NOTFOUND && ctx->operands.n > 1) {
            ra_print_error(err);
            ra_err_clear(err);
            ctx->partial = true;
        } else if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int read_all(struct ra_ctx *ctx, struct answers *answers, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    bool names = ctx->g.names_only && o->sort == RA_SORT_NAME;
    int rc = names ? 0 : ra_tags_read(&ctx->job, answers->list.at, answers->list.n, err);
    ra_vec_each (answer, &answers->list) {
        ra_tags_sort(answer, (enum ra_tag_sort)o->sort);
        if (o->reverse)
            ra_vec_reverse(&answer->list);
    }
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct filter filter = {.o = o};
    __attribute__((cleanup(answers_release))) struct answers answers = {0};
    int rc = ra_regex_compile(&filter.regex, o->regex, err);
    if (rc < 0)
        return rc;
    rc = list_all(ctx, &filter, &answers, err);
    ra_regex_release(&filter.regex);
    if (rc == 0)
        rc = read_all(ctx, &answers, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, &answers, err);
    if (ctx->g.names_only)
        print_names(&answers);
    else
        print_table(o, &answers);
    return 0;
}

static const struct ra_example examples[] = {
    {"tags team/app", "The tags of a repository"},
    {"tags --sort updated 'team/app:v1.*'", "Some of them, those pushed last first"},
    {"tags --json team/app | jq -r '.repositories[].tags[].digest'", "Their digests, for a program"},
    {0},
};

const struct ra_cmd ra_cmd_tags = {
    .name = "tags",
    .group = "Look",
    .summary = "list the tags of repositories: kind, platforms, size, dates",
    .operands = "REPO[:PATTERN]...",
    .min = 1,
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REPO,
    .prose =
        "Lists the tags of each repository with what they point to. SIZE is what the image takes: manifest, "
        "config and layers, each blob once. CREATED is the date in the image's config, UPDATED when the tag "
        "was last pushed. REPO may be a pattern as well: * is any run of characters but '/', ** any run at "
        "all. Tags that stand for digests (sha256-....sig) are left out unless --all is given.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
