#include "inspect_page.h"

#include "print.h"
#include "rows.h"

#include "base/clock.h"
#include "base/num.h"

struct page {
    const struct ra_inspection *in;
    FILE *out;
    bool color;
};

static void put_safe(const struct page *p, const char *text)
{
    RA_BUF_AUTO safe = {0};
    ra_text_safe(&safe, text, strlen(text));
    fputs(ra_buf_str(&safe), p->out);
}

static void label(const struct page *p, const char *name)
{
    fprintf(p->out, "%s%-13s%s ", p->color ? "\033[1m" : "", name, p->color ? "\033[0m" : "");
}

/* "Name          value"; nothing for an empty value. */
static void line(const struct page *p, const char *name, const char *value)
{
    if (!*value)
        return;
    label(p, name);
    put_safe(p, value);
    fputc('\n', p->out);
}

static void lines(const struct page *p, const char *name, const struct ra_strings *values)
{
    for (size_t i = 0; i < values->n; i++)
        line(p, i == 0 ? name : "", values->at[i]);
}

/* Words as a shell would take them: those that need it in single quotes. */
static void command_line(const struct page *p, const char *name, const struct ra_strings *words)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    RA_BUF_AUTO text = {0};
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->at[i];
        if (i)
            ra_buf_addc(&text, ' ');
        if (*word && word[strspn(word, plain)] == '\0') {
            ra_buf_adds(&text, word);
            continue;
        }
        ra_buf_addc(&text, '\'');
        for (; *word; word++)
            ra_buf_adds(&text, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
        ra_buf_addc(&text, '\'');
    }
    line(p, name, ra_buf_str(&text));
}

static void time_line(const struct page *p, const char *name, int64_t ns)
{
    char exact[RA_TIME_TEXT], ago[RA_TIME_TEXT];
    if (ns == RA_TIME_NONE)
        return;
    label(p, name);
    fprintf(p->out, "%s", ra_time_text(ns, false, exact));
    if (ra_stdout_is_terminal())
        fprintf(p->out, " (%s)", ra_time_ago(ns, ra_time_now(), ago));
    fputc('\n', p->out);
}

static void print_head(const struct page *p)
{
    const struct ra_inspection *in = p->in;
    char digest[RA_DIGEST_TEXT], size[RA_SIZE_TEXT];
    RA_BUF_AUTO text = {0};
    ra_digest_text(&in->digest, digest);
    ra_buf_addf(&text, "%s%s%s", in->repository, in->tag ? ":" : "@", in->tag ? in->tag : digest);
    line(p, "Reference", ra_buf_str(&text));
    line(p, "Digest", digest);
    ra_buf_clear(&text);
    ra_vec_each (tag, &in->tags)
        ra_buf_addf(&text, "%s%s", text.len ? ", " : "", *tag);
    line(p, "Other tags", ra_buf_str(&text));
    ra_buf_clear(&text);
    line(p, "Kind", ra_kind_text(&in->image, &text));
    line(p, "Media type", in->manifest.media_type);
    if (in->manifest.kind == RA_MANIFEST_ARTIFACT)
        line(p, "Artifact type", ra_manifest_artifact_type(&in->manifest));
    ra_buf_clear(&text);
    ra_image_platforms(&in->image, &text);
    line(p, "Platforms", ra_buf_str(&text));
    line(p, "Size", ra_size_text(in->image.bytes, size));
    time_line(p, "Created", in->image.created);
    time_line(p, "Updated", in->updated);
    if (in->manifest.subject)
        line(p, "Subject", in->manifest.subject->text);
}

static void print_pairs(const struct page *p, const char *name, const struct ra_annotations *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        ra_auto_free char *text = ra_asprintf("%s=%s", pairs->at[i].key, pairs->at[i].value);
        line(p, i == 0 ? name : "", text);
    }
}

static void print_config(const struct page *p)
{
    const struct ra_imageconfig *c = &p->in->config;
    line(p, "Author", c->author);
    command_line(p, "Entry point", &c->entrypoint);
    command_line(p, "Command", &c->cmd);
    line(p, "Directory", c->working_dir);
    line(p, "User", c->user);
    lines(p, "Environment", &c->env);
    print_pairs(p, "Labels", &c->labels);
    lines(p, "Ports", &c->exposed_ports);
    lines(p, "Volumes", &c->volumes);
    line(p, "Stop signal", c->stop_signal);
    command_line(p, "Health check", &c->healthcheck.test);
}

static void heading(const struct page *p, const char *text)
{
    fprintf(p->out, "\n%s%s%s\n", p->color ? "\033[1m" : "", text, p->color ? "\033[0m" : "");
}

static void size_or_dash(struct ra_rows *rows, int64_t size)
{
    if (size < 0)
        ra_cell(rows, "-");
    else
        ra_cell_size(rows, (uint64_t)size);
}

