#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/file.h"
#include "base/num.h"
#include "jobs/copy.h"
#include "registry/layout.h"
#include "registry/storage.h"

#include <unistd.h>

extern char **environ;

struct options {
    bool replace, follow;
};

static const struct ra_opt options[] = {
    {"replace", 0, RA_OPT_FLAG, offsetof(struct options, replace), NULL,
     "move tags that point to another image in DEST; without it they stay"},
    {"follow-symlinks", 0, RA_OPT_FLAG, offsetof(struct options, follow), NULL,
     "follow symbolic links that lead out of SOURCE or DEST"},
    {0},
};

/* A verb with two storages opens both itself: the frame knows of one. */
struct ends {
    struct ra_storage from, to;
    struct ra_lock *lock;
};

static void ends_release(struct ends *e)
{
    ra_store_unlock(e->lock);
    ra_storage_release(&e->from);
    ra_storage_release(&e->to);
}

/* The path of what may not be there yet, without links and dots. Owned. */
static char *real_place(const char *path)
{
    char *real = realpath(path, NULL);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    ra_auto_free char *bare = ra_strndup(path, n);
    ra_auto_free char *folder = ra_path_folder(bare);
    if (real || ra_streq(folder, bare))
        return real ? real : ra_strdup(bare);
    const char *slash = strrchr(bare, '/');
    ra_auto_free char *above = ra_streq(bare, "..") ? ra_strdup(".") : real_place(folder);
    return ra_asprintf("%s/%s", ra_streq(above, "/") ? "" : above, slash ? slash + 1 : bare);
}

/* The place of an end: a folder's path, or a bucket and prefix with what says where that bucket is. */
static char *place_of(const char *operand)
{
    if (!ra_starts_with(operand, "s3://"))
        return real_place(operand);
    size_t n = strcspn(operand, "?");
    size_t bare = n;
    while (bare > 5 && operand[bare - 1] == '/')
        bare--;
    return ra_asprintf("%s %.*s", operand + n, (int)bare, operand);
}

static bool is_within(const char *inner, const char *outer)
{
    size_t n = strlen(outer);
    return strncmp(inner, outer, n) == 0 && (inner[n] == '\0' || inner[n] == '/' || ra_streq(outer, "/"));
}

/* A copy into itself would never end, or say that all of it is there. */
static int refuse_overlap(const char *from, const char *to, struct ra_err *err)
{
    ra_auto_free char *source = place_of(from);
    ra_auto_free char *dest = place_of(to);
    if (!is_within(source, dest) && !is_within(dest, source))
        return 0;
    return ra_fail(err, RA_USAGE, "SOURCE '%s' and DEST '%s' are %s", from, to,
                   ra_streq(source, dest) ? "one place" : "one inside the other");
}

static int open_ends(struct ra_ctx *ctx, struct ends *e, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_storage_where where = {.root = ctx->operands.at[0],
                                     .root_name = "SOURCE",
                                     .env = (const char *const *)environ,
                                     .follow = o->follow};
    int rc = ra_storage_open(&where, &e->from, err);
    if (rc == 0)
        rc = refuse_overlap(ctx->operands.at[0], ctx->operands.at[1], err);
    if (rc < 0)
        return rc;
    where.root = ctx->operands.at[1];
    where.root_name = "DEST";
    where.create = !ctx->g.dry_run;
    where.pretend = ctx->g.dry_run;
    rc = ra_storage_open(&where, &e->to, err);
    if (rc == 0)
        rc = ra_storage_check_owner(e->to.store, err);
    if (rc < 0 || ctx->g.dry_run)
        return rc;
    ra_auto_free char *who = ra_asprintf("regadm copy, process %d", (int)getpid());
    return ra_store_lock(e->to.store, RA_LOCK_KEY, RA_V2, who, &e->lock, err);
}

static void json_moved(struct ra_jsonw *w, const struct ra_copy *c)
{
    const struct ra_copy_moved *m;
    ra_jsonw_key(w, "moved");
    ra_jsonw_array(w);
    for (size_t i = 0; (m = ra_copy_moved(c, i)); i++) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "repository", m->repo);
        ra_jsonw_key_str(w, "tag", m->tag);
        ra_json_digest(w, "digest", &m->digest);
        ra_json_digest(w, "previous", &m->previous);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_copy *c, struct ra_err *err)
{
    const struct ra_copy_result *r = ra_copy_result(c);
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    ra_jsonw_key(&w, "blobs");
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "written", r->blobs.copied);
    ra_jsonw_key_u64(&w, "bytes", r->blobs.bytes);
    ra_jsonw_key_u64(&w, "present", r->blobs.present);
    ra_jsonw_end(&w);
    ra_jsonw_key_u64(&w, "layer_links", r->layer_links);
    ra_jsonw_key_u64(&w, "revisions", r->revision_links);
    ra_jsonw_key_u64(&w, "tags", r->tags);
    ra_jsonw_key_u64(&w, "kept", r->kept);
    ra_jsonw_key_u64(&w, "skipped", r->skipped);
    json_moved(&w, c);
    return ra_json_close(&w, ctx, err);
}

