#include "jobs/report.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "jobs/report_parts.h"

/* --- foreign text -------------------------------------------------------------------------------------------- */

static const char *entity(uint32_t cp)
{
    switch (cp) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default: /* HTML has no other control characters, nor a way to spell them */
        return cp < 0x20 && cp != '\n' && cp != '\t' ? "\xef\xbf\xbd" : NULL;
    }
}

/* As text or within quotes. */
static void put_text(struct ra_buf *out, const char *s)
{
    size_t n = strlen(s);
    for (size_t at = 0; at < n;) {
        uint32_t cp = 0;
        size_t width = ra_utf8_decode(s + at, n - at, &cp);
        const char *instead = width ? entity(cp) : "\xef\xbf\xbd";
        if (instead)
            ra_buf_adds(out, instead);
        else
            ra_buf_add(out, s + at, width);
        at += width ? width : 1;
    }
}

/* U+2028 or U+2029: they end lines for some readers. */
static bool is_separator(const char *s, size_t n)
{
    return n >= 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0);
}

/* JSON within a script element: nothing in it may end the element or begin another. What is escaped here stands in
 * strings only, where an escape means the same. */
static void put_json_safe(struct ra_buf *out, const char *s, size_t n)
{
    size_t from = 0;
    for (size_t at = 0; at < n; at++) {
        bool separator = is_separator(s + at, n - at);
        if (!separator && s[at] != '<' && s[at] != '>' && s[at] != '&')
            continue;
        ra_buf_add(out, s + from, at - from);
        ra_buf_addf(out, "\\u%04x", separator ? 0x2028 + (s[at + 2] & 1) : s[at]);
        at += separator ? 2 : 0;
        from = at + 1;
    }
    ra_buf_add(out, s + from, n - from);
}

static void put_base64(struct ra_buf *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)p[i] << 16;
        bits |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
        bits |= i + 2 < n ? p[i + 2] : 0;
        ra_buf_addc(out, digits[bits >> 18]);
        ra_buf_addc(out, digits[bits >> 12 & 63]);
        ra_buf_addc(out, i + 1 < n ? digits[bits >> 6 & 63] : '=');
        ra_buf_addc(out, i + 2 < n ? digits[bits & 63] : '=');
    }
}

/* --- what stands in the page without its script -------------------------------------------------------------- */

static void put_size(struct ra_buf *out, uint64_t bytes)
{
    char text[RA_SIZE_TEXT];
    ra_buf_adds(out, ra_size_text(bytes, text));
}

static void put_count(struct ra_buf *out, uint64_t n)
{
    char text[RA_COUNT_TEXT];
    ra_buf_adds(out, ra_count_text(n, text));
}

static void put_date(struct ra_buf *out, int64_t ns)
{
    char text[RA_TIME_TEXT];
    if (ns == RA_TIME_NONE)
        ra_buf_adds(out, "-");
    else
        ra_buf_addf(out, "%.10s", ra_time_text(ns, false, text));
}

static void put_title(struct ra_buf *out, const struct ra_report *r)
{
    put_text(out, r->opts.name ? r->opts.name : "Registry");
}

static void put_where(struct ra_buf *out, const struct ra_report *r)
{
    put_text(out, r->where);
}

static void put_made(struct ra_buf *out, const struct ra_report *r)
{
    char text[RA_TIME_TEXT];
    ra_buf_addf(out, "%.16s UTC", ra_time_text(r->opts.made, false, text));
    out->data[out->len - strlen("T00:00 UTC")] = ' ';
}

static void put_version(struct ra_buf *out, const struct ra_report *r)
{
    (void)r;
    put_text(out, RA_VERSION);
}

static void put_tile(struct ra_buf *out, const char *name, uint64_t bytes, const char *note)
{
    ra_buf_addf(out, "<div class=tile><dt>%s</dt><dd>", name);
    put_size(out, bytes);
    ra_buf_addf(out, "</dd><dd class=note>%s</dd></div>\n", note);
}

static void put_reclaimable(struct ra_buf *out, const struct ra_report *r)
{
    char note[128], age[RA_AGE_TEXT];
    if (r->du.overlooked) {
        ra_buf_addf(out, "<div class=tile><dt>Reclaimable</dt><dd>unknown</dd><dd class=note>%s</dd></div>\n",
                    r->du.overlooked);
        return;
    }
    put_tile(out, "Reclaimable", r->du.reclaimable_bytes, "nothing needs it: <code>regadm gc</code>");
    put_tile(out, "Untagged", r->du.untagged_bytes, "no tag needs it: <code>regadm gc -m</code>");
    snprintf(note, sizeof(note), "not needed, but younger than %s", ra_age_text(r->opts.min_age, age));
    if (r->du.young_bytes)
        put_tile(out, "Young", r->du.young_bytes, note);
}

static void put_tiles(struct ra_buf *out, const struct ra_report *r)
{
    RA_BUF_AUTO holds = {0};
    put_count(&holds, r->du.blobs);
    ra_buf_adds(&holds, r->du.blobs == 1 ? " blob" : " blobs");
    put_tile(out, "Stored", r->du.bytes, ra_buf_str(&holds));
    put_reclaimable(out, r);
    put_tile(out, "Uploads", r->du.upload_bytes, "begun and not ended");
}

