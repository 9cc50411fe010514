/*
 * Writing zstd (RFC 8878). The same bytes give the same file whatever the number of threads. Reading it is
 * format/decompress.h.
 */
#ifndef RA_FORMAT_ZSTD_H
#define RA_FORMAT_ZSTD_H

#include "format/source.h"

struct ra_zstd;
/* Compresses what is written into `to`, which is called from the caller's thread only. `level` 1 to 19, or 0: the
 * library's own, 3. */
int ra_zstd_new(int level, unsigned threads, struct ra_sink to, struct ra_zstd **out, struct ra_err *err);
int ra_zstd_write(struct ra_zstd *z, const void *p, size_t n, struct ra_err *err);
/* Writes what is left. To be called once, before _free. */
int ra_zstd_finish(struct ra_zstd *z, struct ra_err *err);
void ra_zstd_free(struct ra_zstd *z); /* NULL is fine */
RA_DEFINE_AUTO_PTR(ra_zstd, ra_zstd_free)

#endif