/* The tags that come to another image, before or after they do. */
static void print_moved(const struct ra_copy *c, bool done, FILE *to)
{
    const struct ra_column columns[] = {{"REPOSITORY", .elastic = true},
                                        {"TAG", .elastic = true},
                                        {done ? "MOVED FROM" : "TO BE MOVED FROM"},
                                        {"TO"},
                                        {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    const struct ra_copy_moved *m;
    char brief[RA_SHORT_DIGEST];
    for (size_t i = 0; (m = ra_copy_moved(c, i)); i++) {
        ra_cell(rows, m->repo);
        ra_cell(rows, m->tag);
        ra_cell(rows, ra_digest_short(&m->previous, brief));
        ra_cell(rows, ra_digest_short(&m->digest, brief));
    }
    ra_rows_print(rows, to);
}

static void print_counts(const struct ra_ctx *ctx, const struct ra_copy_result *r)
{
    const struct ra_column columns[] = {{""},
                                        {ctx->g.dry_run ? "TO BE COPIED" : "COPIED", RA_RIGHT},
                                        {"PRESENT", RA_RIGHT},
                                        {"", RA_RIGHT},
                                        {0}};
    const struct {
        const char *name;
        uint64_t n;
    } links[] = {{"layer links", r->layer_links}, {"revisions", r->revision_links}, {"tags", r->tags}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_cell(rows, "blobs");
    ra_cell_count(rows, r->blobs.copied);
    ra_cell_count(rows, r->blobs.present);
    ra_cell_size(rows, r->blobs.bytes);
    for (size_t i = 0; i < RA_COUNT(links); i++) {
        ra_cell(rows, links[i].name);
        ra_cell_count(rows, links[i].n);
        ra_cell(rows, "");
        ra_cell(rows, "");
    }
    ra_rows_print(rows, stdout);
}

static void print_result(struct ra_ctx *ctx, const struct ra_copy *c)
{
    if (ra_copy_moving(c)) {
        print_moved(c, !ctx->g.dry_run, stdout);
        putchar('\n');
    }
    print_counts(ctx, ra_copy_result(c));
    if (ctx->g.dry_run)
        ra_say(ctx, "nothing was copied: this was a dry run");
}

static int confirm(struct ra_ctx *ctx, const struct ra_copy *c, struct ra_err *err)
{
    char tags[RA_COUNT_OF_TEXT];
    size_t moving = ra_copy_moving(c);
    if (ctx->g.dry_run || moving == 0)
        return 0;
    if (!ctx->g.yes)
        print_moved(c, false, stderr);
    return ra_confirm(ctx, err, "Move %s in DEST to another image?", ra_count_of(moving, "tag", tags));
}

static int not_copied(const struct ra_ctx *ctx, int rc, struct ra_err *err)
{
    return ra_wrap(err, rc, "cannot copy '%s' to '%s'", ctx->operands.at[0], ctx->operands.at[1]);
}

static int copy(struct ra_ctx *ctx, struct ra_copy *c, struct ra_err *err)
{
    int rc = ra_copy_run(c, err);
    ra_end_progress(ctx);
    if (ra_cancelled() && rc == -RA_CANCELLED && !ctx->g.dry_run)
        return ra_hint(err, rc, "DEST is whole: run it again, and it copies the rest");
    if (rc < 0)
        return not_copied(ctx, rc, err);
    if (ctx->g.json)
        return print_json(ctx, c, err);
    if (!ctx->g.quiet)
        print_result(ctx, c);
    return 0;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    __attribute__((cleanup(ends_release))) struct ends ends = {0};
    RA_AUTO_PTR(ra_copy) c = NULL;
    int rc = open_ends(ctx, &ends, err);
    if (rc < 0)
        return rc;
    struct ra_job job = ctx->job;
    job.store = ends.from.store;
    ra_warn_of_owner(ctx, job.store);
    rc = ra_copy_open(&job, ends.to.store, o->replace, &c, err);
    if (rc < 0)
        return not_copied(ctx, rc, err);
    rc = confirm(ctx, c, err);
    return rc < 0 ? rc : copy(ctx, c, err);
}

static const struct ra_example examples[] = {
    {"copy /var/lib/registry 's3://bucket/registry?region=eu-west-1'", "A folder into a bucket"},
    {"copy -n 's3://bucket?endpoint=https://ceph:8080' /srv/registry",
     "What a copy the other way would take"},
    {0},
};

const struct ra_cmd ra_cmd_copy = {
    .name = "copy",
    .group = "Carry",
    .summary = "copy a whole storage, between folders and buckets",
    .operands = "SOURCE DEST",
    .min = 2,
    .max = 2,
    .complete = RA_COMPLETE_DIR,
    .prose =
        "Copies every blob, link and tag that DEST does not have yet; each blob is checked against its "
        "digest on the way. Blobs come first and tags last, so a copy may be cut anywhere, and run again. "
        "A tag that points to another image in DEST stays unless --replace is given. "
        "Nothing is removed from DEST; uploads and foreign files stay behind. SOURCE and DEST are root "
        "directories, or buckets: s3://BUCKET/PREFIX?region=REGION&endpoint=URL, see regadm-store(7).",
    .opts = options,
    .opts_size = sizeof(struct options),
    .examples = examples,
    .flags = RA_CMD_LONG | RA_CMD_DRY_RUN | RA_CMD_CONFIRM | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
