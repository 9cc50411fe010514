/*
 * Tables of contents from strangers: the input, up to its first NUL, becomes one of the JSON members of an archive whose
 * other members are sound (the first byte says which), and the whole goes through an import into memory. Whatever comes
 * in must be what its name says.
 */
#include "format/tar.h"
#include "jobs/import.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"]}}";
static const char layer[] = "x";

static void add(struct ra_buf *tar, const char *name, const void *p, size_t n)
{
    ra_tar_put_header(tar, name, n, tar->len, 0);
    ra_buf_add(tar, p, n);
    size_t pad = ra_tar_padding(n);
    memset(ra_buf_reserve(tar, pad + 1), 0, pad + 1);
    tar->len += pad;
}

static void add_blob(struct ra_buf *tar, const void *p, size_t n)
{
    struct ra_digest d;
    char hex[RA_DIGEST_TEXT], name[RA_DIGEST_TEXT + 16];
    ra_digest_of(RA_SHA256, p, n, &d);
    snprintf(name, sizeof(name), "blobs/sha256/%s", ra_digest_hex(&d, hex));
    add(tar, name, p, n);
}

static void build(struct ra_buf *tar, const uint8_t *data, size_t size)
{
    static const char *const names[] = {"index.json", "manifest.json", "repositories", "regadm/header.json"};
    unsigned which = data[0] % 5;
    if (which == 4) { /* a manifest that a sound index names */
        struct ra_digest d;
        char text[RA_DIGEST_TEXT];
        RA_BUF_AUTO index = {0};
        ra_digest_of(RA_SHA256, data + 1, size - 1, &d);
        ra_buf_addf(&index, "{\"manifests\":[{\"digest\":\"%s\",\"size\":%zu}]}", ra_digest_text(&d, text),
                    size - 1);
        add(tar, "index.json", index.data, index.len);
        add_blob(tar, data + 1, size - 1);
    } else {
        add(tar, names[which], data + 1, size - 1);
    }
    add(tar, "c.json", config, sizeof(config) - 1);
    add(tar, "layer.tar", layer, sizeof(layer) - 1);
    add_blob(tar, config, sizeof(config) - 1);
    add_blob(tar, layer, sizeof(layer) - 1);
    ra_tar_put_end(tar);
}

static void import_bytes(const struct ra_buf *tar, int fd)
{
    char path[64];
    RA_AUTO_PTR(ra_store) store = ra_mem_open();
    RA_AUTO_PTR(ra_import) im = NULL;
    struct ra_findings findings = RA_FINDINGS_INIT;
    struct ra_job job = {.store = store, .threads = 1, .findings = &findings};
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct ra_import_opts opts = {.path = path, .as = "a/b", .max_bytes = 1 << 20};
    if (write(fd, tar->data, tar->len) == (ssize_t)tar->len && ra_import_open(&job, &opts, &im, NULL) == 0)
        ra_import_run(im, NULL);
    ra_findings_release(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RA_BUF_AUTO tar = {0};
    if (size == 0 || size > 100000)
        return 0;
    build(&tar, data, size);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0);
    import_bytes(&tar, fd);
    close(fd);
    return 0;
}
