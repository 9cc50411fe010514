#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/num.h"
#include "jobs/migrate.h"

#include <limits.h>

extern char **environ;

struct options {
    bool tags, follow;
};

#define OPTION(member) offsetof(struct options, member)

static const struct ra_opt options[] = {
    {"tags", 't', RA_OPT_FLAG, OPTION(tags), NULL, "list every tag"},
    {"follow-symlinks", 0, RA_OPT_FLAG, OPTION(follow), NULL,
     "follow symbolic links that lead out of SOURCE"},
    {0},
};

struct sum { /* of one repository */
    const char *name;
    const struct ra_v1_repo *repo;
    uint64_t tags, damaged;
    int64_t updated;
};
struct sums {
    RA_VEC(struct sum) list;
};

static void add_tag(struct sum *sum, const struct ra_v1_listed_tag *t)
{
    sum->tags++;
    sum->damaged += !t->whole;
    if (t->updated > sum->updated)
        sum->updated = t->updated;
}

/* Two folders of one name stand beside each other in the tree, and are one repository. */
static void sum_up(const struct ra_v1_listing *l, bool all, struct sums *out)
{
    const struct ra_v1_listed_tag *t = l->tags.at, *end = t + l->tags.n;
    ra_vec_each (repo, &l->tree.repos) {
        struct sum *last = out->list.n ? &out->list.at[out->list.n - 1] : NULL;
        bool wanted = all || (t < end && ra_streq(t->repo, repo->name));
        if (!wanted || (last && ra_streq(last->name, repo->name)))
            continue;
        struct sum *sum = ra_vec_push(&out->list);
        *sum = (struct sum){.name = repo->name, .repo = repo, .updated = RA_TIME_NONE};
        for (; t < end && ra_streq(t->repo, repo->name); t++)
            add_tag(sum, t);
    }
}

static void json_tag(struct ra_jsonw *w, const struct ra_v1_listed_tag *t)
{
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "tag", t->tag);
    ra_jsonw_key_str(w, "id", *t->id ? t->id : NULL);
    ra_jsonw_key_u64(w, "images", t->images);
    ra_jsonw_key_u64(w, "bytes", t->layer_bytes);
    ra_jsonw_key_bool(w, "whole", t->whole);
    ra_json_time(w, "updated", t->updated);
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_v1_listing *l, const struct sums *sums,
                      struct ra_err *err)
{
    struct ra_jsonw w;
    const struct ra_v1_listed_tag *t = l->tags.at;
    ra_json_open(&w, ctx);
    ra_jsonw_key_u64(&w, "images", l->images);
    ra_jsonw_key_u64(&w, "bytes", l->layer_bytes);
    ra_jsonw_key_u64(&w, "orphans", l->orphans);
    ra_jsonw_key(&w, "repositories");
    ra_jsonw_array(&w);
    ra_vec_each (sum, &sums->list) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "name", sum->name);
        ra_jsonw_key_bool(&w, "private", sum->repo->is_private);
        ra_jsonw_key(&w, "tags");
        ra_jsonw_array(&w);
        for (uint64_t i = 0; i < sum->tags; i++)
            json_tag(&w, t++);
        ra_jsonw_end(&w);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void print_repositories(const struct sums *sums)
{
    static const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                               {"TAGS", RA_RIGHT},
                                               {"DAMAGED", RA_RIGHT},
                                               {"ACCESS"},
                                               {"UPDATED"},
                                               {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (sum, &sums->list) {
        ra_cell(rows, sum->name);
        ra_cell_count(rows, sum->tags);
        ra_cell_count(rows, sum->damaged);
        ra_cell(rows, sum->repo->is_private ? "private" : "public");
        ra_cell_time(rows, sum->updated);
    }
    ra_rows_print(rows, stdout);
}

static void print_tags(const struct ra_v1_listing *l)
{
    static const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                               {"TAG", .elastic = true},
                                               {"ID", .minor = 1},
                                               {"IMAGES", RA_RIGHT},
                                               {"SIZE", RA_RIGHT},
                                               {"UPDATED"},
                                               {"STATE"},
                                               {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (t, &l->tags) {
        ra_cell(rows, t->repo);
        ra_cell(rows, t->tag);
        ra_cellf(rows, "%.12s", *t->id ? t->id : "-");
        ra_cell_count(rows, t->images);
        ra_cell_size(rows, t->layer_bytes);
        ra_cell_time(rows, t->updated);
        ra_cell(rows, t->whole ? "complete" : "damaged");
    }
    ra_rows_print(rows, stdout);
}

static void print_names(const struct sums *sums)
{
    ra_vec_each (sum, &sums->list)
        ra_print_name(sum->name, NULL);
}

static int print(struct ra_ctx *ctx, const struct ra_v1_listing *l, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    char images[RA_COUNT_TEXT], orphans[RA_COUNT_TEXT], size[RA_SIZE_TEXT];
    struct sums sums = {0};
    int rc = 0;
    sum_up(l, ctx->operands.n == 1, &sums);
    if (ctx->g.json)
        rc = print_json(ctx, l, &sums, err);
    else if (ctx->g.names_only)
        print_names(&sums);
    else if (o->tags)
        print_tags(l);
    else
        print_repositories(&sums);
    if (!ctx->g.json && ctx->operands.n == 1)
        ra_say(ctx, "%s images, of which no tag needs %s; the layers of all others take %s",
               ra_count_text(l->images, images), ra_count_text(l->orphans, orphans),
               ra_size_text(l->layer_bytes, size));
    ra_vec_release(&sums.list);
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_strlist patterns = {ctx->operands.at + 1, ctx->operands.n - 1, 0};
    RA_AUTO(ra_v1_listing, _release) listing = {0};
    ra_auto_free bool *matched = ra_calloc(patterns.n + 1, sizeof(*matched));
    struct ra_v1_source source;
    int rc = ra_v1_open(ctx->operands.at[0], o->follow, (const char *const *)environ, &source, err);
    if (rc < 0)
        return rc;
    rc = ra_v1_list(&ctx->job, &source, &patterns, matched, &listing, err);
    ra_v1_close(&source);
    if (rc == 0)
        rc = print(ctx, &listing, err);
    if (rc == 0)
        ra_patterns_say_unmatched_in(ctx, &patterns, matched);
    return rc;
}

static const struct ra_example examples[] = {
    {"ls-v1 /tmp/registry", "The repositories of an old registry"},
    {"ls-v1 --tags /tmp/registry 'team/*'", "The tags of some, and whether their images are complete"},
    {0},
};

const struct ra_cmd ra_cmd_ls_v1 = {
    .name = "ls-v1",
    .group = "Carry",
    .summary = "list what the storage of an old Python registry holds",
    .operands = "SOURCE [PATTERN...]",
    .min = 1,
    .max = UINT_MAX,
    .complete = RA_COMPLETE_DIR,
    .prose = "Shows the repositories in the storage of docker-registry 0.6 to 0.9.1, before anybody decides "
             "to migrate them. A tag is damaged when an image it needs, its metadata or its layer is missing "
             "or unusable; layers are not read, which `migrate-v1 --dry-run` does.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
