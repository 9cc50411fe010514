#include "patterns.h"
#include "print.h"
#include "rows.h"
#include "verbs.h"

#include "base/num.h"
#include "jobs/migrate.h"

#include <limits.h>

extern char **environ;

struct options {
    int library, format, trust;
    struct ra_strlist renames;
    const char *name_map, *state;
    uint64_t limit;
    bool lowercase, replace, strict, salvage, plain, link;
};

static const struct options defaults = {.trust = RA_TRUST_VERIFIED};

static const char *const libraries[] = {"strip", "keep", "both", NULL};
static const char *const formats[] = {"docker", "oci", NULL};
static const char *const trusts[] = {"never", "verified", "always", NULL};

#define OPTION(member) offsetof(struct options, member)

static const struct ra_opt options[] = {
    {"library", 0, RA_OPT_ENUM, OPTION(library), "HOW",
     "what becomes of 'library/' in front of names: strip, as clients ask for it today; keep; both",
     .choices = libraries},
    {"rename", 0, RA_OPT_LIST, OPTION(renames), "OLD=NEW", "give a repository another name; may be repeated"},
    {"name-map", 0, RA_OPT_STR, OPTION(name_map), "FILE", "take renames from a file, one OLD=NEW a line",
     .complete = RA_COMPLETE_FILE},
    {"lowercase", 0, RA_OPT_FLAG, OPTION(lowercase), NULL, "put all names into lower case"},
    {"replace", 0, RA_OPT_FLAG, OPTION(replace), NULL, "overwrite tags that are there and are other images"},
    {"format", 0, RA_OPT_ENUM, OPTION(format), "FORMAT",
     "what manifests are: docker (schema 2), or oci, which loses OnBuild, Healthcheck and Shell",
     .choices = formats},
    {"state", 0, RA_OPT_STR, OPTION(state), "FILE",
     "remember in FILE what was read, so that the next run need not", .complete = RA_COMPLETE_FILE},
    {"link", 0, RA_OPT_FLAG, OPTION(link), NULL,
     "link layers instead of copying them where they cannot be shared; the old registry must never run "
     "again"},
    {"plain", 0, RA_OPT_FLAG, OPTION(plain), NULL, "keep uncompressed layers as they are"},
    {"strict", 0, RA_OPT_FLAG, OPTION(strict), NULL,
     "skip tags of whose layers one is not what its checksum says"},
    {"trust-inprogress", 0, RA_OPT_ENUM, OPTION(trust), "WHEN",
     "take images that are marked as never pushed to their end: never; verified, if they are provably whole; "
     "always",
     .choices = trusts},
    {"salvage", 0, RA_OPT_FLAG, OPTION(salvage), NULL,
     "bridge images whose metadata is lost, where another file tells their parent"},
    {"limit", 0, RA_OPT_SIZE, OPTION(limit), "SIZE",
     "skip tags of whose layers one unpacks to more than SIZE"},
    {0},
};

static void json_tags(struct ra_jsonw *w, const struct ra_migration *m)
{
    ra_jsonw_key(w, "tags");
    ra_jsonw_array(w);
    ra_vec_each (t, &m->tags) {
        ra_jsonw_object(w);
        ra_jsonw_key_str(w, "source", t->source);
        ra_jsonw_key_str(w, "reference", t->reference);
        ra_jsonw_key_str(w, "status", ra_migrate_status_name(t->status));
        ra_json_digest(w, "digest", t->has_digest ? &t->digest : NULL);
        ra_json_findings(w, &t->findings);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static void json_counts(struct ra_jsonw *w, const struct ra_migration *m)
{
    ra_jsonw_key(w, "layers");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "read", m->layers.read);
    ra_jsonw_key_u64(w, "remembered", m->layers.remembered);
    ra_jsonw_key_u64(w, "kept", m->layers.kept);
    ra_jsonw_key_u64(w, "recompressed", m->layers.recompressed);
    ra_jsonw_key_u64(w, "empty", m->layers.empty);
    ra_jsonw_key_u64(w, "unused", m->layers.unused);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "checksums");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "verified", m->checksums.verified);
    ra_jsonw_key_u64(w, "mismatched", m->checksums.mismatched);
    ra_jsonw_key_u64(w, "unverifiable", m->checksums.unverifiable);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "orphans");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "images", m->orphans.images);
    ra_jsonw_key_u64(w, "bytes", m->orphans.bytes);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "bytes");
    ra_jsonw_object(w);
    ra_jsonw_key_u64(w, "shared", m->bytes.shared);
    ra_jsonw_key_u64(w, "linked", m->bytes.linked);
    ra_jsonw_key_u64(w, "written", m->bytes.written);
    ra_jsonw_end(w);
}

