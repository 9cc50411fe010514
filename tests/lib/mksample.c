/*
 * sample DIR: writes a small registry into DIR with the project's own library, the same bytes and times each time:
 *
 *   tools/hello     1.0 and latest (one Docker image), 0.9 (an older one, sharing its base layer), one untagged revision
 *   tools/hello-oci v1 (an OCI image sharing that layer too)
 *   web/site        stable: an index of linux/amd64 and linux/arm64; an SBOM, an artifact whose subject is that index
 *   plus an abandoned upload, and a blob that nothing refers to.
 *
 * sample --v1 DIR: the storage of an old Python registry:
 *
 *   library/base  latest (two images, the upper one without content)
 *   team/app      1.0 and latest (an image on top of it); broken, whose layer was cut off
 *   Team/Tool     1.0, in a name that no registry accepts any more; private
 *   plus an image that no tag needs.
 *
 * `make demo` shows them, and the command tests look at them.
 */
#include "base/pool.h"
#include "base/str.h"
#include "registry/layout.h"
#include "registry/manifest.h"
#include "registry/put.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <zlib.h>

/* 2026-03-14T15:09:26Z: everything was last touched then. */
#define WRITTEN 1773500966

struct part {
    struct ra_blob_id id;
    struct ra_digest diff_id;
};

struct sample {
    struct ra_store *store;
    struct ra_put *put;
};

static void must(int rc, struct ra_err *err)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "sample: %s\n", ra_err_text(err));
    exit(1);
}

/* --- layers -------------------------------------------------------------------------------------------------- */

static void tar_member(struct ra_buf *tar, const char *name, const char *text)
{
    char header[512] = {0};
    size_t n = strlen(text);
    bool folder = ra_ends_with(name, "/");
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 8, "%07o", folder ? 0755u : 0644u);
    snprintf(header + 108, 8, "%07o", 0u);
    snprintf(header + 116, 8, "%07o", 0u);
    snprintf(header + 124, 12, "%011o", (unsigned)n % 010000000000u);
    snprintf(header + 136, 12, "%011o", 0u);
    memset(header + 148, ' ', 8);
    header[156] = folder ? '5' : '0';
    memcpy(header + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(header); i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    ra_buf_add(tar, header, sizeof(header));
    ra_buf_add(tar, text, n);
    while (tar->len % 512)
        ra_buf_addc(tar, '\0');
}

/* Deflate's stored blocks: the same bytes with every library on every machine. */
static void gzip_stored(struct ra_buf *out, const struct ra_buf *in)
{
    ra_buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    for (size_t at = 0; at < in->len;) {
        size_t n = in->len - at < 65535 ? in->len - at : 65535;
        bool last = at + n == in->len;
        uint8_t head[5] = {last, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)};
        ra_buf_add(out, head, sizeof(head));
        ra_buf_add(out, in->data + at, n);
        at += n;
    }
    uint32_t tail[2] = {htole32((uint32_t)crc32(0, (const Bytef *)in->data, (uInt)in->len)),
                        htole32((uint32_t)in->len)};
    ra_buf_add(out, tail, sizeof(tail));
}

static struct ra_blob_id put_text(struct sample *s, const char *text, size_t n)
{
    RA_ERR_AUTO err = {0};
    struct ra_blob_id id;
    must(ra_put_bytes(s->store, text, n, &id, &err), &err);
    return id;
}

/* A layer of one folder and one file, padded so that layers differ in size. */
static struct part put_layer(struct sample *s, const char *folder, const char *file, const char *text,
                             size_t padding)
{
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO gzip = {0};
    RA_BUF_AUTO content = {0};
    struct part part;
    ra_buf_adds(&content, text);
    for (size_t i = 0; i < padding; i++)
        ra_buf_addc(&content, (char)('a' + i % 26));
    tar_member(&tar, folder, "");
    tar_member(&tar, file, ra_buf_str(&content));
    for (int i = 0; i < 1024; i++)
        ra_buf_addc(&tar, '\0');
    gzip_stored(&gzip, &tar);
    ra_digest_of(RA_SHA256, tar.data, tar.len, &part.diff_id);
    part.id = put_text(s, gzip.data, gzip.len);
    return part;
}

