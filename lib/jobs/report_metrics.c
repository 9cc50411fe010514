#include "jobs/report.h"

#include "base/clock.h"
#include "base/str.h"

#include <inttypes.h>

static void begin(struct ra_buf *out, const char *name, const char *help)
{
    ra_buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_total(struct ra_buf *out, const char *name, const char *help, uint64_t value)
{
    begin(out, name, help);
    ra_buf_addf(out, "%s %" PRIu64 "\n", name, value);
}

/* A label's value between its quotes. Bytes that are not UTF-8 would make the whole file be refused. */
static void put_label(struct ra_buf *out, const char *s)
{
    size_t n = strlen(s);
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        size_t width = ra_utf8_decode(s + at, n - at, &cp);
        if (width == 0)
            ra_buf_adds(out, "\xef\xbf\xbd");
        else if (cp == '\n')
            ra_buf_adds(out, "\\n");
        else
            ra_buf_addf(out, "%s%.*s", cp == '"' || cp == '\\' ? "\\" : "", (int)width, s + at);
        at += width ? width : 1;
    }
}

static void put_sample(struct ra_buf *out, const char *name, const char *label, const char *value,
                       int64_t number)
{
    ra_buf_addf(out, "%s{%s=\"", name, label);
    put_label(out, value);
    ra_buf_addf(out, "\"} %" PRId64 "\n", number);
}

static void put_findings(struct ra_buf *out, const struct ra_report *r)
{
    static const char name[] = "regadm_findings";
    int64_t n[RA_ERROR + 1] = {0};
    ra_vec_each (finding, &r->findings->list)
        n[finding->severity]++;
    begin(out, name, "What a check of the structure found wrong.");
    for (int severity = RA_NOTE; severity <= RA_ERROR; severity++)
        put_sample(out, name, "severity", ra_severity_name((enum ra_severity)severity), n[severity]);
}

/* Figures of repositories: where each lies in struct ra_du_repo. */
static const struct {
    const char *name, *help;
    size_t offset;
} figures[] = {
    {"regadm_repository_bytes", "Bytes that a repository needs, each blob once.",
     offsetof(struct ra_du_repo, bytes)},
    {"regadm_repository_unique_bytes", "Of those, bytes that no other repository needs.",
     offsetof(struct ra_du_repo, unique_bytes)},
    {"regadm_repository_untagged_bytes", "Of those, bytes that only untagged revisions need.",
     offsetof(struct ra_du_repo, untagged_bytes)},
    {"regadm_repository_upload_bytes", "Bytes of unfinished uploads.",
     offsetof(struct ra_du_repo, upload_bytes)},
};

static void put_figures(struct ra_buf *out, const struct ra_report *r)
{
    for (size_t f = 0; f < RA_COUNT(figures); f++) {
        begin(out, figures[f].name, figures[f].help);
        ra_vec_each (repo, &r->du.repos) {
            uint64_t value;
            memcpy(&value, (const char *)repo + figures[f].offset, sizeof(value));
            put_sample(out, figures[f].name, "repository", repo->name, (int64_t)value);
        }
    }
}

static void put_tags(struct ra_buf *out, const struct ra_report *r)
{
    static const char tags[] = "regadm_repository_tags";
    static const char updated[] = "regadm_repository_updated_timestamp_seconds";
    begin(out, tags, "Tags of a repository.");
    for (size_t i = 0; i < r->repos.n; i++)
        put_sample(out, tags, "repository", r->du.repos.at[i].name, r->repos.at[i].tags);
    begin(out, updated, "When a tag of it was last written.");
    for (size_t i = 0; i < r->repos.n; i++)
        if (r->repos.at[i].updated != RA_TIME_NONE)
            put_sample(out, updated, "repository", r->du.repos.at[i].name,
                       r->repos.at[i].updated / RA_SECOND);
}

/* What is not known is not zero: it is left out. */
static void put_reclaimable(struct ra_buf *out, const struct ra_report *r)
{
    if (r->du.overlooked)
        return;
    put_total(out, "regadm_reclaimable_bytes", "Bytes of blobs that nothing needs.", r->du.reclaimable_bytes);
    put_total(out, "regadm_untagged_bytes", "Bytes of blobs that only untagged revisions need.",
              r->du.untagged_bytes);
    put_total(out, "regadm_young_bytes", "Bytes of blobs that would be among these were they old enough.",
              r->du.young_bytes);
}

void ra_report_metrics(struct ra_buf *out, const struct ra_report *r)
{
    put_total(out, "regadm_bytes", "Bytes of all blobs.", r->du.bytes);
    put_total(out, "regadm_blobs", "Blobs.", r->du.blobs);
    put_reclaimable(out, r);
    put_total(out, "regadm_upload_bytes", "Bytes of unfinished uploads.", r->du.upload_bytes);
    put_total(out, "regadm_repositories", "Repositories.", r->repos.n);
    put_total(out, "regadm_tags", "Tags.", r->tags.n);
    put_total(out, "regadm_report_timestamp_seconds", "When these figures were made.",
              (uint64_t)(r->opts.made / RA_SECOND));
    if (r->opts.check)
        put_findings(out, r);
    put_figures(out, r);
    put_tags(out, r);
}
