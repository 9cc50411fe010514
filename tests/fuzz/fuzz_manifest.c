/* Any bytes as a manifest: the reader for marking and the reader for showing agree, and marking sees no less. */
#include "registry/manifest.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool refers(const struct ra_refs *r, const struct ra_digest *d)
{
    for (size_t i = 0; i < r->list.n; i++)
        if (ra_digest_eq(&r->list.at[i].digest, d))
            return true;
    return false;
}

static void check_descriptor(const struct ra_refs *r, const struct ra_descriptor *d)
{
    char text[RA_PLATFORM_TEXT];
    if (!d)
        return;
    assert(d->valid ? refers(r, &d->digest) : (r->odd & RA_ODD_DIGEST) != 0);
    assert(d->size >= -1);
    assert(strlen(ra_platform_text(&d->platform, text)) < RA_PLATFORM_TEXT);
    assert(strlen(d->media_type) + strlen(d->artifact_type) + d->annotations.n + d->urls.n < SIZE_MAX);
}

static void check_list(const struct ra_refs *r, const struct ra_descriptors *list)
{
    for (size_t i = 0; i < list->n; i++)
        check_descriptor(r, &list->at[i]);
}

static void check_manifest(const struct ra_refs *r, const struct ra_manifest *m)
{
    unsigned same = RA_ODD_VERSION | RA_ODD_AMBIGUOUS | RA_ODD_NO_MANIFEST;
    assert(m->kind == r->kind);
    assert((m->odd & same) == (r->odd & same));
    /* The reader for showing knows more members. */
    assert((m->odd & RA_ODD_TYPE) || !(r->odd & RA_ODD_TYPE));
    check_descriptor(r, m->config);
    check_descriptor(r, m->subject);
    check_list(r, &m->layers);
    check_list(r, &m->manifests);
    check_list(r, &m->blobs);
    assert(ra_manifest_artifact_type(m) && m->name && m->tag && m->architecture && m->media_type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RA_REFS_AUTO r = {0};
    RA_REFS_AUTO scanned = {0};
    RA_MANIFEST_AUTO m = {0};
    int rc = ra_refs_read(&r, data, size, NULL), full = ra_manifest_parse(&m, data, size, NULL);
    assert(rc == full || (rc == 0 && full == -RA_TOOBIG));
    if (full == 0)
        check_manifest(&r, &m);
    ra_refs_scan(&scanned, data, size);
    /* Whatever stands there in plain text in a document that is not understood is protected. */
    if (rc == 0 && (r.kind == RA_MANIFEST_UNKNOWN || r.odd & (RA_ODD_TYPE | RA_ODD_VERSION)))
        for (size_t i = 0; i < scanned.list.n; i++)
            assert(refers(&r, &scanned.list.at[i].digest));
    return 0;
}