/* --- images -------------------------------------------------------------------------------------------------- */

static void descriptor(struct ra_buf *json, const char *media_type, const struct ra_blob_id *id)
{
    char text[RA_DIGEST_TEXT];
    ra_buf_addf(json, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu", media_type,
                ra_digest_text(&id->digest, text), (unsigned long long)id->size);
}

static struct ra_blob_id put_config(struct sample *s, const char *repo, const char *arch, const char *day,
                                    const struct part *layers, size_t n)
{
    RA_BUF_AUTO json = {0};
    char text[RA_DIGEST_TEXT];
    ra_buf_addf(
        &json,
        "{\"architecture\":\"%s\",\"os\":\"linux\",\"created\":\"2026-%sT10:00:00Z\",\"config\":{\"User\":"
        "\"app\","
        "\"Env\":[\"PATH=/usr/local/bin:/usr/bin:/bin\",\"GREETING=hello\"],\"Entrypoint\":[\"/bin/hello\"],"
        "\"Cmd\":[\"--to\",\"the world\"],\"WorkingDir\":\"/srv\",\"ExposedPorts\":{\"8080/tcp\":{}},"
        "\"Labels\":{\"org.opencontainers.image.title\":\"hello\",\"team\":\"tools\"}},\"rootfs\":{"
        "\"type\":\"layers\",\"diff_ids\":[",
        arch, day);
    for (size_t i = 0; i < n; i++)
        ra_buf_addf(&json, "%s\"%s\"", i ? "," : "", ra_digest_text(&layers[i].diff_id, text));
    ra_buf_adds(&json, "]},\"history\":[");
    for (size_t i = 0; i < n; i++)
        ra_buf_addf(&json,
                    "%s{\"created\":\"2026-%sT09:0%zu:00Z\",\"created_by\":\"/bin/sh -c #(nop) ADD layer %zu "
                    "in / \"}",
                    i ? "," : "", day, i, i + 1);
    ra_buf_addf(&json,
                ",{\"created\":\"2026-%sT10:00:00Z\",\"created_by\":\"CMD [\\\"--to\\\" \\\"the "
                "world\\\"]\",\"empty_layer\":true}]}",
                day);
    struct ra_blob_id id = put_text(s, json.data, json.len);
    ra_put_layer(s->put, repo, &id.digest);
    return id;
}

static struct ra_blob_id put_manifest(struct sample *s, const char *repo, const struct ra_buf *json)
{
    struct ra_blob_id id = put_text(s, json->data, json->len);
    ra_put_revision(s->put, repo, &id.digest);
    return id;
}

static struct ra_blob_id put_image(struct sample *s, const char *repo, bool oci, const char *arch,
                                   const char *day, const struct part *layers, size_t n)
{
    RA_BUF_AUTO json = {0};
    struct ra_blob_id config = put_config(s, repo, arch, day, layers, n);
    ra_buf_addf(&json, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":",
                oci ? RA_MT_OCI_MANIFEST : RA_MT_DOCKER_MANIFEST);
    descriptor(&json, oci ? RA_MT_OCI_CONFIG : RA_MT_DOCKER_CONFIG, &config);
    ra_buf_adds(&json, "},\"layers\":[");
    for (size_t i = 0; i < n; i++) {
        ra_buf_adds(&json, i ? "," : "");
        descriptor(&json, oci ? RA_MT_OCI_LAYER_GZIP : RA_MT_DOCKER_LAYER_GZIP, &layers[i].id);
        ra_buf_adds(&json, "}");
        ra_put_layer(s->put, repo, &layers[i].id.digest);
    }
    ra_buf_adds(&json, "]}");
    return put_manifest(s, repo, &json);
}

