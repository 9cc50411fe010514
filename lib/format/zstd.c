#include "format/zstd.h"

#include "base/mem.h"

#include <zstd.h>

#define OUT_SIZE ((size_t)128 << 10)

struct ra_zstd {
    ZSTD_CCtx *context;
    struct ra_sink to;
    char out[OUT_SIZE];
};

void ra_zstd_free(struct ra_zstd *z)
{
    if (!z)
        return;
    ZSTD_freeCCtx(z->context);
    free(z);
}

int ra_zstd_new(int level, unsigned threads, struct ra_sink to, struct ra_zstd **out, struct ra_err *err)
{
    RA_AUTO_PTR(ra_zstd) z = ra_new(struct ra_zstd);
    z->to = to;
    z->context = ZSTD_createCCtx();
    if (!z->context)
        return ra_fail(err, RA_IO, "cannot start zstd");
    ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, level ? level : ZSTD_CLEVEL_DEFAULT);
    ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1);
    /* One worker and many give the same bytes, none gives others. */
    ZSTD_CCtx_setParameter(z->context, ZSTD_c_nbWorkers, (int)threads);
    *out = ra_steal_ptr(&z);
    return 0;
}

static int step(struct ra_zstd *z, ZSTD_inBuffer *in, ZSTD_EndDirective end, size_t *left, struct ra_err *err)
{
    ZSTD_outBuffer out = {z->out, OUT_SIZE, 0};
    *left = ZSTD_compressStream2(z->context, &out, in, end);
    if (ZSTD_isError(*left))
        return ra_fail(err, RA_IO, "cannot compress: %s", ZSTD_getErrorName(*left));
    return out.pos ? z->to.write(z->to.arg, z->out, out.pos, err) : 0;
}

int ra_zstd_write(struct ra_zstd *z, const void *p, size_t n, struct ra_err *err)
{
    ZSTD_inBuffer in = {p, n, 0};
    size_t left;
    int rc = 0;
    while (rc == 0 && in.pos < in.size)
        rc = step(z, &in, ZSTD_e_continue, &left, err);
    return rc;
}

int ra_zstd_finish(struct ra_zstd *z, struct ra_err *err)
{
    ZSTD_inBuffer in = {NULL, 0, 0};
    size_t left = 1;
    int rc = 0;
    while (rc == 0 && left > 0)
        rc = step(z, &in, ZSTD_e_end, &left, err);
    return rc;
}
