#include "print.h"

#include "base/clock.h"
#include "base/names.h"
#include "base/num.h"

void ra_json_open(struct ra_jsonw *w, const struct ra_ctx *ctx)
{
    ra_auto_free char *schema = ra_asprintf("regadm/%s/1", ctx->cmd->name);
    ra_jsonw_to_file(w, stdout, true);
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "schema", schema);
}

static void json_finding(struct ra_jsonw *w, const struct ra_finding *f)
{
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "severity", ra_severity_name(f->severity));
    ra_jsonw_key_str(w, "code", f->code);
    ra_jsonw_key_str(w, "path", f->path);
    ra_jsonw_key_str(w, "repository", f->repository);
    ra_jsonw_key_str(w, "tag", f->tag);
    ra_jsonw_key_str(w, "digest", f->digest);
    ra_jsonw_key_str(w, "message", f->message);
    if (f->action)
        ra_jsonw_key_str(w, "action", f->action);
    ra_jsonw_end(w);
}

void ra_json_findings(struct ra_jsonw *w, const struct ra_findings *findings)
{
    ra_jsonw_key(w, "findings");
    ra_jsonw_array(w);
    ra_vec_each (f, &findings->list)
        json_finding(w, f);
    ra_jsonw_end(w);
}

int ra_json_close(struct ra_jsonw *w, struct ra_ctx *ctx, struct ra_err *err)
{
    ra_findings_sort(&ctx->findings);
    ra_json_findings(w, &ctx->findings);
    ra_jsonw_end(w);
    return ra_jsonw_finish(w, err);
}

void ra_json_digest(struct ra_jsonw *w, const char *key, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    ra_jsonw_key_str(w, key, d ? ra_digest_text(d, text) : NULL);
}

void ra_json_time(struct ra_jsonw *w, const char *key, int64_t ns)
{
    char text[RA_TIME_TEXT];
    ra_jsonw_key_str(w, key, ns == RA_TIME_NONE ? NULL : ra_time_text(ns, true, text));
}

static void add_safe(struct ra_buf *line, const char *s)
{
    ra_text_safe(line, s, strlen(s));
}

/* Columns of text with colour in it. */
static size_t width_of(const char *s)
{
    size_t escapes = 0;
    for (const char *p = s; (p = strchr(p, '\033')); p++)
        escapes += strcspn(p, "m") + 1;
    return ra_text_width(s) - escapes;
}

void ra_print_wrapped(const char *head, const char *text, size_t indent)
{
    RA_BUF_AUTO line = {0};
    size_t limit = ra_terminal_width(stderr), column = width_of(head), n;
    ra_buf_adds(&line, head);
    for (const char *at = text; *at; at += n) {
        size_t gap = strspn(at, " ");
        n = gap + strcspn(at + gap, " ");
        ra_auto_free char *word = ra_strndup(at, n);
        size_t width = ra_text_width(word);
        bool breaks = gap && column + width > limit;
        if (breaks)
            ra_buf_addf(&line, "\n%*s", (int)indent, "");
        ra_buf_adds(&line, breaks ? word + gap : word);
        column = breaks ? indent + width - gap : column + width;
    }
    fprintf(stderr, "%s\n", ra_buf_str(&line));
}

static void print_finding(const struct ra_finding *f, bool color)
{
    static const char *const paint[] = {
        [RA_NOTE] = "\033[36m", [RA_WARNING] = "\033[33m", [RA_ERROR] = "\033[31m"};
    RA_BUF_AUTO head = {0};
    RA_BUF_AUTO line = {0};
    ra_buf_addf(&head, "%s%s%s: ", color ? paint[f->severity] : "", ra_severity_name(f->severity),
                color ? "\033[0m" : "");
    if (f->repository)
        add_safe(&line, f->repository);
    if (f->tag) {
        ra_buf_addc(&line, ':');
        add_safe(&line, f->tag);
    }
    if (f->repository)
        ra_buf_adds(&line, ": ");
    add_safe(&line, f->message);
    if (f->action)
        ra_buf_addf(&line, " (%s)", f->action);
    ra_buf_addf(&line, " [%s]", f->code);
    ra_print_wrapped(ra_buf_str(&head), ra_buf_str(&line), 4);
    if (!f->path)
        return;
    ra_buf_clear(&line);
    add_safe(&line, f->path);
    fprintf(stderr, "    %s\n", ra_buf_str(&line));
}

static bool is_shown(const struct ra_ctx *ctx, const struct ra_finding *f)
{
    return f->severity != RA_NOTE || !ctx->g.quiet;
}

/* Findings of one code in one repository; what the run did about one is told each time, since no later run can. */
struct alike {
    RA_VEC(size_t) total, shown; /* by the number of the name */
    struct ra_names names;
};

static void alike_release(struct alike *a)
{
    ra_vec_release(&a->total);
    ra_vec_release(&a->shown);
    ra_names_release(&a->names);
}