static void make_hello(struct sample *s, const struct part *base)
{
    struct part newer[] = {*base, put_layer(s, "bin/", "bin/hello", "#!/bin/sh\necho hello 1.0\n", 3000)};
    struct part older[] = {*base, put_layer(s, "bin/", "bin/hello", "#!/bin/sh\necho hello 0.9\n", 2500)};
    struct part first[] = {*base, put_layer(s, "bin/", "bin/hello", "#!/bin/sh\necho first try\n", 2000)};
    struct ra_blob_id untagged = put_image(s, "tools/hello", false, "amd64", "03-01", first, 2);
    struct ra_blob_id old = put_image(s, "tools/hello", false, "amd64", "03-05", older, 2);
    struct ra_blob_id now = put_image(s, "tools/hello", false, "amd64", "03-14", newer, 2);
    ra_put_tag(s->put, "tools/hello", "0.9", &old.digest);
    ra_put_tag(s->put, "tools/hello", "1.0", &now.digest);
    ra_put_tag(s->put, "tools/hello", "latest", &now.digest);
    ra_put_tag_history(s->put, "tools/hello", "latest", &old.digest);
    ra_put_tag_history(s->put, "tools/hello", "latest", &untagged.digest);
}

static void make_oci(struct sample *s, const struct part *base)
{
    struct part layers[] = {*base, put_layer(s, "srv/", "srv/readme", "an OCI image\n", 500)};
    struct ra_blob_id id = put_image(s, "tools/hello-oci", true, "amd64", "03-10", layers, 2);
    ra_put_tag(s->put, "tools/hello-oci", "v1", &id.digest);
}

