#include "inspect_files.h"

#include "print.h"
#include "rows.h"

#include "base/num.h"
#include "jobs/layers.h"

/* Which layers are listed: [first, end) of them; merged when `each` is false. */
struct choice {
    bool each;
    size_t first, end;
};

static int read_layers(struct ra_ctx *ctx, const struct ra_inspection *in, struct ra_layers *layers,
                       struct ra_err *err)
{
    struct ra_place at = {.repository = in->repository, .tag = in->tag};
    int rc = ra_layers_read(&ctx->job, &at, &in->manifest, layers, err);
    return rc < 0 ? rc : ra_layers_merge(layers, err);
}

/* --- which layer ----------------------------------------------------------- */

static int choose_digest(const struct ra_layers *layers, const char *text, struct choice *out,
                         struct ra_err *err)
{
    size_t matches = 0;
    for (size_t i = 0; ra_digest_prefix_valid(text) && i < layers->list.n; i++) {
        /* Of a layer that is there several times the first. */
        bool again = matches && ra_digest_eq(&layers->list.at[i].digest, &layers->list.at[out->first].digest);
        if (again || !ra_digest_has_prefix(&layers->list.at[i].digest, text))
            continue;
        *out = (struct choice){.each = true, .first = i, .end = i + 1};
        matches++;
    }
    if (matches == 1)
        return 0;
    int rc = matches ? ra_fail(err, RA_INVALID, "'%s' begins the digests of %zu layers", text, matches)
                     : ra_fail(err, RA_NOTFOUND, "the image has no layer '%s'", text);
    return ra_hint(err, rc,
                   "it has %zu: --layer takes 1 (the lowest) to %zu, a digest or its first digits, or all",
                   layers->list.n, layers->list.n);
}

static int choose(const struct ra_layers *layers, const char *text, struct choice *out, struct ra_err *err)
{
    uint64_t number;
    *out = (struct choice){.each = text != NULL, .end = layers->list.n};
    if (!text || ra_streq(text, "all"))
        return 0;
    if (!ra_parse_u64(text, &number) || number < 1 || number > layers->list.n)
        return choose_digest(layers, text, out, err);
    *out = (struct choice){.each = true, .first = number - 1, .end = number};
    return 0;
}

/* --- for people ----------------------------------------------------------- */

static void mode_text(const struct ra_file *f, char out[static 11])
{
    static const char kinds[] = {
        [RA_MEMBER_FILE] = '-',     [RA_MEMBER_FOLDER] = 'd', [RA_MEMBER_SYMLINK] = 'l',
        [RA_MEMBER_HARDLINK] = 'h', [RA_MEMBER_BLOCK] = 'b',  [RA_MEMBER_CHARACTER] = 'c',
        [RA_MEMBER_FIFO] = 'p',     [RA_MEMBER_OTHER] = '?'};
    static const unsigned special[] = {04000, 02000, 01000};
    out[0] = kinds[f->kind];
    for (unsigned i = 0; i < 9; i++)
        out[i + 1] = f->mode & 0400u >> i ? "rwxrwxrwx"[i] : '-';
    for (unsigned i = 0; i < 3; i++)
        if (f->mode & special[i])
            out[3 + 3 * i] = out[3 + 3 * i] == 'x' ? "sst"[i] : "SST"[i];
    out[10] = '\0';
}

static bool is_there(const struct ra_file *f)
{
    return f->act == RA_ACT_PUT || f->act == RA_ACT_ODD;
}

static const char *shown_path(const struct ra_file *f, struct ra_buf *out)
{
    ra_buf_clear(out);
    ra_buf_addf(out, "%s%s", f->act == RA_ACT_ODD ? "" : "/", f->path);
    if (*f->link)
        ra_buf_addf(out, "%s%s",
                    f->kind == RA_MEMBER_SYMLINK                       ? " -> "
                    : f->kind == RA_MEMBER_HARDLINK && *f->link != '/' ? " = /"
                                                                       : " = ",
                    f->link);
    return ra_buf_str(out);
}

static void row(struct ra_rows *rows, const struct ra_file *f)
{
    char mode[11];
    RA_BUF_AUTO path = {0};
    mode_text(f, mode);
    ra_cell(rows, is_there(f) ? mode : "-");
    if (is_there(f))
        ra_cellf(rows, "%u:%u", f->uid, f->gid);
    else
        ra_cell(rows, "-");
    if (f->kind == RA_MEMBER_FILE && is_there(f))
        ra_cell_size(rows, f->size);
    else
        ra_cell(rows, "-");
    ra_cellf(rows, "%u", f->layer + 1u);
    ra_cell(rows, ra_change_name((enum ra_change)f->change));
    ra_cell(rows, shown_path(f, &path));
}

