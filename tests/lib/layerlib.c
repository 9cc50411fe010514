#include "lib/layerlib.h"

#include "base/str.h"
#include "format/gzip.h"
#include "format/zstd.h"
#include "registry/layout.h"
#include "registry/read.h"

/* --- tar ----------------------------------------------------------------------------------------------------- */

void t_tar_member(struct ra_buf *tar, char type, const char *name, const char *link, const void *p, size_t n)
{
    char header[512] = {0};
    unsigned sum = 0;
    assert_true(strlen(name) <= 100 && strlen(link) <= 100);
    memcpy(header, name, strlen(name));
    memcpy(header + 157, link, strlen(link));
    snprintf(header + 100, 8, "%07o", type == '5' ? 0755u : 0644u);
    memcpy(header + 108, "0000000\0000000000", 16);
    snprintf(header + 124, 12, "%011o", (unsigned)n % 010000000000u);
    memcpy(header + 136, "00000000000\0        ", 20);
    header[156] = type;
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(header); i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    ra_buf_add(tar, header, sizeof(header));
    if (n)
        ra_buf_add(tar, p, n);
    while (tar->len % 512)
        ra_buf_addc(tar, '\0');
}

void t_tar_end(struct ra_buf *tar)
{
    static const char zeroes[1024];
    ra_buf_add(tar, zeroes, sizeof(zeroes));
}

static void whiteout(struct ra_buf *tar, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    t_tar_member(tar, '0', t_fmt("%.*s.wh.%s", (int)n, path, path + n), "", "", 0);
}

static void member(struct ra_buf *tar, char kind, char *path)
{
    char *rest = strchr(path, ' ');
    if (rest)
        *rest++ = '\0';
    const char *text = rest ? rest : "";
    if (kind == 'w')
        whiteout(tar, path);
    else if (kind == 'o')
        t_tar_member(tar, '0', t_fmt("%s%s.wh..wh..opq", path, *path ? "/" : ""), "", "", 0);
    else if (kind == 'd')
        t_tar_member(tar, '5', path, "", "", 0);
    else if (kind == 'l')
        t_tar_member(tar, '2', path, text + 3, "", 0);
    else if (kind == 'h')
        t_tar_member(tar, '1', path, text + 2, "", 0);
    else
        t_tar_member(tar, '0', path, "", text, strlen(text));
}

void t_tar_members(struct ra_buf *tar, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        ra_auto_free char *line = ra_strndup(lines, n);
        member(tar, line[0], line + 2);
        lines += n + (lines[n] == '\n');
    }
}

/* --- layers and images --------------------------------------------------------------------------------------- */

struct ra_digest t_layer_bytes(struct ra_store *s, const struct ra_buf *bytes)
{
    struct ra_err err = {0};
    struct ra_digest d;
    struct ra_key key;
    ra_digest_of(RA_SHA256, ra_buf_str(bytes), bytes->len, &d);
    t_ok(ra_store_put(s, ra_key_blob(&key, &d), ra_buf_str(bytes), bytes->len, RA_WRITE_REPLACE, &err), &err);
    return d;
}

static int to_buf(void *arg, const void *p, size_t n, struct ra_err *err)
{
    (void)err;
    ra_buf_add(arg, p, n);
    return 0;
}

struct ra_digest t_layer_as(struct ra_store *s, const char *lines, enum ra_encoding encoding)
{
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO packed = {0};
    struct ra_err err = {0};
    RA_AUTO_PTR(ra_gzip) gzip = NULL;
    RA_AUTO_PTR(ra_zstd) zstd = NULL;
    t_tar_members(&tar, lines);
    t_tar_end(&tar);
    if (encoding == RA_PLAIN)
        return t_layer_bytes(s, &tar);
    if (encoding == RA_GZIP) {
        gzip = ra_gzip_new(RA_GZIP_FAST, 1, (struct ra_sink){to_buf, &packed});
        t_ok(ra_gzip_write(gzip, tar.data, tar.len, &err), &err);
        t_ok(ra_gzip_finish(gzip, &err), &err);
    } else {
        t_ok(ra_zstd_new(0, 1, (struct ra_sink){to_buf, &packed}, &zstd, &err), &err);
        t_ok(ra_zstd_write(zstd, tar.data, tar.len, &err), &err);
        t_ok(ra_zstd_finish(zstd, &err), &err);
    }
    return t_layer_bytes(s, &packed);
}

struct ra_digest t_layer(struct ra_store *s, const char *lines)
{
    return t_layer_as(s, lines, RA_GZIP);
}

