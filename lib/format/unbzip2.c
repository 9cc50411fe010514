#include "format/codec.h"

#include "base/mem.h"

#include <bzlib.h>

static int start(bz_stream *z, struct ra_err *err)
{
    *z = (bz_stream){0};
    return BZ2_bzDecompressInit(z, 0, 0) == BZ_OK ? 0 : ra_fail(err, RA_IO, "no memory for bzip2");
}

static int unbzip2_again(void *state, struct ra_err *err)
{
    BZ2_bzDecompressEnd(state);
    return start(state, err);
}

static void unbzip2_close(void *state)
{
    BZ2_bzDecompressEnd(state);
    free(state);
}

static int unbzip2_open(void **state, struct ra_err *err)
{
    bz_stream *z = ra_new(bz_stream);
    int rc = start(z, err);
    if (rc < 0)
        free(z);
    else
        *state = z;
    return rc;
}

static int unbzip2_step(void *state, struct ra_codec_io *io, struct ra_err *err)
{
    bz_stream *z = state;
    unsigned in_now = io->in_left > INT32_MAX ? INT32_MAX : (unsigned)io->in_left;
    unsigned out_now = io->out_left > INT32_MAX ? INT32_MAX : (unsigned)io->out_left;
    z->next_in = (char *)io->in;
    z->avail_in = in_now;
    z->next_out = (char *)io->out;
    z->avail_out = out_now;
    int ret = BZ2_bzDecompress(z);
    io->in += in_now - z->avail_in;
    io->in_left -= in_now - z->avail_in;
    io->out += out_now - z->avail_out;
    io->out_left -= out_now - z->avail_out;
    if (ret == BZ_STREAM_END)
        return 1;
    return ret == BZ_OK ? 0 : ra_fail(err, RA_CORRUPT, "damaged bzip2: data or checksum is wrong");
}

const struct ra_codec ra_codec_bzip2 = {unbzip2_open, unbzip2_step, unbzip2_again, unbzip2_close};
