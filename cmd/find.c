#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/num.h"
#include "jobs/find.h"
#include "registry/reference.h"

#include <limits.h>

struct options {
    struct ra_strlist labels, env, files;
    const char *author, *os, *arch, *created_after, *created_before;
    uint64_t larger_than;
    bool untagged;
};

static const struct ra_opt options[] = {
    {"label", 'l', RA_OPT_LIST, offsetof(struct options, labels), "KEY[=VALUE]",
     "images that carry the label; may be given again"},
    {"env", 'e', RA_OPT_LIST, offsetof(struct options, env), "NAME[=VALUE]",
     "images that set the environment variable; may be given again"},
    {"file", 'f', RA_OPT_LIST, offsetof(struct options, files), "PATTERN",
     "images with such a file: /etc/ssl/*.pem, or a name in any folder, log4j-core-*; may be given again"},
    {"author", 0, RA_OPT_STR, offsetof(struct options, author), "TEXT",
     "images whose author has the text in it"},
    {"os", 0, RA_OPT_STR, offsetof(struct options, os), "OS", "images for the operating system"},
    {"arch", 0, RA_OPT_STR, offsetof(struct options, arch), "ARCH",
     "images for the architecture: amd64, arm64, ..."},
    {"created-after", 0, RA_OPT_STR, offsetof(struct options, created_after), "DATE",
     "images made after it: 2026-03-14, or with a time 2026-03-14T15:00:00Z"},
    {"created-before", 0, RA_OPT_STR, offsetof(struct options, created_before), "DATE",
     "images made before it"},
    {"larger-than", 0, RA_OPT_SIZE, offsetof(struct options, larger_than), "SIZE",
     "images whose manifest, config and layers are larger"},
    {"untagged", 'u', RA_OPT_FLAG, offsetof(struct options, untagged), NULL,
     "look at untagged revisions too; without other criteria: list them"},
    {0},
};

static bool has_criteria(const struct options *o)
{
    return o->labels.n || o->env.n || o->files.n || o->author || o->os || o->arch || o->created_after ||
           o->created_before || o->larger_than;
}

static const char *reference(const char *repo, const char *tag, const struct ra_digest *d, struct ra_buf *out)
{
    char text[RA_DIGEST_TEXT];
    ra_buf_clear(out);
    if (tag)
        ra_buf_addf(out, "%s:%s", repo, tag);
    else
        ra_buf_addf(out, "%s@%s", repo, ra_digest_text(d, text));
    return ra_buf_str(out);
}

/* --- by digest ----------------------------------------------------------- */