static void json_names(struct ra_jsonw *w, const struct ra_migration *m)
{
    ra_jsonw_key(w, "renamed");
    ra_jsonw_array(w);
    ra_vec_each (name, &m->renamed)
        ra_jsonw_str(w, *name);
    ra_jsonw_end(w);
    ra_jsonw_key(w, "private");
    ra_jsonw_array(w);
    ra_vec_each (name, &m->private_ones)
        ra_jsonw_str(w, *name);
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_migration *m, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_bool(&w, "dry_run", ctx->g.dry_run);
    json_tags(&w, m);
    json_counts(&w, m);
    json_names(&w, m);
    return ra_json_close(&w, ctx, err);
}

static void print_names(const struct ra_migration *m)
{
    ra_vec_each (t, &m->tags)
        if (t->status != RA_SKIPPED)
            ra_print_name(t->reference, NULL);
}

static void print_table(const struct ra_ctx *ctx, const struct ra_migration *m)
{
    static const struct ra_column columns[] = {
        {"SOURCE", .elastic = true}, {"REFERENCE", .elastic = true}, {"STATUS"}, {"DIGEST"}, {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (t, &m->tags) {
        char digest[RA_SHORT_DIGEST];
        ra_cell(rows, t->source);
        ra_cell(rows, t->reference ? t->reference : "-");
        ra_cellf(rows, "%s%s", ctx->g.dry_run && t->status == RA_MIGRATED ? "to be " : "",
                 ra_migrate_status_name(t->status));
        ra_cell(rows, t->has_digest ? ra_digest_short(&t->digest, digest) : "-");
    }
    ra_rows_print(rows, stdout);
}

static uint64_t count(const struct ra_migration *m, enum ra_migrate_status status)
{
    uint64_t n = 0;
    ra_vec_each (t, &m->tags)
        n += t->status == status;
    return n;
}

static void say_sums(const struct ra_ctx *ctx, const struct ra_migration *m)
{
    char a[RA_COUNT_TEXT], b[RA_COUNT_TEXT], c[RA_COUNT_TEXT], d[RA_COUNT_TEXT], e[RA_COUNT_TEXT];
    char tags[RA_COUNT_OF_TEXT], shared[RA_SIZE_TEXT], linked[RA_SIZE_TEXT], written[RA_SIZE_TEXT];
    ra_say(ctx, "%s %s, %s unchanged, %s skipped", ra_count_of(count(m, RA_MIGRATED), "tag", tags),
           ctx->g.dry_run ? "to be migrated" : "migrated", ra_count_text(count(m, RA_UNCHANGED), b),
           ra_count_text(count(m, RA_SKIPPED), c));
    ra_say(ctx,
           "layers: %s kept as they are, %s compressed again, %s empty, %s only in skipped tags; %s read",
           ra_count_text(m->layers.kept, a), ra_count_text(m->layers.recompressed, b),
           ra_count_text(m->layers.empty, c), ra_count_text(m->layers.unused, d),
           ra_count_text(m->layers.read, e));
    ra_say(ctx, "checksums: %s right, %s wrong, %s images without one",
           ra_count_text(m->checksums.verified, a), ra_count_text(m->checksums.mismatched, b),
           ra_count_text(m->checksums.unverifiable, c));
    if (!ctx->g.dry_run)
        ra_say(ctx, "bytes: %s shared with the old files, %s linked, %s written",
               ra_size_text(m->bytes.shared, shared), ra_size_text(m->bytes.linked, linked),
               ra_size_text(m->bytes.written, written));
}

static int print(struct ra_ctx *ctx, const struct ra_migration *m, struct ra_err *err)
{
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, m, err);
    if (ctx->g.names_only)
        print_names(m);
    else
        print_table(ctx, m);
    say_sums(ctx, m);
    return 0;
}

static int migrate(struct ra_ctx *ctx, const struct ra_v1_source *source, struct ra_migration *out,
                   struct ra_err *err)
{
    struct options *o = ctx->opts;
    struct ra_strlist patterns = {ctx->operands.at + 1, ctx->operands.n - 1, 0};
    ra_auto_free bool *matched = ra_calloc(patterns.n + 1, sizeof(*matched));
    struct ra_migrate_opts opts = {
        .patterns = &patterns,
        .matched = matched,
        .library = o->library,
        .format = o->format,
        .trust = o->trust,
        .renames = &o->renames,
        .name_map = o->name_map,
        .state = o->state,
        .limit = o->limit,
        .lowercase = o->lowercase,
        .replace = o->replace,
        .strict = o->strict,
        .salvage = o->salvage,
        .plain = o->plain,
        .link = o->link,
    };
    int rc = ra_migrate_v1(&ctx->job, source, &opts, out, err);
    if (rc == 0)
        ra_patterns_say_unmatched_in(ctx, &patterns, matched);
    return rc;
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    struct options *o = ctx->opts;
    RA_AUTO(ra_migration, _release) result = {0};
    struct ra_v1_source source;
    int rc =
        o->replace && !ctx->g.dry_run ? ra_confirm(ctx, err, "Overwrite tags that are other images?") : 0;
    if (rc == 0)
        rc = ra_v1_open(ctx->operands.at[0], ctx->g.follow, (const char *const *)environ, &source, err);
    if (rc == 0) {
        rc = migrate(ctx, &source, &result, err);
        ra_v1_close(&source);
    }
    if (rc == 0)
        rc = print(ctx, &result, err);
    return rc;
}

static const struct ra_example examples[] = {
    {"migrate-v1 -n /tmp/registry", "Say what would become of each tag"},
    {"migrate-v1 --state v1.state /tmp/registry", "Migrate, and remember what was read"},
    {"migrate-v1 /tmp/registry 'team/*' library/ubuntu:14.04", "Some repositories, and one tag"},
    {"migrate-v1 --rename Team/App=team/app /tmp/registry", "With a name that a registry accepts"},
    {0},
};

const struct ra_cmd ra_cmd_migrate_v1 = {
    .name = "migrate-v1",
    .group = "Carry",
    .summary = "bring the data of the old Python registry into this storage",
    .operands = "SOURCE [PATTERN...]",
    .min = 1,
    .max = UINT_MAX,
    .complete = RA_COMPLETE_DIR,
    .prose =
        "Converts the storage of docker-registry 0.6 to 0.9.1 (the folder, or the s3:// URL, with images/ "
        "and repositories/ in it) on disk, without a daemon. Every layer is read once, checked to its last "
        "byte and kept as it is where it is gzip; history, empty layers and configs follow today's rules. A "
        "tag is migrated whole or not at all. SOURCE is never written to; a second run changes nothing.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_WRITES | RA_CMD_CREATES | RA_CMD_DRY_RUN | RA_CMD_CONFIRM | RA_CMD_JSON |
             RA_CMD_QUIET,
    .run = run,
};
