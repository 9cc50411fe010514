#include "jobs/migrate_parts.h"

enum ra_mig_verdict ra_mig_verdict(const struct ra_mig_image *image)
{
    const struct ra_v1_checksum *want = &image->checksum;
    const struct ra_mig_facts *f = &image->facts;
    bool right = false;
    if (want->has_simple && f->has_simple)
        right = ra_digest_eq(&want->simple, &f->simple);
    else if (ra_mig_wants_tarsum(image) && f->has_tarsum)
        right = ra_digest_eq(&want->tarsum, &f->tarsum);
    else
        return RA_UNVERIFIABLE;
    return right ? RA_VERIFIED : RA_MISMATCHED;
}

static bool checksum_differs(const struct ra_mig_image *image)
{
    return image->checksum.has_simple && ra_mig_verdict(image) == RA_MISMATCHED;
}

/* A step of a Dockerfile that only wrote metadata: the one kind of image whose layer may well have no bytes. */
static bool is_metadata_step(const struct ra_mig_image *image)
{
    return strstr(image->meta.created_by, "#(nop)") != NULL;
}

void ra_mig_judge_zero_bytes(const struct ra_mig *m, struct ra_mig_image *image, const struct ra_buf *json)
{
    RA_AUTO_PTR(ra_hasher) h = ra_hasher_new(RA_SHA256);
    ra_hasher_update(h, ra_buf_str(json), json->len);
    ra_hasher_update(h, "\n", 1);
    ra_hasher_final(h, &image->facts.simple);
    ra_digest_of(RA_SHA256, ra_buf_str(json), json->len, &image->facts.tarsum);
    image->facts.has_simple = image->facts.has_tarsum = image->facts.empty = true;
    if (image->in_progress && m->opts->trust != RA_TRUST_ALWAYS)
        ra_mig_spoil(image, "v1-zero-bytes",
                     "the layer of image %s has no bytes, and was never pushed to its end", image->id);
    else if (checksum_differs(image))
        ra_mig_spoil(image, "v1-zero-bytes", "the layer of image %s has no bytes, which its checksum denies",
                     image->id);
    else if (ra_mig_verdict(image) != RA_VERIFIED && !is_metadata_step(image))
        ra_mig_spoil(image, "v1-zero-bytes",
                     "the layer of image %s has no bytes, and nothing says that this is right", image->id);
    else
        ra_mig_remark(&image->remarks, RA_WARNING, "v1-zero-bytes",
                      "the layer of image %s has no bytes: taken as empty", image->id);
    if (image->fate != RA_FATE_BAD)
        image->fate = RA_FATE_EMPTY;
}

bool ra_mig_facts_keep(const struct ra_mig_facts *f, bool plain)
{
    return f->trailing == 0 && (f->encoding == RA_GZIP || (f->encoding == RA_PLAIN && plain));
}

static void judge_encoding(const struct ra_mig *m, struct ra_mig_image *image)
{
    const struct ra_mig_facts *f = &image->facts;
    if (f->empty) {
        image->fate = RA_FATE_EMPTY;
        return;
    }
    image->fate = ra_mig_facts_keep(f, m->opts->plain) ? RA_FATE_KEEP : RA_FATE_RECOMPRESS;
    if (f->trailing)
        ra_mig_remark(&image->remarks, RA_WARNING, "v1-trailing",
                      "the layer of image %s has %llu bytes behind its end: compressed again without them",
                      image->id, (unsigned long long)f->trailing);
    else if (image->fate == RA_FATE_RECOMPRESS)
        ra_mig_remark(&image->remarks, RA_WARNING, "v1-recompressed",
                      "the layer of image %s was %s: compressed with gzip", image->id,
                      f->encoding == RA_PLAIN ? "not compressed" : ra_encoding_name(f->encoding));
}

static void judge_checksum(const struct ra_mig *m, struct ra_mig_image *image)
{
    if (checksum_differs(image)) {
        if (m->opts->strict || (image->in_progress && m->opts->trust != RA_TRUST_ALWAYS))
            ra_mig_spoil(image, "v1-checksum", "the layer of image %s is not what its checksum says%s",
                         image->id, image->in_progress ? ", and was never pushed to its end" : "");
        else
            ra_mig_remark(&image->remarks, RA_WARNING, "v1-checksum",
                          "the layer of image %s is whole, but not what its checksum says", image->id);
    } else if (ra_mig_verdict(image) == RA_MISMATCHED) {
        ra_mig_remark(&image->remarks, RA_WARNING, "v1-tarsum",
                      "the layer of image %s is whole, but not what its tarsum says; programs of that time "
                      "did not agree on those",
                      image->id);
    }
}

static void judge_progress(const struct ra_mig *m, struct ra_mig_image *image)
{
    const struct ra_mig_facts *f = &image->facts;
    if (!image->in_progress || image->fate == RA_FATE_BAD)
        return;
    if (m->opts->trust != RA_TRUST_ALWAYS && f->encoding == RA_PLAIN && f->no_end)
        ra_mig_spoil(image, "v1-in-progress",
                     "image %s is marked as never pushed to its end, and its layer has no end mark that "
                     "shows it whole",
                     image->id);
    else
        ra_mig_remark(&image->remarks, RA_WARNING, "v1-in-progress",
                      "image %s is marked as never pushed to its end, but is whole", image->id);
}

void ra_mig_judge_layer(const struct ra_mig *m, struct ra_mig_image *image)
{
    judge_encoding(m, image);
    judge_checksum(m, image);
    judge_progress(m, image);
}