static int json_digest_found(struct ra_ctx *ctx, const struct ra_find_digest *f, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_json_digest(&w, "digest", &f->digest);
    ra_jsonw_key_str(&w, "kind", f->what);
    ra_jsonw_key_bool(&w, "present", f->present);
    ra_jsonw_key_u64(&w, "bytes", f->bytes);
    ra_jsonw_key(&w, "users");
    ra_jsonw_array(&w);
    ra_vec_each (user, &f->users) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "repository", user->repository);
        ra_jsonw_key_str(&w, "tag", user->tag);
        ra_json_digest(&w, "digest", &user->digest);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    ra_jsonw_key(&w, "linked");
    ra_jsonw_array(&w);
    ra_vec_each (repo, &f->linked)
        ra_jsonw_str(&w, *repo);
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void print_users(const struct ra_find_digest *f)
{
    static const struct ra_column columns[] = {{"NEEDED BY", .elastic = true}, {"MANIFEST"}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    RA_BUF_AUTO text = {0};
    ra_vec_each (user, &f->users) {
        char brief[RA_SHORT_DIGEST];
        if (user->tag)
            ra_cell(rows, reference(user->repository, user->tag, &user->digest, &text));
        else
            ra_cellf(rows, "%s (untagged)", user->repository);
        ra_cell(rows, ra_digest_short(&user->digest, brief));
    }
    ra_rows_print(rows, stdout);
}

static void print_digest_found(const struct ra_find_digest *f)
{
    char text[RA_DIGEST_TEXT], size[RA_SIZE_TEXT];
    printf("%s\n%s, %s\n", ra_digest_text(&f->digest, text), f->what,
           f->present ? ra_size_text(f->bytes, size) : "not in this storage");
    if (f->users.n == 0)
        puts("nothing needs it");
    else
        putchar('\n');
    print_users(f);
}

static int find_digest(struct ra_ctx *ctx, struct ra_err *err)
{
    RA_AUTO(ra_find_digest, _release) found = {0};
    RA_BUF_AUTO text = {0};
    int rc = ra_find_by_digest(&ctx->job, ctx->operands.at[0], &found, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return json_digest_found(ctx, &found, err);
    if (!ctx->g.names_only)
        print_digest_found(&found);
    else
        ra_vec_each (user, &found.users)
            ra_print_name(reference(user->repository, user->tag, &user->digest, &text), NULL);
    return 0;
}

/* --- by criteria ----------------------------------------------------------- */

static int parse_date(const char *name, const char *text, int64_t *out, struct ra_err *err)
{
    *out = RA_TIME_NONE;
    if (!text)
        return 0;
    ra_auto_free char *midnight = ra_asprintf("%sT00:00:00Z", text);
    if (ra_time_parse(text, strlen(text), out) || ra_time_parse(midnight, strlen(midnight), out))
        return 0;
    return ra_fail(err, RA_USAGE, "'--%s' needs a date, like 2026-03-14 or 2026-03-14T15:00:00Z, not '%s'",
                   name, text);
}

/* Only where they were asked for. */
static void json_files(struct ra_jsonw *w, const struct ra_found *found)
{
    if (!found->n_files)
        return;
    ra_jsonw_key(w, "files");
    ra_jsonw_array(w);
    for (size_t i = 0; i < found->n_files; i++) {
        ra_auto_free char *path = ra_asprintf("/%s", found->files[i].path);
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "path", path);
        ra_jsonw_key_u64(w, "bytes", found->files[i].bytes);
        ra_json_digest(w, "layer", found->files[i].layer);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static int json_images(struct ra_ctx *ctx, const struct ra_find_images *f, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key(&w, "images");
    ra_jsonw_array(&w);
    ra_vec_each (found, &f->list) {
        ra_jsonw_object(&w);
        ra_jsonw_key_str(&w, "repository", found->repository);
        ra_jsonw_key_str(&w, "tag", found->tag);
        ra_json_digest(&w, "digest", &found->digest);
        ra_jsonw_key_str(&w, "platform", *found->platform ? found->platform : NULL);
        ra_jsonw_key_u64(&w, "bytes", found->bytes);
        ra_json_time(&w, "created", found->created);
        json_files(&w, found);
        ra_jsonw_end(&w);
    }
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

static void file_cell(struct ra_rows *rows, const struct ra_found *found)
{
    char more[RA_COUNT_TEXT];
    if (!found->n_files)
        ra_cell(rows, "");
    else if (found->n_files == 1)
        ra_cellf(rows, "/%s", found->files[0].path);
    else
        ra_cellf(rows, "/%s, and %s more", found->files[0].path, ra_count_text(found->n_files - 1, more));
}

static void print_images(const struct ra_find_images *f, bool files)
{
    const struct ra_column columns[] = {{"IMAGE", .elastic = true},
                                        {"PLATFORM"},
                                        {"SIZE", RA_RIGHT},
                                        {"CREATED", .hidden = files, .minor = 1},
                                        {"DIGEST", .hidden = files, .minor = 2},
                                        {"FILE", .elastic = true, .hidden = !files},
                                        {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    RA_BUF_AUTO text = {0};
    ra_vec_each (found, &f->list) {
        char brief[RA_SHORT_DIGEST];
        if (found->tag)
            ra_cell(rows, reference(found->repository, found->tag, &found->digest, &text));
        else
            ra_cellf(rows, "%s (untagged)", found->repository);
        ra_cell(rows, *found->platform ? found->platform : "-");
        ra_cell_size(rows, found->bytes);
        ra_cell_time(rows, found->created);
        ra_cell(rows, ra_digest_short(&found->digest, brief));
        file_cell(rows, found);
    }
    ra_rows_print(rows, stdout);
}

static void print_references(const struct ra_find_images *f)
{
    RA_BUF_AUTO text = {0};
    const struct ra_found *before = NULL;
    ra_vec_each (found, &f->list) {
        /* The platforms of one tag stand side by side: one line for them. */
        bool again =
            before && before->tag && before->tag == found->tag && before->repository == found->repository;
        if (!again)
            ra_print_name(reference(found->repository, found->tag, &found->digest, &text), NULL);
        before = found;
    }
}

static int find_images(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_AUTO(ra_find_images, _release) found = {0};
    RA_AUTO(ra_patterns, _release) patterns = {0};
    struct ra_find_criteria criteria = {.labels = o->labels,
                                        .env = o->env,
                                        .files = o->files,
                                        .author = o->author,
                                        .os = o->os,
                                        .architecture = o->arch,
                                        .larger_than = o->larger_than,
                                        .untagged = o->untagged,
                                        .no_tags = !has_criteria(o),
                                        .wanted = ra_patterns_want,
                                        .arg = &patterns};
    int rc = parse_date("created-after", o->created_after, &criteria.created_after, err);
    if (rc == 0)
        rc = parse_date("created-before", o->created_before, &criteria.created_before, err);
    if (rc == 0)
        rc = ra_patterns_open(ctx, &ctx->operands, &patterns, err);
    if (rc == 0)
        rc = ra_find_by_config(&ctx->job, &criteria, &found, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        rc = json_images(ctx, &found, err);
    else if (ctx->g.names_only)
        print_references(&found);
    else
        print_images(&found, o->files.n > 0);
    if (found.list.n == 0)
        ra_say(ctx, "no image is like that");
    ra_patterns_say_unmatched(ctx, &patterns);
    return rc;
}

/* What was meant to be in a variable of a shell, and is not, must not look like "anything". */
static int refuse_empty(const char *name, const char *value, struct ra_err *err)
{
    bool empty = value && (!*value || *value == '=');
    return empty ? ra_fail(err, RA_USAGE, "'--%s' has no value: '%s'", name, value) : 0;
}

static int check_options(const struct options *o, struct ra_err *err)
{
    const struct {
        const char *name;
        const struct ra_strlist *values;
    } lists[] = {{"label", &o->labels}, {"env", &o->env}, {"file", &o->files}};
    int rc = refuse_empty("author", o->author, err);
    if (rc == 0)
        rc = refuse_empty("os", o->os, err);
    if (rc == 0)
        rc = refuse_empty("arch", o->arch, err);
    for (size_t i = 0; i < RA_COUNT(lists); i++)
        for (size_t v = 0; rc == 0 && v < lists[i].values->n; v++)
            rc = refuse_empty(lists[i].name, lists[i].values->at[v], err);
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    int rc = check_options(o, err);
    if (rc < 0)
        return rc;
    bool digest = ctx->operands.n == 1 && strchr(ctx->operands.at[0], ':');
    if (has_criteria(o) || (o->untagged && !digest))
        return find_images(ctx, err);
    if (ctx->operands.n == 1)
        return find_digest(ctx, err);
    rc = ra_fail(err, RA_USAGE, "find wants a digest, or what images should be like: --label, --file, ...");
    return ra_hint(
        err, rc,
        "`regadm find sha256:1f2e3d` tells what needs a blob; to search names use `regadm ls PATTERN`");
}

static const struct ra_example examples[] = {
    {"find sha256:34c904bf3332", "What a blob is, and which tags need it"},
    {"find --label team=tools --created-before 2026-01-01", "The old images of a team"},
    {"find --file 'log4j-core-*.jar'", "Which images have a file, in any folder"},
    {"find --untagged", "What no tag leads to"},
    {"find --env 'JAVA_VERSION=8*' 'apps/**'", "Who still runs on Java 8"},
    {0},
};

const struct ra_cmd ra_cmd_find = {
    .name = "find",
    .aliases = (const char *const[]){"search", NULL},
    .group = "Look",
    .summary = "tell what needs a digest, and which images have a label or file",
    .operands = "DIGEST | [PATTERN...]",
    .max = UINT_MAX,
    .complete = RA_COMPLETE_REPO,
    .prose = "With a digest, or its first six or more digits: what it is, and every tag and untagged "
             "revision that needs it. With criteria: the images that meet all of them, in the repositories "
             "that match the patterns. Values may be patterns: * is any run of characters.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
