#include "print.h"
#include "verbs.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "jobs/report.h"

struct options {
    const char *output, *metrics, *name;
    bool check;
    int64_t min_age;
};

static const struct ra_opt options[] = {
    {"output", 'o', RA_OPT_STR, offsetof(struct options, output), "FILE",
     "write the page to FILE; - is standard output", .complete = RA_COMPLETE_FILE},
    {"metrics", 0, RA_OPT_STR, offsetof(struct options, metrics), "FILE",
     "write the figures to FILE as Prometheus' text files have them; - is standard output",
     .complete = RA_COMPLETE_FILE},
    {"name", 0, RA_OPT_STR, offsetof(struct options, name), "HOST",
     "the registry's name for clients, for the title and for docker pull"},
    {"min-age", 0, RA_OPT_AGE, offsetof(struct options, min_age), "AGE",
     "what is younger is not reclaimable, as in gc (default: 1h)"},
    {"no-check", 0, RA_OPT_OFF, offsetof(struct options, check), NULL, "leave the quick check out"},
    {0},
};

static const struct options defaults = {.check = true, .min_age = RA_HOUR};

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
    unsigned on_stdout = ctx->g.json;
    on_stdout += o->output && ra_streq(o->output, "-");
    on_stdout += o->metrics && ra_streq(o->metrics, "-");
    if (!o->output && !o->metrics && !ctx->g.json)
        return ra_hint(err, ra_fail(err, RA_USAGE, "report wants to know where to write"),
                       "`regadm report -o FILE.html` makes a page; there are --json and --metrics FILE");
    if (on_stdout > 1)
        return ra_fail(err, RA_USAGE, "only one of page, metrics and --json can go to standard output");
    return 0;
}

static int write_stdout(const struct ra_buf *content, struct ra_err *err)
{
    if (fwrite(ra_buf_str(content), 1, content->len, stdout) != content->len || fflush(stdout) != 0)
        return ra_fail_sys(err, "cannot write to standard output");
    return 0;
}

static int write_to(const char *path, const struct ra_buf *content, struct ra_err *err)
{
    RA_AUTO_PTR(ra_atomic_file) file = NULL;
    if (ra_streq(path, "-"))
        return write_stdout(content, err);
    int rc = ra_atomic_open(path, 0666, &file, err);
    if (rc == 0)
        rc = ra_fd_write_all(ra_atomic_fd(file), path, ra_buf_str(content), content->len, err);
    return rc < 0 ? rc : ra_atomic_commit(ra_steal_ptr(&file), err);
}

static int write_page(const char *path, const struct ra_report *r, struct ra_err *err)
{
    RA_BUF_AUTO page = {0};
    ra_report_html(&page, r);
    return write_to(path, &page, err);
}

static int write_metrics(const char *path, const struct ra_report *r, struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    ra_report_metrics(&text, r);
    return write_to(path, &text, err);
}

static int write_json(const struct ra_report *r, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_jsonw_to_file(&w, stdout, false);
    ra_jsonw_object(&w);
    ra_jsonw_key_str(&w, "schema", "regadm/report/1");
    ra_report_json(&w, r);
    ra_jsonw_end(&w);
    return ra_jsonw_finish(&w, err);
}

static int run(struct ra_ctx *ctx, struct ra_err *err)
{
    const struct options *o = ctx->opts;
    RA_REPORT_AUTO report = {0};
    struct ra_report_opts opts = {.min_age = o->min_age, .check = o->check, .name = o->name};
    int rc = check_options(ctx, err);
    if (rc == 0)
        rc = time_of_making(&opts.made, err);
    if (rc == 0)
        rc = ra_report_read(&ctx->job, &opts, &report, err);
    if (rc == 0 && o->output)
        rc = write_page(o->output, &report, err);
    if (rc == 0 && o->metrics)
        rc = write_metrics(o->metrics, &report, err);
    if (rc == 0 && ctx->g.json)
        rc = write_json(&report, err);
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