/* The command of a history entry, without what every builder puts in front. */
static const char *command_of(const struct ra_history *h)
{
    static const char *const fronts[] = {"/bin/sh -c #(nop) ", "/bin/sh -c "};
    const char *text = *h->created_by ? h->created_by : h->comment;
    for (size_t i = 0; i < RA_COUNT(fronts); i++)
        if (ra_starts_with(text, fronts[i]))
            text += strlen(fronts[i]);
    return text + strspn(text, " ");
}

static void layer_cells(struct ra_rows *rows, const struct ra_descriptor *d, bool present)
{
    char brief[RA_SHORT_DIGEST];
    size_or_dash(rows, d->size);
    ra_cell(rows, d->valid ? ra_digest_short(&d->digest, brief) : d->text);
    ra_cell(rows, present ? "" : d->foreign ? "(elsewhere)" : "MISSING");
}

static size_t filled_history(const struct ra_imageconfig *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->history.n; i++)
        n += !c->history.at[i].empty_layer;
    return n;
}

/* History beside layers; only when the two tell the same story. */
static void print_history(const struct page *p)
{
    static const struct ra_column columns[] = {
        {"SIZE", RA_RIGHT}, {"LAYER"}, {""}, {"CREATED BY", .elastic = true}, {0}};
    const struct ra_imageconfig *c = &p->in->config;
    const struct ra_descriptors *layers = &p->in->manifest.layers;
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    size_t layer = 0;
    for (size_t i = 0; i < c->history.n; i++) {
        const struct ra_history *h = &c->history.at[i];
        if (h->empty_layer) {
            ra_cell(rows, "0 B");
            ra_cell(rows, "");
            ra_cell(rows, "");
        } else {
            layer_cells(rows, &layers->at[layer], p->in->layers.at[layer]);
            layer++;
        }
        ra_cell(rows, command_of(h));
    }
    heading(p, "History");
    ra_rows_print(rows, p->out);
}

static void print_layers(const struct page *p)
{
    static const struct ra_column columns[] = {
        {"SIZE", RA_RIGHT}, {"LAYER"}, {""}, {"MEDIA TYPE", .elastic = true}, {0}};
    const struct ra_manifest *m = &p->in->manifest;
    const struct ra_descriptors *parts = m->blobs.n ? &m->blobs : &m->layers;
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < parts->n; i++) {
        layer_cells(rows, &parts->at[i], p->in->layers.at[i]);
        ra_cell(rows, parts->at[i].media_type);
    }
    if (parts->n)
        heading(p, "Layers");
    ra_rows_print(rows, p->out);
}

static void print_manifests(const struct page *p)
{
    static const struct ra_column columns[] = {
        {"PLATFORM"}, {"DIGEST", .elastic = true}, {""}, {"MEDIA TYPE", .elastic = true}, {0}};
    const struct ra_descriptors *manifests = &p->in->manifest.manifests;
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    for (size_t i = 0; i < manifests->n; i++) {
        char platform[RA_PLATFORM_TEXT], digest[RA_DIGEST_TEXT];
        const struct ra_descriptor *d = &manifests->at[i];
        ra_cell(rows, d->has_platform && *ra_platform_text(&d->platform, platform) ? platform : "-");
        ra_cell(rows, d->valid ? ra_digest_text(&d->digest, digest) : d->text);
        ra_cell(rows, p->in->manifests.at[i] ? "" : "not here");
        ra_cell(rows, d->media_type);
    }
    if (manifests->n)
        heading(p, "Manifests");
    ra_rows_print(rows, p->out);
}

static void print_referrers(const struct page *p)
{
    static const struct ra_column columns[] = {{"TYPE", .elastic = true},
                                               {"SIZE", RA_RIGHT},
                                               {"DIGEST", .elastic = true},
                                               {"TAG", .elastic = true},
                                               {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    ra_vec_each (r, &p->in->referrers) {
        char digest[RA_DIGEST_TEXT];
        ra_cell(rows, *r->artifact_type ? r->artifact_type : "-");
        ra_cell_size(rows, r->bytes);
        ra_cell(rows, ra_digest_text(&r->digest, digest));
        ra_cell(rows, r->tag ? r->tag : "-");
    }
    if (p->in->referrers.n)
        heading(p, "Signatures and referrers");
    ra_rows_print(rows, p->out);
}

void ra_inspect_page(const struct ra_inspection *in, bool color, FILE *out)
{
    struct page p = {.in = in, .out = out, .color = color};
    print_head(&p);
    print_pairs(&p, "Annotations", &in->manifest.annotations);
    if (in->has_config)
        print_config(&p);
    print_manifests(&p);
    if (in->has_config && in->config.history.n && filled_history(&in->config) == in->manifest.layers.n)
        print_history(&p);
    else
        print_layers(&p);
    print_referrers(&p);
}
