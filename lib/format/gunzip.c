#include "format/codec.h"

#include "base/mem.h"

#include <isa-l.h>

static int gunzip_again(void *state, struct ra_err *err RA_UNUSED)
{
    struct inflate_state *s = state;
    isal_inflate_reset(s);
    s->crc_flag = ISAL_GZIP;
    return 0;
}

static int gunzip_open(void **state, struct ra_err *err)
{
    struct inflate_state *s = ra_malloc(sizeof(*s));
    isal_inflate_init(s);
    *state = s;
    return gunzip_again(s, err);
}

static const char *reason(int status)
{
    switch (status) {
    case ISAL_INVALID_BLOCK:
        return "a block that is none";
    case ISAL_INVALID_SYMBOL:
        return "an invalid symbol";
    case ISAL_INVALID_LOOKBACK:
        return "a reference to before its beginning";
    case ISAL_INVALID_WRAPPER:
        return "a wrong header";
    case ISAL_UNSUPPORTED_METHOD:
        return "an unknown method";
    case ISAL_INCORRECT_CHECKSUM:
        return "the checksum or the length does not match";
    default:
        return "it needs a dictionary";
    }
}

static int gunzip_step(void *state, struct ra_codec_io *io, struct ra_err *err)
{
    struct inflate_state *s = state;
    uint32_t in_now = io->in_left > UINT32_MAX ? UINT32_MAX : (uint32_t)io->in_left;
    uint32_t out_now = io->out_left > UINT32_MAX ? UINT32_MAX : (uint32_t)io->out_left;
    s->next_in = (uint8_t *)io->in;
    s->avail_in = in_now;
    s->next_out = io->out;
    s->avail_out = out_now;
    int status = isal_inflate(s);
    io->in_left -= in_now - s->avail_in;
    io->in = s->next_in;
    io->out_left -= out_now - s->avail_out;
    io->out = s->next_out;
    if (status < 0 || status == ISAL_NEED_DICT)
        return ra_fail(err, RA_CORRUPT, "damaged gzip: %s", reason(status));
    return s->block_state == ISAL_BLOCK_FINISH;
}

const struct ra_codec ra_codec_gzip = {gunzip_open, gunzip_step, gunzip_again, free};
