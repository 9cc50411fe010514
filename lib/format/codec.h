/*
 * What a kind of compression implements for format/decompress.c, one file each: one member of a stream,
 * decoded step by step. Joining members, finding their kind and lending buffers is the decoder's business.
 */
#ifndef RA_FORMAT_CODEC_H
#define RA_FORMAT_CODEC_H

#include "base/err.h"

struct ra_codec_io {
    const uint8_t *in; /* both are advanced by what a step took or gave */
    size_t in_left;
    uint8_t *out;
    size_t out_left;
};

struct ra_codec {
    /* Gets ready for the first member. UNSUPPORTED where the library cannot. */
    int (*open)(void **state, struct ra_err *err);
    /* 1: the member is complete, its checksum was right, in points behind it. 0: go on. CORRUPT "damaged
     * ...", TOOBIG: it wants a larger window than RA_DECODER_WINDOW. */
    int (*step)(void *state, struct ra_codec_io *io, struct ra_err *err);
    /* Gets ready for another member. */
    int (*again)(void *state, struct ra_err *err);
    void (*close)(void *state);
};

extern const struct ra_codec ra_codec_gzip, ra_codec_zstd, ra_codec_xz, ra_codec_bzip2;

#endif
