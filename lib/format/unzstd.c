#include "format/codec.h"

#include "format/decompress.h"
#include <zstd.h>
#include <zstd_errors.h>

static int unzstd_again(void *state, struct ra_err *err RA_UNUSED)
{
    ZSTD_DCtx_reset(state, ZSTD_reset_session_only);
    return 0;
}

static int unzstd_open(void **state, struct ra_err *err)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    if (!z)
        return ra_fail(err, RA_IO, "no memory for zstd");
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 63 - __builtin_clzll(RA_DECODER_WINDOW));
    *state = z;
    return 0;
}

static int unzstd_step(void *state, struct ra_codec_io *io, struct ra_err *err)
{
    ZSTD_inBuffer in = {io->in, io->in_left, 0};
    ZSTD_outBuffer out = {io->out, io->out_left, 0};
    size_t left = ZSTD_decompressStream(state, &out, &in);
    if (in.pos)
        io->in += in.pos;
    io->in_left -= in.pos;
    if (out.pos)
        io->out += out.pos;
    io->out_left -= out.pos;
    if (!ZSTD_isError(left))
        return left == 0;
    if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge)
        return ra_fail(err, RA_TOOBIG, "the zstd stream wants a window of more than 128 MiB");
    return ra_fail(err, RA_CORRUPT, "damaged zstd: %s", ZSTD_getErrorName(left));
}

static void unzstd_close(void *state)
{
    ZSTD_freeDCtx(state);
}

const struct ra_codec ra_codec_zstd = {unzstd_open, unzstd_step, unzstd_again, unzstd_close};
