#include "print.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/num.h"
#include "jobs/fsck.h"
#include "registry/storage.h"

extern char **environ;

struct options {
    bool quick, repair;
    double sample;
    int64_t time;
    uint64_t limit_rate;
    const char *state, *from;
};

static const struct ra_opt options[] = {
    {"quick", 0, RA_OPT_FLAG, offsetof(struct options, quick), NULL,
     "check structure and sizes; read no blob but the manifests"},
    {"sample", 0, RA_OPT_PERCENT, offsetof(struct options, sample), "PERCENT",
     "read only that part of the blobs, another one each time: 5%"},
    {"time", 0, RA_OPT_AGE, offsetof(struct options, time), "DURATION",
     "begin no further blob after that long: 10m"},
    {"state", 0, RA_OPT_STR, offsetof(struct options, state), "FILE",
     "begin where the last run with this file stopped, and write down where this one does",
     .complete = RA_COMPLETE_FILE},
    {"limit-rate", 0, RA_OPT_SIZE, offsetof(struct options, limit_rate), "SIZE",
     "read at most that much a second: 50M"},
    {"repair", 0, RA_OPT_FLAG, offsetof(struct options, repair), NULL,
     "mend what is certain: lost links; move corrupt blobs aside"},
    {"from", 0, RA_OPT_STR, offsetof(struct options, from), "ROOT|ARCHIVE",
     "with --repair: refill missing and corrupt blobs from this other storage, backup or OCI archive",
     .complete = RA_COMPLETE_FILE},
    {0},
};

static const struct options defaults = {.time = -1};

static const char *const fix_names[] = {
    [RA_FIX_LAYER_LINK] = "layer link", [RA_FIX_REVISION_LINK] = "revision link",
    [RA_FIX_TAG_LINK] = "tag link",     [RA_FIX_QUARANTINE] = "corrupt blob",
    [RA_FIX_REFILL] = "missing blob",
};

/* Without a source a missing blob cannot be mended: it stays a finding, and no fix. */
static bool is_possible(const struct options *o, const struct ra_fix *fix)
{
    return o->from || fix->kind != RA_FIX_REFILL;
}

static void print_plan(const struct ra_ctx *ctx, const struct ra_fix *fixes, size_t n)
{
    const struct options *o = ctx->opts;
    for (size_t i = 0; i < n; i++) {
        char digest[RA_DIGEST_TEXT];
        RA_BUF_AUTO line = {0};
        const struct ra_fix *fix = &fixes[i];
        if (!is_possible(o, fix))
            continue;
        ra_buf_addf(&line, "%s: %s ",
                    fix->kind == RA_FIX_QUARANTINE ? "move aside"
                    : fix->kind == RA_FIX_REFILL   ? "refill"
                                                   : "restore",
                    fix_names[fix->kind]);
        if (fix->repository)
            ra_text_safe(&line, fix->repository, strlen(fix->repository));
        if (fix->tag) {
            ra_buf_addc(&line, ':');
            ra_text_safe(&line, fix->tag, strlen(fix->tag));
        }
        ra_buf_addf(&line, "%s%s", fix->repository ? " " : "", ra_digest_text(&fix->digest, digest));
        if (fix->kind == RA_FIX_QUARANTINE && o->from)
            ra_buf_adds(&line, ", and refill it");
        ra_say(ctx, "%s", ra_buf_str(&line));
    }
}

static size_t count_possible(const struct ra_ctx *ctx, const struct ra_fix *fixes, size_t n)
{
    const struct options *o = ctx->opts;
    size_t possible = 0;
    for (size_t i = 0; i < n; i++)
        possible += is_possible(o, &fixes[i]);
    return possible;
}

static int open_source(const struct ra_ctx *ctx, struct ra_storage *storage, struct ra_fsck_source **out,
                       struct ra_err *err)
{
    const struct options *o = ctx->opts;
    struct ra_storage_where where = {
        .root = o->from, .root_name = "--from", .env = (const char *const *)environ, .follow = ctx->g.follow};
    if (!o->from)
        return 0;
    if (ra_fsck_source_is_archive(o->from)) {
        int rc = ra_fsck_source_archive(&ctx->job, o->from, (const char *const *)environ, out, err);
        return rc < 0 ? ra_wrap(err, rc, "cannot use --from") : 0;
    }
    int rc = ra_storage_open(&where, storage, err);
    if (rc < 0)
        return ra_hint(err, rc,
                       "--from is the root directory of another registry, a bucket s3://BUCKET/PREFIX, a "
                       "backup or an OCI archive");
    *out = ra_fsck_source_store(storage->store);
    return 0;
}

static int repair(struct ra_ctx *ctx, struct ra_fsck *fsck, const struct ra_fsck_source *source,
                  struct ra_err *err)
{
    char missing[RA_COUNT_OF_TEXT];
    size_t n;
    const struct ra_fix *fixes = ra_fsck_fixes(fsck, &n);
    size_t possible = count_possible(ctx, fixes, n);
    if (possible < n)
        ra_say(ctx, "%s cannot be refilled: that needs another copy of the registry, --from ROOT or ARCHIVE",
               ra_count_of(n - possible, "missing blob", missing));
    if (possible == 0)
        return 0;
    print_plan(ctx, fixes, n);
    if (ctx->g.dry_run)
        return 0;
    int rc = ra_confirm(ctx, err, "Mend these %zu things?", possible);
    return rc < 0 ? rc : ra_fsck_repair(fsck, source, err);
}

