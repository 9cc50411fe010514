#include "print.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "jobs/gc.h"
#include "jobs/report.h"

struct options {
    const char *output, *metrics, *name;
    bool check;
    int64_t min_age;
};

static const struct ra_opt options[] = {
    {"output", 'o', RA_OPT_STR, offsetof(struct options, output), "FILE",
     "write the page, or with --json the data, to FILE; - is standard output", .complete = RA_COMPLETE_FILE},
    {"metrics", 0, RA_OPT_STR, offsetof(struct options, metrics), "FILE",
     "write the figures to FILE as Prometheus' text files have them; - is standard output",
     .complete = RA_COMPLETE_FILE},
    {"name", 0, RA_OPT_STR, offsetof(struct options, name), "HOST",
     "the registry's name for clients, for the title and for docker pull"},
    {"min-age", 0, RA_OPT_AGE, offsetof(struct options, min_age), "AGE",
     "what is younger is not reclaimable, as in gc (default: " RA_GC_MIN_AGE_TEXT ")"},
    {"no-check", 0, RA_OPT_OFF, offsetof(struct options, check), NULL, "leave the quick check out"},
    {0},
};

static const struct options defaults = {.check = true, .min_age = RA_GC_MIN_AGE};

static int time_of_making(int64_t *out, struct ra_err *err)
{
    uint64_t seconds;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    *out = ra_time_now();
    if (!epoch || !*epoch)
        return 0;
    if (!ra_parse_u64(epoch, &seconds) || seconds > (uint64_t)(INT64_MAX / RA_SECOND))
        return ra_fail(err, RA_USAGE, "SOURCE_DATE_EPOCH is no number of seconds: '%s'", epoch);
    *out = (int64_t)seconds * RA_SECOND;
    return 0;
}

static int check_options(const struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    bool page_on_stdout = o->output ? ra_streq(o->output, "-") : ctx->g.json;
    bool metrics_on_stdout = o->metrics && ra_streq(o->metrics, "-");
    if (!o->output && !o->metrics && !ctx->g.json)
        return ra_hint(
            err, ra_fail(err, RA_USAGE, "report wants to know where to write"),
            "-o FILE.html takes a page, --metrics FILE figures for a monitor; --json prints the data");
    if (page_on_stdout && !ctx->g.json && ra_stdout_is_terminal())
        return ra_fail(err, RA_USAGE,
                       "a page is for a browser, and no good on a terminal: use -o FILE, or a pipe");
    if (page_on_stdout && metrics_on_stdout)
        return ra_fail(err, RA_USAGE, "only one of page, metrics and --json can go to standard output");
    if (o->output && o->metrics && ra_streq(o->output, o->metrics))
        return ra_fail(err, RA_USAGE, "'%s' cannot hold both the page and the metrics", o->output);
    return 0;
}

/* Where something goes: a file, or standard output without one. */
struct output {
    const char *path;
    struct ra_atomic_file *file;
};

static void output_release(struct output *out)
{
    ra_atomic_abort(out->file);
}

/* Before the work is done: a mistake in a path should not cost a look at the whole storage. */
static int output_open(struct output *out, const char *path, struct ra_err *err)
{
    out->path = path;
    return !path || ra_streq(path, "-") ? 0 : ra_atomic_open(path, 0666, &out->file, err);
}

static int write_stdout(const struct ra_buf *content, struct ra_err *err)
{
    if (fwrite(ra_buf_str(content), 1, content->len, stdout) != content->len || fflush(stdout) != 0)
        return ra_fail_sys(err, "cannot write to standard output");
    return 0;
}

static int write_to(struct output *out, const struct ra_buf *content, struct ra_err *err)
{
    if (!out->file)
        return write_stdout(content, err);
    int rc = ra_fd_write_all(ra_atomic_fd(out->file), out->path, ra_buf_str(content), content->len, err);
    return rc < 0 ? rc : ra_atomic_commit(ra_steal_ptr(&out->file), err);
}

static int write_metrics(struct output *out, const struct ra_report *r, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    ra_report_metrics(&text, r);
    return write_to(out, &text, err);
}

static void put_json(struct ra_buf *out, const struct ra_report *r)
{
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, out, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_str(&w, "schema", "regadm/report/1");
    ra_report_json(&w, r);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
}

static int write_report(const struct ra_ctx *ctx, struct output *out, const struct ra_report *r,
                        struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    if (ctx->g.json) {
        put_json(&text, r);
        ra_buf_addc(&text, '\n');
    } else {
        ra_report_html(&text, r);
    }
    return write_to(out, &text, err);
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_REPORT_AUTO report = {0};
    struct ra_report_opts opts = {.min_age = o->min_age, .check = o->check, .name = o->name};
    __attribute__((cleanup(output_release))) struct output page = {0}, metrics = {0};
    int rc = check_options(ctx, err);
    if (rc == 0)
        rc = time_of_making(&opts.made, err);
    rc = rc ? rc : output_open(&page, o->output, err);
    rc = rc ? rc : output_open(&metrics, o->metrics, err);
    rc = rc ? rc : ra_report_read(&ctx->job, &opts, &report, err);
    ra_end_progress(ctx);
    if (rc == 0 && (o->output || ctx->g.json))
        rc = write_report(ctx, &page, &report, err);
    if (rc == 0 && o->metrics)
        rc = write_metrics(&metrics, &report, err);
    return rc;
}

static const struct ra_example examples[] = {
    {"report -o registry.html --name registry.example.com", "A page to look at, and to send"},
    {"report --metrics /var/lib/node_exporter/regadm.prom", "Figures for a monitor"},
    {"report --json | jq .reclaimable_bytes", "The same for a program"},
    {0},
};

const struct ra_cmd ra_cmd_report = {
    .name = "report",
    .group = "Look",
    .summary = "write one HTML page: what is there, where the disk went, search",
    .prose =
        "Writes a page that needs nothing but a browser: repositories and tags with sizes, dates, platforms, "
        "labels and history, what could be reclaimed, what is damaged, all of it to be searched and sorted. "
        "It loads nothing from anywhere, so that it can be mailed or put behind any web server.",
    .opts = options,
    .opts_size = sizeof(struct options),
    .defaults = &defaults,
    .examples = examples,
    .flags = RA_CMD_STORE | RA_CMD_JSON | RA_CMD_QUIET,
    .run = run,
};