static struct ra_blob_id put_index(struct sample *s, const char *repo, const struct ra_blob_id *amd64,
                                   const struct ra_blob_id *arm64)
{
    RA_BUF_AUTO json = {0};
    ra_buf_addf(&json, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[", RA_MT_OCI_INDEX);
    descriptor(&json, RA_MT_OCI_MANIFEST, amd64);
    ra_buf_adds(&json, ",\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},");
    descriptor(&json, RA_MT_OCI_MANIFEST, arm64);
    ra_buf_adds(&json, ",\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}]}");
    return put_manifest(s, repo, &json);
}

static void put_sbom(struct sample *s, const char *repo, const struct ra_blob_id *subject)
{
    static const char sbom[] = "{\"spdxVersion\":\"SPDX-2.3\",\"name\":\"web/site\",\"packages\":[]}";
    RA_BUF_AUTO json = {0};
    struct ra_blob_id empty = put_text(s, "{}", 2), layer = put_text(s, sbom, sizeof(sbom) - 1);
    ra_put_layer(s->put, repo, &empty.digest);
    ra_put_layer(s->put, repo, &layer.digest);
    ra_buf_addf(
        &json,
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"application/spdx+json\",\"config\":",
        RA_MT_OCI_MANIFEST);
    descriptor(&json, RA_MT_OCI_EMPTY, &empty);
    ra_buf_adds(&json, "},\"layers\":[");
    descriptor(&json, "application/spdx+json", &layer);
    ra_buf_adds(&json, "}],\"subject\":");
    descriptor(&json, RA_MT_OCI_INDEX, subject);
    ra_buf_adds(&json, "}}");
    put_manifest(s, repo, &json);
}

static void make_site(struct sample *s)
{
    struct part amd64[] = {put_layer(s, "www/", "www/index.html", "<h1>hello from amd64</h1>\n", 9000)};
    struct part arm64[] = {put_layer(s, "www/", "www/index.html", "<h1>hello from arm64</h1>\n", 8000)};
    struct ra_blob_id first = put_image(s, "web/site", true, "amd64", "03-12", amd64, 1);
    struct ra_blob_id second = put_image(s, "web/site", true, "arm64", "03-12", arm64, 1);
    struct ra_blob_id index = put_index(s, "web/site", &first, &second);
    ra_put_tag(s->put, "web/site", "stable", &index.digest);
    put_sbom(s, "web/site", &index);
}

static void put_key(struct sample *s, const char *key, const char *text)
{
    RA_ERR_AUTO err = {0};
    must(ra_store_put(s->store, key, text, strlen(text), RA_WRITE_REPLACE, &err), &err);
}

static void make_garbage(struct sample *s)
{
    static const char id[] = "6f1c2f6e-3c9d-4b1e-9a58-0d9f3c1b7e42";
    struct ra_key key;
    RA_BUF_AUTO data = {0};
    put_layer(s, "tmp/", "tmp/forgotten", "nothing refers to this layer\n", 20000);
    ra_key_upload_startedat(&key, "tools/hello", id);
    put_key(s, key.s, "2026-03-13T12:00:00Z");
    ra_key_upload(&key, "tools/hello", id);
    ra_buf_addf(&data, "%sdata", key.s);
    put_key(s, ra_buf_str(&data), "the first bytes of a layer that never came whole\n");
}

/* --- an old registry ----------------------------------------------------------------------------------------- */

struct old_image {
    const char *id, *parent, *command, *file; /* file "": the layer is empty */
    unsigned day;
    bool cut;
};

#define OLD_BASE   "8c2e06607696bd4afb3d03b687e361cc43cf8ec1a4a725bc96e39f05ba97dd55"
#define OLD_CMD    "6ece51eb1c3e9b0a3c0a4cfd7b8d5d4bd4bf9b7c3c9f2b1b5f8e2a6d7c1e0f93"
#define OLD_APP    "b750fe79269d2ec9a3c593ef05b4332b1d1a02a62b4accb2c21d589ff2f5f2dc"
#define OLD_BROKEN "27cf784147099545f3d7fdc4b6c1a1f6d2e6f0b3c0e4a9d8b7c6a5f4e3d2c1b0"
#define OLD_TOOL   "5bc37dc2dfba7ad3b23a2b4e1f6c8d9e0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define OLD_ORPHAN "d74508fb6632491cea586a1fd7d748dfc5274cd6fdfedee309ecdcbc2bf5cb82"

static void old_checksum(struct sample *s, const char *folder, const struct ra_buf *json,
                         const struct ra_buf *layer)
{
    char hex[RA_DIGEST_TEXT];
    struct ra_digest sum;
    RA_AUTO_PTR(ra_hasher) h = ra_hasher_new(RA_SHA256);
    ra_hasher_update(h, json->data, json->len);
    ra_hasher_update(h, "\n", 1);
    ra_hasher_update(h, layer->data, layer->len);
    ra_hasher_final(h, &sum);
    ra_auto_free char *key = ra_asprintf("%s/_checksum", folder);
    ra_auto_free char *text = ra_asprintf("[\"%s\"]", ra_digest_text(&sum, hex));
    put_key(s, key, text);
}

static void put_ancestry(struct sample *s, const struct old_image *images, size_t i)
{
    RA_BUF_AUTO list = {0};
    ra_auto_free char *key = ra_asprintf("images/%s/ancestry", images[i].id);
    ra_buf_addf(&list, "[\"%s\"", images[i].id);
    for (const char *id = images[i].parent; id && i > 0; i--)
        if (ra_streq(images[i - 1].id, id)) {
            ra_buf_addf(&list, ", \"%s\"", id);
            id = images[i - 1].parent;
        }
    ra_buf_addc(&list, ']');
    put_key(s, key, list.data);
}

static void put_old_image(struct sample *s, const struct old_image *image)
{
    RA_ERR_AUTO err = {0};
    RA_BUF_AUTO json = {0};
    RA_BUF_AUTO tar = {0};
    RA_BUF_AUTO layer = {0};
    ra_auto_free char *folder = ra_asprintf("images/%s", image->id);
    ra_auto_free char *json_key = ra_asprintf("%s/json", folder);
    ra_auto_free char *layer_key = ra_asprintf("%s/layer", folder);
    ra_buf_addf(&json, "{\"id\":\"%s\",", image->id);
    if (image->parent)
        ra_buf_addf(&json, "\"parent\":\"%s\",", image->parent);
    ra_buf_addf(&json,
                "\"created\":\"2014-05-%02uT08:00:00Z\",\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\","
                "\"%s\"]},\"config\":{\"Cmd\":[\"/bin/sh\"]},\"architecture\":\"amd64\",\"os\":\"linux\"}",
                image->day, image->command);
    if (*image->file)
        tar_member(&tar, image->file, "as it was then\n");
    memset(ra_buf_reserve(&tar, 1024), 0, 1024);
    tar.len += 1024;
    gzip_stored(&layer, &tar);
    put_key(s, json_key, json.data);
    must(ra_store_put(s->store, layer_key, layer.data, layer.len - (image->cut ? 100 : 0), RA_WRITE_REPLACE,
                      &err),
         &err);
    old_checksum(s, folder, &json, &layer);
}

static void make_old(struct sample *s)
{
    static const struct old_image images[] = {
        {OLD_BASE, NULL, "#(nop) ADD rootfs.tar in /", "etc/os-release", 1, false},
        {OLD_CMD, OLD_BASE, "#(nop) CMD [/bin/sh]", "", 1, false},
        {OLD_APP, OLD_CMD, "make install", "srv/app", 2, false},
        {OLD_BROKEN, OLD_CMD, "make install", "srv/app.new", 3, true},
        {OLD_TOOL, OLD_CMD, "make tool", "bin/tool", 4, false},
        {OLD_ORPHAN, OLD_CMD, "make mistakes", "srv/wrong", 5, false},
    };
    for (size_t i = 0; i < RA_COUNT(images); i++)
        put_old_image(s, &images[i]), put_ancestry(s, images, i);
    put_key(s, "repositories/library/base/tag_latest", OLD_CMD);
    put_key(s, "repositories/team/app/tag_1.0", OLD_APP);
    put_key(s, "repositories/team/app/tag_latest", OLD_APP);
    put_key(s, "repositories/team/app/tag_broken", OLD_BROKEN);
    put_key(s, "repositories/Team/Tool/tag_1.0", OLD_TOOL);
    put_key(s, "repositories/Team/Tool/_private", "");
}

static void make_new(struct sample *s)
{
    RA_ERR_AUTO err = {0};
    s->put = ra_put_new(s->store);
    struct part base = put_layer(s, "etc/", "etc/os-release", "NAME=\"Sample\"\nVERSION=12\n", 40000);
    make_hello(s, &base);
    make_oci(s, &base);
    make_site(s);
    make_garbage(s);
    must(ra_put_finish(s->put, 1, NULL, &err), &err);
    ra_put_free(s->put);
}

static int set_time(const char *path, const struct stat *st, int type, struct FTW *at)
{
    const struct timespec times[] = {{.tv_sec = WRITTEN}, {.tv_sec = WRITTEN}};
    (void)st;
    (void)type;
    (void)at;
    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

int main(int argc, char **argv)
{
    RA_ERR_AUTO err = {0};
    struct sample s = {0};
    bool old = argc == 3 && ra_streq(argv[1], "--v1");
    const char *dir = argv[argc - 1];
    if (argc != 2 && !old) {
        fputs("usage: sample [--v1] DIR\n", stderr);
        return 2;
    }
    must(ra_fs_open(dir, RA_FS_CREATE, &s.store, &err), &err);
    if (old)
        make_old(&s);
    else
        make_new(&s);
    ra_store_close(s.store);
    return nftw(dir, set_time, 16, FTW_PHYS | FTW_DEPTH) == 0 ? 0 : 1;
}
