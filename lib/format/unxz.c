#include "format/codec.h"

#include "base/mem.h"
#include "format/decompress.h"

#include <lzma.h>

static int unxz_again(void *state, struct ra_err *err)
{
    lzma_ret ret = lzma_stream_decoder(state, RA_DECODER_WINDOW, 0);
    return ret == LZMA_OK ? 0 : ra_fail(err, RA_IO, "no memory for xz");
}

static void unxz_close(void *state)
{
    lzma_end(state);
    free(state);
}

static int unxz_open(void **state, struct ra_err *err)
{
    lzma_stream *z = ra_new(lzma_stream);
    int rc = unxz_again(z, err);
    if (rc < 0)
        unxz_close(z);
    else
        *state = z;
    return rc;
}

static int failed(lzma_ret ret, struct ra_err *err)
{
    switch (ret) {
    case LZMA_MEMLIMIT_ERROR:
        return ra_fail(err, RA_TOOBIG, "the xz stream wants more than 128 MiB of memory");
    case LZMA_MEM_ERROR:
        return ra_fail(err, RA_IO, "no memory for xz");
    case LZMA_OPTIONS_ERROR:
        return ra_fail(err, RA_UNSUPPORTED, "the xz stream uses a filter that is not known");
    case LZMA_FORMAT_ERROR:
        return ra_fail(err, RA_CORRUPT, "damaged xz: a wrong header");
    default:
        return ra_fail(err, RA_CORRUPT, "damaged xz: data or checksum is wrong");
    }
}

static int unxz_step(void *state, struct ra_codec_io *io, struct ra_err *err)
{
    lzma_stream *z = state;
    z->next_in = io->in;
    z->avail_in = io->in_left;
    z->next_out = io->out;
    z->avail_out = io->out_left;
    lzma_ret ret = lzma_code(z, LZMA_RUN);
    io->in = z->next_in;
    io->in_left = z->avail_in;
    io->out = z->next_out;
    io->out_left = z->avail_out;
    if (ret == LZMA_STREAM_END)
        return 1;
    return ret == LZMA_OK || ret == LZMA_BUF_ERROR ? 0 : failed(ret, err);
}

const struct ra_codec ra_codec_xz = {unxz_open, unxz_step, unxz_again, unxz_close};