static const char *descriptor(struct ra_store *s, const char *type, const struct ra_digest *d)
{
    char text[RA_DIGEST_TEXT];
    uint64_t size = 0;
    ra_blob_size(s, d, &size, NULL);
    return t_fmt("{\"mediaType\":\"%s\",\"size\":%llu,\"digest\":\"%s\"}", type, (unsigned long long)size,
                 ra_digest_text(d, text));
}

struct ra_digest t_layer_image(struct ra_store *s, const char *repo, const struct ra_digest *layers, size_t n)
{
    struct ra_digest config = t_reg_layer(s, repo, t_fmt("{\"os\":\"linux\",\"of\":\"%s\"}", repo));
    const char *list = "";
    for (size_t i = 0; i < n; i++)
        list = t_fmt("%s%s%s", list, i ? "," : "", descriptor(s, RA_MT_OCI_LAYER_GZIP, &layers[i]));
    struct ra_digest image = t_reg_manifest(s, repo,
                                            t_fmt("{\"schemaVersion\":2,\"mediaType\":\"" RA_MT_OCI_MANIFEST
                                                  "\",\"config\":%s,\"layers\":[%s]}",
                                                  descriptor(s, RA_MT_OCI_CONFIG, &config), list));
    t_reg_tag(s, repo, "latest", &image);
    return image;
}

int t_layers_read(struct t_layers *t, struct ra_store *s, const struct ra_digest *image, struct ra_err *err)
{
    *t = (struct t_layers){.findings = RA_FINDINGS_INIT};
    t->job = (struct ra_job){.store = s, .threads = 2, .findings = &t->findings};
    int rc = ra_manifest_load(s, image, &t->bytes, &t->manifest, err);
    if (rc == 0)
        rc = ra_layers_read(&t->job, &(struct ra_place){.repository = "app"}, &t->manifest, &t->layers, err);
    return rc < 0 ? rc : ra_layers_merge(&t->layers, err);
}

void t_layers_release(struct t_layers *t)
{
    ra_layers_release(&t->layers);
    ra_manifest_release(&t->manifest);
    ra_buf_release(&t->bytes);
    ra_findings_release(&t->findings);
}

static void add_file(struct ra_buf *out, const struct ra_file *f)
{
    ra_buf_adds(out, f->path);
    if (f->kind == RA_MEMBER_SYMLINK)
        ra_buf_addf(out, "->%s", f->link);
    else if (f->kind == RA_MEMBER_HARDLINK)
        ra_buf_addf(out, "==%s", f->link);
    else if (f->kind == RA_MEMBER_FILE)
        ra_buf_addf(out, "=%llu", (unsigned long long)f->size);
}

const char *t_layers_merged(const struct t_layers *t)
{
    RA_BUF_AUTO text = {0};
    ra_vec_each (f, &t->layers.merged) {
        ra_buf_adds(&text, text.len ? " " : "");
        add_file(&text, f);
    }
    return t_fmt("%s", ra_buf_str(&text));
}

const char *t_layers_changes(const struct t_layers *t)
{
    static const char signs[] = {[RA_CHANGE_ADDED] = '+',   [RA_CHANGE_CHANGED] = '~', [RA_CHANGE_SAME] = '=',
                                 [RA_CHANGE_REMOVED] = '-', [RA_CHANGE_EMPTIED] = '!', [RA_CHANGE_ODD] = '?'};
    RA_BUF_AUTO text = {0};
    ra_vec_each (layer, &t->layers.list)
        ra_vec_each (f, &layer->files)
            ra_buf_addf(&text, "%s%u%c%s", text.len ? " " : "", f->layer + 1u, signs[f->change], f->path);
    return t_fmt("%s", ra_buf_str(&text));
}

/* "warning bad-layer, ..." */
static const char *findings_of(struct t_layers *t)
{
    RA_BUF_AUTO text = {0};
    ra_findings_sort(&t->findings);
    ra_vec_each (f, &t->findings.list)
        ra_buf_addf(&text, "%s%s %s", text.len ? ", " : "", ra_severity_name(f->severity), f->code);
    return t_fmt("%s", ra_buf_str(&text));
}

const char *t_layers_said(struct ra_store *s, const struct ra_digest *layers, size_t n)
{
    struct t_layers t;
    struct ra_err err = {0};
    struct ra_digest d = t_layer_image(s, "app", layers, n);
    t_ok(t_layers_read(&t, s, &d, &err), &err);
    const char *said = t_fmt("%s: %s", t_layers_merged(&t), findings_of(&t));
    t_layers_release(&t);
    return said;
}
