/*
 * Any bytes as the layers of an image: the first two bytes are the length of the lower one. What comes of it must be
 * paths within the image, each once, that can be asked for.
 */
#include "base/str.h"
#include "jobs/layers.h"
#include "registry/layout.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct ra_store *s, const uint8_t *p, size_t n, struct ra_digest *d)
{
    struct ra_key key;
    ra_digest_of(RA_SHA256, p, n, d);
    assert(ra_store_put(s, ra_key_blob(&key, d), p, n, RA_WRITE_REPLACE, NULL) == 0);
}

static int drop(void *arg, const void *p, size_t n, struct ra_err *err)
{
    size_t *total = arg;
    (void)p;
    *total += n;
    return *total > (4 << 20) ? ra_fail(err, RA_TOOBIG, "enough") : 0;
}

static void look_at(const struct ra_job *job, const struct ra_layers *layers, size_t i)
{
    const struct ra_file *f = &layers->merged.at[i];
    char path[RA_LAYER_PATH + 1];
    size_t total = 0;
    struct ra_sink sink = {drop, &total};
    assert(*f->path && f->layer < layers->list.n);
    assert(i == 0 || strcmp(layers->merged.at[i - 1].path, f->path) < 0);
    /* Links may lead to a longer place than a tar may name. */
    enum ra_layer_act act = ra_layer_judge(f->path, path);
    assert(act != RA_ACT_PUT || ra_streq(path, f->path));
    assert(!strstr(f->path, "//") && f->path[0] != '/');
    if (i < 64 && ra_layers_cat(job, layers, f->path, &sink, NULL) == 0)
        assert(f->kind == RA_MEMBER_FILE || f->kind == RA_MEMBER_SYMLINK || f->kind == RA_MEMBER_HARDLINK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ra_findings findings = RA_FINDINGS_INIT;
    RA_AUTO_PTR(ra_store) s = ra_mem_open();
    RA_AUTO(ra_layers, _release) layers = {0};
    struct ra_job job = {.store = s, .threads = 1, .findings = &findings};
    struct ra_descriptor descriptors[2] = {{.valid = true, .media_type = ""},
                                           {.valid = true, .media_type = ""}};
    struct ra_manifest m = {.kind = RA_MANIFEST_IMAGE, .layers = {.at = descriptors, .n = 2}};
    size_t lower = size < 2 ? 0 : data[0] + ((size_t)data[1] << 8);
    size_t rest = size < 2 ? 0 : size - 2;
    lower = lower < rest ? lower : rest;
    put(s, data + size - rest, lower, &descriptors[0].digest);
    put(s, data + size - rest + lower, rest - lower, &descriptors[1].digest);
    if (ra_layers_read(&job, &(struct ra_place){0}, &m, &layers, NULL) == 0) {
        ra_layers_merge(&layers, NULL);
        for (size_t i = 0; i < layers.merged.n; i++)
            look_at(&job, &layers, i);
    }
    ra_findings_release(&findings);
    return 0;
}
