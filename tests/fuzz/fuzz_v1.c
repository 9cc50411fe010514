/*
 * Any bytes as each small file of an old registry: tag, checksum, metadata, ancestry, a name. The first byte is left
 * out where it would be the id's. What metadata becomes must be JSON, and the same each time.
 */
#include "base/buf.h"
#include "format/json.h"
#include "registry/v1.h"
#include "registry/v1config.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void make(const struct ra_v1_image *image, enum ra_v1_format format, const uint8_t *data, size_t size,
                 struct ra_buf *out)
{
    struct ra_v1_step step = {image, false};
    struct ra_digest diff_id;
    struct ra_json j;
    ra_digest_of(RA_SHA256, data, size, &diff_id);
    struct ra_v1_recipe recipe = {format, data, size, &step, 1, &diff_id, 1};
    assert(ra_v1_config(&recipe, out, NULL, NULL) == 0);
    ra_json_init(&j, out->data, out->len);
    ra_json_skip(&j);
    assert(ra_json_finish(&j, NULL) == 0);
}

static void try_metadata(const uint8_t *data, size_t size)
{
    RA_AUTO(ra_arena, _release) arena = {0};
    struct ra_v1_image image;
    RA_BUF_AUTO once = {0};
    RA_BUF_AUTO twice = {0};
    RA_BUF_AUTO oci = {0};
    if (ra_v1_image_parse(&image, &arena, ID, data, size, NULL) < 0)
        return;
    make(&image, RA_V1_DOCKER, data, size, &once);
    make(&image, RA_V1_DOCKER, data, size, &twice);
    make(&image, RA_V1_OCI, data, size, &oci);
    assert(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char id[RA_V1_ID_MAX + 1];
    struct ra_v1_checksum checksum;
    RA_AUTO(ra_arena, _release) arena = {0};
    struct ra_strings ancestry = {0};
    if (ra_v1_tag_parse(text, size, id))
        assert(ra_v1_id_valid(id, strlen(id)));
    ra_v1_is_metadata(text, size);
    ra_v1_checksum_parse(text, size, &checksum);
    ra_v1_ancestry_parse(&ancestry, &arena, ID, data, size, NULL);
    try_metadata(data, size);
    ra_auto_free char *name = ra_v1_decode(text, size);
    ra_auto_free char *better = ra_v1_suggest_name(name);
    assert(!better || *better);
    assert(strlen(name) <= size);
    return 0;
}