/* Visits what was chosen, in order. */
static void each_file(const struct ra_layers *layers, const struct choice *choice,
                      void (*visit)(void *arg, const struct ra_file *f), void *arg)
{
    if (!choice->each)
        ra_vec_each (file, &layers->merged)
            visit(arg, file);
    for (size_t i = choice->first; choice->each && i < choice->end; i++)
        ra_vec_each (file, &layers->list.at[i].files)
            visit(arg, file);
}

static void visit_row(void *arg, const struct ra_file *f)
{
    row(arg, f);
}

static void visit_name(void *arg, const struct ra_file *f)
{
    RA_BUF_AUTO safe = {0};
    if (f->act != RA_ACT_ODD)
        ra_buf_addc(&safe, '/');
    ra_text_safe(&safe, f->path, strlen(f->path));
    fprintf(arg, "%s\n", ra_buf_str(&safe));
}

static void print_table(const struct ra_layers *layers, const struct choice *choice)
{
    const struct ra_column columns[] = {
        {"MODE"},
        {"OWNER"},
        {"SIZE", RA_RIGHT},
        {"LAYER", RA_RIGHT, .hidden = choice->end - choice->first == 1 && choice->each},
        {"CHANGE", .hidden = !choice->each},
        {"PATH"},
        {0}};
    RA_AUTO_PTR(ra_rows) rows = ra_rows_new(columns);
    each_file(layers, choice, visit_row, rows);
    ra_rows_print(rows, stdout);
}

static size_t count_files(const struct ra_layers *layers)
{
    size_t n = 0;
    ra_vec_each (file, &layers->merged)
        n += file->kind != RA_MEMBER_FOLDER;
    return n;
}

struct listed {
    size_t files;
    uint64_t bytes;
};

static void visit_count(void *arg, const struct ra_file *f)
{
    struct listed *listed = arg;
    if (!is_there(f) || f->kind == RA_MEMBER_FOLDER)
        return;
    listed->files++;
    listed->bytes = ra_add_sat(listed->bytes, f->kind == RA_MEMBER_FILE ? f->size : 0);
}

static void say_sums(const struct ra_ctx *ctx, const struct ra_layers *layers, const struct choice *choice)
{
    char files[RA_COUNT_OF_TEXT], of[RA_COUNT_OF_TEXT], size[RA_SIZE_TEXT], hidden[RA_SIZE_TEXT];
    RA_BUF_AUTO more = {0};
    struct listed listed = {0};
    if (choice->each) {
        each_file(layers, choice, visit_count, &listed);
        ra_count_of(listed.files, "file", files);
        ra_size_text(listed.bytes, size);
        if (choice->end - choice->first == 1)
            ra_say(ctx, "%s, %s in layer %zu", files, size, choice->end);
        else
            ra_say(ctx, "%s, %s in %s", files, size, ra_count_of(layers->list.n, "layer", of));
        return;
    }
    if (layers->hidden)
        ra_buf_addf(&more, "; %s more is replaced or removed by later layers",
                    ra_size_text(layers->hidden, hidden));
    ra_say(ctx, "%s, %s in %s%s", ra_count_of(count_files(layers), "file", files),
           ra_size_text(layers->bytes, size), ra_count_of(layers->list.n, "layer", of), ra_buf_str(&more));
}

/* --- for programs ----------------------------------------------------------- */

static const char *kind_name(const struct ra_file *f)
{
    static const char *const names[] = {
        [RA_MEMBER_FILE] = "file",          [RA_MEMBER_FOLDER] = "folder",
        [RA_MEMBER_SYMLINK] = "symlink",    [RA_MEMBER_HARDLINK] = "hardlink",
        [RA_MEMBER_BLOCK] = "block-device", [RA_MEMBER_CHARACTER] = "character-device",
        [RA_MEMBER_FIFO] = "fifo",          [RA_MEMBER_OTHER] = "other"};
    return f->act == RA_ACT_PUT || f->act == RA_ACT_ODD ? names[f->kind] : "whiteout";
}

static void visit_json(void *arg, const struct ra_file *f)
{
    struct ra_jsonw *w = arg;
    ra_auto_free char *path = ra_asprintf("%s%s", f->act == RA_ACT_ODD ? "" : "/", f->path);
    ra_auto_free char *mode = ra_asprintf("%04o", f->mode);
    ra_jsonw_object(w);
    ra_jsonw_key_str(w, "path", path);
    ra_jsonw_key_str(w, "kind", kind_name(f));
    ra_jsonw_key_u64(w, "bytes", f->size);
    ra_jsonw_key_str(w, "mode", mode);
    ra_jsonw_key_u64(w, "uid", f->uid);
    ra_jsonw_key_u64(w, "gid", f->gid);
    ra_json_time(w, "modified", f->mtime);
    ra_jsonw_key_str(w, "link", *f->link ? f->link : NULL);
    ra_jsonw_key_u64(w, "layer", f->layer + 1u);
    ra_jsonw_key_str(w, "change", ra_change_name((enum ra_change)f->change));
    ra_jsonw_end(w);
}