static uint32_t number_of(struct alike *a, const struct ra_finding *f)
{
    bool fresh;
    ra_auto_free char *name = ra_asprintf("%s %s %s", ra_severity_name(f->severity), f->code, f->repository);
    uint32_t number = ra_names_add(&a->names, name, strlen(name), &fresh);
    if (fresh) {
        *ra_vec_push(&a->total) = 0;
        *ra_vec_push(&a->shown) = 0;
    }
    return number;
}

static bool may_be_alike(const struct ra_ctx *ctx, const struct ra_finding *f)
{
    return is_shown(ctx, f) && f->repository && !f->action && ctx->g.verbose == 0;
}

static void print_more(const struct ra_finding *f, size_t more)
{
    char count[RA_COUNT_TEXT];
    RA_BUF_AUTO line = {0};
    ra_buf_addf(&line, "and %s more like it in ", ra_count_text(more, count));
    add_safe(&line, f->repository);
    ra_buf_addf(&line, ": -v or --json lists all [%s]", f->code);
    ra_print_wrapped("    ", ra_buf_str(&line), 4);
}

static void print_each(const struct ra_ctx *ctx, bool color)
{
    enum { MANY = 20, FIRST = 5 };
    __attribute__((cleanup(alike_release))) struct alike alike = {0};
    ra_vec_each (f, &ctx->findings.list) {
        uint32_t number = may_be_alike(ctx, f) ? number_of(&alike, f) : RA_NO_NAME;
        if (number != RA_NO_NAME)
            alike.total.at[number]++;
    }
    ra_vec_each (f, &ctx->findings.list) {
        uint32_t number = may_be_alike(ctx, f) ? number_of(&alike, f) : RA_NO_NAME;
        size_t total = number == RA_NO_NAME ? 0 : alike.total.at[number];
        size_t nth = total > MANY ? ++alike.shown.at[number] : 0;
        if (is_shown(ctx, f) && nth <= FIRST)
            print_finding(f, color);
        if (nth == FIRST)
            print_more(f, total - FIRST);
    }
}

static void print_counts(const struct ra_ctx *ctx)
{
    for (const struct ra_finding_code *c = ra_finding_codes; c->code; c++) {
        size_t n = 0;
        ra_vec_each (f, &ctx->findings.list)
            n += f->code == c->code && is_shown(ctx, f);
        if (!n)
            continue;
        ra_auto_free char *head = ra_asprintf("%6zu %s: ", n, c->code);
        ra_auto_free char *text = ra_finding_explain(c);
        ra_print_wrapped(head, text, 7);
    }
}

static bool is_left_to_do(const struct ra_ctx *ctx, const char *code)
{
    ra_vec_each (f, &ctx->findings.list)
        if (f->code == code && f->severity > RA_NOTE && !f->action)
            return true;
    return false;
}

/* Once for all findings of a kind. */
static void print_advice(const struct ra_ctx *ctx)
{
    for (const struct ra_finding_code *c = ra_finding_codes; c->code; c++) {
        if (!c->advice || !is_left_to_do(ctx, c->code))
            continue;
        ra_auto_free char *head = ra_asprintf("[%s] ", c->code);
        ra_print_wrapped(head, c->advice, 4);
    }
}

void ra_print_findings(struct ra_ctx *ctx, bool advise)
{
    enum { MANY = 8 };
    if (ctx->findings_shown)
        return;
    ctx->findings_shown = true;
    ra_findings_sort(&ctx->findings);
    bool color = ra_use_color(ctx, stderr);
    fflush(stdout);
    print_each(ctx, color);
    if (ctx->findings.list.n > MANY)
        print_counts(ctx);
    else if (advise && !ctx->g.quiet)
        print_advice(ctx);
}

void ra_print_error(const struct ra_err *err)
{
    RA_BUF_AUTO text = {0};
    fflush(stdout);
    add_safe(&text, ra_err_text(err));
    ra_print_wrapped("regadm: ", ra_buf_str(&text), 8);
    if (!err->hint)
        return;
    ra_buf_clear(&text);
    add_safe(&text, err->hint);
    ra_print_wrapped("        ", ra_buf_str(&text), 8);
}

void ra_print_name(const char *name, const char *tag)
{
    RA_BUF_AUTO line = {0};
    add_safe(&line, name);
    if (tag) {
        ra_buf_addc(&line, ':');
        add_safe(&line, tag);
    }
    puts(ra_buf_str(&line));
}

const char *ra_digest_short(const struct ra_digest *d, char out[static RA_SHORT_DIGEST])
{
    char text[RA_DIGEST_TEXT];
    ra_digest_text(d, text);
    size_t n = strcspn(text, ":") + 1 + 12;
    snprintf(out, RA_SHORT_DIGEST, "%.*s", (int)n, text);
    return out;
}

const char *ra_kind_text(const struct ra_image *image, struct ra_buf *out)
{
    if (image->unreadable)
        return "damaged";
    if (!image->missing_blobs)
        return ra_image_kind(image);
    ra_buf_addf(out, "%s (damaged)", ra_image_kind(image));
    return ra_buf_str(out);
}