static void put_repo(struct ra_buf *out, const struct ra_report *r, size_t i)
{
    const struct ra_du_repo *du = &r->du.repos.at[i];
    const uint64_t sizes[] = {du->bytes, du->unique_bytes, du->shared_bytes, du->untagged_bytes};
    ra_buf_adds(out, "<tr><th scope=row><bdi>");
    put_text(out, du->name);
    ra_buf_adds(out, "</bdi></th><td class=n>");
    put_count(out, r->repos.at[i].tags);
    for (size_t s = 0; s < RA_COUNT(sizes); s++) {
        ra_buf_adds(out, "</td><td class=n>");
        put_size(out, sizes[s]);
    }
    ra_buf_adds(out, "</td><td class=n>");
    put_date(out, r->repos.at[i].updated);
    ra_buf_adds(out, "</td></tr>\n");
}

static void put_repos(struct ra_buf *out, const struct ra_report *r)
{
    for (size_t i = 0; i < r->repos.n; i++)
        put_repo(out, r, i);
}

static void put_finding(struct ra_buf *out, const struct ra_finding *f)
{
    ra_buf_addf(out, "<tr><td><span class=\"mark %s\">%s</span></td><td><code>%s</code></td><td><bdi>",
                ra_severity_name(f->severity), ra_severity_name(f->severity), f->code);
    put_text(out, f->repository ? f->repository : "");
    ra_buf_adds(out, f->tag ? ":" : "");
    put_text(out, f->tag ? f->tag : "");
    ra_buf_adds(out, "</bdi></td><td>");
    put_text(out, f->message);
    if (f->path) {
        ra_buf_adds(out, "<br><small>");
        put_text(out, f->path);
        ra_buf_adds(out, "</small>");
    }
    ra_buf_adds(out, "</td></tr>\n");
}

/* The gravest first; of so many that nobody reads them, some. */
static void put_findings(struct ra_buf *out, const struct ra_report *r)
{
    enum { SHOWN = 500 };
    size_t n = 0;
    for (int severity = RA_ERROR; severity >= RA_NOTE; severity--)
        ra_vec_each (finding, &r->findings->list)
            if ((int)finding->severity == severity && n++ < SHOWN)
                put_finding(out, finding);
    if (n == 0)
        ra_buf_addf(out, "<tr><td colspan=4>%s</td></tr>\n",
                    r->opts.check ? "Nothing: links, manifests and sizes are sound." : "It was not checked.");
    if (n > SHOWN)
        ra_buf_addf(out, "<tr><td colspan=4>… and %zu more: <code>regadm fsck --quick</code></td></tr>\n",
                    n - SHOWN);
}

/* --- the page ------------------------------------------------------------------------------------------------ */

static void put_data(struct ra_buf *out, const struct ra_report *r)
{
    RA_BUF_AUTO json = {0};
    struct ra_jsonw w;
    ra_jsonw_to_buf(&w, &json, false);
    ra_jsonw_object(&w);
    ra_report_json(&w, r);
    ra_jsonw_end(&w);
    ra_jsonw_finish(&w, NULL);
    put_json_safe(out, ra_buf_str(&json), json.len);
}

/* What the content security policy admits is what was built in, by its digest, and nothing else. */
static void put_hash(struct ra_buf *out, const char *text)
{
    struct ra_digest d;
    ra_digest_of(RA_SHA256, text, strlen(text), &d);
    ra_buf_adds(out, "'sha256-");
    put_base64(out, d.bytes, ra_alg_size(RA_SHA256));
    ra_buf_adds(out, "'");
}

static void put_style_hash(struct ra_buf *out, const struct ra_report *r)
{
    (void)r;
    put_hash(out, ra_report_style);
}

static void put_script_hash(struct ra_buf *out, const struct ra_report *r)
{
    (void)r;
    put_hash(out, ra_report_script);
}

static void put_style(struct ra_buf *out, const struct ra_report *r)
{
    (void)r;
    ra_buf_adds(out, ra_report_style);
}

static void put_script(struct ra_buf *out, const struct ra_report *r)
{
    (void)r;
    ra_buf_adds(out, ra_report_script);
}

static const struct {
    const char *name;
    void (*put)(struct ra_buf *out, const struct ra_report *r);
} places[] = {
    {"title", put_title},
    {"where", put_where},
    {"made", put_made},
    {"version", put_version},
    {"tiles", put_tiles},
    {"repositories", put_repos},
    {"findings", put_findings},
    {"data", put_data},
    {"style", put_style},
    {"script", put_script},
    {"style-hash", put_style_hash},
    {"script-hash", put_script_hash},
};

static void fill(struct ra_buf *out, const struct ra_report *r, const char *name, size_t n)
{
    for (size_t i = 0; i < RA_COUNT(places); i++)
        if (strlen(places[i].name) == n && memcmp(places[i].name, name, n) == 0)
            places[i].put(out, r);
}

void ra_report_html(struct ra_buf *out, const struct ra_report *r)
{
    const char *at = ra_report_page;
    for (const char *open; (open = strstr(at, "{{")) != NULL;) {
        const char *name = open + strlen("{{"), *end = strstr(name, "}}");
        ra_buf_add(out, at, (size_t)(open - at));
        fill(out, r, name, (size_t)(end - name));
        at = end + strlen("}}");
    }
    ra_buf_adds(out, at);
}