static void json_layers(struct ra_jsonw *w, const struct ra_layers *layers)
{
    ra_jsonw_key(w, "layers");
    ra_jsonw_array(w);
    ra_vec_each (layer, &layers->list) {
        uint64_t bytes = 0;
        ra_vec_each (file, &layer->files)
            bytes = ra_add_sat(bytes, file->size);
        ra_jsonw_object(w);
        ra_json_digest(w, "digest", &layer->digest);
        ra_jsonw_key_str(w, "media_type", *layer->media_type ? layer->media_type : NULL);
        ra_jsonw_key_i64(w, "bytes", layer->stored);
        ra_jsonw_key_bool(w, "present", layer->present);
        ra_jsonw_key_bool(w, "whole", layer->whole);
        ra_jsonw_key_u64(w, "files", layer->files.n);
        ra_jsonw_key_u64(w, "file_bytes", bytes);
        ra_jsonw_end(w);
    }
    ra_jsonw_end(w);
}

static int print_json(struct ra_ctx *ctx, const struct ra_inspection *in, const struct ra_layers *layers,
                      const struct choice *choice, struct ra_err *err)
{
    struct ra_jsonw w;
    ra_json_open(&w, ctx);
    ra_jsonw_key_str(&w, "repository", in->repository);
    ra_jsonw_key_str(&w, "tag", in->tag);
    ra_json_digest(&w, "digest", &in->digest);
    ra_jsonw_key_str(&w, "kind", ra_manifest_kind_name(in->manifest.kind));
    json_layers(&w, layers);
    ra_jsonw_key_u64(&w, "file_bytes", layers->bytes);
    ra_jsonw_key_u64(&w, "hidden_bytes", layers->hidden);
    ra_jsonw_key(&w, "files");
    ra_jsonw_array(&w);
    each_file(layers, choice, visit_json, &w);
    ra_jsonw_end(&w);
    return ra_json_close(&w, ctx, err);
}

int ra_inspect_files(struct ra_ctx *ctx, const struct ra_inspection *in, const char *layer,
                     struct ra_err *err)
{
    RA_AUTO(ra_layers, _release) layers = {0};
    struct choice choice;
    int rc = read_layers(ctx, in, &layers, err);
    if (rc == 0)
        rc = choose(&layers, layer, &choice, err);
    if (rc < 0)
        return rc;
    ra_end_progress(ctx);
    if (ctx->g.json)
        return print_json(ctx, in, &layers, &choice, err);
    if (ctx->g.names_only)
        each_file(&layers, &choice, visit_name, stdout);
    else
        print_table(&layers, &choice);
    if (fflush(stdout) != 0)
        return ra_fail_sys(err, "cannot write the output");
    say_sums(ctx, &layers, &choice);
    return 0;
}

/* --- one file ----------------------------------------------------------- */

static int write_out(void *arg, const void *p, size_t n, struct ra_err *err)
{
    (void)arg;
    return fwrite(p, 1, n, stdout) == n ? 0 : ra_fail_sys(err, "cannot write the output");
}

/* As `cat -v` has it, with line ends, tabs and UTF-8 as they are. *held: 0xC2, behind which C1 controls would come. */
static int write_tame(void *arg, const void *p, size_t n, struct ra_err *err)
{
    bool *held = arg;
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = bytes[i];
        if (*held && c >= 0x80 && c < 0xa0)
            printf("\\x%02x", c);
        else if (*held)
            putchar(0xc2);
        bool shown = *held && c >= 0x80 && c < 0xa0;
        *held = c == 0xc2;
        if (shown || *held)
            continue;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            printf("^%c", c ^ 0x40);
        else
            putchar(c);
    }
    return ferror(stdout) ? ra_fail_sys(err, "cannot write the output") : 0;
}

int ra_inspect_cat(struct ra_ctx *ctx, const struct ra_inspection *in, const char *path, struct ra_err *err)
{
    RA_AUTO(ra_layers, _release) layers = {0};
    bool held = false;
    struct ra_sink to = {ra_stdout_is_terminal() ? write_tame : write_out, &held};
    int rc = read_layers(ctx, in, &layers, err);
    if (rc == 0)
        ra_end_progress(ctx);
    if (rc == 0)
        rc = ra_layers_cat(&ctx->job, &layers, path, &to, err);
    if (rc == -RA_NOTFOUND)
        ra_hint(err, rc, "`regadm inspect --files` lists what there is");
    if (rc == 0 && fflush(stdout) != 0)
        rc = ra_fail_sys(err, "cannot write the output");
    return rc;
}
