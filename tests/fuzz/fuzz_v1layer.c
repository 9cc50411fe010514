/* Any bytes as the layer of an old image: decompressed, walked through, and compressed anew. */
#include "format/decompress.h"
#include "jobs/migrate_parts.h"
#include "store/store.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int pass_over(struct ra_store *s, bool recompress, struct ra_mig_facts *out)
{
    static const struct ra_buf json = {.data = NULL};
    RA_AUTO_PTR(ra_reader) reader = NULL;
    int rc = ra_read_open(s, "layer", 0, UINT64_MAX, 0, &reader, NULL);
    assert(rc == 0);
    RA_AUTO(ra_mig_pass, _release)
    pass = {.reader = reader,
            .json = &json,
            .want_simple = true,
            .want_tarsum = true,
            .limit = 8 << 20,
            .recompress = recompress,
            .copy = true,
            .write_to = s};
    rc = ra_mig_layer_pass(&pass, NULL);
    assert(!pass.target_failed);
    *out = pass.facts;
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ra_mig_facts once, twice;
    RA_AUTO_PTR(ra_store) s = ra_mem_open();
    assert(ra_store_put(s, "layer", data, size, RA_WRITE_REPLACE, NULL) == 0);
    int rc = pass_over(s, false, &once);
    assert(pass_over(s, true, &twice) == rc);
    if (rc == 0)
        assert(ra_digest_eq(&once.diff_id, &twice.diff_id) && ra_digest_eq(&once.stored, &twice.stored));
    return 0;
}