static int print_json(struct ra_ctx *ctx, const struct ra_fsck_result *r, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    ra_jsonw_key(&w, "blobs");
    ra_jsonw_object(&w);
    ra_jsonw_key_u64(&w, "checked", r->blobs_checked);
    ra_jsonw_key_u64(&w, "bytes", r->bytes_checked);
    ra_jsonw_key_u64(&w, "present", r->blobs);
    ra_jsonw_end(&w);
    ra_jsonw_key_u64(&w, "repaired", r->repaired);
    return ra_json_close(&w, ctx, err);
}

static void print_summary(struct ra_ctx *ctx, const struct ra_fsck_result *r)
{
    const struct options *o = ctx->opts;
    char checked[RA_COUNT_TEXT], present[RA_COUNT_OF_TEXT], size[RA_SIZE_TEXT];
    char errors[RA_COUNT_OF_TEXT], warnings[RA_COUNT_OF_TEXT], notes[RA_COUNT_OF_TEXT];
    size_t n[3] = {0};
    ra_findings_sort(&ctx->findings);
    ra_vec_each (f, &ctx->findings.list)
        n[f->severity]++;
    if (r->blobs_checked || !o->quick)
        printf("%s of %s read (%s)%s\n", ra_count_text(r->blobs_checked, checked),
               ra_count_of(r->blobs, "blob", present), ra_size_text(r->bytes_checked, size),
               r->stopped_early ? ", stopped by --time" : "");
    else
        printf("%s, not read\n", ra_count_of(r->blobs, "blob", present));
    if (r->repaired)
        printf("%s mended\n", ra_count_text(r->repaired, checked));
    bool all = r->blobs_checked == r->blobs || o->quick;
    if (n[RA_ERROR] + n[RA_WARNING] == 0)
        printf("%s%s\n", all ? "sound" : "nothing wrong in what was read", n[RA_NOTE] ? ", with notes" : "");
    else
        printf("%s, %s, %s\n", ra_count_of(n[RA_ERROR], "error", errors),
               ra_count_of(n[RA_WARNING], "warning", warnings), ra_count_of(n[RA_NOTE], "note", notes));
}

static int check_options(const struct options *o, struct ra_err *err)
{
    if (o->time == 0)
        return ra_fail(err, RA_USAGE, "--time 0 would read nothing: --quick does that");
    if (o->quick && (o->sample > 0 || o->time > 0 || o->state || o->limit_rate))
        return ra_fail(
            err, RA_USAGE,
            "--quick reads no blobs: --sample, --time, --state and --limit-rate say nothing with it");
    if (o->from && !o->repair)
        return ra_fail(err, RA_USAGE, "--from goes with --repair");
    return 0;
}

static bool has_refilled(const struct ra_fsck *fsck)
{
    size_t n;
    const struct ra_fix *fixes = ra_fsck_fixes(fsck, &n);
    for (size_t i = 0; i < n; i++)
        if (fixes[i].kind == RA_FIX_REFILL && fixes[i].action)
            return true;
    return false;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_AUTO_PTR(ra_fsck) fsck = NULL;
    struct ra_fsck_opts opts = {.quick = o->quick,
                                .sample = o->sample,
                                .seconds = o->time > 0 ? (double)o->time / 1e9 : 0,
                                .bytes_per_second = o->limit_rate,
                                .state = o->state};
    RA_AUTO(ra_storage, _release) storage = {0};
    RA_AUTO_PTR(ra_fsck_source) source = NULL;
    int rc = check_options(o, err);
    if (rc == 0)
        rc = open_source(ctx, &storage, &source, err);
    if (rc == 0 && o->repair && !ctx->g.dry_run)
        rc = ctx->begin_writing(ctx, err);
    if (rc == 0)
        rc = ra_fsck_check(&ctx->job, &opts, &fsck, err);
    if (rc == 0 && o->repair)
        rc = repair(ctx, fsck, source, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, ra_fsck_result(fsck), err);
    ra_print_findings(ctx, true);
    if (!ctx->g.quiet)
        print_summary(ctx, ra_fsck_result(fsck));
    if (has_refilled(fsck))
        ra_say(ctx, "run it again: a manifest among what was refilled may name more that is missing");
    return 0;
}

static const struct ra_example examples[] = {
    {"fsck", "Check everything, every byte"},
    {"fsck --quick", "Check links, manifests and sizes in a moment"},
    {"fsck --time 1h --state /var/lib/regadm/fsck.state", "An hour a night, all of it in the end"},
    {"fsck --repair --from /backup/registry.tar", "Mend, with the help of a backup"},
    {0},
};

const struct ra_cmd ra_cmd_fsck = {
    .name = "fsck",
    .aliases = (const char *const[]){"check", NULL},
    .group = "Check",
    .summary = "check every link, manifest and blob, and repair",
    .prose = "Checks that every link is well formed and leads somewhere, that every manifest can be read and "
             "what it names is there with its size, and that every blob's bytes are what its digest says. "
             "Errors concern something that a tag reaches; notes are orphans and leftovers, and do no harm. "
             "--repair restores links whose content is certain and moves corrupt blobs to "
             "docker/registry/v2/.regadm/quarantine; it never deletes.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET | RA_CMD_DRY_RUN | RA_CMD_CONFIRM,
    .run = run,
};
